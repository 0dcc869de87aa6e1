//! s9_rewrite: what changes within the packet, and whether it still fits. Reads `inner`, `nexthop`. Writes `rewrite`.
//!
//! ```text
//!   clock 0: TTL, checksum, length, hash of the flow     1: length in the tunnel     2: does it fit the underlay?
//! ```

use super::s7_nexthop::decrements;
use super::slot::Slot;
use crate::buses::{SlotIn, SlotOut};
use crate::hardware::{Meta, Rewrite, VerdictBits};
use underpass_layout::hash::ENTROPY_MASKS;
use underpass_layout::tables::{NexthopKind, TunnelKind};
use underpass_layout::PuntReason;
use underpass_wires::{cat, first, k, konst, leaf, mux, only, wire, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = 3;

/// What a tunnel adds to an IPv4 packet, bytes: IPv4 20, then GRE 4 + MPLS 4, UDP 8 + MPLS 4, UDP 8 + VXLAN 8.
pub const GRE_OVERHEAD: u32 = 28;
/// MPLS over UDP.
pub const UDP_OVERHEAD: u32 = 32;
/// VXLAN.
pub const VXLAN_OVERHEAD: u32 = 36;
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
    let meta = slot.meta;
    wire!(decrement = decrements(meta));
    let ttl = mux(decrement, meta.inner.ttl - 1, meta.inner.ttl);
    let start = mux(meta.bridge.l3, meta.inner.l3_offset, meta.decap.offset);
    let rewrite = Rewrite {
        decrement,
        ttl: mux(!meta.bridge.l3 | ttl.eq(0), k(FRAME_TTL), ttl),
        checksum: meta.inner.checksum,
        payload: meta.arrival.length - start.ext(),
        entropy: entropy(meta),
    }
    .reg("rewrite");
    let sum = decremented(meta.inner.checksum).reg("checksum_sum");

    let slot = slot.later("slot", 1);
    let nexthop = slot.meta.nexthop;
    let tunnel = |kind: TunnelKind| nexthop.tunnel.eq(kind.code());
    let overhead: U<7> = first(
        &[
            (tunnel(TunnelKind::MplsGre), k(GRE_OVERHEAD)),
            (tunnel(TunnelKind::MplsUdp), k(UDP_OVERHEAD)),
        ],
        mux(
            slot.meta.bridge.l3 & nexthop.l3_vxlan,
            k(VXLAN_OVERHEAD + ETHERNET),
            k(VXLAN_OVERHEAD),
        ),
    );
    let long = (rewrite.payload.ext::<17>() + overhead.ext()).reg("tunnel_length");
    let limited = (nexthop.kind.eq(NexthopKind::Tunnel.code()) & nexthop.mtu.any()).reg("limited");

    let mut out = slot.later("measured", 1);
    wire!(too_big = limited & long.gt(out.meta.nexthop.mtu.ext::<17>()));
    let checksum = mux(rewrite.decrement, folded(sum), rewrite.checksum);
    out.meta.rewrite = Rewrite {
        checksum,
        ..rewrite
    }
    .reg("rewrite");
    out.meta.verdict = out
        .meta
        .verdict
        .or_first(&[(too_big, VerdictBits::punt(PuntReason::TooBig))]);
    out.later("out", 1)
}

/// The complement of the header checksum after the TTL went down by one, before its carry is brought round: RFC 1624
/// equation 3, in which a TTL less by one adds the complement of 0x0100 to the complement of the checksum.
fn decremented(checksum: U<16>) -> U<17> {
    (!checksum).ext::<17>() + k::<17>(0xfeff)
}

/// The checksum of such a sum.
fn folded(sum: U<17>) -> U<16> {
    !(sum.trunc::<16>() + sum.slice::<1>(16).ext())
}

/// The UDP source port of the tunnel, `underpass_layout::hash::entropy`.
fn entropy(meta: Meta) -> U<16> {
    let inner = meta.inner;
    let a: U<48> = mux(inner.ipv4, inner.src.ext(), inner.src_mac);
    let b: U<48> = mux(inner.ipv4, inner.dst.ext(), inner.dst_mac);
    let src_port = only(inner.ipv4, inner.src_port) ^ meta.decap.vrf.ext::<16>().shl(4);
    let dst_port = only(inner.ipv4, inner.dst_port);
    let protocol = only(inner.ipv4, inner.protocol);
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

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_wires::{build, input, output, Blocks, Ports, Sim};

    /// The complement of the ones' complement sum of the words (RFC 1071).
    fn checksum(words: &[u16]) -> u16 {
        let sum: u32 = words.iter().map(|word| u32::from(*word)).sum();
        let folded = (sum & 0xffff) + (sum >> 16);
        !((folded & 0xffff) + (folded >> 16)) as u16
    }

    #[test]
    fn a_decremented_ttl_keeps_every_checksum_right() {
        let mut sim = Sim::new(&build("decremented", Ports::Packed, Blocks::Inline, || {
            output("after", folded(decremented(input("before"))));
        }));
        for word in 0..=u16::MAX {
            // A header of two words: TTL 64 and protocol 17, and one that takes every value.
            let (before, after) = (checksum(&[0x4011, word]), checksum(&[0x3f11, word]));
            sim.set_int("before", before.into());
            assert_eq!(sim.get_int("after"), u128::from(after), "word {word:#x}");
        }
    }
}
