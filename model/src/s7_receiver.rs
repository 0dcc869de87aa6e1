//! s7_receiver: by whose flow a packet is judged, and who answers ARP.  Reads: `arrival`, `classify`, `decap`, `inner`,
//! `bridge`.  Writes: `receiver`, `answer`, `route`.
//!
//! ```text
//!   VM under policy ──────────────────────────────────▶ its interface's nexthop, whatever the verdict
//!   a request for an address ─▶ route to that address ─▶ an answer, or flooded   (see `answer`)
//!   VM that must send from where it is ─▶ route to its source ─▶ its interface's nexthop, else drop
//!   all others ─▶ route ─▶ [nexthop] ─┬─ policy ──────▶ that nexthop's K(nh)
//!                                     └─ none ────────▶ no flow
//! ```
//! A packet that goes round meets its flow once, a copy for a member of a list or for an analyzer none.
//!
//! There is one lookup of a route in this stage. Where it is spent on the source, `s10_route` looks up the destination,
//! and no flow is looked up at output: the option is for interfaces in packet mode whose peers are so too, or remote.

mod answer;

use crate::decide::Decide;
use crate::routes;
use crate::s6_bridge::{is_as_it_came, is_vms_unicast, meets_flow};
use crate::tables::Tables;
use underpass_layout::meta::{ArpStep, Meta, Receiver, Route};
use underpass_layout::tables::NexthopKind;
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Finds the receiver, and with it the route.
pub fn receiver(tables: &Tables, meta: &mut Meta) {
    if meta.bridge.flow_first {
        let vif = &meta.classify.entry;
        meta.receiver = Receiver {
            wanted: true,
            nexthop: vif.nexthop,
            relaxed: false,
            vrf: 0,
            fat_set: vif.fat_set,
        };
    } else if !meta.open() {
    } else if meta.bridge.arp != ArpStep::None {
        answer::answer(tables, meta);
    } else if checks_source(meta) {
        if let Err(verdict) = check_source(tables, meta) {
            meta.decide(verdict);
        }
    } else {
        route(tables, meta);
        if meta.open() {
            at_output(tables, meta);
        }
    }
}

/// Is the route of this packet found by `s10_route`?
pub(crate) fn is_routed_later(meta: &Meta) -> bool {
    meta.bridge.flow_first || checks_source(meta)
}

/// Without policy, the VM's source has to be checked by its route.
fn checks_source(meta: &Meta) -> bool {
    let vif = &meta.classify.entry;
    vif.check_source && !vif.policy && is_vms_unicast(meta) && is_as_it_came(meta)
}

/// The route to the source leads to the interface that the packet came from. Where the card has no routes of the VRF,
/// it cannot know.
fn check_source(tables: &Tables, meta: &Meta) -> Result<(), Verdict> {
    let inner = &meta.inner;
    let word = tables.vrf(meta.decap.vrf);
    if routes::told(word, &meta.arrival.round.known).is_some() {
        return Ok(());
    }
    if word.valid && word.punt_all {
        return Err(Verdict::Punt(PuntReason::VrfInSoftware));
    }
    let vrf = meta.decap.vrf;
    let found = match word.valid {
        true => routes::longest_match(tables, word, vrf, inner.ipv6, inner.src),
        false => None,
    };
    match found {
        Some(target) if target.nexthop == meta.classify.entry.nexthop => Ok(()),
        _ => Err(Verdict::Drop(DropReason::InvalidSource)),
    }
}

/// Routes what is to be routed; the nexthop of everything else is known.
fn route(tables: &Tables, meta: &mut Meta) {
    if !meta.bridge.l3 || meta.decap.direct {
        meta.route = Route {
            routed: false,
            nexthop: meta.bridge.nexthop,
            label: meta.bridge.label,
        };
        return;
    }
    meta.route.routed = true;
    let (inner, known) = (&meta.inner, &meta.arrival.round.known);
    let vrf = meta.decap.vrf;
    match routes::route(tables, vrf, inner.ipv6, inner.dst, inner.ttl, known) {
        Ok(target) => {
            meta.route.nexthop = target.nexthop;
            meta.route.label = target.label;
        }
        Err(verdict) => meta.decide(verdict),
    }
}

/// Does the nexthop ask for a flow?
fn at_output(tables: &Tables, meta: &mut Meta) {
    let (inner, nexthop) = (&meta.inner, tables.nexthop(meta.route.nexthop));
    let wanted = meets_flow(meta)
        && nexthop.valid
        && nexthop.policy
        && matches!(nexthop.kind, NexthopKind::Encap | NexthopKind::Ecmp)
        && !inner.tagged
        && (inner.ipv4 || inner.ipv6);
    if wanted {
        meta.receiver = Receiver {
            wanted,
            nexthop: nexthop.flow_nexthop,
            relaxed: nexthop.relaxed,
            vrf: nexthop.vrf,
            fat_set: nexthop.fat_set,
        };
    }
}

#[cfg(test)]
mod tests;
