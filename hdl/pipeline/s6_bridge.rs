//! s6_bridge: the destination MAC decides whether a frame is bridged, flooded or routed; the source MAC, whether the slow
//! path is shown it. Reads `arrival`, `classify`, `decap`, `inner`, tables `bridge`, `flood`, `learned`. Writes `bridge`.
//!
//! ```text
//!               ┌─▶ [ asked before the tables: punts, groups ] ─────┐
//!   VRF, MACs ──┼─▶ [ bridge 8 ] ──────────────────┬────────────────┴─▶ [ decide ] ──▶ bridge
//!               ├─▶ [ wait 6 ] ─▶ [ flood 2 ] ─────┘                                     ▲
//!               └─▶ [ learned 8 ] ───────────────────▶ [ from where it was last? ] ──────┘
//! ```
//! What needs no table is found out in the first clock. A frame for many takes the nexthop of its VRF that floods, and so
//! does one for a MAC that nobody knows where that is wanted; IPv4 multicast finds its group's own entry first. What ARP
//! there is to answer (`arp`), `s7_receiver` finds out.

mod arp;

use super::s1_parse::{IGMP, UDP};
use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{
    Bridge, BridgeEntry, BridgeKey, FloodEntry, LearnedEntry, LearnedKey, Meta, VerdictBits,
};
use crate::lookup::{direct, exact, Place};
use arp::Arp;
use underpass_layout::meta::{ArpKind, RoundKind};
use underpass_layout::profile::Profile;
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::{id, VifKind};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{any_of, bundle, first, leaf, mux, only, wire, zero, Bit, BundleExt};

/// Clocks from slot to slot.
pub const LATENCY: usize = exact::LATENCY + 1;

/// The port that DHCP clients send from (RFC 2131 section 4.1).
const DHCP_CLIENT: u32 = 68;
/// The ports of DHCPv6, of clients and of servers (RFC 8415 section 7.2).
const DHCPV6: (u32, u32) = (546, 547);
/// The group bit of a MAC address is the lowest of the first byte on the wire (IEEE 802).
const GROUP_BIT: usize = 40;

leaf!(
    /// The stage as a block.
    pub BridgeStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { bridge(sizes.0, slot, host) }
);

bundle! {
    /// What of a packet is known before any table answers.
    struct Before {
        /// It is a copy for the slow path.
        shown: Bit,
        /// A VM sends with a MAC that is not its own.
        foreign: Bit,
        /// It is ARP.
        is_arp: Bit,
        /// What it is to the router.
        arp: Arp,
        /// The slow path answers it.
        neighbor: Bit,
        /// DHCP of either family or IGMP that its interface traps.
        trapped: Bit,
        /// The bridge table is asked for its destination.
        looked_up: Bit,
        /// Its destination is many.
        group: Bit,
        /// Of these, one entry of the bridge table may be for its group alone.
        grouped: Bit,
        /// Its flow comes first.
        flow_first: Bit,
        /// Its source MAC is learnt, if it is not known.
        watched: Bit,
    }
}

/// The stage.
pub fn bridge(profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let slot = slot.written(Written::Quoted);
    let (vrf, inner) = (slot.meta.decap.vrf, slot.meta.inner);
    let place = |id| Place::of(profile, id);
    let to = BridgeKey {
        vrf,
        mac: inner.dst_mac,
    };
    let from = LearnedKey {
        vrf,
        mac: inner.src_mac,
    };
    let (hit, entry, chain) =
        exact::exact::<BridgeEntry, _, 1>(&place(id::BRIDGE), 0, to.pack(), bus);
    let (seen, learned, chain) =
        exact::exact::<LearnedEntry, _, 1>(&place(id::LEARNED), 0, from.pack(), chain);

    let before = before(slot.meta).delay("before", exact::LATENCY);
    let slot = slot.later("slot", exact::LATENCY - direct::LATENCY);
    let (flood, chain) =
        direct::direct::<FloodEntry, _>(&place(id::FLOOD), slot.meta.decap.vrf, chain);
    let slot = slot.later("asked", direct::LATENCY);

    let mut out = slot;
    (out.meta.bridge, out.meta.verdict) = decide(slot.meta, before, (hit, entry), flood);
    out.meta.bridge.learn = before.watched & !(seen & unmoved(slot.meta, learned));
    let out = out.later("out", 1);
    (out, chain.leave(out))
}

