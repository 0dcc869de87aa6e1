//! s13_rewrite: what changes within the packet, and whether it still fits.  Writes: `rewrite`.
//!
//! ```text
//!   inner, flow.onward ───▶ patch: TTL one less, addresses and ports of the flow, checksums   (see `patch`)
//!   syn, tunnel ──────────▶ patch: maximum segment size that the tunnel leaves room for       (see `segment`)
//!   to the node itself ───▶ patch: TTL one less
//!   inner, vrf ───────────▶ entropy: the tunnel's source port
//!   length, tunnel ───────▶ outer IP length ─▶ longer than the link carries? punt; of a copy, drop
//! ```
//! The source port holds for what is dropped or punted too: copies for analyzers have it.

pub(crate) mod patch;
mod segment;

use crate::decide::Decide;
use crate::headers::{ethernet, gre, ipv4, ipv6, mpls, udp, vxlan};
use crate::s3_decap::CONTROL_BYTES;
use underpass_layout::hash::{entropy, fold48};
use underpass_layout::meta::{Inner, Meta, RoundKind, TREE_BYTES};
use underpass_layout::tables::{Leg, NexthopKind, TunnelKind};
use underpass_layout::{DropReason, PuntReason, Verdict};

/// TTL of a label over a packet that brings none: a frame, or an IP packet whose own is 0.
const DEFAULT_TTL: u8 = 64;

/// Computes the new fields.
pub fn rewrite(meta: &mut Meta) {
    meta.rewrite.entropy = source_port(meta.decap.vrf, &meta.inner);
    if !meta.open() {
        if meta.decap.host && meta.inner.ipv4 && Verdict::from(meta.verdict) == Verdict::Deliver {
            patch::write_hop(meta);
        }
        return;
    }
    patch::write(meta);
    let payload = meta.arrival.length.saturating_sub(strip(meta).into());
    let patch = &meta.rewrite.patch;
    let ttl = if patch.ttl {
        patch.new_ttl
    } else {
        meta.inner.ttl
    };
    meta.rewrite.ttl = label_ttl(meta, ttl);
    meta.rewrite.payload = payload;
    let nexthop = &meta.nexthop;
    let length = usize::from(payload) + overhead(meta);
    if nexthop.kind == NexthopKind::Tunnel && nexthop.mtu != 0 && length > nexthop.mtu.into() {
        let round = &meta.arrival.round;
        match round.kind == RoundKind::Member || round.quiet {
            true => meta.drop(DropReason::TooBig),
            false => meta.punt(PuntReason::TooBig),
        }
    }
}

/// Bytes taken off the front of a packet that goes by its nexthop.
pub(crate) fn strip(meta: &Meta) -> u8 {
    match (meta.bridge.l3, keeps_tree(meta)) {
        (true, _) => meta.inner.l3_offset,
        (false, true) => meta.decap.offset - TREE_BYTES as u8,
        (false, false) => meta.decap.offset,
    }
}

/// Do the headers stay that a frame brings from one multicast tree into another?
pub(crate) fn keeps_tree(meta: &Meta) -> bool {
    goes_along_tree(meta) && meta.decap.tree
}

/// Is it a copy along a multicast tree?
pub(crate) fn goes_along_tree(meta: &Meta) -> bool {
    meta.member.leg == Leg::Tree && meta.nexthop.kind == NexthopKind::Tunnel
}

/// Do four zero bytes go in front of the frame, behind the label?
pub(crate) fn has_control(meta: &Meta) -> bool {
    meta.bridge.control || goes_along_tree(meta)
}

/// Time to live of an MPLS header in front: of a copy that goes on along a tree one less than it came with.
fn label_ttl(meta: &Meta, ttl: u8) -> u8 {
    match (meta.bridge.l3, ttl) {
        _ if keeps_tree(meta) => meta.parse.label_ttl.wrapping_sub(1),
        (false, _) | (true, 0) => DEFAULT_TTL,
        (true, ttl) => ttl,
    }
}

/// The source port of a UDP tunnel, from the addresses and ports of IP, or the frame's MACs.
fn source_port(vrf: u16, inner: &Inner) -> u16 {
    if inner.ipv4 || inner.ipv6 {
        // An IPv4 address folds to itself.
        let (src, dst) = match inner.ipv4 {
            true => (inner.src as u64, inner.dst as u64),
            false => (fold48(inner.src), fold48(inner.dst)),
        };
        return entropy(
            vrf,
            inner.protocol,
            inner.src_port,
            inner.dst_port,
            src,
            dst,
        );
    }
    entropy(vrf, 0, 0, 0, inner.src_mac, inner.dst_mac)
}

/// Bytes from the outer IP header up to the payload.
pub fn overhead(meta: &Meta) -> usize {
    let nexthop = &meta.nexthop;
    let behind_label = match (has_control(meta), goes_along_tree(meta) && !meta.decap.tree) {
        (_, true) => usize::from(CONTROL_BYTES) + TREE_BYTES,
        (true, false) => CONTROL_BYTES.into(),
        (false, false) => 0,
    };
    let behind_ip = match nexthop.tunnel {
        TunnelKind::None | TunnelKind::Stt => 0,
        TunnelKind::MplsGre => gre::LENGTH + mpls::LENGTH + behind_label,
        TunnelKind::MplsUdp => udp::LENGTH + mpls::LENGTH + behind_label,
        TunnelKind::Vxlan if meta.bridge.l3 && nexthop.l3_vxlan => {
            udp::LENGTH + vxlan::LENGTH + ethernet::LENGTH
        }
        TunnelKind::Vxlan => udp::LENGTH + vxlan::LENGTH,
        TunnelKind::Nvgre => gre::KEYED_LENGTH,
    };
    outer_ip_length(nexthop.tunnel_v6) + behind_ip
}

/// Bytes of the outer IP header.
pub(crate) fn outer_ip_length(v6: bool) -> usize {
    if v6 {
        ipv6::LENGTH
    } else {
        ipv4::LENGTH
    }
}

#[cfg(test)]
mod tests;
