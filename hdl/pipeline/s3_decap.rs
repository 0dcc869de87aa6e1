//! s3_decap: out of the tunnel, if it is ours. Reads `arrival.round`, `parse`, `classify`, tables `mpls` and `vxlan`. Writes `decap`.
//!
//! ```text
//!              ┌─▶ [ mpls 2 ] ─ delay 6 ─┐
//!   label ─────┤                         ├─▶ [ decide ] ─▶ decap
//!              ├─▶ [ vxlan 8 ] ──────────┤
//!   addresses ─┴─▶ [ ours? ] ────────────┤
//!   a round without its tunnel ──────────┘
//! ```
//! A label or VNI that is unknown is a drop, never a guess. Other packets of the underlay go straight to the host; IPv4 for
//! the node itself loses a hop on the way (`host`), and errors about tunnels are the slow path's. What comes round as the
//! tenant's packet has been here before: its round says what was found.

use super::s1_parse::{ARP, IPV4};
use super::slot::{HeadSlot, Written};
use crate::buses::{HeadIn, HeadOut, HostIn, HostOut, Sizes};
use crate::card::host_bus::HostBus;
use crate::hardware::{
    Decap, Meta, MplsEntry, Parse, Round, VerdictBits, VifEntry, VxlanEntry, VxlanKey,
};
use crate::lookup::{direct, exact, Place};
use underpass_layout::meta::{RoundKind, TREE_BYTES};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, LabelAction, TunnelKind, VifKind};
use underpass_layout::{DropReason, PuntReason, VerdictKind};
use underpass_wires::{bundle, first, k, leaf, one_of, only, wire, zero, Bit, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = exact::LATENCY + 1;

/// The word of zeros between a label and its frame, where the label asks for one, bytes.
const CONTROL_BYTES: usize = 4;

leaf!(
    /// The stage as a block.
    pub DecapStage(sizes: Sizes) { slot_in: HeadIn, host_in: HostIn } -> { slot: HeadOut, host: HostOut },
    |slot: HeadSlot, host: HostBus| -> (HeadSlot, HostBus) { decap(sizes.0, slot, host) }
);

bundle! {
    /// What is known before the tables answer.
    struct Before {
        /// It has been out of its tunnel before.
        replayed: Bit,
        /// It comes from the underlay.
        fabric: Bit,
        /// It is for the interface's own address.
        to_us: Bit,
        /// And through a tunnel.
        own: Bit,
    }

    /// What the tables answer.
    struct Found {
        /// What is under the label.
        mpls: MplsEntry,
        /// There is a network of this VNI.
        vni_known: Bit,
        /// It.
        vxlan: VxlanEntry,
    }
}

/// The stage.
pub fn decap(profile: &Profile, slot: HeadSlot, bus: HostBus) -> (HeadSlot, HostBus) {
    let slot = slot.written(Written::Classify);
    let label = slot.meta.parse.label;
    let labels = Place::of(profile, id::MPLS);
    let (mpls, chain) = direct::direct::<MplsEntry, _>(&labels, label, bus);
    let mpls = mpls.delay("mpls", exact::LATENCY - direct::LATENCY);
    let (vni_known, vxlan, chain) = exact::exact::<VxlanEntry, _, 1>(
        &Place::of(profile, id::VXLAN),
        0,
        VxlanKey { vni: label }.pack(),
        chain,
    );
    let found = Found {
        mpls,
        vni_known,
        vxlan,
    };

    let before = before(slot.meta).delay("before", exact::LATENCY);
    let mut out = slot.later("slot", exact::LATENCY);
    (out.meta.decap, out.meta.verdict) = decide(out.meta, before, found, labels.rows);
    let out = out.later("out", 1);
    (out, chain.leave(out))
}

/// What needs no table. Combinational.
fn before(meta: Meta) -> Before {
    let (parse, entry) = (meta.parse, meta.classify.entry);
    let replayed = meta
        .arrival
        .comes_as(&[RoundKind::Tenant, RoundKind::Member]);
    // One that was out of its tunnel before is no more the underlay's than a VM's is.
    wire!(fabric = entry.kind.eq(VifKind::Fabric.code()) & !replayed);
    wire!(to_us = fabric & parse.dst.eq(entry.address) & parse.v6.eq(entry.address_v6));
    Before {
        replayed,
        fabric,
        to_us,
        own: to_us & parse.tunnel.ne(TunnelKind::None.code()),
    }
}

/// Out of which tunnel it is, and what that means. `labels` are as many as the table has. Combinational.
fn decide(meta: Meta, before: Before, found: Found, labels: usize) -> (Decap, VerdictBits) {
    let Before {
        replayed,
        fabric,
        to_us,
        own,
    } = before;
    let Found {
        mpls,
        vni_known,
        vxlan,
    } = found;
    let (parse, entry) = (meta.parse, meta.classify.entry);
    wire!(local = entry.kind.eq(VifKind::Vm.code()) | replayed);
    let tunnel = |kind: TunnelKind| parse.tunnel.eq(kind.code());
    wire!(
        group = fabric
            & tunnel(TunnelKind::Vxlan)
            & parse.label_valid
            & vni_known
            & vxlan.group
            & parse.dst.eq(vxlan.group_address)
            & parse.v6.eq(entry.address_v6)
    );
    wire!(tunnelled = own | group);
    wire!(by_vni = tunnel(TunnelKind::Vxlan) | tunnel(TunnelKind::Nvgre));
    wire!(by_label = tunnelled & !by_vni);
    let action = |action: LabelAction| mpls.action.eq(action.code());
    // A packet with a tunnel header is nothing else that ends here.
    wire!(alerted = tunnelled & parse.alert & parse.label_valid & vni_known);
    wire!(label_unknown = !parse.label_valid | parse.label.ge(labels) | action(LabelAction::None));

    let (drop, punt) = (VerdictBits::drop, VerdictBits::punt);
    let verdict = meta.verdict.or_first(&[
        (fabric & parse.ethertype.eq(ARP), punt(PuntReason::Arp)),
        (fabric & parse.malformed, drop(DropReason::InvalidPacket)),
        (fabric & parse.neighbor, punt(PuntReason::NeighborDiscovery)),
        (to_us & parse.about_tunnel, punt(PuntReason::TunnelError)),
        (
            !local & !tunnelled & entry.cross_connect,
            VerdictBits::deliver(),
        ),
        (!local & !tunnelled, drop(DropReason::NowhereToGo)),
        (tunnelled & tunnel(TunnelKind::Stt), punt(PuntReason::Stt)),
        (by_label & label_unknown, drop(DropReason::InvalidLabel)),
        (
            by_label & parse.label_ttl.le(1),
            drop(DropReason::TtlExceeded),
        ),
        (
            by_label & (mpls.control | mpls.tree) & !parse.zeros,
            drop(DropReason::InvalidPacket),
        ),
        (
            tunnelled & by_vni & (!parse.label_valid | !vni_known),
            drop(DropReason::InvalidVnid),
        ),
        (alerted, punt(PuntReason::RouterAlert)),
    ]);
    wire!(begun = meta.verdict.open());
    wire!(host = begun & verdict.is(VerdictKind::Deliver) & to_us & parse.ethertype.eq(IPV4));
    let decap = first(
        &[
            (replayed, meta.arrival.round.inside()),
            (!tunnelled, of_interface(entry)),
            (by_vni, of_network(vxlan, parse)),
        ],
        of_label(mpls, parse),
    );
    // A punt shim tells only what was reached.
    wire!(reached = verdict.open() | begun & alerted);
    let of_host = Decap {
        frame: k(1),
        host: k(1),
        ..zero()
    };
    let decap = one_of(&[(reached, decap), (host, of_host)]);
    (decap, verdict)
}

/// A frame that came through no tunnel. Combinational.
fn of_interface(entry: VifEntry) -> Decap {
    Decap {
        frame: k(1),
        vrf: entry.vrf,
        flood_unknown: entry.flood_unknown,
        learn: entry.learn,
        ..zero()
    }
}

/// A frame of this network. Combinational.
fn of_network(entry: VxlanEntry, parse: Parse) -> Decap {
    Decap {
        tunnelled: k(1),
        frame: k(1),
        offset: parse.offset,
        vrf: entry.vrf,
        flood_unknown: entry.flood_unknown,
        learn: entry.learn,
        ..zero()
    }
}

/// What is under this label. Combinational.
fn of_label(entry: MplsEntry, parse: Parse) -> Decap {
    let in_front: U<8> = first(
        &[
            (entry.tree, k(CONTROL_BYTES + TREE_BYTES)),
            (entry.control, k(CONTROL_BYTES)),
        ],
        k(0),
    );
    wire!(frame = entry.action.eq(LabelAction::Frame.code()));
    Decap {
        tunnelled: k(1),
        frame,
        offset: parse.offset + in_front,
        vrf: entry.vrf,
        direct: entry.action.ne(LabelAction::Route.code()),
        nexthop: entry.nexthop,
        label: zero(),
        flood_unknown: frame & entry.flood_unknown,
        learn: frame & entry.learn,
        tree: entry.tree,
        host: k(0),
    }
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
            host: k(0),
        }
    }
}

#[cfg(test)]
mod tests;