/// What needs no table. Combinational.
fn before(meta: Meta) -> Before {
    let (arrival, decap, inner, vif) = (meta.arrival, meta.decap, meta.inner, meta.classify.entry);
    let round = arrival.round;
    wire!(open = meta.verdict.open());
    wire!(vm = vif.kind.eq(VifKind::Vm.code()));
    wire!(whole = arrival.comes_as(&[RoundKind::First, RoundKind::Again]));
    wire!(foreign = whole & vm & decap.frame & vif.check_mac & inner.src_mac.ne(vif.mac));
    wire!(group = decap.frame & inner.dst_mac.bit(GROUP_BIT));
    wire!(neighbor = decap.frame & inner.neighbor);
    // A packet that was sent on by somebody who knew it is not shown to the slow path for what it asks.
    let asks = (whole | arrival.comes_as(&[RoundKind::Tenant]) & !round.direct & !round.quiet)
        & !arrival.injected_to(InjectCommand::Flood);
    let dhcp4 = inner.ipv4 & inner.dst_mac.all() & inner.src_port.eq(DHCP_CLIENT);
    let dhcp6 = inner.ipv6 & group & inner.src_port.eq(DHCPV6.0) & inner.dst_port.eq(DHCPV6.1);
    let dhcp = vif.dhcp & !inner.fragment & inner.protocol.eq(UDP) & (dhcp4 | dhcp6);
    let igmp = vif.igmp & inner.ipv4 & inner.protocol.eq(IGMP);
    let judged =
        round.judged | round.quiet | arrival.comes_as(&[RoundKind::Member, RoundKind::Punt]);
    Before {
        shown: arrival.comes_as(&[RoundKind::Punt]),
        foreign,
        is_arp: inner.arp.ne(ArpKind::None.code()),
        arp: Arp::of(meta, asks, group),
        neighbor: asks & neighbor,
        trapped: asks & decap.frame & vm & (dhcp | igmp),
        looked_up: decap.frame & !decap.direct,
        group,
        grouped: inner.ipv4 & (decap.tunnelled | vif.igmp),
        flow_first: open
            & vm
            & !foreign
            & vif.policy
            & !judged
            & !inner.tagged
            & (inner.ipv4 | inner.ipv6)
            & !group
            & !inner.neighbor,
        watched: open
            & arrival.comes_as(&[RoundKind::First])
            & !arrival.injected
            & decap.learn
            & decap.frame
            & !foreign
            & !inner.src_mac.bit(GROUP_BIT),
    }
}

/// Where the frame goes, if it is bridged, and what the tables say of the packet. Combinational.
fn decide(
    meta: Meta,
    before: Before,
    (hit, entry): (Bit, BridgeEntry),
    flood: FloodEntry,
) -> (Bridge, VerdictBits) {
    let (decap, inner, arp) = (meta.decap, meta.inner, before.arp);
    let looked_up = before.looked_up | arp.heard;
    wire!(to_router = looked_up & !arp.heard & !before.group & hit & entry.receive);
    wire!(own = hit & !entry.receive & (!before.group | before.grouped));
    wire!(flooded = flood.valid & mux(before.group, !own, !hit & decap.flood_unknown));
    wire!(leads = own | flooded);
    wire!(l3 = !decap.frame | to_router);
    let (drop, punt) = (VerdictBits::drop, VerdictBits::punt);
    let verdict = meta.verdict.or_first(&[
        (before.shown & before.is_arp, punt(PuntReason::Arp)),
        (before.shown, punt(PuntReason::Learn)),
        (before.foreign, drop(DropReason::InvalidSource)),
        (arp.refused, drop(DropReason::InvalidArp)),
        (before.neighbor, punt(PuntReason::NeighborDiscovery)),
        (before.trapped, punt(PuntReason::L3Protocol)),
        (
            looked_up & !any_of(&[leads, to_router, arp.query, arp.announce]),
            drop(DropReason::L2NoRoute),
        ),
        (to_router & arp.other, punt(PuntReason::Arp)),
        (to_router & inner.tagged, punt(PuntReason::Tagged)),
        (
            l3 & !inner.ipv4 & !inner.ipv6,
            drop(DropReason::InvalidProtocol),
        ),
    ]);
    let (nexthop, label) = first(
        &[
            (decap.direct & !arp.heard, (decap.nexthop, decap.label)),
            (flooded, (flood.nexthop, flood.label)),
        ],
        only(own, (entry.nexthop, entry.label)),
    );
    let bridge = Bridge {
        l3,
        flow_first: before.flow_first,
        nexthop: only(decap.direct | looked_up, nexthop),
        label: only(decap.direct | looked_up, label),
        control: looked_up & own & entry.control,
        learn: zero(),
        arp: arp.step(),
        floods: leads & (arp.query | arp.announce),
    };
    (bridge, verdict)
}

/// The frame comes from where its source MAC was last seen. Combinational.
fn unmoved(meta: Meta, learned: LearnedEntry) -> Bit {
    let (parse, decap) = (meta.parse, meta.decap);
    wire!(same_end = learned.address.eq(parse.src) & learned.v6.eq(parse.v6));
    wire!(same_vif = learned.vif.eq(meta.classify.vif));
    learned.tunnelled.eq(decap.tunnelled) & mux(decap.tunnelled, same_end, same_vif)
}

#[cfg(test)]
mod tests;
