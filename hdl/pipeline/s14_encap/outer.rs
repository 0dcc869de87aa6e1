//! The fields of the outer IP header that differ from packet to packet.
//!
//! ```text
//!   clock 0: length, halves of the addresses     1: two sums     2: one sum     3: + identification, ToS     4, 5: fold
//! ```
//! One addition a clock: the checksum of RFC 1071 is a sum of eight words here (the fixed ones are one constant). IPv6
//! has none, and its payload length is what UDP's length is in both families.

use super::shape::Shape;
use crate::pipeline::s13_rewrite::IPV4_HEADER;
use crate::pipeline::s1_parse::{GRE, UDP};
use crate::pipeline::slot::Slot;
use underpass_wires::{bundle, k, mux, only, state_from, BundleExt, U};

/// Clocks from shape to fields.
pub const LATENCY: usize = 6;

/// 45 00, flags 00 00 and TTL 40: the words of the header that never change, protocol and ToS aside; and the part of
/// the total length that the header itself is.
const FIXED: u32 = 0x4500 + 0x4000 + IPV4_HEADER;

bundle! {
    /// The fields.
    pub struct Outer {
        /// IPv4 total length.
        length: U<16>,
        /// Bytes behind the IP header: IPv6 payload length, UDP length.
        behind_ip: U<16>,
        /// IPv4 identification.
        id: U<16>,
        /// IPv4 header checksum.
        checksum: U<16>,
        /// Type of service, traffic class.
        tos: U<8>,
    }
}

/// Computes them.
pub(super) fn outer(slot: Slot, shape: Shape) -> Outer {
    let nexthop = slot.meta.nexthop;
    let halves =
        |address: U<128>| address.slice::<16>(16).ext::<17>() + address.slice::<16>(0).ext::<17>();
    let behind_ip = (slot.meta.rewrite.payload + shape.overhead.ext()).reg("behind_ip");
    let src = halves(nexthop.tunnel_src).reg("src_sum");
    let dst = halves(nexthop.tunnel_dst).reg("dst_sum");
    let gre = shape.protocol.eq(GRE).reg("is_gre");

    // The identification: the inner packet's in GRE, else a counter (the peer does so).
    let counter = state_from::<U<16>>("identification", k(1));
    counter.next(
        slot.valid.timeless() & shape.counts_id.timeless(),
        counter.q + 1,
    );
    let id = mux(shape.inner_id, slot.meta.inner.id, counter.q).reg("id");
    let tos = only(nexthop.copy_tos, slot.meta.inner.tos).reg("tos");
    let varying = (id.ext::<17>() + tos.ext()).delay("id_tos", 2);

    let fixed = mux(gre, k::<20>(FIXED + GRE), k(FIXED + UDP));
    let first = (fixed + src.ext()).reg("sum_src");
    let length = behind_ip + IPV4_HEADER;
    let second = (dst.ext::<20>() + behind_ip.ext()).reg("sum_dst");
    let both = (first + second).reg("sum_both");
    let sum = (both + varying.ext()).reg("sum");
    let once = (sum.trunc::<16>().ext::<17>() + sum.slice::<4>(16).ext()).reg("folded");
    let twice = once.trunc::<16>() + once.slice::<1>(16).ext();
    Outer {
        length: length.delay("length", 5),
        behind_ip: behind_ip.delay("behind_ip_out", 5),
        id: id.delay("id_out", 5),
        checksum: (!twice).reg("checksum"),
        tos: tos.delay("tos_out", 5),
    }
}
