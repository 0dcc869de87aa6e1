//! The fields of the outer IPv4 header that differ from packet to packet.
//!
//! ```text
//!   clock 0: length, halves of the addresses     1: two sums     2: one sum     3: + identification     4, 5: fold
//! ```
//! One addition a clock: the checksum of RFC 1071 is a sum of seven words here (the fixed ones are one constant).

use super::shape::Shape;
use crate::pipeline::s1_parse::{GRE, UDP};
use crate::pipeline::slot::Slot;
use underpass_wires::{bundle, k, mux, state_from, BundleExt, U};

/// Clocks from shape to fields.
pub const LATENCY: usize = 6;

/// 45 00, flags 00 00 and TTL 40: the words of the header that never change, the protocol aside.
const FIXED: u32 = 0x4500 + 0x4000;

bundle! {
    /// The fields.
    pub struct Outer {
        /// IPv4 total length.
        length: U<16>,
        /// UDP length.
        udp_length: U<16>,
        /// Identification.
        id: U<16>,
        /// Header checksum.
        checksum: U<16>,
    }
}

/// Computes them.
pub(super) fn outer(slot: Slot, shape: Shape) -> Outer {
    let nexthop = slot.meta.nexthop;
    let halves =
        |address: U<32>| address.slice::<16>(16).ext::<17>() + address.slice::<16>(0).ext::<17>();
    let length = (slot.meta.rewrite.payload + shape.overhead.ext()).reg("length");
    let src = halves(nexthop.tunnel_src).reg("src_sum");
    let dst = halves(nexthop.tunnel_dst).reg("dst_sum");
    let gre = shape.protocol.eq(GRE).reg("is_gre");

    // The identification: the inner packet's in GRE, else a counter (the peer does so).
    let counter = state_from::<U<16>>("identification", k(1));
    counter.next(
        slot.valid.timeless() & shape.counts_id.timeless(),
        counter.q + 1,
    );
    let id = mux(shape.inner_id, slot.meta.inner.id, counter.q).delay("id", 3);

    let fixed = mux(gre, k::<20>(FIXED + GRE), k(FIXED + UDP));
    let first = (fixed + src.ext()).reg("sum_src");
    let second = (dst.ext::<20>() + length.ext()).reg("sum_dst");
    let udp_length = (length - 20).delay("udp_length", 5);
    let both = (first + second).reg("sum_both");
    let sum = (both + id.ext()).reg("sum");
    let once = (sum.trunc::<16>().ext::<17>() + sum.slice::<4>(16).ext()).reg("folded");
    let twice = once.trunc::<16>() + once.slice::<1>(16).ext();
    Outer {
        length: length.delay("length", 5),
        udp_length,
        id: id.delay("id_out", 3),
        checksum: (!twice).reg("checksum"),
    }
}
