//! The IPv4 header (RFC 791). Combinational.
//!
//! ```text
//!  0          1     2             4    6               8     9          10         12    16    20
//! | ver | ihl | tos | total length | id | flags, offset | ttl | protocol | checksum | src | dst | options |
//! ```
//! The checksum is carried, never checked, as the peer does.

use super::ip::{Room, WINDOW_BITS};
use underpass_wires::{bundle, cat, k, wire, Bit, U};

bundle! {
    /// The header's fields.
    pub struct Ipv4 {
        /// Version, lengths and the room in the frame agree.
        good: Bit,
        /// Header length in 32-bit words.
        words: U<4>,
        /// Bytes behind the header.
        payload: U<16>,
        /// Type of service.
        tos: U<8>,
        /// Identification.
        id: U<16>,
        /// A part of a packet, the first one too.
        fragment: Bit,
        /// It is none of the parts behind the first.
        begins: Bit,
        /// Time to live.
        ttl: U<8>,
        /// Protocol.
        protocol: U<8>,
        /// Header checksum.
        checksum: U<16>,
        /// Source.
        src: U<32>,
        /// Destination.
        dst: U<32>,
    }
}

/// Reads the header at the start of `window`.
pub fn fields(window: U<WINDOW_BITS>, room: Room) -> Ipv4 {
    let words: U<4> = window.at_bits(0, 4);
    let total_length: U<16> = window.at(2);
    // Two bits, the second of which is DF, then MF, then 13 bits of offset.
    let (more, offset) = (window.at_bits::<1>(6, 2), window.at_bits::<13>(6, 3));
    let header: U<16> = cat!(k::<10>(0), words, k::<2>(0));
    wire!(
        good = window.at_bits::<4>(0, 0).eq(4)
            & words.ge(5)
            & room.bytes.ge(20)
            & room.bytes.ge(header)
            & total_length.ge(header)
            & total_length.le(room.bytes)
    );
    Ipv4 {
        good,
        words,
        payload: total_length - header,
        tos: window.at(1),
        id: window.at(4),
        fragment: more | offset.any(),
        begins: !offset.any(),
        ttl: window.at(8),
        protocol: window.at(9),
        checksum: window.at(10),
        src: window.at(12),
        dst: window.at(16),
    }
}
