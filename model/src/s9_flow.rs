//! s9_flow: the flow, and what it says.  Reads: nearly all.  Writes: `flow`.
//!
//! ```text
//!   from a VM under policy:   K(nh) = the interface's nexthop   decides over the verdict of s5 to s7
//!   to a VM under policy:     K(nh) = that VM's nexthop         only where the packet is still on its way
//!   key of its family ─▶ [flow] ─▶ counted ─▶ action Hold ─▶ [source] ─▶ action
//! ```
//! A VM's flow comes before its route in the peer. Here the route is looked up first, so the flow of such a packet
//! overrules what the stages since s5 decided, unless it lets the packet pass.

use crate::decide::Decide;
use crate::tables::Tables;
use underpass_layout::meta::Meta;
use underpass_layout::tables::{FlowAction, FlowKey, FlowKey6, NexthopKind, SourceKind};
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
    if inner.fragment {
        return Verdict::Punt(PuntReason::Fragment);
    }
    if inner.extension {
        return Verdict::Punt(PuntReason::Extension);
    }
    let Some(entry) = find(tables, meta) else {
        return Verdict::Punt(PuntReason::FlowMiss);
    };
    meta.flow.hit = true;
    meta.flow.flow_id = entry.flow_id;
    act(tables, meta, &entry)
}

/// What an entry of either family says.
struct Found {
    action: FlowAction,
    flow_id: u32,
    source: u32,
}

fn find(tables: &Tables, meta: &Meta) -> Option<Found> {
    let inner = &meta.inner;
    if inner.ipv6 {
        let key = FlowKey6 {
            v6: true,
            nexthop: meta.flow.nexthop,
            protocol: inner.protocol,
            src_port: inner.src_port,
            dst_port: inner.dst_port,
            src_low: 0,
            dst_low: 0,
            src_high: 0,
            dst_high: 0,
        };
        let entry = tables.flow6(&key.between(inner.src, inner.dst))?;
        return Some(Found {
            action: entry.action,
            flow_id: entry.flow_id,
            source: entry.source,
        });
    }
    let key = FlowKey {
        v6: false,
        nexthop: meta.flow.nexthop,
        protocol: inner.protocol,
        src_port: inner.src_port,
        dst_port: inner.dst_port,
        src: inner.src as u32,
        dst: inner.dst as u32,
    };
    let entry = tables.flow(&key)?;
    Some(Found {
        action: entry.action,
        flow_id: entry.flow_id,
        source: entry.source,
    })
}

/// What the flow says, in the peer's order: a held packet waits whatever its source, a dropped one had to come from
/// the right one.
fn act(tables: &Tables, meta: &Meta, entry: &Found) -> Verdict {
    if entry.action == FlowAction::Hold {
        return Verdict::Punt(PuntReason::FlowMiss);
    }
    let source = tables.source(entry.source);
    let expected = match source.kind {
        SourceKind::Missing => return Verdict::Drop(DropReason::InvalidNexthop),
        SourceKind::Any => true,
        SourceKind::Vif => !meta.decap.tunnelled && meta.classify.vif == source.vif,
        SourceKind::Tunnel => {
            let (from, wanted) = ((meta.parse.v6, meta.parse.src), (source.v6, source.address));
            meta.decap.tunnelled && from == wanted
        }
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
