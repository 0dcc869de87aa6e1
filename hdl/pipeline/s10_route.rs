//! s10_route: where a packet goes once its flow is known. Reads `arrival`, `classify`, `decap`, `inner`, `bridge`,
//! `receiver.vrf`, `flow`, tables `vrf`, `route_host`, `route_bank`. Writes `route`, unless `s7_receiver` has and it stands.
//!
//! ```text
//!                 ┌─ steers ───────────────────────────────────▶ the flow's nexthop
//!   flow, bridge ─┼─ bridged ──────────────────────────────────▶ the MAC's nexthop
//!                 ├─ VRF, address ─▶ [ longest prefix ] ───────▶ the route's nexthop
//!                 └─ met its route before its flow, stays there ▶ as `s7_receiver` has it
//!   option check_arp ─ sender ─▶ [ the same ] ─────────────────▶ leads it back to the VM? else the slow path judges it
//! ```
//! VRF and address are those that the flow puts in place of the packet's own. ARP has no flow: what it asks for was looked
//! up by `s7_receiver`, who asks is looked up here.

use super::s7_receiver::source_checked;
use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{Meta, Route, VerdictBits};
use crate::lookup::prefix;
use crate::lookup::prefix::{longest, Found, Wanted};
use underpass_layout::meta::{ArpKind, RoundKind};
use underpass_layout::profile::Profile;
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::VifKind;
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{bundle, first, leaf, mux, only, wire, zero, Bit, BundleExt, Ram, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = 1 + prefix::LATENCY + 1;

leaf!(
    /// The stage as a block.
    pub RouteStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { route(sizes.0, slot, host) }
);

bundle! {
    /// How the nexthop is found; none of these: as it was found before.
    struct Way {
        /// The flow names it.
        steers: Bit,
        /// It is the frame's.
        bridged: Bit,
        /// The frame goes on in a VRF where its MAC leads nowhere.
        astray: Bit,
        /// By the longest prefix.
        routed: Bit,
        /// Its sender's address is looked up, whatever the nexthop is.
        sender: Bit,
        /// Its sender says to have the router's MAC.
        forged: Bit,
    }
}

/// The stage.
pub fn route(profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let slot = slot.written(Written::Flow);
    let meta = slot.meta;
    let onward = meta.flow.onward;
    let way = way(meta);
    let wanted = Wanted {
        vrf: mux(onward.translate, onward.vrf, meta.decap.vrf),
        v6: meta.inner.ipv6,
        address: first(
            &[(way.sender, meta.inner.src), (onward.dnat, onward.dst)],
            meta.inner.dst,
        ),
    }
    .reg("wanted");
    let way = way.reg("way");
    let (found, chain) = longest(profile, Some(Ram::Block), wanted, bus);

    let way = way.delay("way_found", prefix::LATENCY);
    let mut slot = slot.later("slot", LATENCY - 1);
    let (meta, onward) = (slot.meta, slot.meta.flow.onward);
    wire!(at_home = found.leads_to(meta.classify.entry.nexthop));
    let found = found.or_told(meta.arrival.round.known);
    let verdict = meta.verdict.or_first(&[
        (
            way.forged | way.sender & !at_home,
            VerdictBits::punt(PuntReason::Arp),
        ),
        (way.astray, VerdictBits::drop(DropReason::L2NoRoute)),
        (way.routed, said(found, meta.inner.ttl)),
    ]);
    let (nexthop, label) = first(
        &[
            (way.steers, (onward.nexthop, onward.label)),
            (way.bridged, (meta.bridge.nexthop, meta.bridge.label)),
        ],
        (found.nexthop, found.label),
    );
    wire!(chosen = way.steers | way.bridged | way.routed);
    let route = Route {
        routed: way.routed | way.steers & meta.bridge.l3 & !meta.decap.direct,
        nexthop: only(verdict.open(), nexthop),
        label: only(verdict.open(), label),
    };
    slot.meta.route = mux(meta.verdict.open() & chosen, route, meta.route);
    slot.meta.verdict = verdict;
    let out = slot.later("out", 1);
    (out, chain.leave(out))
}

/// How this packet's nexthop is found. Combinational.
fn way(meta: Meta) -> Way {
    let onward = meta.flow.onward;
    wire!(late = meta.bridge.flow_first | source_checked(meta));
    wire!(moves = onward.translate & onward.vrf.ne(mux(late, meta.decap.vrf, meta.receiver.vrf)));
    let stays = !onward.steer;
    let (inner, vif) = (meta.inner, meta.classify.entry);
    wire!(checked = sender_checked(meta));
    Way {
        steers: onward.steer,
        bridged: stays & late & !meta.bridge.l3,
        astray: stays & late & !meta.bridge.l3 & moves,
        routed: stays & mux(late, meta.bridge.l3, moves),
        sender: checked & inner.src.any(),
        forged: checked & inner.arp_mac.eq(vif.router_mac),
    }
}

/// Whether ARP is believed only where its sender's address is behind the VM that sent it, and its MAC is not the router's.
/// An address of zero is none: it probes (RFC 5227 section 2.1.1). Combinational.
fn sender_checked(meta: Meta) -> Bit {
    let (arrival, inner, vif) = (meta.arrival, meta.inner, meta.classify.entry);
    let is = |kind: ArpKind| inner.arp.eq(kind.code());
    wire!(guests = vif.kind.eq(VifKind::Vm.code()) & !meta.decap.tunnelled);
    vif.check_arp
        & guests
        & (is(ArpKind::Request) | is(ArpKind::Other))
        & !inner.tagged
        & arrival.comes_as(&[RoundKind::First, RoundKind::Again])
        & !arrival.injected_to(InjectCommand::Flood)
}

/// What a route that was looked up says of a packet with this time to live. Combinational.
pub(super) fn said(found: Found, ttl: U<8>) -> VerdictBits {
    first(
        &[
            (!found.valid, VerdictBits::drop(DropReason::Discard)),
            (found.punt_all, VerdictBits::punt(PuntReason::VrfInSoftware)),
            (ttl.eq(0), VerdictBits::drop(DropReason::TtlExceeded)),
            (!found.hit, VerdictBits::drop(DropReason::Discard)),
        ],
        zero(),
    )
}

#[cfg(test)]
mod tests;
