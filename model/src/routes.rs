//! The longest prefix in a VRF, which two stages look up: `s7_receiver` and `s10_route`.
//!
//! ```text
//!   vrf ─▶ [vrf] ─▶ lengths ─┬─ [route_host] 32 or 128 bits
//!                            ├─ [route_bank] 0..5   ─▶ the longest that hits ─▶ nexthop, label
//!                            └─ default of the word
//! ```
//! Each family has its own lengths and its own default; the family is part of every key.

use crate::tables::Tables;
use underpass_layout::tables::VrfEntry;
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The nexthop.
    pub(crate) nexthop: u32,
    /// Label or VNI for it.
    pub(crate) label: u32,
}

/// Where a packet with that destination and TTL is routed to; else what becomes of it.
pub(crate) fn route(
    tables: &Tables,
    vrf: u16,
    v6: bool,
    address: u128,
    ttl: u8,
) -> Result<Target, Verdict> {
    let word = tables.vrf(vrf);
    if !word.valid {
        return Err(Verdict::Drop(DropReason::Discard));
    }
    if word.punt_all {
        return Err(Verdict::Punt(PuntReason::VrfInSoftware));
    }
    if ttl == 0 {
        return Err(Verdict::Drop(DropReason::TtlExceeded));
    }
    longest_match(tables, word, vrf, v6, address).ok_or(Verdict::Drop(DropReason::Discard))
}

/// The route of the longest prefix: of one address, then of the banks by their lengths (of two banks of the same
/// length, the first), then the default.
pub(crate) fn longest_match(
    tables: &Tables,
    word: &VrfEntry,
    vrf: u16,
    v6: bool,
    address: u128,
) -> Option<Target> {
    if let Some(host) = tables.route_host(vrf, v6, address) {
        return Some(Target {
            nexthop: host.nexthop,
            label: host.label,
        });
    }
    let (lengths, mut target) = match v6 {
        false => (word.lengths(), default(word)),
        true => (word.v6_lengths(), default6(word)),
    };
    let mut longest = 0;
    for (bank, length) in lengths.into_iter().enumerate() {
        if length <= longest {
            continue;
        }
        if let Some(entry) = tables.route_bank(bank, vrf, v6, length, address) {
            longest = length;
            target = Some(Target {
                nexthop: entry.nexthop,
                label: entry.label,
            });
        }
    }
    target
}

fn default(word: &VrfEntry) -> Option<Target> {
    word.default_valid.then_some(Target {
        nexthop: word.default_nexthop,
        label: word.default_label,
    })
}

fn default6(word: &VrfEntry) -> Option<Target> {
    word.default6_valid.then_some(Target {
        nexthop: word.default6_nexthop,
        label: word.default6_label,
    })
}

#[cfg(test)]
pub(crate) mod tests;
