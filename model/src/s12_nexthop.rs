//! s12_nexthop: what is done with the packet on its way out.  Reads: `answer`, `route`, `member` and what they may contradict.
//! Writes: `nexthop`, `qos`.
//!
//! ```text
//!   answered ──────▶ deliver
//!   route.nexthop ─▶ [nexthop] ─┬─ Encap, Tunnel ────▶ on, if frame or packet fits it
//!                               ├─ List, Translate ──▶ on, to go round
//!                               ├─ Receive, Resolve ─▶ punt
//!                               └─ the rest ─────────▶ drop
//!   DSCP or priority, map of the flow or the interface ─▶ [qos]
//! ```

use crate::decide::Decide;
use crate::tables::Tables;
use underpass_layout::meta::{Meta, RoundKind, ROUND_LIMIT};
use underpass_layout::tables::{
    Leg, NexthopKind, QosEntry, TunnelKind, VifKind, QOS_PRIORITY, QOS_ROWS,
};
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Finds the nexthop and sees whether the packet may take it.
pub fn nexthop(tables: &Tables, meta: &mut Meta) {
    if !meta.open() {
        return;
    }
    if meta.answer.on {
        return meta.decide(Verdict::Deliver);
    }
    meta.nexthop = *tables.nexthop(meta.route.nexthop);
    let map = match meta.flow.onward.qos {
        0 => meta.classify.entry.qos,
        map => map,
    };
    if map != 0 {
        meta.qos = class(tables, meta, map);
    }
    if meta.arrival.round.kind == RoundKind::Member && returns(meta) {
        meta.member.skip = true;
    }
    let verdict = match meta.member.skip {
        // No packet ends here: there is none.
        true => Verdict::Drop(DropReason::Unknown),
        false => judge(meta),
    };
    meta.decide(verdict);
}

/// Would the copy go back to the tunnel end that the packet came from?
fn returns(meta: &Meta) -> bool {
    let to_end = meta.nexthop.valid && meta.nexthop.kind == NexthopKind::Tunnel;
    let of_end = matches!(meta.member.leg, Leg::Tree | Leg::Tor);
    to_end && of_end && meta.decap.tunnelled && is_back(meta)
}

/// The forwarding class by DSCP, or of a tagged frame without IP by priority.
fn class(tables: &Tables, meta: &Meta, map: u8) -> QosEntry {
    let inner = &meta.inner;
    let class = match (inner.ipv4 || inner.ipv6, inner.tagged) {
        (true, _) => u32::from(inner.tos >> 2),
        (false, true) => QOS_PRIORITY + u32::from(inner.priority),
        (false, false) => return QosEntry::default(),
    };
    *tables.qos(u32::from(map) * QOS_ROWS + class)
}

/// Whether the packet may take its nexthop, and if not what becomes of it.
pub fn judge(meta: &Meta) -> Verdict {
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
        NexthopKind::Encap | NexthopKind::Translate if nexthop.bridge == meta.bridge.l3 => {
            Verdict::Drop(DropReason::InvalidNexthop)
        }
        NexthopKind::Encap => judge_leaf(meta),
        NexthopKind::Tunnel => judge_tunnel(meta),
        NexthopKind::List if meta.member.list => Verdict::Continue,
        NexthopKind::Translate if meta.arrival.round.hops >= ROUND_LIMIT => {
            Verdict::Drop(DropReason::PacketLoop)
        }
        NexthopKind::Translate => Verdict::Continue,
        // One of several was for the flow to name, or for `s11_member`.
        NexthopKind::Ecmp | NexthopKind::List | NexthopKind::L2Receive | NexthopKind::Receive => {
            Verdict::Drop(DropReason::InvalidNexthop)
        }
    }
}

/// Leaves of an E-tree reach only roots (MEF 6.1.1).
fn judge_leaf(meta: &Meta) -> Verdict {
    let vif = &meta.classify.entry;
    let from_leaf = vif.kind == VifKind::Vm && vif.learn && !vif.etree_root;
    let bridged = !meta.decap.tunnelled && !meta.bridge.l3;
    match from_leaf && bridged && !meta.nexthop.etree_root {
        true => Verdict::Drop(DropReason::LeafToLeaf),
        false => Verdict::Continue,
    }
}

/// What came out of a tunnel goes into another only if it was routed, and never back to where it came from. A list has its
/// own rules of that.
fn judge_tunnel(meta: &Meta) -> Verdict {
    let comes_again = meta.decap.tunnelled && meta.arrival.round.kind != RoundKind::Member;
    if comes_again && !meta.bridge.l3 {
        Verdict::Drop(DropReason::InvalidSource)
    } else if comes_again && is_back(meta) {
        Verdict::Drop(DropReason::PacketLoop)
    } else if !can_wrap(meta) {
        Verdict::Drop(DropReason::InvalidNexthop)
    } else {
        judge_leaf(meta)
    }
}

/// Does the tunnel carry such packets? What NVGRE carries is frames, and what goes along a tree is wrapped in MPLS over IPv4.
fn can_wrap(meta: &Meta) -> bool {
    let nexthop = &meta.nexthop;
    let tree = meta.member.leg == Leg::Tree;
    match nexthop.tunnel {
        TunnelKind::None | TunnelKind::Stt => false,
        TunnelKind::MplsGre | TunnelKind::MplsUdp => !tree || !nexthop.tunnel_v6,
        TunnelKind::Vxlan => !tree,
        TunnelKind::Nvgre => !tree && !meta.bridge.l3,
    }
}

fn is_back(meta: &Meta) -> bool {
    let (nexthop, parse) = (&meta.nexthop, &meta.parse);
    (nexthop.tunnel_v6, nexthop.tunnel_dst) == (parse.v6, parse.src)
}

/// Does this hop count? It does where we are the router that sends the packet on: from our VM, or into a tunnel. A
/// packet from a tunnel to our VM was counted by the router at the tunnel's other end. A packet
/// that may not take another hop goes no further; the TTL of IPv4 goes down, the hop limit of IPv6 only by an option of
/// the interface, since the peer leaves it. What goes round has yet to come to its hop.
pub(crate) fn hop_counts(meta: &Meta) -> bool {
    let from_vm = meta.classify.entry.kind == VifKind::Vm;
    let goes_round = matches!(
        meta.nexthop.kind,
        NexthopKind::List | NexthopKind::Translate
    );
    meta.route.routed && !goes_round && (from_vm || meta.nexthop.kind == NexthopKind::Tunnel)
}

#[cfg(test)]
mod tests;
