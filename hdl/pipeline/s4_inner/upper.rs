//! What is behind the tenant's IP header: the protocol, and the ports as flow keys have them.
//!
//! ```text
//!   clock 0: the first 8 bytes, what kind of header they are       1: ports, is it long enough?
//!
//!   TCP, UDP, SCTP   | source port | destination port | ..
//!   ICMP, ICMPv6     | type | code | checksum | identifier of an echo | ..
//!   IPv6 fragment    | protocol | ..                                        no ports
//! ```

use crate::pipeline::ip::{self, Ip};
use crate::pipeline::ipv6::{self, Walk};
use crate::pipeline::s1_parse::{ICMP, ICMP6, SCTP, TCP, UDP};
use underpass_wires::{any_of, bundle, cat, first, k, mux, only, wire, Bit, U};

bundle! {
    /// What is behind the headers.
    pub(super) struct Upper {
        /// They are IPv6 headers.
        v6: Bit,
        /// IPv4 protocol, or the last next header.
        protocol: U<8>,
        /// Bytes from there on.
        length: U<16>,
        /// The first of them.
        bytes: U<64>,
        /// A part of a packet.
        fragment: Bit,
        /// The upper layer is out of reach.
        extension: Bit,
        /// An extension header is cut short.
        cut: Bit,
    }

    /// What flows are told apart by.
    pub(super) struct Ports {
        protocol: U<8>,
        src: U<16>,
        dst: U<16>,
        fragment: Bit,
        extension: Bit,
        /// Neighbour discovery, whatever its hop limit.
        neighbor: Bit,
        /// The header is too short to have ports.
        short: Bit,
    }
}

impl Upper {
    /// Behind this header and, in IPv6, behind the extension headers that were read over. Combinational.
    pub fn behind(header: Ip, walk: Walk, window: U<{ ip::WINDOW_BITS }>) -> Upper {
        let walked = walk.end();
        let words_v6: U<5> = cat!(walk.at.ext::<4>() + 5, k::<1>(0));
        let words = mux(header.v6, words_v6, header.words.ext());
        let read: U<16> = only(header.v6, cat!(k::<10>(0), walk.at, k::<3>(0)));
        Upper {
            v6: header.v6,
            protocol: mux(header.v6, walk.next, header.protocol),
            length: header.payload - read,
            bytes: ip::from_word(window, words),
            fragment: mux(header.v6, walked.fragment, header.fragment),
            extension: header.v6 & walked.extension,
            cut: header.v6 & walked.cut,
        }
    }

    /// The ports. Combinational.
    pub fn ports(self) -> Ports {
        let is = |protocol: u32| self.protocol.eq(protocol);
        wire!(whole = !self.fragment & !self.extension);
        wire!(has_ports = whole & any_of(&[is(TCP), is(UDP), is(SCTP)]));
        wire!(icmp = whole & mux(self.v6, is(ICMP6), is(ICMP)));
        let least: [(Bit, U<16>); 4] = [
            (is(TCP), k(20)),
            (is(UDP), k(8)),
            (is(SCTP), k(12)),
            (icmp, k(8)),
        ];
        wire!(short = whole & any_of(&least.map(|(this, bytes)| this & self.length.lt(bytes))));

        let bytes = self.bytes;
        let kind: U<8> = bytes.at(0);
        // Request and reply: 8 and 0 in ICMP (RFC 792), 128 and 129 in ICMPv6 (RFC 4443).
        wire!(
            echo = mux(
                self.v6,
                kind.eq(128) | kind.eq(129),
                kind.eq(8) | kind.eq(0)
            )
        );
        Ports {
            protocol: first(
                &[
                    (self.extension, k(0)),
                    (self.v6 & self.fragment, bytes.at(0)),
                ],
                self.protocol,
            ),
            src: first(
                &[(has_ports, bytes.at(0)), (icmp & echo, bytes.at(4))],
                k(0),
            ),
            dst: first(
                &[(has_ports, bytes.at(2)), (icmp & !echo, kind.ext())],
                k(0),
            ),
            fragment: self.fragment,
            extension: self.extension,
            neighbor: self.v6 & whole & ipv6::discovers_neighbors(self.protocol, kind),
            short,
        }
    }
}
