//! s7_receiver: by whose flow a packet is judged, and who answers ARP. Reads `arrival`, `classify`, `decap`, `inner`, `bridge`,
//! tables `vrf`, `route_host`, `route_bank`, `stitched`, `nexthop`. Writes `receiver`, `answer`, and `route` where a packet
//! meets its route before its flow.
//!
//! ```text
//!   a VM's, under policy ─▶ the VM's nexthop and its fat flows ───────────────────────────────────▶ receiver
//!   all others ─▶ [ longest prefix ] ─┬─▶ route ─▶ [ nexthop, of which a part 2 ] ─▶ asks for one? ─▶ receiver
//!   option check_source ── source ────┤─▶ leads it back to the VM? else it ends here
//!   ARP ───────── asked address ──────┴─▶ flags ─▶ [ the same part 2 ] ─▶ who answers? ─▶ answer, or route
//!          └─▶ [ stitched 8 ] ─▶ the MAC, if it is known ──────────────────┘
//! ```
//! The longest prefix is looked up for one address of a packet, here or in `s10_route`: here the destination of packets
//! that meet a flow at output if at all. Where an interface has its sources checked it is the source, and the
//! destination's turn comes in `s10_route`. A packet that comes round after its flow, or as a copy, meets none here.

mod answer;

use super::s10_route::said;
use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{
    Meta, NexthopEntry, Receiver, Route, StitchedEntry, StitchedKey, VerdictBits,
};
use crate::lookup::host::Chain;
use crate::lookup::prefix::{longest, Found, Wanted};
use crate::lookup::{direct, exact, prefix, Place};
use answer::{Asked, Site};
use underpass_layout::meta::RoundKind;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, NexthopKind, VifKind};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{bundle, first, leaf, mux, only, wire, zero, Bit, BundleExt, Ram, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = prefix::LATENCY + direct::LATENCY + 1;

leaf!(
    /// The stage as a block.
    pub ReceiverStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { receiver(sizes.0, slot, host) }
);

bundle! {
    /// What of a nexthop is needed to know whether and how it wants a flow, and where an address behind it is.
    struct Asks {
        /// It exists and wants a flow of packets that had none.
        flow: Bit,
        /// The rest as in its row.
        relaxed: Bit,
        vrf: U<12>,
        nexthop: U<20>,
        fat_set: U<10>,
        site: Site,
    }
}

/// The stage.
pub fn receiver(profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let slot = slot.written(Written::Bridge);
    let meta = slot.meta;
    wire!(checks = source_checked(meta));
    let wanted = Wanted {
        vrf: meta.decap.vrf,
        v6: meta.inner.ipv6,
        address: mux(checks, meta.inner.src, meta.inner.dst),
    };
    let (found, chain) = longest(profile, None, wanted, bus);
    let (stitched, chain) = stitched(profile, meta, chain);

    let mut slot = slot.later("slot", prefix::LATENCY);
    let checks = checks.delay("checks", prefix::LATENCY);
    let meta = slot.meta;
    wire!(here = meta.verdict.open() & !meta.bridge.flow_first & !checks);
    wire!(routed = meta.bridge.l3 & !meta.decap.direct);
    let asked = Asked::of(meta.bridge, found);
    let known = meta.arrival.round.known;
    let told = found.or_told(known);
    let verdict = meta.verdict.or_first(&[
        (asked.any(), asked.said(found)),
        (checks, said_of_source(meta, found, known.routed)),
        (here & routed, said(told, meta.inner.ttl)),
    ]);
    let asked = only(verdict.open(), asked).delay("asked", direct::LATENCY);
    let (nexthop, label) = mux(
        routed,
        (told.nexthop, told.label),
        (meta.bridge.nexthop, meta.bridge.label),
    );
    // It asks before it is known whether the route holds.
    let place = Place::of(profile, id::NEXTHOP).made_of(Ram::Block);
    let looked_at = mux(meta.bridge.arp.any(), found.nexthop, nexthop);
    let (asks, chain) = direct::part(&place, looked_at, chain, asks);
    slot.meta.verdict = verdict;
    slot.meta.route = only(
        here,
        Route {
            routed,
            nexthop: only(verdict.open(), nexthop),
            label: only(verdict.open(), label),
        },
    );

    let arrival = meta.arrival;
    wire!(
        judged =
            arrival.round.judged | arrival.round.quiet | arrival.comes_as(&[RoundKind::Member])
    );
    let may_ask = (here & !judged).delay("may_ask", direct::LATENCY);
    let mut slot = slot.later("routed", direct::LATENCY);
    let (inner, vif) = (slot.meta.inner, slot.meta.classify.entry);
    wire!(
        at_output = may_ask
            & slot.meta.verdict.open()
            & asks.flow
            & !inner.tagged
            & (inner.ipv4 | inner.ipv6)
    );
    let of_vm = Receiver {
        wanted: slot.meta.bridge.flow_first,
        nexthop: vif.nexthop,
        fat_set: vif.fat_set,
        ..zero()
    };
    let of_nexthop = Receiver {
        wanted: at_output,
        nexthop: asks.nexthop,
        relaxed: asks.relaxed,
        vrf: asks.vrf,
        fat_set: asks.fat_set,
    };
    slot.meta.receiver = mux(of_vm.wanted, of_vm, only(at_output, of_nexthop));
    let outcome = answer::outcome(slot.meta, asked, asks.site, stitched);
    slot.meta.answer = outcome.answer;
    slot.meta.verdict = slot
        .meta
        .verdict
        .or_first(&[(asked.any(), outcome.verdict)]);
    slot.meta.route = only(!asked.any() | outcome.floods, slot.meta.route);
    let out = slot.later("out", 1);
    (out, chain.leave(out))
}

/// Whether the source of a packet is looked up here, and its destination in `s10_route`: a packet of a VM without
/// policy whose interface has that option, as it came. Combinational.
pub(super) fn source_checked(meta: Meta) -> Bit {
    let (inner, vif) = (meta.inner, meta.classify.entry);
    wire!(group = meta.decap.frame & inner.dst_mac.bit(40));
    vif.kind.eq(VifKind::Vm.code())
        & vif.check_source
        & !vif.policy
        & !inner.tagged
        & (inner.ipv4 | inner.ipv6)
        & !group
        & !inner.neighbor
        & meta.arrival.comes_as(&[RoundKind::First, RoundKind::Again])
}

/// What the route to its source says of a packet. Where the tables have not all routes, the slow path has looked at the
/// sources of those that it has routed. Combinational.
fn said_of_source(meta: Meta, found: Found, routed: Bit) -> VerdictBits {
    wire!(software = found.valid & found.punt_all);
    first(
        &[
            (
                software & !routed,
                VerdictBits::punt(PuntReason::VrfInSoftware),
            ),
            (
                !software & !found.leads_to(meta.classify.entry.nexthop),
                VerdictBits::drop(DropReason::InvalidSource),
            ),
        ],
        zero(),
    )
}

/// The MAC that is stitched to the address that ARP asks for, when the nexthop of its route is known.
fn stitched(profile: &Profile, meta: Meta, chain: Chain) -> ((Bit, U<48>), Chain) {
    const BEFORE: usize = direct::LATENCY + 1;
    let key = StitchedKey {
        vrf: meta.decap.vrf,
        address: meta.inner.dst.slice(0),
    };
    // With the routes, so that the host's bus meets both in one clock.
    let key = key.delay("stitched_key", BEFORE);
    let place = Place::of(profile, id::STITCHED);
    let (hit, entry, chain) = exact::exact::<StitchedEntry, _, 1>(&place, 0, key.pack(), chain);
    let wait = prefix::LATENCY + direct::LATENCY - BEFORE - exact::LATENCY;
    ((hit, entry.mac).delay("stitched_mac", wait), chain)
}

/// What a nexthop asks. Combinational.
fn asks(nexthop: NexthopEntry) -> Asks {
    let is = |kind: NexthopKind| nexthop.kind.eq(kind.code());
    Asks {
        flow: nexthop.valid & nexthop.policy & (is(NexthopKind::Encap) | is(NexthopKind::Ecmp)),
        relaxed: nexthop.relaxed,
        vrf: nexthop.vrf,
        nexthop: nexthop.flow_nexthop,
        fat_set: nexthop.fat_set,
        site: Site {
            here: nexthop.valid & is(NexthopKind::Encap),
            unresolved: nexthop.valid & is(NexthopKind::Resolve),
            gateway: nexthop.valid & is(NexthopKind::Receive),
            vif: nexthop.vif,
        },
    }
}

#[cfg(test)]
mod tests;
