//! s13_rewrite: what changes within the packet, and whether it still fits.  Writes: `rewrite`.
//!
//! ```text
//!   inner, flow.onward ───▶ patch: TTL one less, addresses and ports of the flow, checksums   (see `patch`)
//!   inner, vrf ───────────▶ entropy: the tunnel's source port
//!   length, tunnel ───────▶ outer IP length ─▶ longer than the link carries? punt
//! ```

pub(crate) mod patch;

use crate::decide::Decide;
use crate::headers::{ethernet, gre, ipv4, ipv6, mpls, udp, vxlan};
use underpass_layout::hash::{entropy, fold48};
use underpass_layout::meta::{Inner, Meta, Rewrite};
use underpass_layout::tables::{NexthopEntry, NexthopKind, TunnelKind};
use underpass_layout::PuntReason;

/// TTL of a label over a packet that brings none: a frame, or an IP packet whose own is 0.
const DEFAULT_TTL: u8 = 64;

/// Computes the new fields.
pub fn rewrite(meta: &mut Meta) {
    if !meta.open() {
        return;
    }
    let inner = &meta.inner;
    let strip = if meta.bridge.l3 {
        inner.l3_offset
    } else {
        meta.decap.offset
    };
    let payload = meta.arrival.length.saturating_sub(strip.into());
    let patch = patch::of(meta);
    let ttl = if patch.ttl { patch.new_ttl } else { inner.ttl };
    meta.rewrite = Rewrite {
        patch,
        ttl: label_ttl(meta.bridge.l3, ttl),
        payload,
        entropy: source_port(meta.decap.vrf, inner),
    };
    let nexthop = &meta.nexthop;
    let length = usize::from(payload) + overhead(nexthop, meta.bridge.l3);
    if nexthop.kind == NexthopKind::Tunnel && nexthop.mtu != 0 && length > nexthop.mtu.into() {
        meta.punt(PuntReason::TooBig);
    }
}

fn label_ttl(l3: bool, ttl: u8) -> u8 {
    match (l3, ttl) {
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
pub(crate) fn overhead(nexthop: &NexthopEntry, l3: bool) -> usize {
    let behind_ip = match nexthop.tunnel {
        TunnelKind::None => 0,
        TunnelKind::MplsGre => gre::LENGTH + mpls::LENGTH,
        TunnelKind::MplsUdp => udp::LENGTH + mpls::LENGTH,
        TunnelKind::Vxlan if l3 && nexthop.l3_vxlan => {
            udp::LENGTH + vxlan::LENGTH + ethernet::LENGTH
        }
        TunnelKind::Vxlan => udp::LENGTH + vxlan::LENGTH,
    };
    outer_ip_length(nexthop) + behind_ip
}

/// Bytes of the outer IP header.
pub(crate) fn outer_ip_length(nexthop: &NexthopEntry) -> usize {
    if nexthop.tunnel_v6 {
        ipv6::LENGTH
    } else {
        ipv4::LENGTH
    }
}

#[cfg(test)]
mod tests;
