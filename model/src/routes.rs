//! The longest prefix in a VRF, which two stages look up: `s7_receiver` and `s10_route`.
//!
//! ```text
//!   vrf ─▶ [vrf] ─▶ lengths ─┬─ [route_host] 32 or 128 bits
//!                            ├─ [route_bank] 0..5   ─▶ the longest that hits ─▶ nexthop, label
//!                            └─ default of the word
//! ```
//! Where the card has no routes of a VRF, the slow path may have said where the packet goes.
//! Each family has its own lengths and its own default; the family is part of every key.

use crate::tables::Tables;
use underpass_layout::meta::Known;
use underpass_layout::tables::{ArpAnswer, RouteEntry, VrfEntry};
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The nexthop.
    pub(crate) nexthop: u32,
    /// Label or VNI for it.
    pub(crate) label: u32,
    /// With what ARP is answered.
    pub(crate) arp: ArpAnswer,
    /// The slow path is shown gratuitous ARP.
    pub(crate) trap: bool,
}

impl From<&RouteEntry> for Target {
    fn from(entry: &RouteEntry) -> Self {
        Target {
            nexthop: entry.nexthop,
            label: entry.label,
            arp: entry.arp,
            trap: entry.trap,
        }
    }
}

/// What the slow path knew, of a packet that it sent into a VRF without routes here.
pub(crate) fn told(word: &VrfEntry, known: &Known) -> Option<Target> {
    let holds = word.valid && word.punt_all && known.routed;
    holds.then_some(Target {
        nexthop: known.nexthop,
        label: known.label,
        arp: ArpAnswer::Flood,
        trap: false,
    })
}

/// Where a packet with that destination and TTL is routed to; else what becomes of it.
pub(crate) fn route(
    tables: &Tables,
    vrf: u16,
    v6: bool,
    address: u128,
    ttl: u8,
    known: &Known,
) -> Result<Target, Verdict> {
    let word = tables.vrf(vrf);
    if !word.valid {
        return Err(Verdict::Drop(DropReason::Discard));
    }
    let told = told(word, known);
    if word.punt_all && told.is_none() {
        return Err(Verdict::Punt(PuntReason::VrfInSoftware));
    }
    if ttl == 0 {
        return Err(Verdict::Drop(DropReason::TtlExceeded));
    }
    if let Some(target) = told {
        return Ok(target);
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
        return Some(host.into());
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
            target = Some(entry.into());
        }
    }
    target
}

fn default(word: &VrfEntry) -> Option<Target> {
    word.default_valid.then_some(Target {
        nexthop: word.default_nexthop,
        label: word.default_label,
        arp: word.default_arp,
        trap: false,
    })
}

fn default6(word: &VrfEntry) -> Option<Target> {
    word.default6_valid.then_some(Target {
        nexthop: word.default6_nexthop,
        label: word.default6_label,
        arp: ArpAnswer::Flood,
        trap: false,
    })
}

#[cfg(test)]
pub(crate) mod tests;
