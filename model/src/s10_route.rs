//! s10_route: the longest prefix in the VRF.  Reads: `decap`, `inner`, `bridge`.  Writes: `route`.
//!
//! ```text
//!   bridged, or label named the nexthop ─▶ that nexthop
//!   vrf ─▶ [vrf] ─▶ lengths ─┬─ [route_host] 32 or 128 bits
//!                            ├─ [route_bank] 0..5   ─▶ the longest that hits ─▶ nexthop, label
//!                            └─ default of the word
//! ```
//! Each family has its own lengths and its own default; the family is part of every key.

use crate::decide::Decide;
use crate::tables::Tables;
use underpass_layout::meta::{Inner, Meta, Route};
use underpass_layout::tables::VrfEntry;
use underpass_layout::{DropReason, PuntReason};

/// Where a route leads: nexthop and label.
type Target = (u32, u32);

/// Routes what is to be routed; the nexthop of everything else is known.
pub fn route(tables: &Tables, meta: &mut Meta) {
    if !meta.open() {
        return;
    }
    if !meta.bridge.l3 || meta.decap.direct {
        meta.route = Route {
            routed: false,
            nexthop: meta.bridge.nexthop,
            label: meta.bridge.label,
        };
        return;
    }
    meta.route.routed = true;
    let vrf = tables.vrf(meta.decap.vrf);
    if !vrf.valid {
        return meta.drop(DropReason::Discard);
    }
    if vrf.punt_all {
        return meta.punt(PuntReason::VrfInSoftware);
    }
    if meta.inner.ttl == 0 {
        return meta.drop(DropReason::TtlExceeded);
    }
    match longest_match(tables, vrf, meta.decap.vrf, &meta.inner) {
        Some((nexthop, label)) => {
            meta.route.nexthop = nexthop;
            meta.route.label = label;
        }
        None => meta.drop(DropReason::Discard),
    }
}

/// The route of the longest prefix: of one address, then of the banks by their lengths (of two banks of the same
/// length, the first), then the default.
fn longest_match(tables: &Tables, word: &VrfEntry, vrf: u16, inner: &Inner) -> Option<Target> {
    let (v6, address) = (inner.ipv6, inner.dst);
    if let Some(host) = tables.route_host(vrf, v6, address) {
        return Some((host.nexthop, host.label));
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
            target = Some((entry.nexthop, entry.label));
        }
    }
    target
}

fn default(word: &VrfEntry) -> Option<Target> {
    word.default_valid
        .then_some((word.default_nexthop, word.default_label))
}

fn default6(word: &VrfEntry) -> Option<Target> {
    word.default6_valid
        .then_some((word.default6_nexthop, word.default6_label))
}

#[cfg(test)]
mod tests;
