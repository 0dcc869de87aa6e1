//! s10_route: the nexthop of a packet whose flow came before its route, or leads elsewhere.  Reads: `decap`, `inner`,
//! `bridge`, `receiver`, `flow`.  Writes: `route`.
//!
//! ```text
//!   flow steers ─────────────────────────▶ its nexthop, label
//!   route found by s7_receiver ─┬────────▶ that
//!                               └─ flow leads to another VRF ─┐
//!   else: bridged ────────────────────────────────────────────┼─▶ the bridge's nexthop, label
//!         routed ─▶ VRF and destination, as the flow has them ┴─▶ longest prefix ─▶ nexthop, label
//! ```
//! A frame that is bridged cannot change its VRF: it has no MAC there.

use crate::decide::Decide;
use crate::routes;
use crate::s7_receiver::is_routed_later;
use crate::tables::Tables;
use underpass_layout::meta::{Meta, Route};
use underpass_layout::DropReason;

/// Finds the nexthop where it is not known yet.
pub fn route(tables: &Tables, meta: &mut Meta) {
    if !meta.open() {
        return;
    }
    let (bridge, onward) = (&meta.bridge, &meta.flow.onward);
    if onward.steer {
        meta.route = Route {
            routed: bridge.l3 && !meta.decap.direct,
            nexthop: onward.nexthop,
            label: onward.label,
        };
    } else if is_routed_later(meta) {
        if bridge.l3 {
            look_up(tables, meta);
        } else if onward.translate && onward.vrf != meta.decap.vrf {
            meta.drop(DropReason::L2NoRoute);
        } else {
            meta.route = Route {
                routed: false,
                nexthop: bridge.nexthop,
                label: bridge.label,
            };
        }
    } else if onward.translate && onward.vrf != meta.receiver.vrf {
        look_up(tables, meta);
    }
}

/// Looks up the destination that the packet will have, in the VRF that it will be in.
fn look_up(tables: &Tables, meta: &mut Meta) {
    let (inner, onward) = (&meta.inner, &meta.flow.onward);
    let vrf = match onward.translate {
        true => onward.vrf,
        false => meta.decap.vrf,
    };
    let dst = match onward.dnat {
        true => onward.dst,
        false => inner.dst,
    };
    let found = routes::route(tables, vrf, inner.ipv6, dst, inner.ttl);
    meta.route = Route {
        routed: true,
        nexthop: found.map_or(0, |target| target.nexthop),
        label: found.map_or(0, |target| target.label),
    };
    if let Err(verdict) = found {
        meta.decide(verdict);
    }
}

#[cfg(test)]
mod tests;
