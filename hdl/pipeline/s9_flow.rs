//! s9_flow: the flow decides. Reads `bridge.flow_first`, `nexthop`, `inner`, tables `flow` and `source`. Writes `flow`.
//!
//! ```text
//!   K(nh), 5-tuple ─▶ [ key ] ─▶ [ flow ] ─▶ S(nh) ─▶ [ source 2 ] ─▶ [ decide ] ─▶ flow
//! ```
//! A tenant's packet meets its flow before MAC and route, a packet from the fabric after them. Both are looked up
//! here, once: for a tenant's packet (`flow_first`) the flow's answer overrules what the stages since `s6_bridge`
//! decided, unless the flow lets it pass.

use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{Flow, FlowKey6, Meta, SourceEntry, VerdictBits};
use crate::lookup::exact::FlowValue;
use crate::lookup::{direct, exact, Place};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, FlowAction, NexthopKind, SourceKind};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{first, leaf, mux, only, wire, zero, Bit, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = 1 + exact::LATENCY + direct::LATENCY + 1;

leaf!(
    /// The stage as a block.
    pub FlowStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { flow(sizes.0, slot, host) }
);

/// The stage.
pub fn flow(profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let slot = slot.written(Written::Nexthop);
    let (looked_up, nexthop) = whether(slot.meta);
    let inner = slot.meta.inner;
    // The key of IPv4 is the start of this one, the addresses' upper bits being zero.
    let key = FlowKey6 {
        v6: inner.ipv6,
        nexthop,
        protocol: inner.protocol,
        src_port: inner.src_port,
        dst_port: inner.dst_port,
        src_low: inner.src.slice(0),
        dst_low: inner.dst.slice(0),
        src_high: inner.src.slice(32),
        dst_high: inner.dst.slice(32),
    }
    .reg("key");
    let place = Place::of(profile, id::FLOW);
    let (found, entry, chain) = exact::exact_wide(&place, key.pack(), key.v6, bus);
    let (source, chain) =
        direct::direct::<SourceEntry, _>(&Place::of(profile, id::SOURCE), entry.source, chain);

    let entry = entry.delay("entry", direct::LATENCY);
    let (looked_up, nexthop) = (
        looked_up.delay("looked_up", LATENCY - 1),
        nexthop.delay("flow_nexthop", LATENCY - 1),
    );
    let found = found.delay("found", direct::LATENCY);
    let mut slot = slot.later("slot", LATENCY - 1);
    let meta = slot.meta;
    wire!(hit = looked_up & found & !meta.inner.extension & !meta.inner.fragment);
    let verdict = judge(meta, found, entry, source);
    wire!(decides = looked_up & !verdict.open() & (meta.bridge.flow_first | meta.verdict.open()));
    slot.meta.flow = Flow {
        looked_up,
        hit,
        flow_id: only(hit, entry.flow_id),
        nexthop: only(looked_up, nexthop),
        generation: only(hit, entry.generation),
        ..zero()
    };
    slot.meta.verdict = mux(decides, verdict, meta.verdict);
    let out = slot.later("out", 1);
    (out, chain.leave(out))
}

/// Whether a flow is looked up, and for which K(nh). Combinational.
fn whether(meta: Meta) -> (Bit, U<20>) {
    let (inner, nexthop) = (meta.inner, meta.nexthop);
    wire!(unicast = !meta.decap.frame | !inner.dst_mac.bit(40));
    wire!(
        at_output = meta.verdict.open()
            & nexthop.policy
            & nexthop.kind.eq(NexthopKind::Encap.code())
            & !inner.tagged
            & (inner.ipv4 | inner.ipv6)
            & unicast
    );
    let first = meta.bridge.flow_first;
    (
        first | at_output,
        mux(first, meta.classify.entry.nexthop, nexthop.flow_nexthop),
    )
}

/// What the flow says: open where it lets the packet pass. Combinational.
fn judge(meta: Meta, found: Bit, entry: FlowValue, source: SourceEntry) -> VerdictBits {
    let (inner, decap) = (meta.inner, meta.decap);
    let from = |kind: SourceKind| source.kind.eq(kind.code());
    let action = |action: FlowAction| entry.action.eq(action.code());
    wire!(same_vif = meta.classify.vif.eq(source.vif) & !decap.tunnelled);
    wire!(
        same_tunnel =
            decap.tunnelled & meta.parse.src.eq(source.address) & meta.parse.v6.eq(source.v6)
    );
    wire!(elsewhere = from(SourceKind::Vif) & !same_vif | from(SourceKind::Tunnel) & !same_tunnel);
    let drop = VerdictBits::drop;
    first(
        &[
            (inner.fragment, VerdictBits::punt(PuntReason::Fragment)),
            (inner.extension, VerdictBits::punt(PuntReason::Extension)),
            (
                !found | action(FlowAction::Hold),
                VerdictBits::punt(PuntReason::FlowMiss),
            ),
            (from(SourceKind::Missing), drop(DropReason::InvalidNexthop)),
            (elsewhere, drop(DropReason::InvalidSource)),
            (action(FlowAction::Drop), drop(DropReason::FlowActionDrop)),
        ],
        zero(),
    )
}
