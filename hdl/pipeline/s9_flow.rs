//! s9_flow: the flow decides. Reads `receiver`, `key`, `quoted`, `decap`, `parse`, tables `flow`, `onward` and `source`.
//! Writes `flow`.
//!
//! ```text
//!   K(nh), key ─▶ [ flow 8 ] ─┬─▶ [ onward 2 ] ─┬─▶ S(nh) ─▶ [ source 2 ] ─▶ [ decide ] ─▶ flow
//!                             └─ action, S(nh) ─┘
//! ```
//! A tenant's packet meets its flow before its route, a packet from the fabric after it. Both are looked up here, once:
//! for a tenant's packet (`flow_first`) the flow's answer overrules what `s6_bridge` decided, unless the flow lets it pass.
//! A flow that drops its packets and has them mirrored goes onward all the same: its row names the mirrors.

use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{Flow, FlowKey6, Meta, OnwardEntry, SourceEntry, VerdictBits};
use crate::lookup::exact::FlowValue;
use crate::lookup::{direct, exact, Place};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, FlowAction, SourceKind};
use underpass_layout::{DropReason, PuntReason};
use underpass_wires::{bundle, first, leaf, mux, only, wire, zero, Bit, BundleExt};

/// Clocks from slot to slot.
pub const LATENCY: usize = exact::LATENCY + 2 * direct::LATENCY + 1;

leaf!(
    /// The stage as a block.
    pub FlowStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { flow(sizes.0, slot, host) }
);

/// The stage.
pub fn flow(profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let slot = slot.written(Written::Key);
    let (receiver, inner, key) = (slot.meta.receiver, slot.meta.inner, slot.meta.key);
    // The key of IPv4 is the start of this one, the addresses' upper bits being zero.
    let key = FlowKey6 {
        v6: inner.ipv6,
        nexthop: receiver.nexthop,
        protocol: key.protocol,
        src_port: key.src_port,
        dst_port: key.dst_port,
        src_low: key.src.slice(0),
        dst_low: key.dst.slice(0),
        src_high: key.src.slice(32),
        dst_high: key.dst.slice(32),
    };
    let place = |id| Place::of(profile, id);
    let (found, entry, chain) = exact::exact_wide(&place(id::FLOW), key.pack(), key.v6, bus);
    let (onward, chain) = direct::direct::<OnwardEntry, _>(&place(id::ONWARD), entry.source, chain);

    let entry = entry.delay("entry_onward", direct::LATENCY);
    wire!(goes_onward = entry.action.eq(FlowAction::Onward.code()));
    let source = mux(goes_onward, onward.source, entry.source);
    let (source, chain) = direct::direct::<SourceEntry, _>(&place(id::SOURCE), source, chain);

    let (entry, onward) = (entry, onward).delay("entry_source", direct::LATENCY);
    let found = found.delay("found", 2 * direct::LATENCY);
    let mut slot = slot.later("slot", LATENCY - 1);
    let meta = slot.meta;
    let looked_up = meta.receiver.wanted;
    wire!(hit = looked_up & found & !unkeyed(meta));
    let judged = judge(meta, found, entry, onward.drop, source);
    let verdict = judged.verdict;
    wire!(decides = looked_up & !verdict.open() & (meta.bridge.flow_first | meta.verdict.open()));
    wire!(goes_onward = hit & judged.goes_onward);
    slot.meta.flow = Flow {
        looked_up,
        hit,
        flow_id: only(hit, entry.flow_id),
        nexthop: only(looked_up, meta.receiver.nexthop),
        generation: only(hit, entry.generation),
        goes_onward,
        onward: only(goes_onward, onward),
    };
    slot.meta.verdict = mux(decides, verdict, meta.verdict);
    let out = slot.later("out", 1);
    (out, chain.leave(out))
}

bundle! {
    /// What a flow says of a packet.
    struct Judged {
        /// Open where it lets the packet pass.
        verdict: VerdictBits,
        /// Its row of `onward` holds, if it was found.
        goes_onward: Bit,
    }
}

/// A part of a packet whose ports the slow path does not know. Combinational.
fn without_ports(meta: Meta) -> Bit {
    meta.inner.fragment & !meta.arrival.round.known.ports
}

/// Whether there is no key that tells the packet's flow. Combinational.
fn unkeyed(meta: Meta) -> Bit {
    without_ports(meta) | meta.inner.extension | meta.quoted.nested | meta.quoted.unreadable
}

/// What the flow says. Combinational.
fn judge(
    meta: Meta,
    found: Bit,
    entry: FlowValue,
    onward_drops: Bit,
    source: SourceEntry,
) -> Judged {
    let (inner, decap, quoted) = (meta.inner, meta.decap, meta.quoted);
    let from = |kind: SourceKind| source.kind.eq(kind.code());
    let action = |action: FlowAction| entry.action.eq(action.code());
    wire!(same_vif = meta.classify.vif.eq(source.vif) & !decap.tunnelled);
    wire!(
        same_tunnel =
            decap.tunnelled & meta.parse.src.eq(source.address) & meta.parse.v6.eq(source.v6)
    );
    wire!(elsewhere = from(SourceKind::Vif) & !same_vif | from(SourceKind::Tunnel) & !same_tunnel);
    let (drop, punt) = (VerdictBits::drop, VerdictBits::punt);
    let missed = mux(meta.receiver.relaxed, zero(), punt(PuntReason::FlowMiss));
    let moved = mux(
        entry.source_moves,
        punt(PuntReason::SourceMoved),
        drop(DropReason::InvalidSource),
    );
    wire!(missing = from(SourceKind::Missing));
    wire!(onward = action(FlowAction::Onward));
    let verdict = first(
        &[
            (without_ports(meta), punt(PuntReason::Fragment)),
            (inner.extension, punt(PuntReason::Extension)),
            (quoted.nested, drop(DropReason::IcmpError)),
            (quoted.unreadable, drop(DropReason::InvalidPacket)),
            (!found, missed),
            (action(FlowAction::Hold), punt(PuntReason::FlowMiss)),
            (missing, drop(DropReason::InvalidNexthop)),
            (elsewhere, moved),
            (
                action(FlowAction::Drop) | onward & onward_drops,
                drop(DropReason::FlowActionDrop),
            ),
        ],
        zero(),
    );
    Judged {
        verdict,
        goes_onward: onward & !missing & !elsewhere,
    }
}

#[cfg(test)]
mod tests;
