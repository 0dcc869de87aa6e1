//! What differs from packet to packet in the outer IP header, and in the one of a tree behind it.
//!
//! ```text
//!   clock 0: length, halves of the addresses   1: two sums   2: one sum   3: fold   4: + identification   5: fold
//! ```
//! One addition a clock: the checksum of RFC 1071 is a sum of eight words here (the fixed ones are one constant). IPv6
//! has none, and its payload length is what UDP's length is in both families. The identification comes last: a packet
//! takes none if it goes round, and whether it does is known in clock 3.

use super::shape::Shape;
use crate::pipeline::s13_rewrite::front::{IPV4_HEADER, UDP_HEADER, VXLAN_HEADER};
use crate::pipeline::s1_parse::{GRE, UDP};
use crate::pipeline::slot::Slot;
use underpass_layout::meta::TREE_BYTES;
use underpass_wires::{bundle, k, mux, only, state_from, Bit, BundleExt, U};

/// Clocks from shape to checksums.
pub const LATENCY: usize = 6;
/// Clocks from shape to lengths.
pub const LENGTHS: usize = 1;
/// The clock in which it must be known whether a packet takes an identification.
pub const IDENTIFICATION: usize = 3;

/// 45 00, flags 00 00 and TTL 40: the words of the header that never change, protocol and ToS aside; and the part of
/// the total length that the header itself is.
const FIXED: u32 = 0x4500 + 0x4000 + IPV4_HEADER;
/// The same of the header of a tree: its ToS is zero, and UDP and VXLAN headers are behind it.
const TREE_FIXED: u32 = 0x4500 + 0x4000 + UDP + TREE_BYTES as u32;

bundle! {
    /// Lengths and ToS.
    pub struct Lengths {
        /// IPv4 total length.
        pub total: U<16>,
        /// Bytes behind the IP header: IPv6 payload length, UDP length.
        pub behind_ip: U<16>,
        /// Total length of a tree's packet.
        pub tree_total: U<16>,
        /// Length of its UDP.
        pub tree_udp: U<16>,
        /// Type of service, traffic class.
        pub tos: U<8>,
    }

    /// Identification and checksums.
    pub struct Sums {
        /// IPv4 identification, of a tree's header too.
        pub id: U<16>,
        /// IPv4 header checksum.
        pub checksum: U<16>,
        /// That of a tree's header.
        pub tree_checksum: U<16>,
    }
}

/// The lengths, [`LENGTHS`] later.
pub(super) fn lengths(slot: Slot, shape: Shape) -> Lengths {
    let meta = slot.meta;
    let payload = meta.rewrite.payload;
    let behind_ip = payload + shape.behind_ip.ext();
    let behind_tree = payload + (UDP_HEADER + VXLAN_HEADER);
    // The mark of its forwarding class; else the tenant's own where the tunnel says so.
    let tos = mux(
        meta.qos.valid,
        meta.qos.dscp.ext::<8>().shl(2),
        only(meta.nexthop.copy_tos, meta.inner.tos),
    );
    Lengths {
        total: behind_ip + IPV4_HEADER,
        behind_ip,
        tree_total: payload + TREE_BYTES,
        tree_udp: behind_tree,
        tos,
    }
    .reg("lengths")
}

/// Identification and checksums of packets with these lengths, which came [`LENGTHS`] before. `takes_id` comes in clock
/// [`IDENTIFICATION`] and says that the counter of identifications is not to be left as it is.
pub(super) fn sums(slot: Slot, shape: Shape, lengths: Lengths, takes_id: Bit) -> Sums {
    let nexthop = slot.meta.nexthop;
    let halves =
        |address: U<128>| address.slice::<16>(16).ext::<17>() + address.slice::<16>(0).ext::<17>();
    let src = halves(nexthop.tunnel_src).reg("src_sum");
    let dst = halves(nexthop.tunnel_dst).reg("dst_sum");
    let fixed = mux(shape.gre, k::<18>(FIXED + GRE), k(FIXED + UDP)).reg("fixed");
    let payload = slot.meta.rewrite.payload.reg("tree_payload");

    let addresses = (src.ext::<20>() + dst.ext()).reg("sum_addresses");
    let variable = lengths.behind_ip.ext::<18>() + lengths.tos.ext();
    let outer = (fixed + variable).reg("sum_outer");
    let tree = (payload.ext::<18>() + TREE_FIXED).reg("sum_tree");
    let folded = |sum: U<18>, name: &str| {
        let sum = (addresses + sum.ext()).reg(name);
        let folded = sum.trunc::<16>().ext::<17>() + sum.slice::<4>(16).ext();
        folded.reg(&format!("{name}_folded"))
    };
    let (outer, tree) = (folded(outer, "outer"), folded(tree, "tree"));

    // The identification: the inner packet's in GRE, else a counter (the peer does so).
    let counter = state_from::<U<16>>("identification", k(1));
    let inner = (shape.inner_id, slot.meta.inner.id).delay("inner_id", IDENTIFICATION);
    counter.next(takes_id.timeless(), counter.q + 1);
    let id = mux(inner.0, inner.1, counter.q).reg("id");
    let checksum = |sum: U<17>, name: &str| {
        let sum = (sum.ext::<18>() + id.ext()).reg(&format!("{name}_sum"));
        (!twice_folded(sum)).reg(&format!("{name}_checksum"))
    };
    Sums {
        id: id.delay("id_out", 2),
        checksum: checksum(outer, "outer"),
        tree_checksum: checksum(tree, "tree"),
    }
}

/// A sum with its carries brought round. Where the first one brings another, what is left is at most 2, so that the second
/// does not run. Combinational.
fn twice_folded(sum: U<18>) -> U<16> {
    let once = sum.trunc::<16>().ext::<17>() + sum.slice::<2>(16).ext();
    let again = once.trunc::<2>() + 1;
    mux(once.bit(16), again.ext(), once.trunc())
}
