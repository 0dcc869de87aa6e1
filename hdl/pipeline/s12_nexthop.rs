//! s12_nexthop: what is done with the packet on its way out. Reads `route`, table `nexthop`. Writes `nexthop`.
//!
//! ```text
//!   nexthop id ─▶ [ nexthop 2 ] ─▶ [ decide ] ─▶ nexthop
//! ```

use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{Meta, NexthopEntry, VerdictBits};
use crate::lookup::{direct, Place};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, NexthopKind, TunnelKind, VifKind};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{any_of, leaf, wire, Bit};

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

    let mut slot = slot.later("slot", direct::LATENCY);
    slot.meta.nexthop = entry;
    let meta = slot.meta;
    let is = |kind: NexthopKind| entry.kind.eq(kind.code());
    let known = any_of(
        &NexthopKind::ALL
            .iter()
            .map(|kind| is(*kind))
            .collect::<Vec<_>>(),
    );
    wire!(tunnel = is(NexthopKind::Tunnel));
    wire!(again = tunnel & meta.decap.tunnelled);
    let drop = VerdictBits::drop;
    slot.meta.verdict = meta.verdict.or_first(&[
        (!entry.valid | !known, drop(DropReason::InvalidNexthop)),
        (
            is(NexthopKind::Receive),
            VerdictBits::punt(PuntReason::Receive),
        ),
        (
            counts_as_hop(meta) & meta.inner.ttl.le(1),
            VerdictBits::punt(PuntReason::ZeroTtl),
        ),
        (is(NexthopKind::Discard), drop(DropReason::Discard)),
        (
            is(NexthopKind::Resolve),
            VerdictBits::punt(PuntReason::Resolve),
        ),
        // One of several is chosen by its flow, in `s10_route`.
        (
            is(NexthopKind::L2Receive) | is(NexthopKind::Ecmp),
            drop(DropReason::InvalidNexthop),
        ),
        (
            is(NexthopKind::Encap) & entry.bridge.eq(meta.bridge.l3),
            drop(DropReason::InvalidNexthop),
        ),
        (again & !meta.bridge.l3, drop(DropReason::InvalidSource)),
        (
            again & entry.tunnel_dst.eq(meta.parse.src) & entry.tunnel_v6.eq(meta.parse.v6),
            drop(DropReason::PacketLoop),
        ),
        (
            tunnel & entry.tunnel.eq(TunnelKind::None.code()),
            drop(DropReason::InvalidNexthop),
        ),
    ]);
    let out = slot.later("out", 1);
    (out, chain.leave(out))
}

/// Whether this hop counts: what a tenant sent is routed, or what came out of one tunnel is routed into another.
pub fn counts_as_hop(meta: Meta) -> Bit {
    let vm = meta.classify.entry.kind.eq(VifKind::Vm.code());
    meta.route.routed & (vm | meta.nexthop.kind.eq(NexthopKind::Tunnel.code()))
}
