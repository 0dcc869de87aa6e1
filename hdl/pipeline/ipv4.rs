//! The IPv4 header (RFC 791), as the outer and the inner parser read it.
//!
//! ```text
//!   clock 0: fixed fields, is it well-formed?          clock 1: the 16 bytes behind the options
//! ```

use underpass_wires::{bundle, cat, k, select, wire, Bit, BundleExt, U};

/// Longest header and the 16 bytes behind it, bits.
pub const WINDOW_BITS: usize = 8 * (60 + 16);

bundle! {
    /// The header's fields.
    pub struct Ipv4 {
        /// Version, lengths and the room in the frame agree.
        good: Bit,
        /// Header length in 32-bit words.
        ihl: U<4>,
        /// Length of header and payload, bytes.
        total_length: U<16>,
        /// Identification.
        id: U<16>,
        /// A part of a packet, the first one too.
        fragment: Bit,
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

/// Reads the header at the start of `window`, of which `room` bytes are in the frame. Combinational.
pub fn fields(window: U<WINDOW_BITS>, room: U<16>) -> Ipv4 {
    let ihl: U<4> = window.at_bits(0, 4);
    let total_length: U<16> = window.at(2);
    let header: U<16> = cat!(k::<10>(0), ihl, k::<2>(0));
    wire!(
        good = window.at_bits::<4>(0, 0).eq(4)
            & ihl.ge(5)
            & room.ge(20)
            & room.ge(header)
            & total_length.ge(header)
            & total_length.le(room)
    );
    Ipv4 {
        good,
        ihl,
        total_length,
        id: window.at(4),
        // The MF bit and the 13 bits of offset; the two above them are reserved and DF.
        fragment: (window.at::<16>(6) & 0x3fff).any(),
        ttl: window.at(8),
        protocol: window.at(9),
        checksum: window.at(10),
        src: window.at(12),
        dst: window.at(16),
    }
}

/// The 16 bytes behind a header of `ihl` words. Combinational.
pub fn payload(window: U<WINDOW_BITS>, ihl: U<4>) -> U<128> {
    let starts: Vec<U<128>> = (0..16)
        .map(|words: usize| window.slice(32 * words.clamp(5, 15)))
        .collect();
    select(ihl, &starts)
}

/// Bytes of payload. Combinational.
pub fn payload_length(header: Ipv4) -> U<16> {
    header.total_length - cat!(k::<10>(0), header.ihl, k::<2>(0))
}

/// The header a clock later.
pub fn later(header: Ipv4, name: &str) -> Ipv4 {
    header.reg(name)
}
