//! What of a packet changes, and how.
//!
//! ```text
//!   flow                 packet                        the packet that it quotes
//!   SNAT, source port    source, source port           destination, destination port
//!   DNAT, dest. port     destination, dest. port       source, source port
//! ```
//! An error from a router between the ends keeps its own source. Ports change in TCP, UDP and SCTP alone: those of a
//! quoted packet where the packet is an error, its own where it is none. A later fragment has neither ports nor checksum.
//! Of a packet for the host itself the hop counts, nothing else changes.

use super::checksum::{is_zero, of_total};
use super::segment::Segment;
use crate::hardware::{Meta, Patch};
use crate::pipeline::s12_nexthop::counts_as_hop;
use crate::pipeline::s1_parse::{ICMP, ICMP6, SCTP, TCP, UDP};
use crate::stream::bytes::ones;
use underpass_wires::{any_of, bundle, k, mux, one_of, only, wire, zero, Bit, U};

/// Where the checksum is, bytes from the start of the header: TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792, RFC 4443).
const TCP_CHECKSUM: u32 = 16;
const UDP_CHECKSUM: u32 = 6;
const ICMP_CHECKSUM: u32 = 2;

bundle! {
    /// What changes.
    pub(super) struct Change {
        /// TTL or hop limit goes down by one.
        pub ttl: Bit,
        /// Source address.
        pub src: Bit,
        /// Destination address.
        pub dst: Bit,
        /// Source port.
        pub src_port: Bit,
        /// Destination port.
        pub dst_port: Bit,
        /// Quoted source address.
        pub quoted_src: Bit,
        /// Quoted destination address.
        pub quoted_dst: Bit,
        /// Quoted source port.
        pub quoted_src_port: Bit,
        /// Quoted destination port.
        pub quoted_dst_port: Bit,
        /// The upper layer is ICMP over IPv4, whose checksum leaves addresses out.
        pub icmp4: Bit,
        /// It is TCP.
        tcp: Bit,
        /// It is UDP with a checksum.
        udp: Bit,
        /// It is ICMPv6.
        icmp6: Bit,
    }
}

impl Change {
    /// What changes in this packet. Combinational.
    pub fn of(meta: Meta) -> Change {
        let (inner, quoted, onward) = (meta.inner, meta.quoted, meta.flow.onward);
        // The peer leaves the hop limit of IPv6 as it is.
        wire!(counted = inner.ipv4 | (inner.ipv6 & meta.classify.entry.hop_limit));
        wire!(onwards = meta.flow.goes_onward);
        wire!(error = onwards & quoted.error);
        wire!(upper = inner.l4_offset.any());
        wire!(ports = onwards & upper & has_ports(inner.protocol));
        wire!(quoted_ports = error & has_ports(quoted.protocol));
        let is = |protocol: u32| upper & inner.protocol.eq(protocol);
        // RFC 768: none was computed.
        wire!(unsummed = inner.ipv4 & !inner.l4_checksum.any());
        Change {
            ttl: counts_as_hop(meta) & counted | meta.decap.host & inner.ipv4,
            src: onwards & onward.snat & inner.src.eq(meta.key.src),
            dst: onwards & onward.dnat,
            src_port: ports & onward.spat,
            dst_port: ports & onward.dpat,
            quoted_src: error & onward.dnat,
            quoted_dst: error & onward.snat,
            quoted_src_port: quoted_ports & onward.dpat,
            quoted_dst_port: quoted_ports & onward.spat,
            icmp4: inner.ipv4 & is(ICMP),
            tcp: is(TCP),
            udp: is(UDP) & !unsummed,
            icmp6: inner.ipv6 & is(ICMP6),
        }
    }

    /// The patch, with the totals for the checksums of IPv4 header, upper layer and quoted IPv4 header, and with what the
    /// packet announces. Values that nothing asks for are zero. Combinational.
    pub fn patch(self, meta: Meta, totals: [U<17>; 3], segment: Segment) -> Patch {
        let (inner, quoted, onward) = (meta.inner, meta.quoted, meta.flow.onward);
        let [header, upper, quoted_header] = totals.map(of_total);
        wire!(addresses = self.src | self.dst);
        wire!(quoted_addresses = self.quoted_src | self.quoted_dst);
        wire!(ports = self.src_port | self.dst_port);
        wire!(quoted_ports = self.quoted_src_port | self.quoted_dst_port);
        wire!(
            on = any_of(&[
                self.ttl,
                addresses,
                ports,
                quoted_addresses,
                quoted_ports,
                segment.lowered,
            ])
        );
        wire!(quotes = quoted_addresses | quoted_ports);
        wire!(
            l4_checksum = any_of(&[
                (self.tcp | self.udp) & (addresses | ports),
                segment.lowered,
                self.icmp6 & (addresses | quotes),
                self.icmp4 & quoted_ports,
            ])
        );
        let place: U<8> = one_of(&[
            (self.tcp, k(TCP_CHECKSUM)),
            (self.udp, k(UDP_CHECKSUM)),
            (self.icmp4 | self.icmp6, k(ICMP_CHECKSUM)),
        ]);
        // RFC 768: a checksum of zero is sent as its other form, since zero says that there is none.
        wire!(other_form = self.udp & is_zero(totals[1]));
        let upper = mux(other_form, ones(), upper);
        let patch = Patch {
            on,
            v6: on & inner.ipv6,
            l3_offset: only(on, inner.l3_offset),
            ttl: self.ttl,
            new_ttl: only(self.ttl, inner.ttl - 1),
            new_checksum: only(on & inner.ipv4, header),
            src: self.src,
            dst: self.dst,
            new_src: only(self.src | self.quoted_dst, onward.src),
            new_dst: only(self.dst | self.quoted_src, onward.dst),
            l4_offset: only(ports, inner.l4_offset),
            src_port: self.src_port,
            dst_port: self.dst_port,
            new_src_port: only(self.src_port | self.quoted_dst_port, onward.src_port),
            new_dst_port: only(self.dst_port | self.quoted_src_port, onward.dst_port),
            l4_checksum,
            l4_checksum_offset: only(l4_checksum, inner.l4_offset + place),
            new_l4_checksum: only(l4_checksum, upper),
            quoted_dst: self.quoted_dst,
            quoted_src: self.quoted_src,
            quoted_dst_port: self.quoted_dst_port,
            quoted_src_port: self.quoted_src_port,
            quoted_l3_offset: only(quoted_addresses, quoted.l3_offset),
            quoted_l4_offset: only(quoted_ports, quoted.l4_offset),
            new_quoted_checksum: only(quoted_addresses & inner.ipv4, quoted_header),
            ..zero()
        };
        segment.put_in(meta, patch)
    }
}

/// Ports stand at the start of the upper layer's header.
fn has_ports(protocol: U<8>) -> Bit {
    any_of(&[protocol.eq(TCP), protocol.eq(UDP), protocol.eq(SCTP)])
}
