//! s12_rewrite: what changes within the packet, and whether it still fits. Reads `inner`, `nexthop`. Writes `rewrite`.
//!
//! ```text
//!   clock 0: TTL, checksum, length, hash of the flow     1: length in the tunnel     2: does it fit the underlay?
//! ```

use super::s11_nexthop::counts_as_hop;
use super::slot::{Slot, Written};
use crate::buses::{SlotIn, SlotOut};
use crate::hardware::{Meta, Patch, Rewrite, VerdictBits};
use underpass_layout::hash::ENTROPY_MASKS;
use underpass_layout::tables::{NexthopKind, TunnelKind};
use underpass_layout::PuntReason;
use underpass_wires::{cat, first, k, konst, leaf, mux, only, wire, zero, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = 3;

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
    // The peer leaves the hop limit of IPv6 as it is.
    wire!(decrement = counts_as_hop(meta) & meta.inner.ipv4);
    let ttl = mux(decrement, meta.inner.ttl - 1, meta.inner.ttl);
    let start = mux(meta.bridge.l3, meta.inner.l3_offset, meta.decap.offset);
    let rewrite = Rewrite {
        patch: Patch {
            on: decrement,
            l3_offset: meta.inner.l3_offset,
            ttl: decrement,
            new_ttl: ttl,
            new_checksum: meta.inner.checksum,
            ..zero()
        },
        ttl: mux(!meta.bridge.l3 | ttl.eq(0), k(FRAME_TTL), ttl),
        payload: meta.arrival.length - start.ext(),
        entropy: entropy(meta),
    }
    .reg("rewrite");
    let sum = decremented(meta.inner.checksum).reg("checksum_sum");

    let slot = slot.later("slot", 1);
    let nexthop = slot.meta.nexthop;
    let tunnel = |kind: TunnelKind| nexthop.tunnel.eq(kind.code());
    let with_ip = |bytes: u32| {
        mux(
            nexthop.tunnel_v6,
            k::<7>(IPV6_HEADER + bytes),
            k(IPV4_HEADER + bytes),
        )
    };
    let overhead = first(
        &[
            (tunnel(TunnelKind::MplsGre), with_ip(GRE_OVERHEAD)),
            (tunnel(TunnelKind::MplsUdp), with_ip(UDP_OVERHEAD)),
        ],
        mux(
            slot.meta.bridge.l3 & nexthop.l3_vxlan,
            with_ip(VXLAN_OVERHEAD + ETHERNET),
            with_ip(VXLAN_OVERHEAD),
        ),
    );
    let long = (rewrite.payload.ext::<17>() + overhead.ext()).reg("tunnel_length");
    let limited = (nexthop.kind.eq(NexthopKind::Tunnel.code()) & nexthop.mtu.any()).reg("limited");

    let mut out = slot.later("measured", 1);
    wire!(too_big = limited & long.gt(out.meta.nexthop.mtu.ext::<17>()));
    let mut patched = rewrite;
    patched.patch.new_checksum = mux(rewrite.patch.on, folded(sum), rewrite.patch.new_checksum);
    out.meta.rewrite = patched.reg("rewrite");
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
