//! s13_rewrite: what changes within the packet, and whether it still fits. Reads `classify`, `inner`, `quoted`, `key`,
//! `flow`, `route`, `nexthop`. Writes `rewrite`.
//!
//! ```text
//!   clock   0                       1                     2                        3
//!   meta ─▶ [ what changes ] ─────▶ [ sums of each ] ───▶ [ added up ] ──────────▶ [ checksums ] ─▶ patch
//!        ─▶ [ differences ] ──────▶   checksum
//!        ─▶ [ length, entropy ] ──▶ [ in the tunnel ] ──▶ [ does it fit the underlay? ]
//! ```
//! Checksums are carried on, never computed anew: one that was wrong stays wrong (RFC 1624).

mod change;
pub(crate) mod checksum;
mod sums;
#[cfg(test)]
mod tests;

use super::slot::{Slot, Written};
use crate::buses::{SlotIn, SlotOut};
use crate::hardware::{Meta, Rewrite, VerdictBits};
use change::Change;
use sums::Differences;
use underpass_layout::hash::ENTROPY_MASKS;
use underpass_layout::tables::{NexthopKind, TunnelKind};
use underpass_layout::PuntReason;
use underpass_wires::{cat, first, k, konst, leaf, mux, only, wire, zero, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = 4;

/// Bytes of the outer IP header, by family.
pub const IPV4_HEADER: u32 = 20;
/// IPv6.
pub const IPV6_HEADER: u32 = 40;
/// What a tunnel adds to a packet behind the outer IP header, bytes: GRE 4 + MPLS 4.
pub const GRE_OVERHEAD: u32 = 8;
/// UDP 8 + MPLS 4.
pub const UDP_OVERHEAD: u32 = 12;
/// UDP 8 + VXLAN 8.
pub const VXLAN_OVERHEAD: u32 = 16;
/// The inner Ethernet header of a routed packet in VXLAN.
pub const ETHERNET: u32 = 14;
/// The TTL of an MPLS header over something that has none.
const FRAME_TTL: u32 = 64;

leaf!(
    /// The stage as a block.
    pub RewriteStage { slot_in: SlotIn } -> { slot: SlotOut },
    |slot: Slot| -> Slot { rewrite(slot) }
);

/// The stage.
pub fn rewrite(slot: Slot) -> Slot {
    let slot = slot.written(Written::Nexthop);
    let meta = slot.meta;
    let change = Change::of(meta);
    let ttl = mux(change.ttl, meta.inner.ttl - 1, meta.inner.ttl);
    let start = mux(meta.bridge.l3, meta.inner.l3_offset, meta.decap.offset);
    let known = Rewrite {
        patch: zero(),
        ttl: mux(!meta.bridge.l3 | ttl.eq(0), k(FRAME_TTL), ttl),
        payload: meta.arrival.length - start.ext(),
        entropy: entropy(meta),
    }
    .reg("rewrite");
    let change = change.reg("change");
    let differences = Differences::of(meta).reg("differences");

    let slot = slot.later("slot", 1);
    let sums = differences.sums(slot.meta, change).reg("sums");
    let long = (known.payload.ext::<17>() + overhead(slot.meta).ext()).reg("tunnel_length");
    let nexthop = slot.meta.nexthop;
    let limited = (nexthop.kind.eq(NexthopKind::Tunnel.code()) & nexthop.mtu.any()).reg("limited");

    let mut slot = slot.later("measured", 1);
    let totals = sums.map(|sum| sum.total()).reg("totals");
    wire!(too_big = limited & long.gt(slot.meta.nexthop.mtu.ext::<17>()));
    slot.meta.verdict = slot
        .meta
        .verdict
        .or_first(&[(too_big, VerdictBits::punt(PuntReason::TooBig))]);

    let mut slot = slot.later("summed", 1);
    slot.meta.rewrite = Rewrite {
        patch: change.delay("change_summed", 2).patch(slot.meta, totals),
        ..known.delay("known", 2)
    };
    slot.later("out", 1)
}

/// What the tunnel adds to the packet, bytes. Combinational.
fn overhead(meta: Meta) -> U<7> {
    let nexthop = meta.nexthop;
    let tunnel = |kind: TunnelKind| nexthop.tunnel.eq(kind.code());
    let with_ip = |bytes: u32| {
        mux(
            nexthop.tunnel_v6,
            k::<7>(IPV6_HEADER + bytes),
            k(IPV4_HEADER + bytes),
        )
    };
    first(
        &[
            (tunnel(TunnelKind::MplsGre), with_ip(GRE_OVERHEAD)),
            (tunnel(TunnelKind::MplsUdp), with_ip(UDP_OVERHEAD)),
        ],
        mux(
            meta.bridge.l3 & nexthop.l3_vxlan,
            with_ip(VXLAN_OVERHEAD + ETHERNET),
            with_ip(VXLAN_OVERHEAD),
        ),
    )
}

/// The UDP source port of the tunnel, `underpass_layout::hash::entropy`, of the packet as it came.
fn entropy(meta: Meta) -> U<16> {
    let inner = meta.inner;
    wire!(ip = inner.ipv4 | inner.ipv6);
    let a = mux(ip, fold48(inner.src), inner.src_mac);
    let b = mux(ip, fold48(inner.dst), inner.dst_mac);
    let src_port = only(ip, inner.src_port) ^ meta.decap.vrf.ext::<16>().shl(4);
    let dst_port = only(ip, inner.dst_port);
    let protocol = only(ip, inner.protocol);
    let ends: U<128> = cat!(k::<32>(0), b, a);
    let key: U<128> = ends ^ cat!(dst_port, src_port, protocol, k::<88>(0));
    let port = ENTROPY_MASKS
        .iter()
        .enumerate()
        .map(|(i, mask)| {
            (key & konst::<128>(&[*mask as u64, (*mask >> 64) as u64]))
                .parity()
                .ext::<16>()
                .shl(i)
        })
        .reduce(|port, bit| port | bit)
        .expect("there are fourteen masks");
    port | 0xc000
}

/// All of an IPv4 address, IPv6 folded: `underpass_layout::hash::fold48`.
fn fold48(address: U<128>) -> U<48> {
    address.slice::<48>(0) ^ address.slice(48) ^ address.slice::<32>(96).ext()
}
