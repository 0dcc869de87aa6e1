//! s12_nexthop: what is done with the packet on its way out.  Reads: `route` and what it may contradict.
//! Writes: `nexthop`.
//!
//! ```text
//!   route.nexthop ─▶ [nexthop] ─┬─ Encap, Tunnel ────▶ on, if frame or packet fits it
//!                               ├─ Receive, Resolve ─▶ punt
//!                               └─ the rest ─────────▶ drop
//! ```

use crate::decide::Decide;
use crate::tables::Tables;
use underpass_layout::meta::Meta;
use underpass_layout::tables::{NexthopKind, TunnelKind, VifKind};
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Finds the nexthop and sees whether the packet may take it.
pub fn nexthop(tables: &Tables, meta: &mut Meta) {
    if !meta.open() {
        return;
    }
    meta.nexthop = *tables.nexthop(meta.route.nexthop);
    let verdict = judge(meta);
    meta.decide(verdict);
}

fn judge(meta: &Meta) -> Verdict {
    let nexthop = &meta.nexthop;
    if !nexthop.valid {
        return Verdict::Drop(DropReason::InvalidNexthop);
    }
    if nexthop.kind == NexthopKind::Receive {
        return Verdict::Punt(PuntReason::Receive);
    }
    if hop_counts(meta) && meta.inner.ttl <= 1 {
        return Verdict::Punt(PuntReason::ZeroTtl);
    }
    match nexthop.kind {
        NexthopKind::Discard => Verdict::Drop(DropReason::Discard),
        NexthopKind::Resolve => Verdict::Punt(PuntReason::Resolve),
        NexthopKind::Encap if nexthop.bridge == meta.bridge.l3 => {
            Verdict::Drop(DropReason::InvalidNexthop)
        }
        NexthopKind::Encap => Verdict::Continue,
        NexthopKind::Tunnel => judge_tunnel(meta),
        // One of several was for the flow to name.
        NexthopKind::Ecmp | NexthopKind::L2Receive | NexthopKind::Receive => {
            Verdict::Drop(DropReason::InvalidNexthop)
        }
    }
}

/// What came out of a tunnel goes into another only if it was routed, and never back to where it came from.
fn judge_tunnel(meta: &Meta) -> Verdict {
    if meta.decap.tunnelled && !meta.bridge.l3 {
        Verdict::Drop(DropReason::InvalidSource)
    } else if meta.decap.tunnelled && is_back(meta) {
        Verdict::Drop(DropReason::PacketLoop)
    } else if meta.nexthop.tunnel == TunnelKind::None {
        Verdict::Drop(DropReason::InvalidNexthop)
    } else {
        Verdict::Continue
    }
}

fn is_back(meta: &Meta) -> bool {
    let (nexthop, parse) = (&meta.nexthop, &meta.parse);
    (nexthop.tunnel_v6, nexthop.tunnel_dst) == (parse.v6, parse.src)
}

/// Does this hop count? It does where we are the router that sends the packet on: from our VM, or into a tunnel. A
/// packet from a tunnel to our VM was counted by the router at the tunnel's other end. A packet
/// that may not take another hop goes no further; the TTL of IPv4 goes down, the hop limit of IPv6 only by an option of
/// the interface, since the peer leaves it.
pub(crate) fn hop_counts(meta: &Meta) -> bool {
    let from_vm = meta.classify.entry.kind == VifKind::Vm;
    meta.route.routed && (from_vm || meta.nexthop.kind == NexthopKind::Tunnel)
}

#[cfg(test)]
mod tests;
