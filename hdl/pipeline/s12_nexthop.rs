//! s12_nexthop: what is done with the packet on its way out. Reads `answer`, `route`, `member`, `flow`, `inner`, tables `nexthop`,
//! `qos`. Writes `nexthop`, `qos`, and `member.skip` of copies that would return.
//!
//! ```text
//!   nexthop id ─────────────▶ [ nexthop 2 ] ─▶ [ decide ] ─▶ nexthop, verdict
//!   map; DSCP or priority ──▶ [ qos 2 ] ────────────────────▶ qos
//! ```

use super::s13_rewrite::front::goes_along_tree;
use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{Meta, NexthopEntry, QosEntry, VerdictBits};
use crate::lookup::{direct, Place};
use underpass_layout::meta::{RoundKind, ROUND_LIMIT};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, Leg, NexthopKind, TunnelKind, VifKind, QOS_PRIORITY, QOS_ROWS};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{any_of, bundle, cat, leaf, mux, only, wire, Bit, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = direct::LATENCY + 1;

leaf!(
    /// The stage as a block.
    pub NexthopStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { nexthop(sizes.0, slot, host) }
);

/// The stage.
pub fn nexthop(profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let slot = slot.written(Written::Member);
    let place = Place::of(profile, id::NEXTHOP);
    let (entry, chain) = direct::direct::<NexthopEntry, _>(&place, slot.meta.route.nexthop, bus);
    let class = class(slot.meta);
    let (mark, chain) =
        direct::direct::<QosEntry, _>(&Place::of(profile, id::QOS), class.row, chain);
    let marked = class.there.delay("marked", direct::LATENCY);

    let mut slot = slot.later("slot", direct::LATENCY);
    wire!(answered = slot.meta.answer.on);
    slot.meta.nexthop = only(!answered, entry);
    slot.meta.qos = only(marked & !answered, mark);
    let meta = slot.meta;
    wire!(open = meta.verdict.open());
    wire!(skip = open & (meta.member.skip | returns(meta)));
    slot.meta.member.skip = skip;
    slot.meta.verdict = meta.verdict.or_first(&judged(meta, skip));
    let out = slot.later("out", 1);
    (out, chain.leave(out))
}

/// What the nexthop says of the packet, the first that holds. Combinational.
fn judged(meta: Meta, skip: Bit) -> Vec<(Bit, VerdictBits)> {
    let (entry, l3) = (meta.nexthop, meta.bridge.l3);
    let is = |kind: NexthopKind| entry.kind.eq(kind.code());
    let any_kind =
        |kinds: &[NexthopKind]| any_of(&kinds.iter().map(|kind| is(*kind)).collect::<Vec<_>>());
    let wraps = |kinds: &[TunnelKind]| {
        let wraps = |kind: &TunnelKind| entry.tunnel.eq(kind.code());
        any_of(&kinds.iter().map(wraps).collect::<Vec<_>>())
    };
    wire!(known = any_kind(NexthopKind::ALL));
    // `s11_member` has chosen one of several, and a list is for what it has made ready for all of them.
    wire!(
        left_over = any_kind(&[NexthopKind::L2Receive, NexthopKind::Ecmp])
            | is(NexthopKind::List) & !meta.member.list
    );
    wire!(
        mismatched = any_kind(&[NexthopKind::Encap, NexthopKind::Translate]) & entry.bridge.eq(l3)
    );
    wire!(tunnel = is(NexthopKind::Tunnel));
    wire!(again = tunnel & meta.decap.tunnelled & !meta.arrival.comes_as(&[RoundKind::Member]));
    // The headers of a tree are IPv4's and MPLS's.
    wire!(no_tree = entry.tunnel_v6 | wraps(&[TunnelKind::Vxlan, TunnelKind::Nvgre]));
    wire!(
        impossible = wraps(&[TunnelKind::None, TunnelKind::Stt])
            | wraps(&[TunnelKind::Nvgre]) & l3
            | goes_along_tree(meta) & no_tree
    );
    wire!(looped = is(NexthopKind::Translate) & meta.arrival.round.hops.ge(ROUND_LIMIT));
    wire!(
        leaf = from_leaf(meta)
            & any_kind(&[NexthopKind::Encap, NexthopKind::Tunnel])
            & !entry.etree_root
    );
    let drop = VerdictBits::drop;
    let punt = VerdictBits::punt;
    vec![
        (meta.answer.on, VerdictBits::deliver()),
        (skip, drop(DropReason::Unknown)),
        (!entry.valid | !known, drop(DropReason::InvalidNexthop)),
        (is(NexthopKind::Receive), punt(PuntReason::Receive)),
        (
            counts_as_hop(meta) & meta.inner.ttl.le(1),
            punt(PuntReason::ZeroTtl),
        ),
        (is(NexthopKind::Discard), drop(DropReason::Discard)),
        (is(NexthopKind::Resolve), punt(PuntReason::Resolve)),
        (left_over | mismatched, drop(DropReason::InvalidNexthop)),
        (again & !l3, drop(DropReason::InvalidSource)),
        (again & is_back(meta), drop(DropReason::PacketLoop)),
        (tunnel & impossible, drop(DropReason::InvalidNexthop)),
        (looped, drop(DropReason::PacketLoop)),
        (leaf, drop(DropReason::LeafToLeaf)),
    ]
}

/// The nexthop is the tunnel end that sent the packet. Combinational.
fn is_back(meta: Meta) -> Bit {
    meta.nexthop.tunnel_dst.eq(meta.parse.src) & meta.nexthop.tunnel_v6.eq(meta.parse.v6)
}

/// It is a copy that its leg would send back to where the packet came from, which `s11_member` cannot know. Combinational.
fn returns(meta: Meta) -> Bit {
    let leg = |leg: Leg| meta.member.leg.eq(leg.code());
    let tunnel = meta.nexthop.valid & meta.nexthop.kind.eq(NexthopKind::Tunnel.code());
    (leg(Leg::Tree) | leg(Leg::Tor)) & tunnel & meta.decap.tunnelled & is_back(meta)
}

/// The frame of a leaf of an E-tree. Combinational.
fn from_leaf(meta: Meta) -> Bit {
    let vif = meta.classify.entry;
    let vm = vif.kind.eq(VifKind::Vm.code()) & !meta.decap.tunnelled;
    vm & vif.learn & !vif.etree_root & !meta.bridge.l3
}

/// Whether this hop counts: what a tenant sent is routed, or what came out of one tunnel is routed into another. What goes
/// on in another VRF, or to many, counts where it leaves.
pub fn counts_as_hop(meta: Meta) -> Bit {
    let is = |kind: NexthopKind| meta.nexthop.kind.eq(kind.code());
    let vm = meta.classify.entry.kind.eq(VifKind::Vm.code());
    meta.route.routed
        & (vm | is(NexthopKind::Tunnel))
        & !is(NexthopKind::Translate)
        & !is(NexthopKind::List)
}

bundle! {
    /// By what a packet's mark is found.
    struct Class {
        /// It has a map, and something that the map goes by.
        there: Bit,
        /// Row of `qos`.
        row: U<15>,
    }
}

/// By DSCP where there is an IP header, else by priority. Combinational.
fn class(meta: Meta) -> Class {
    let (inner, onward) = (meta.inner, meta.flow.onward);
    wire!(of_flow = meta.flow.goes_onward & onward.qos.any());
    let map: U<8> = mux(of_flow, onward.qos, meta.classify.entry.qos);
    wire!(ip = inner.ipv4 | inner.ipv6);
    let priority = inner.priority.ext::<7>() + QOS_PRIORITY;
    let row: U<7> = mux(ip, inner.tos.slice::<6>(2).ext(), priority);
    const { assert!(QOS_ROWS == 1 << 7, "a map has seven bits of rows") };
    Class {
        there: map.any() & (ip | inner.tagged),
        row: cat!(map, row),
    }
}

#[cfg(test)]
mod tests;
