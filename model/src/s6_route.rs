//! s6_route: the longest prefix in the VRF.  Reads: `decap`, `inner`, `bridge`.  Writes: `route`.
//!
//! ```text
//!   bridged, or label named the nexthop ─▶ that nexthop
//!   vrf ─▶ [vrf] ─▶ lengths ─┬─ [route_host] 32 bits
//!                            ├─ [route_bank] 0..5   ─▶ the longest that hits ─▶ nexthop, label
//!                            └─ default of the word
//! ```

use crate::decide::Decide;
use crate::tables::Tables;
use underpass_layout::meta::{Meta, Route};
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
    match longest_match(tables, vrf, meta.decap.vrf, meta.inner.dst) {
        Some((nexthop, label)) => {
            meta.route.nexthop = nexthop;
            meta.route.label = label;
        }
        None => meta.drop(DropReason::Discard),
    }
}

/// The route of the longest prefix: of one address, then of the banks by their lengths (of two banks of the same
/// length, the first), then the default.
fn longest_match(tables: &Tables, word: &VrfEntry, vrf: u16, address: u32) -> Option<Target> {
    if let Some(host) = tables.route_host(vrf, address) {
        return Some((host.nexthop, host.label));
    }
    let mut longest = 0;
    let mut target = word
        .default_valid
        .then_some((word.default_nexthop, word.default_label));
    for (bank, length) in word.lengths().into_iter().enumerate() {
        if length <= longest {
            continue;
        }
        if let Some(entry) = tables.route_bank(bank, vrf, length, address) {
            longest = length;
            target = Some((entry.nexthop, entry.label));
        }
    }
    target
}

#[cfg(test)]
mod tests;
