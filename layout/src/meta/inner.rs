//! The tenant's own headers.

use crate::record::{code, record};

code! {
    /// Whether a frame is ARP.
    pub enum ArpKind: 2 {
        /// It is not.
        None = 0;
        /// Cut short, not for IPv4 over Ethernet, or behind a tag that names no VLAN.
        Malformed = 1;
        /// It asks for an address.
        Request = 2;
        /// It answers, or does what nobody asks of a router.
        Other = 3;
    }
}

record! {
    /// Written by `s4_inner`: the tenant's own headers.
    pub struct Inner (inner) {
        /// Destination MAC, first byte most significant; 0 where there is no Ethernet header.
        dst_mac: u64 = 48,
        /// Source MAC.
        src_mac: u64 = 48,
        /// Ethertype, behind a VLAN tag if there is one; by the IP version where there is no Ethernet header.
        ethertype: u16 = 16,
        /// There is a VLAN tag.
        tagged: bool = 1,
        /// Its IEEE 802.1p priority.
        priority: u8 = 3,
        /// Where the IP header starts, bytes from the start of the whole packet.
        l3_offset: u8 = 8,
        /// A well-formed IPv4 header.
        ipv4: bool = 1,
        /// A well-formed IPv6 header.
        ipv6: bool = 1,
        /// Part of a packet, the first part too. Its ports are what the slow path knew, if it knew them.
        fragment: bool = 1,
        /// IPv6: the upper-layer header is behind more extension headers than the card reads, or behind one that it does
        /// not know (see `EXTENSION_HEADERS`); protocol and ports are not known.
        extension: bool = 1,
        /// Neighbour discovery: ICMPv6 type 133 to 137 with hop limit 255 (RFC 4861).
        neighbor: bool = 1,
        /// IPv4 protocol, or the IPv6 upper-layer protocol behind the extension headers.
        protocol: u8 = 8,
        /// IPv4 time to live, IPv6 hop limit.
        ttl: u8 = 8,
        /// IPv4 identification.
        id: u16 = 16,
        /// IPv4 header checksum.
        checksum: u16 = 16,
        /// IP source, most significant byte first; an IPv4 address in the low 32 bits. Of ARP the sender's address.
        src: u128 = 128,
        /// IP destination. Of ARP the address that is asked for, or that the answer is for.
        dst: u128 = 128,
        /// Whether it is ARP.
        arp: ArpKind = 2,
        /// Of well-formed ARP: the MAC that its sender says to have.
        arp_mac: u64 = 48,
        /// Source port as flow keys have it: TCP, UDP, SCTP port; ICMP echo identifier; else 0.
        src_port: u16 = 16,
        /// Destination port as flow keys have it: TCP, UDP, SCTP port; 129 of an ICMPv6 echo; ICMP type where it is no echo;
        /// else 0.
        dst_port: u16 = 16,
        /// Type of service of IPv4, traffic class of IPv6.
        tos: u8 = 8,
        /// Where the header of the upper layer starts, bytes from the start of the whole packet; 0 in a fragment, behind
        /// extension headers that the card does not read, and where there is no IP header. In the first part of a packet
        /// whose ports are known it counts as if that were whole.
        l4_offset: u8 = 8,
        /// Checksum of TCP, UDP or ICMP; else 0.
        l4_checksum: u16 = 16,
        /// TCP flags, byte 13 of its header: FIN 1, SYN 2, RST 4, ACK 16 (RFC 9293 section 3.1); else 0.
        tcp_flags: u8 = 8,
        /// TCP sequence number, of a FIN without SYN or RST that of the FIN itself: behind the bytes it comes with.
        tcp_seq: u32 = 32,
        /// TCP acknowledgement number.
        tcp_ack: u32 = 32,
    }
}

record! {
    /// Written by `s5_quoted`: the packet that an ICMP error is about. Errors are types 3 and 11 of ICMP and types below 128
    /// of ICMPv6.
    pub struct Quoted (quoted) {
        /// The tenant's packet is an ICMP error. All else is zero where it is none, or where `unreadable` or `nested` is set.
        error: bool = 1,
        /// What it quotes is no IP header of its family with eight bytes behind it within the packet and within the bytes
        /// that the card sees.
        unreadable: bool = 1,
        /// It quotes an ICMP error.
        nested: bool = 1,
        /// IP protocol of the quoted packet; of IPv6 the next header right behind the IPv6 header.
        protocol: u8 = 8,
        /// Source of the quoted packet, as in [`Inner`].
        src: u128 = 128,
        /// Destination of the quoted packet.
        dst: u128 = 128,
        /// Source port of the quoted packet as flow keys have it.
        src_port: u16 = 16,
        /// Destination port of the quoted packet.
        dst_port: u16 = 16,
        /// IPv4 header checksum of the quoted packet.
        checksum: u16 = 16,
        /// Where the quoted IP header starts, bytes from the start of the whole packet.
        l3_offset: u8 = 8,
        /// Where the quoted upper layer starts.
        l4_offset: u8 = 8,
    }
}

record! {
    /// Written by `s5_quoted`: what a TCP packet with SYN announces.
    pub struct Syn (syn) {
        /// Where its maximum segment size stands, bytes from the start of the whole packet; 0: it announces none, or one behind
        /// more than `SYN_OPTIONS` options, or outside the bytes that the card sees.
        offset: u8 = 8,
        /// That size.
        mss: u16 = 16,
    }
}
