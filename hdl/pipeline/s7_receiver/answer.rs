//! Who answers a request for an address: the route to that address says it.
//!
//! ```text
//!   interface   flag of the route   of a guest                          of others
//!   Proxy       any                 router MAC                          as without
//!   Gateway     but Flood           one of our own addresses: as below  as without
//!                                   another: drop
//!   Routes      Flood               flood                               flood
//!               Router              router MAC                          flood
//!               Stitched            [ stitched ], else the slow path    as of a guest where it is here, else flood
//!               Ask                 the slow path                       the slow path
//!
//!   the route leads back to the guest that asks: flood        one of our own, not flooded, asked from elsewhere: drop
//! ```
//! What is flooded goes where `s6_bridge` has it. What only tells goes there too, and may be shown to the slow path.

use crate::hardware::{Answer, Bridge, Meta, VerdictBits};
use crate::lookup::prefix::Found;
use underpass_layout::meta::{ArpStep, RoundKind};
use underpass_layout::tables::{ArpAnswer, VifArp, VifKind};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{bundle, first, mux, only, wire, zero, Bit, U};

bundle! {
    /// What the route says of the address that ARP is about.
    pub(super) struct Asked {
        /// Somebody asks for it.
        query: Bit,
        /// Its owner tells of it.
        announce: Bit,
        /// With what it is answered, `ArpAnswer`.
        answer: U<2>,
        /// The slow path is shown who tells.
        trap: Bit,
    }

    /// Where the nexthop of that route is.
    pub(super) struct Site {
        /// An interface of this node.
        here: Bit,
        /// On the wire of an interface, the slow path knows where.
        unresolved: Bit,
        /// The node itself.
        gateway: Bit,
        /// The interface.
        vif: U<13>,
    }

    /// What becomes of ARP that asks or tells.
    pub(super) struct Outcome {
        /// The answer.
        answer: Answer,
        /// It goes where `s6_bridge` has it.
        floods: Bit,
        /// Open where it is answered or flooded.
        verdict: VerdictBits,
    }
}

impl Asked {
    /// By what was found for the address. Combinational.
    pub(super) fn of(bridge: Bridge, found: Found) -> Asked {
        let is = |step: ArpStep| bridge.arp.eq(step.code());
        wire!(there = found.valid & found.hit);
        Asked {
            query: is(ArpStep::Query),
            announce: is(ArpStep::Announce),
            answer: only(there, found.arp),
            trap: there & found.trap,
        }
    }

    /// It is ARP that asks or tells. Combinational.
    pub(super) fn any(self) -> Bit {
        self.query | self.announce
    }

    /// What follows from the VRF alone. Combinational.
    pub(super) fn said(self, found: Found) -> VerdictBits {
        wire!(software = found.valid & found.punt_all);
        only(software, VerdictBits::punt(PuntReason::Arp))
    }
}

/// What becomes of it, where `stitched` is the MAC for the address, if one is known. Combinational.
pub(super) fn outcome(
    meta: Meta,
    asked: Asked,
    site: Site,
    (known, stitched): (Bit, U<48>),
) -> Outcome {
    let (arrival, vif) = (meta.arrival, meta.classify.entry);
    let says = |answer: ArpAnswer| asked.answer.eq(answer.code());
    wire!(guests = vif.kind.eq(VifKind::Vm.code()) & !meta.decap.tunnelled);
    wire!(proxied = asked.query & guests & vif.arp.eq(VifArp::Proxy.code()));
    wire!(open = asked.query & !proxied & !says(ArpAnswer::Flood));
    wire!(gateway_only = vif.arp.eq(VifArp::Gateway.code()));
    wire!(ends = open & mux(guests, gateway_only & !site.gateway, site.gateway));
    // A gateway does not answer on its wire for who is on that wire.
    wire!(behind = site.here | site.unresolved);
    wire!(own = guests & behind & site.vif.eq(meta.classify.vif));
    wire!(answered = open & !ends & !own);
    wire!(by_router = proxied | answered & says(ArpAnswer::Router) & guests);
    wire!(by_stitched = answered & says(ArpAnswer::Stitched) & (guests | site.here));
    wire!(by_slow_path = answered & says(ArpAnswer::Ask) | by_stitched & !known);
    wire!(on = by_router | by_stitched & known);
    wire!(floods = asked.any() & !on & !by_slow_path & !ends);
    wire!(shown = asked.announce & asked.trap & arrival.comes_as(&[RoundKind::First]));
    Outcome {
        answer: Answer {
            on,
            mac: only(on, mux(by_router, vif.router_mac, stitched)),
            shown: shown & !arrival.injected,
        },
        floods: floods & meta.bridge.floods,
        verdict: first(
            &[
                (ends, VerdictBits::drop(DropReason::InvalidArp)),
                (by_slow_path, VerdictBits::punt(PuntReason::Arp)),
                (
                    floods & !meta.bridge.floods,
                    VerdictBits::drop(DropReason::L2NoRoute),
                ),
            ],
            zero(),
        ),
    }
}

#[cfg(test)]
mod tests;
