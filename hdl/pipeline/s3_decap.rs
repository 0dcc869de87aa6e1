//! s3_decap: out of the tunnel, if it is ours. Reads `arrival.round`, `parse`, `classify`, tables `mpls` and `vxlan`. Writes `decap`.
//!
//! ```text
//!              ┌─▶ [ mpls 2 ] ─ delay 6 ─┐
//!   label ─────┤                         ├─▶ [ decide ] ─▶ decap
//!              ├─▶ [ vxlan 8 ] ──────────┤
//!   addresses ─┴─▶ [ ours? ] ────────────┤
//!   a round without its tunnel ──────────┘
//! ```
//! A label or VNI that is unknown is a drop, never a guess. Other packets of the underlay go straight to the host. What
//! comes round as the tenant's packet has been here before: its round says what was found.

use super::s1_parse::ARP;
use super::slot::{HeadSlot, Written};
use crate::buses::{HeadIn, HeadOut, HostIn, HostOut, Sizes};
use crate::card::host_bus::HostBus;
use crate::hardware::{Decap, MplsEntry, Round, VerdictBits, VxlanEntry, VxlanKey};
use crate::lookup::{direct, exact, Place};
use underpass_layout::meta::{RoundKind, TREE_BYTES};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, LabelAction, TunnelKind, VifKind};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{first, k, leaf, only, wire, zero, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = exact::LATENCY + 1;

/// The word of zeros between a label and its frame, where the label asks for one, bytes.
const CONTROL_BYTES: usize = 4;

leaf!(
    /// The stage as a block.
    pub DecapStage(sizes: Sizes) { slot_in: HeadIn, host_in: HostIn } -> { slot: HeadOut, host: HostOut },
    |slot: HeadSlot, host: HostBus| -> (HeadSlot, HostBus) { decap(sizes.0, slot, host) }
);

/// The stage.
pub fn decap(profile: &Profile, slot: HeadSlot, bus: HostBus) -> (HeadSlot, HostBus) {
    let slot = slot.written(Written::Classify);
    let (arrival, parse, entry) = (slot.meta.arrival, slot.meta.parse, slot.meta.classify.entry);
    let label = parse.label;
    // What needs no table is known before the tables answer.
    let replayed = arrival.comes_as(&[RoundKind::Tenant, RoundKind::Member]);
    let of_fabric = entry.kind.eq(VifKind::Fabric.code()) & !replayed;
    let own = of_fabric
        & parse.tunnel.ne(TunnelKind::None.code())
        & parse.dst.eq(entry.address)
        & parse.v6.eq(entry.address_v6);
    let (replayed, fabric, own) = (replayed, of_fabric, own).delay("before", exact::LATENCY);
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
    // One that was out of its tunnel before is no more the underlay's than a VM's is.
    wire!(vm = entry.kind.eq(VifKind::Vm.code()) | replayed);
    let tunnel = |kind: TunnelKind| parse.tunnel.eq(kind.code());
    wire!(
        group = fabric
            & tunnel(TunnelKind::Vxlan)
            & vni_known
            & vxlan.group
            & parse.dst.eq(vxlan.group_address)
            & parse.v6.eq(entry.address_v6)
    );
    wire!(tunnelled = own | group);
    wire!(by_vni = tunnel(TunnelKind::Vxlan) | tunnel(TunnelKind::Nvgre));
    wire!(by_label = !by_vni);
    let action = |action: LabelAction| mpls.action.eq(action.code());
    wire!(
        label_unknown =
            !parse.label_valid | parse.label.ge(mpls_place.rows) | action(LabelAction::None)
    );

    let (drop, punt) = (VerdictBits::drop, VerdictBits::punt);
    let verdict = slot.meta.verdict.or_first(&[
        (fabric & parse.ethertype.eq(ARP), punt(PuntReason::Arp)),
        (fabric & parse.malformed, drop(DropReason::InvalidPacket)),
        (fabric & parse.neighbor, punt(PuntReason::NeighborDiscovery)),
        (
            !vm & !tunnelled & entry.cross_connect,
            VerdictBits::deliver(),
        ),
        (!vm & !tunnelled, drop(DropReason::NowhereToGo)),
        (tunnelled & tunnel(TunnelKind::Stt), punt(PuntReason::Stt)),
        (
            tunnelled & by_label & label_unknown,
            drop(DropReason::InvalidLabel),
        ),
        (
            tunnelled & by_label & parse.label_ttl.le(1),
            drop(DropReason::TtlExceeded),
        ),
        (
            tunnelled & by_label & (mpls.control | mpls.tree) & !parse.zeros,
            drop(DropReason::InvalidPacket),
        ),
        (
            tunnelled & by_vni & (!parse.label_valid | !vni_known),
            drop(DropReason::InvalidVnid),
        ),
    ]);
    let of_interface = Decap {
        frame: k(1),
        vrf: entry.vrf,
        flood_unknown: entry.flood_unknown,
        learn: entry.learn,
        ..zero()
    };
    let of_vni = Decap {
        tunnelled: k(1),
        frame: k(1),
        offset: parse.offset,
        vrf: vxlan.vrf,
        flood_unknown: vxlan.flood_unknown,
        learn: vxlan.learn,
        ..zero()
    };
    let less: U<8> = first(
        &[
            (mpls.tree, k(CONTROL_BYTES + TREE_BYTES)),
            (mpls.control, k(CONTROL_BYTES)),
        ],
        k(0),
    );
    wire!(frame = action(LabelAction::Frame));
    let of_label = Decap {
        tunnelled: k(1),
        frame,
        offset: parse.offset + less,
        vrf: mpls.vrf,
        direct: !action(LabelAction::Route),
        nexthop: mpls.nexthop,
        label: zero(),
        flood_unknown: frame & mpls.flood_unknown,
        learn: frame & mpls.learn,
        tree: mpls.tree,
    };
    let decap = first(
        &[
            (replayed, slot.meta.arrival.round.inside()),
            (!tunnelled, of_interface),
            (by_vni, of_vni),
        ],
        of_label,
    );
    // A punt shim tells only what was reached.
    slot.meta.decap = only(verdict.open(), decap);
    slot.meta.verdict = verdict;
    let out = slot.later("out", 1);
    (out, chain.leave(out))
}

impl Round {
    /// The tenant's packet as it was when it went round: only the headers of a tree are still in front of it.
    fn inside(self) -> Decap {
        Decap {
            tunnelled: self.tunnelled,
            frame: self.frame,
            offset: only(self.tree, k(TREE_BYTES)),
            vrf: self.vrf,
            direct: self.direct,
            nexthop: self.nexthop,
            label: self.label,
            flood_unknown: self.flood_unknown,
            learn: zero(),
            tree: self.tree,
        }
    }
}
