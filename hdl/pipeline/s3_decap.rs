//! s3_decap: out of the tunnel, if it is ours. Reads `parse`, `classify`, tables `mpls` and `vxlan`. Writes `decap`.
//!
//! ```text
//!              ┌─▶ [ mpls 2 ] ─ delay 3 ─┐
//!   label ─────┤                         ├─▶ [ decide ] ─▶ decap
//!              └─▶ [ vxlan 5 ] ──────────┘
//! ```
//! A label or VNI that is unknown is a drop, never a guess. Other packets of the underlay go straight to the host.

use super::s1_parse::ARP;
use super::slot::{HeadSlot, Written};
use crate::buses::{HeadIn, HeadOut, HostIn, HostOut, Sizes};
use crate::card::host_bus::HostBus;
use crate::hardware::{Decap, MplsEntry, VerdictBits, VxlanEntry, VxlanKey};
use crate::lookup::{direct, exact, Place};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, LabelAction, TunnelKind, VifKind};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{first, k, leaf, mux, only, wire, zero, BundleExt};

/// Clocks from slot to slot.
pub const LATENCY: usize = exact::LATENCY + 1;

leaf!(
    /// The stage as a block.
    pub DecapStage(sizes: Sizes) { slot_in: HeadIn, host_in: HostIn } -> { slot: HeadOut, host: HostOut },
    |slot: HeadSlot, host: HostBus| -> (HeadSlot, HostBus) { decap(sizes.0, slot, host) }
);

/// The stage.
pub fn decap(profile: &Profile, slot: HeadSlot, bus: HostBus) -> (HeadSlot, HostBus) {
    let slot = slot.written(Written::Classify);
    let label = slot.meta.parse.label;
    let mpls_place = Place::of(profile, id::MPLS);
    let (mpls, chain) = direct::direct::<MplsEntry, _>(&mpls_place, label, bus);
    let mpls = mpls.delay("mpls", exact::LATENCY - direct::LATENCY);
    let (vni_known, vxlan, chain) = exact::exact::<VxlanEntry, _, 1>(
        &Place::of(profile, id::VXLAN),
        0,
        VxlanKey { vni: label }.pack(),
        chain,
    );

    let mut slot = slot.later("slot", exact::LATENCY);
    let (parse, entry) = (slot.meta.parse, slot.meta.classify.entry);
    wire!(fabric = entry.kind.eq(VifKind::Fabric.code()));
    wire!(vm = entry.kind.eq(VifKind::Vm.code()));
    wire!(
        tunnelled = fabric
            & parse.tunnel.ne(TunnelKind::None.code())
            & parse.dst.eq(entry.address)
            & parse.v6.eq(entry.address_v6)
    );
    wire!(by_vni = parse.tunnel.eq(TunnelKind::Vxlan.code()));
    wire!(by_label = !by_vni);
    let action = |action: LabelAction| mpls.action.eq(action.code());
    wire!(
        label_unknown =
            !parse.label_valid | parse.label.ge(mpls_place.rows) | action(LabelAction::None)
    );

    let drop = VerdictBits::drop;
    let verdict = slot.meta.verdict.or_first(&[
        (
            fabric & parse.ethertype.eq(ARP),
            VerdictBits::punt(PuntReason::Arp),
        ),
        (fabric & parse.malformed, drop(DropReason::InvalidPacket)),
        (
            fabric & parse.neighbor,
            VerdictBits::punt(PuntReason::NeighborDiscovery),
        ),
        (
            !vm & !tunnelled & entry.cross_connect,
            VerdictBits::deliver(),
        ),
        (!vm & !tunnelled, drop(DropReason::NowhereToGo)),
        (
            tunnelled & by_label & label_unknown,
            drop(DropReason::InvalidLabel),
        ),
        (
            tunnelled & by_label & parse.label_ttl.le(1),
            drop(DropReason::TtlExceeded),
        ),
        (
            tunnelled & by_vni & (!parse.label_valid | !vni_known),
            drop(DropReason::InvalidVnid),
        ),
    ]);
    slot.meta.decap = Decap {
        tunnelled,
        frame: !tunnelled | by_vni | action(LabelAction::Frame),
        offset: only(tunnelled, parse.offset),
        vrf: first(&[(!tunnelled, entry.vrf), (by_vni, vxlan.vrf)], mpls.vrf),
        direct: tunnelled & by_label & !action(LabelAction::Route),
        nexthop: mux(tunnelled & by_label, mpls.nexthop, k(0)),
        ..zero()
    };
    // A punt shim tells only what was reached.
    slot.meta.decap = only(verdict.open(), slot.meta.decap);
    slot.meta.verdict = verdict;
    let out = slot.later("out", 1);
    (out, chain.leave(out))
}
