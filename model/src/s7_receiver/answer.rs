//! Who answers a request for an address: the route to that address says it.
//!
//! ```text
//!                       flag of the route   from a guest                    from elsewhere
//!   [vif] Proxy         any                 router MAC                      as without
//!   [vif] Gateway       Router, Stitched,   our own address: as below       as without
//!                       Ask                 another: drop
//!   Routes              Flood               flood                           flood
//!                       Router              router MAC                      flood
//!                       Stitched            [stitched], or the slow path    for a VM here as there, else flood
//!                       Ask                 the slow path                   the slow path
//!
//!   the route leads back to the guest that asks: flood.   our own address, asked from elsewhere, not flooded: drop
//! ```
//! What only tells is flooded; where the route says so, the slow path is shown it.

use crate::decide::Decide;
use crate::routes::{self, Target};
use crate::s6_bridge::is_guests;
use crate::tables::Tables;
use underpass_layout::meta::{Answer, ArpStep, Meta, RoundKind, Route};
use underpass_layout::tables::{ArpAnswer, NexthopKind, VifArp};
use underpass_layout::{DropReason, PuntReason};

/// What becomes of a request.
enum Outcome {
    /// It is answered with this MAC.
    Answer(u64),
    /// It goes where frames for many go.
    Flood,
    /// The slow path answers it.
    Ask,
    /// Nobody does.
    Drop,
}

/// Finds the answer.
pub(super) fn answer(tables: &Tables, meta: &mut Meta) {
    let word = tables.vrf(meta.decap.vrf);
    if word.valid && word.punt_all {
        return meta.punt(PuntReason::Arp);
    }
    let target = match word.valid {
        true => routes::longest_match(tables, word, meta.decap.vrf, false, meta.inner.dst),
        false => None,
    };
    let outcome = match meta.bridge.arp {
        ArpStep::Announce => {
            let first = meta.arrival.round.kind == RoundKind::First && !meta.arrival.injected;
            meta.answer.shown = first && target.is_some_and(|target| target.trap);
            Outcome::Flood
        }
        ArpStep::Query | ArpStep::None => query(tables, meta, target),
    };
    match outcome {
        Outcome::Answer(mac) => {
            meta.answer = Answer {
                on: true,
                mac,
                shown: false,
            };
        }
        Outcome::Flood if meta.bridge.floods => {
            meta.route = Route {
                routed: false,
                nexthop: meta.bridge.nexthop,
                label: meta.bridge.label,
            };
        }
        Outcome::Flood => meta.drop(DropReason::L2NoRoute),
        Outcome::Ask => meta.punt(PuntReason::Arp),
        Outcome::Drop => meta.drop(DropReason::InvalidArp),
    }
}

/// Where the address is.
struct Place {
    /// At an interface of this node, perhaps the one that asks.
    here: bool,
    /// It is one of the node's own.
    gateway: bool,
    /// At the interface that asks, or on the wire behind it.
    own: bool,
}

fn place(tables: &Tables, meta: &Meta, target: Option<Target>) -> Place {
    let nexthop = target.map(|target| tables.nexthop(target.nexthop));
    let is = |kind| nexthop.is_some_and(|nexthop| nexthop.valid && nexthop.kind == kind);
    let here = is(NexthopKind::Encap);
    let leads_back = nexthop.is_some_and(|nexthop| nexthop.vif == meta.classify.vif);
    Place {
        here,
        gateway: is(NexthopKind::Receive),
        own: (here || is(NexthopKind::Resolve)) && leads_back,
    }
}

fn query(tables: &Tables, meta: &Meta, target: Option<Target>) -> Outcome {
    let vif = &meta.classify.entry;
    let code = target.map_or(ArpAnswer::Flood, |target| target.arp);
    let place = place(tables, meta, target);
    let from_guest = is_guests(meta);
    if from_guest && vif.arp == VifArp::Proxy {
        return Outcome::Answer(vif.router_mac);
    }
    let ends = match from_guest {
        true => vif.arp == VifArp::Gateway && !place.gateway,
        false => place.gateway,
    };
    match code {
        ArpAnswer::Flood => Outcome::Flood,
        _ if ends => Outcome::Drop,
        _ if from_guest && place.own => Outcome::Flood,
        ArpAnswer::Ask => Outcome::Ask,
        ArpAnswer::Router if from_guest => Outcome::Answer(vif.router_mac),
        ArpAnswer::Stitched if from_guest || place.here => {
            let found = tables.stitched(meta.decap.vrf, meta.inner.dst as u32);
            found.map_or(Outcome::Ask, |entry| Outcome::Answer(entry.mac))
        }
        ArpAnswer::Router | ArpAnswer::Stitched => Outcome::Flood,
    }
}

#[cfg(test)]
mod tests;
