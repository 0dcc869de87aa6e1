//! What is behind the tenant's IP header: the protocol, the ports as flow keys have them, checksum and TCP fields.
//!
//! ```text
//!   clock 0: the first 20 bytes, what kind of header they are      1: ports, is it long enough?
//!
//!            0             2                  4          6          8
//!   TCP      | source port | destination port | sequence number     | acknowledgement .. flags 13 .. checksum 16 ..
//!   UDP      | source port | destination port | length   | checksum |
//!   SCTP     | source port | destination port | ..
//!   ICMP, v6 | type | code | checksum         | identifier of an echo | ..
//! ```
//! A part of a packet has no ports of its own. Where the slow path told them, the rest of the first part is read as if it
//! were the whole.
//!
//! A TCP header that does not lie whole within the window is out of reach, as one behind extension headers that the card
//! does not read: its checksum could not be replaced. It takes IPv4 options or a tag around the tunnel and extension
//! headers within it to get there. So are ports and checksums of the others, which takes the headers of a multicast tree
//! as well.

use super::tcp::Tcp;
use crate::pipeline::ip::{self, Ip};
use crate::pipeline::ipv6::{self, Walked};
use crate::pipeline::s1_parse::{ICMP, ICMP6, SCTP, TCP, UDP};
use underpass_layout::meta::WINDOW_BYTES;
use underpass_wires::{any_of, bundle, cat, first, k, mux, one_of, only, wire, Bit, U};

/// The type of an echo reply in ICMPv6 (RFC 4443), the destination port of every echo's key.
pub(in crate::pipeline) const ECHO_REPLY6: u32 = 129;

bundle! {
    /// What is behind the headers.
    pub(super) struct Upper {
        /// They are IPv6 headers.
        v6: Bit,
        /// IPv4 protocol, or the last next header.
        protocol: U<8>,
        /// There is an IP header.
        ip: Bit,
        /// Where the upper layer starts, bytes from the start of the whole packet.
        offset: U<8>,
        /// Bytes from there on.
        length: U<16>,
        /// The first of them.
        bytes: U<{ 8 * ip::TCP_HEADER }>,
        /// A part of a packet.
        fragment: Bit,
        /// It is none, or it is read as if it were none.
        read: Bit,
        /// The upper layer is out of reach.
        extension: Bit,
        /// An extension header is cut short.
        cut: Bit,
    }

    /// What flows are told apart by, and what changes with it.
    pub(super) struct Ports {
        protocol: U<8>,
        src: U<16>,
        dst: U<16>,
        /// Where the upper layer starts, 0 where it is out of reach.
        offset: U<8>,
        checksum: U<16>,
        tcp: Tcp,
        fragment: Bit,
        extension: Bit,
        /// Neighbour discovery, whatever its hop limit.
        neighbor: Bit,
        /// The header is too short to have ports.
        short: Bit,
    }
}

impl Upper {
    /// Behind this header and, in IPv6, behind the extension headers that were read over. `known`: so are the ports of the
    /// packet, if this is a part of one. Combinational.
    pub fn behind(
        header: Ip,
        walked: Walked,
        known: Bit,
        l3_offset: U<8>,
        window: U<{ ip::WINDOW_BITS }>,
    ) -> Upper {
        let words_v6: U<5> = cat!(walked.at.ext::<4>() + 5, k::<1>(0));
        let words = mux(header.v6, words_v6, header.words.ext());
        let read: U<16> = only(header.v6, cat!(k::<10>(0), walked.at, k::<3>(0)));
        let (whole, first) = mux(
            header.v6,
            (!walked.fragment, walked.opened),
            (!header.fragment, header.begins & known),
        );
        Upper {
            v6: header.v6,
            protocol: mux(header.v6, walked.next, header.protocol),
            ip: header.good,
            offset: l3_offset + cat!(k::<1>(0), words, k::<2>(0)),
            length: header.payload - read,
            bytes: ip::from_word(window, words),
            fragment: !whole,
            read: whole | first,
            extension: header.v6 & walked.extension,
            cut: header.v6 & walked.cut,
        }
    }

    /// The ports. Combinational.
    pub fn ports(self) -> Ports {
        let is = |protocol: u32| self.protocol.eq(protocol);
        wire!(seen = self.read & !self.extension);
        let icmp = mux(self.v6, is(ICMP6), is(ICMP));
        let beyond = |bytes: usize| self.offset.gt(WINDOW_BYTES - bytes);
        wire!(far = is(TCP) & beyond(ip::TCP_HEADER) | (is(UDP) | is(SCTP) | icmp) & beyond(8));
        wire!(whole = seen & !far);
        // A part has ports all the same.
        wire!(extension = self.extension | seen & far & !self.fragment);
        wire!(has_ports = whole & any_of(&[is(TCP), is(UDP), is(SCTP)]));
        wire!(icmp = whole & icmp);
        let least: [(Bit, U<16>); 4] = [
            (is(TCP), k(ip::TCP_HEADER)),
            (is(UDP), k(8)),
            (is(SCTP), k(12)),
            (icmp, k(8)),
        ];
        wire!(short = seen & any_of(&least.map(|(this, bytes)| this & self.length.lt(bytes))));

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
            protocol: only(!extension, self.protocol),
            src: first(
                &[(has_ports, bytes.at(0)), (icmp & echo, bytes.at(4))],
                k(0),
            ),
            dst: first(
                &[
                    (has_ports, bytes.at(2)),
                    (icmp & !echo, kind.ext()),
                    (icmp & self.v6, k(ECHO_REPLY6)),
                ],
                k(0),
            ),
            offset: only(whole & self.ip, self.offset),
            checksum: one_of(&[
                (whole & is(TCP), bytes.at(16)),
                (whole & is(UDP), bytes.at(6)),
                (icmp, bytes.at(2)),
            ]),
            tcp: only(whole & is(TCP), Tcp::of(bytes, self.length)),
            fragment: self.fragment,
            extension,
            neighbor: self.v6
                & whole
                & !self.fragment
                & ipv6::discovers_neighbors(self.protocol, kind),
            short,
        }
    }
}
