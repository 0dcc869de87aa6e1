//! An IP header of either family, as the outer and the inner parser read it. Combinational.
//!
//! ```text
//!   clock 0: where it starts, how much room there is       1: the fields of both families       then: what is behind it
//!
//!   words:   0              5 .. 10 .. 15 16 18
//!            | header      |  what is behind it: 5 to 15 behind IPv4, 10 to 18 behind IPv6
//! ```

use super::ipv4::Ipv4;
use super::ipv6::{self, Ipv6};
use underpass_layout::meta::EXTENSION_BYTES;
use underpass_wires::{bundle, first, k, mux, one_of, select, zero, Bit, U};

/// Bytes of a TCP header without options, the longest upper-layer header that is read.
pub const TCP_HEADER: usize = 20;
/// The longest header and a TCP header behind it, bits: IPv6 with extension headers.
pub const WINDOW_BITS: usize = 8 * (ipv6::LENGTH + EXTENSION_BYTES + TCP_HEADER);
/// Words of the longest header.
const MOST_WORDS: usize = (ipv6::LENGTH + EXTENSION_BYTES) / 4;

bundle! {
    /// Of which family a header should be.
    pub struct Family {
        /// The ethertype says IPv4.
        v4: Bit,
        /// It says IPv6.
        v6: Bit,
    }

    /// How many bytes of the frame there are from the header on.
    pub struct Room {
        /// All of them.
        bytes: U<16>,
        /// There are enough for an IPv6 header.
        v6: Bit,
        /// Those behind an IPv6 header.
        behind_v6: U<16>,
    }

    /// A header, all zero where there is none.
    pub struct Ip {
        /// Version, lengths and the room in the frame agree.
        good: Bit,
        /// IPv6.
        v6: Bit,
        /// Header length in 32-bit words, without IPv6 extension headers.
        words: U<4>,
        /// Bytes behind it.
        payload: U<16>,
        /// Type of service, traffic class.
        tos: U<8>,
        /// IPv4 identification.
        id: U<16>,
        /// IPv4: a part of a packet, the first one too.
        fragment: Bit,
        /// IPv4: it is none of the parts behind the first.
        begins: Bit,
        /// Time to live, hop limit.
        ttl: U<8>,
        /// IPv4 protocol, or the next header.
        protocol: U<8>,
        /// IPv4 header checksum.
        checksum: U<16>,
        /// Source, an IPv4 address in the low 32 bits.
        src: U<128>,
        /// Destination.
        dst: U<128>,
    }
}

impl Room {
    /// In a frame of `length` bytes, behind the first start that applies, or the last one.
    pub fn behind(length: U<16>, starts: &[(Bit, usize)], or: usize) -> Room {
        let less = |bytes: usize| -> U<17> {
            let starts: Vec<(Bit, U<17>)> = starts
                .iter()
                .map(|(here, start)| (*here, k(start + bytes)))
                .collect();
            length.ext::<17>() - first(&starts, k(or + bytes))
        };
        let behind_v6 = less(ipv6::LENGTH);
        Room {
            bytes: less(0).trunc(),
            v6: !behind_v6.bit(16),
            behind_v6: behind_v6.trunc(),
        }
    }
}

impl Ip {
    /// The header that both were read for.
    pub fn of(family: Family, v4: Ipv4, v6: Ipv6) -> Ip {
        let four = Ip {
            good: v4.good,
            v6: k(0),
            words: v4.words,
            payload: v4.payload,
            tos: v4.tos,
            id: v4.id,
            fragment: v4.fragment,
            begins: v4.begins,
            ttl: v4.ttl,
            protocol: v4.protocol,
            checksum: v4.checksum,
            src: v4.src.ext(),
            dst: v4.dst.ext(),
        };
        let six = Ip {
            good: v6.good,
            v6: k(1),
            words: k(ipv6::LENGTH / 4),
            payload: v6.payload,
            tos: v6.class,
            ttl: v6.hop_limit,
            protocol: v6.next,
            src: v6.src,
            dst: v6.dst,
            ..zero()
        };
        one_of(&[(family.v4, four), (family.v6, six)])
    }
}

/// Where the bytes behind a header without extension headers start, in words.
pub fn words(window: U<WINDOW_BITS>, family: Family) -> U<4> {
    mux(family.v6, k(ipv6::LENGTH / 4), window.at_bits(0, 4))
}

/// `N` bits from word `words` on, where headers can end.
pub fn from_word<const N: usize, const S: usize>(window: U<WINDOW_BITS>, words: U<S>) -> U<N> {
    let last = MOST_WORDS.min((1 << S) - 1);
    let starts: Vec<U<N>> = (0..=last)
        .map(|words: usize| window.slice(32 * words.max(5)))
        .collect();
    select(words, &starts)
}
