//! The answer to an ARP request (RFC 826): in place of the request, with whatever stands behind it.
//!
//! ```text
//!   request   .. | Ethernet 14, tags | ARP 28                                                  | padding
//!   answer       | Ethernet 14       | ARP 28: what was asked for, its MAC, who asked, its MAC | padding
//! ```

use super::Way;
use crate::hardware::Meta;
use crate::pipeline::s13_rewrite::front::ETHERNET;
use crate::pipeline::s1_parse::{ARP, IPV4};
use underpass_layout::meta::ARP_BYTES;
use underpass_wires::{k, mux, packet, U};

/// Bytes of the answer.
pub(super) const BYTES: u32 = ETHERNET + ARP_BYTES as u32;
/// Its hardware is Ethernet, whose addresses have 6 bytes, those of IPv4 have 4; and it is a reply.
const HARDWARE: u32 = 1;
const LENGTHS: u32 = 0x0604;
const REPLY: u32 = 2;

/// Where what stays of the request starts. Combinational.
pub(super) fn start(meta: Meta) -> U<8> {
    meta.inner.l3_offset + ARP_BYTES as u32
}

/// By how much the packet becomes longer, less than nothing where it becomes shorter, `add` being what any other one is
/// given in front. Combinational.
pub(super) fn growth(meta: Meta, way: Way, add: U<8>) -> U<16> {
    let of_answer = k::<16>(ETHERNET) - meta.inner.l3_offset.ext();
    mux(way.answers, of_answer, add.ext())
}

/// The bytes. Combinational.
pub(super) fn header(meta: Meta) -> U<{ 8 * BYTES as usize }> {
    let (answer, inner) = (meta.answer, meta.inner);
    packet!(
        inner.arp_mac,
        answer.mac,
        k::<16>(ARP),
        k::<16>(HARDWARE),
        k::<16>(IPV4),
        k::<16>(LENGTHS),
        k::<16>(REPLY),
        answer.mac,
        inner.dst.trunc::<32>(),
        inner.arp_mac,
        inner.src.trunc::<32>()
    )
}
