//! s10_route: the nexthop of a packet whose flow came before its route, or leads elsewhere.  Reads: `arrival`, `classify`,
//! `decap`, `inner`, `bridge`, `receiver`, `flow`.  Writes: `route`.
//!
//! ```text
//!   ARP whose sender is checked ─┬─ it says to have the router's MAC ─▶ punt
//!                                └─ route to the sender's address ────▶ its interface's nexthop, else punt
//!
//!   flow steers ─────────────────────────▶ its nexthop, label
//!   route found by s7_receiver ─┬────────▶ that
//!                               └─ flow leads to another VRF ─┐
//!   else: bridged ────────────────────────────────────────────┼─▶ the bridge's nexthop, label
//!         routed ─▶ VRF and destination, as the flow has them ┴─▶ longest prefix ─▶ nexthop, label
//! ```
//! A frame that is bridged cannot change its VRF: it has no MAC there.

use crate::decide::Decide;
use crate::routes;
use crate::s6_bridge::{is_as_it_came, is_guests, is_handed_back};
use crate::s7_receiver::is_routed_later;
use crate::tables::Tables;
use underpass_layout::meta::{ArpKind, Meta, Route};
use underpass_layout::{DropReason, PuntReason};

/// Finds the nexthop where it is not known yet.
pub fn route(tables: &Tables, meta: &mut Meta) {
    if !meta.open() {
        return;
    }
    if checks_sender(meta) && !may_be_true(tables, meta) {
        return meta.punt(PuntReason::Arp);
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

/// Is the sender of ARP not simply believed?
fn checks_sender(meta: &Meta) -> bool {
    let inner = &meta.inner;
    meta.classify.entry.check_arp
        && matches!(inner.arp, ArpKind::Request | ArpKind::Other)
        && !inner.tagged
        && is_guests(meta)
        && is_as_it_came(meta)
        && !is_handed_back(meta)
}

/// Is the sender where its address is, and not the router? An address of zero is none: a probe (RFC 5227 section 2.1.1).
fn may_be_true(tables: &Tables, meta: &Meta) -> bool {
    let inner = &meta.inner;
    inner.arp_mac != meta.classify.entry.router_mac && (inner.src == 0 || is_at_home(tables, meta))
}

/// Does the route to the sender's address lead to the interface that it came from?
fn is_at_home(tables: &Tables, meta: &Meta) -> bool {
    let vrf = meta.decap.vrf;
    let word = tables.vrf(vrf);
    let found = match word.valid && !word.punt_all {
        true => routes::longest_match(tables, word, vrf, false, meta.inner.src),
        false => None,
    };
    found.is_some_and(|target| target.nexthop == meta.classify.entry.nexthop)
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
    let known = &meta.arrival.round.known;
    let found = routes::route(tables, vrf, inner.ipv6, dst, inner.ttl, known);
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
