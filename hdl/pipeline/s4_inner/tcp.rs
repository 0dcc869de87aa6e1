//! The TCP fields that a connection is followed by (RFC 9293 section 3.1).
//!
//! ```text
//!  0      2      4          8                  12            13      14       16
//! | ports        | sequence | acknowledgement | data offset | flags | window | checksum
//!
//!   clock 0: fields, bytes behind the header       1: the sequence number of a FIN
//! ```
//! A FIN comes behind the bytes of its segment, so its own number is that of the segment and their count. A SYN would
//! take one more, and a RST is judged by the segment's number, so both keep that.

use crate::pipeline::ip::TCP_HEADER;
use crate::stream::bytes::ones;
use underpass_wires::{bundle, cat, k, mux, only, wire, Bit, U};

bundle! {
    /// The fields, all zero where there is no TCP header.
    pub(super) struct Tcp {
        flags: U<8>,
        /// Sequence number of the segment.
        seq: U<32>,
        ack: U<32>,
        /// FIN without SYN and RST.
        fin: Bit,
        /// Bytes of the segment: less than none where the data offset is wrong, in two's complement.
        segment: U<17>,
    }
}

impl Tcp {
    /// The header at the start of `bytes`, of a packet with `length` bytes from there on. Combinational.
    pub fn of(bytes: U<{ 8 * TCP_HEADER }>, length: U<16>) -> Tcp {
        let flags: U<8> = bytes.at(13);
        // RST, SYN and FIN are the lowest three flags.
        wire!(fin = flags.slice::<3>(0).eq(1));
        let header: U<17> = cat!(k::<11>(0), bytes.at_bits::<4>(12, 0), k::<2>(0));
        Tcp {
            flags,
            seq: bytes.at(4),
            ack: bytes.at(8),
            fin,
            segment: length.ext::<17>() - header,
        }
    }

    /// The sequence number, of a FIN its own. Combinational.
    pub fn seq(self) -> U<32> {
        let sign: U<15> = mux(self.segment.bit(16), ones(), k(0));
        let segment: U<32> = cat!(sign, self.segment);
        self.seq + only(self.fin, segment)
    }
}
