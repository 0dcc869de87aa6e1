//! s9_flow: the flow, and what it says.  Reads: `receiver`, `key`, and where the packet came from.  Writes: `flow`.
//!
//! ```text
//!   receiver, key ─▶ [flow] ─┬─ miss ─▶ punt, or passes where the nexthop is relaxed
//!                            └─ hit ──▶ counted ─▶ Hold ─▶ [onward] ─▶ [source] ─▶ Drop ─▶ on its way
//! ```
//! A flow whose row of `onward` says drop is mirrored all the same, so that row holds for its packets.
//!
//! The flow of a VM's packet comes before the verdict of `s6_bridge`, as in the peer: it overrules that verdict, unless
//! it lets the packet pass.

use crate::decide::Decide;
use crate::tables::Tables;
use underpass_layout::meta::Meta;
use underpass_layout::tables::{
    FlowAction, FlowEntry, FlowEntry6, FlowKey, FlowKey6, OnwardEntry, SourceEntry, SourceKind,
};
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Looks the flow up where one is wanted.
pub fn flow(tables: &Tables, meta: &mut Meta) {
    if !meta.receiver.wanted {
        return;
    }
    meta.flow.looked_up = true;
    meta.flow.nexthop = meta.receiver.nexthop;
    match judge(tables, meta) {
        Verdict::Continue => (),
        verdict => meta.decide(verdict),
    }
}

fn judge(tables: &Tables, meta: &mut Meta) -> Verdict {
    let (inner, quoted) = (&meta.inner, &meta.quoted);
    if inner.fragment && !meta.arrival.round.known.ports {
        return Verdict::Punt(PuntReason::Fragment);
    }
    if inner.extension {
        return Verdict::Punt(PuntReason::Extension);
    }
    if quoted.nested {
        return Verdict::Drop(DropReason::IcmpError);
    }
    if quoted.unreadable {
        return Verdict::Drop(DropReason::InvalidPacket);
    }
    let Some(found) = find(tables, meta) else {
        return match meta.receiver.relaxed {
            true => Verdict::Continue,
            false => Verdict::Punt(PuntReason::FlowMiss),
        };
    };
    meta.flow.hit = true;
    meta.flow.flow_id = found.flow_id;
    meta.flow.generation = found.generation;
    act(tables, meta, &found)
}

/// What an entry of either family says.
struct Found {
    action: FlowAction,
    flow_id: u32,
    source: u32,
    source_moves: bool,
    generation: u8,
}

macro_rules! found_from {
    ($Entry:ident) => {
        impl From<&$Entry> for Found {
            fn from(entry: &$Entry) -> Self {
                Found {
                    action: entry.action,
                    flow_id: entry.flow_id,
                    source: entry.source,
                    source_moves: entry.source_moves,
                    generation: entry.generation,
                }
            }
        }
    };
}
found_from!(FlowEntry);
found_from!(FlowEntry6);

fn find(tables: &Tables, meta: &Meta) -> Option<Found> {
    match meta.inner.ipv6 {
        false => tables.flow(&short_key(meta)).map(Found::from),
        true => tables.flow6(&wide_key(meta)).map(Found::from),
    }
}

/// Starts to read what the search will need from memory, and does not wait for it.
pub(crate) fn touch(tables: &Tables, meta: &Meta) {
    match (meta.receiver.wanted, meta.inner.ipv6) {
        (false, _) => (),
        (true, false) => tables.touch_flow(&short_key(meta)),
        (true, true) => tables.touch_flow6(&wide_key(meta)),
    }
}

fn short_key(meta: &Meta) -> FlowKey {
    let key = &meta.key;
    FlowKey {
        v6: false,
        nexthop: meta.receiver.nexthop,
        protocol: key.protocol,
        src_port: key.src_port,
        dst_port: key.dst_port,
        src: key.src as u32,
        dst: key.dst as u32,
    }
}

fn wide_key(meta: &Meta) -> FlowKey6 {
    let key = &meta.key;
    let without_addresses = FlowKey6 {
        v6: true,
        nexthop: meta.receiver.nexthop,
        protocol: key.protocol,
        src_port: key.src_port,
        dst_port: key.dst_port,
        src_low: 0,
        dst_low: 0,
        src_high: 0,
        dst_high: 0,
    };
    without_addresses.between(key.src, key.dst)
}

/// What the flow says, in the peer's order: a held packet waits whatever its source, a dropped one had to come from
/// the right one.
fn act(tables: &Tables, meta: &mut Meta, found: &Found) -> Verdict {
    if found.action == FlowAction::Hold {
        return Verdict::Punt(PuntReason::FlowMiss);
    }
    let onward = match found.action {
        FlowAction::Onward => Some(tables.onward(found.source)),
        _ => None,
    };
    let source = tables.source(onward.map_or(found.source, |onward| onward.source));
    if source.kind == SourceKind::Missing {
        return Verdict::Drop(DropReason::InvalidNexthop);
    }
    if !came_from(meta, source) {
        return match found.source_moves {
            true => Verdict::Punt(PuntReason::SourceMoved),
            false => Verdict::Drop(DropReason::InvalidSource),
        };
    }
    if found.action == FlowAction::Drop {
        return Verdict::Drop(DropReason::FlowActionDrop);
    }
    if let Some(onward) = onward {
        go_onward(meta, onward);
        if onward.drop {
            return Verdict::Drop(DropReason::FlowActionDrop);
        }
    }
    Verdict::Continue
}

fn came_from(meta: &Meta, source: &SourceEntry) -> bool {
    match source.kind {
        SourceKind::Missing => false,
        SourceKind::Any => true,
        SourceKind::Vif => !meta.decap.tunnelled && meta.classify.vif == source.vif,
        SourceKind::Tunnel => {
            let (from, wanted) = ((meta.parse.v6, meta.parse.src), (source.v6, source.address));
            meta.decap.tunnelled && from == wanted
        }
    }
}

fn go_onward(meta: &mut Meta, onward: &OnwardEntry) {
    meta.flow.goes_onward = true;
    meta.flow.onward = *onward;
}

#[cfg(test)]
mod tests;
