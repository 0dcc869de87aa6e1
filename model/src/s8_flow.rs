//! s8_flow: the flow, and what it says.  Reads: nearly all.  Writes: `flow`.
//!
//! ```text
//!   from a VM under policy:   K(nh) = the interface's nexthop   decides over the verdict of s5 to s7
//!   to a VM under policy:     K(nh) = that VM's nexthop         only where the packet is still on its way
//!   key ─▶ [flow] ─▶ counted ─▶ action Hold ─▶ [source] ─▶ action
//! ```
//! A VM's flow comes before its route in the peer. Here the route is looked up first, so the flow of such a packet
//! overrules what the stages since s5 decided, unless it lets the packet pass.

use crate::decide::Decide;
use crate::tables::Tables;
use underpass_layout::meta::Meta;
use underpass_layout::tables::{FlowAction, FlowEntry, FlowKey, NexthopKind, SourceKind};
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Looks the flow up where one is needed.
pub fn flow(tables: &Tables, meta: &mut Meta) {
    let Some(key_nexthop) = key_nexthop(meta) else {
        return;
    };
    meta.flow.looked_up = true;
    meta.flow.nexthop = key_nexthop;
    match judge(tables, meta) {
        Verdict::Continue => (),
        verdict => meta.decide(verdict),
    }
}

/// K(nh) of the lookup; none where no flow is needed.
fn key_nexthop(meta: &Meta) -> Option<u32> {
    if meta.bridge.flow_first {
        return Some(meta.classify.entry.nexthop);
    }
    let inner = &meta.inner;
    let wanted = meta.open()
        && meta.nexthop.policy
        && meta.nexthop.kind == NexthopKind::Encap
        && !inner.tagged
        && (inner.ipv4 || inner.ipv6);
    wanted.then_some(meta.nexthop.flow_nexthop)
}

fn judge(tables: &Tables, meta: &mut Meta) -> Verdict {
    let inner = &meta.inner;
    if inner.ipv6 {
        return Verdict::Punt(PuntReason::Ipv6);
    }
    if inner.fragment {
        return Verdict::Punt(PuntReason::Fragment);
    }
    let key = FlowKey {
        nexthop: meta.flow.nexthop,
        protocol: inner.protocol,
        src_port: inner.src_port,
        dst_port: inner.dst_port,
        src: inner.src,
        dst: inner.dst,
    };
    let Some(entry) = tables.flow(&key) else {
        return Verdict::Punt(PuntReason::FlowMiss);
    };
    meta.flow.hit = true;
    meta.flow.flow_id = entry.flow_id;
    act(tables, meta, entry)
}

/// What the flow says, in the peer's order: a held packet waits whatever its source, a dropped one had to come from
/// the right one.
fn act(tables: &Tables, meta: &Meta, entry: &FlowEntry) -> Verdict {
    if entry.action == FlowAction::Hold {
        return Verdict::Punt(PuntReason::FlowMiss);
    }
    let source = tables.source(entry.source);
    let expected = match source.kind {
        SourceKind::Missing => return Verdict::Drop(DropReason::InvalidNexthop),
        SourceKind::Any => true,
        SourceKind::Vif => !meta.decap.tunnelled && meta.classify.vif == source.vif,
        SourceKind::Tunnel => meta.decap.tunnelled && meta.parse.src == source.address,
    };
    if !expected {
        return Verdict::Drop(DropReason::InvalidSource);
    }
    match entry.action {
        FlowAction::Drop => Verdict::Drop(DropReason::FlowActionDrop),
        FlowAction::Nat => Verdict::Drop(DropReason::FlowActionInvalid),
        FlowAction::Forward | FlowAction::Hold => Verdict::Continue,
    }
}

#[cfg(test)]
mod tests;
