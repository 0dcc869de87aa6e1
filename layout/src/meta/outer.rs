//! How a packet came: its port, its outermost headers, its interface, its tunnel.

use super::Round;
use crate::record::record;
use crate::shim::InjectCommand;
use crate::tables::{TunnelKind, VifEntry};

record! {
    /// Written by `gather`: how the packet came.
    pub struct Arrival (arrival) {
        /// Source port.
        port: u16 = 10,
        /// Bytes, without the shim of an injected packet.
        length: u16 = 16,
        /// It came from the slow path: a shim of one beat stood in front.
        injected: bool = 1,
        /// What the slow path wants.
        command: InjectCommand = 2,
        /// The interface named in the shim.
        inject_vif: u16 = 13,
        /// The port named in the shim.
        inject_port: u16 = 10,
        /// What is known of it from earlier rounds.
        round: Round = record,
    }
}

record! {
    /// Written by `s1_parse`: the outermost headers.
    pub struct Parse (parse) {
        /// Shorter than an Ethernet header.
        runt: bool = 1,
        /// The IP or tunnel header is cut short or contradicts itself.
        malformed: bool = 1,
        /// Ethertype, behind a VLAN tag if there is one.
        ethertype: u16 = 16,
        /// `src` and `dst` are IPv6 addresses.
        v6: bool = 1,
        /// Neighbour discovery: ICMPv6 type 133 to 137 right behind the IPv6 header (RFC 4861).
        neighbor: bool = 1,
        /// IP source, most significant byte first; an IPv4 address in the low 32 bits.
        src: u128 = 128,
        /// IP destination.
        dst: u128 = 128,
        /// The tunnel header behind it; none in a fragment, none behind IPv6 extension headers.
        tunnel: TunnelKind = 3,
        /// MPLS label, VNI or virtual subnet.
        label: u32 = 24,
        /// MPLS time to live.
        label_ttl: u8 = 8,
        /// MPLS bottom of stack, or VXLAN I bit, or NVGRE: the label counts.
        label_valid: bool = 1,
        /// Where the tenant's packet starts, bytes.
        offset: u8 = 8,
        /// The four bytes there are zero: a control word, where the label asks for one.
        zeros: bool = 1,
        /// Router alert: the lowest bit of the VXLAN flags, which the peer reads so.
        alert: bool = 1,
        /// An ICMP error (types 3, 11 and 12; of ICMPv6 1 to 4) that quotes a packet of a tunnel: GRE, or UDP to a port of one
        /// of ours.
        about_tunnel: bool = 1,
    }
}

record! {
    /// Written by `s2_classify`: whose packet it is.
    pub struct Classify (classify) {
        /// The receiving interface.
        vif: u16 = 13,
        /// That interface.
        entry: VifEntry = record,
    }
}

record! {
    /// Written by `s3_decap`: the tenant's packet, out of its tunnel.
    pub struct Decap (decap) {
        /// It came through a tunnel of ours.
        tunnelled: bool = 1,
        /// It starts with an Ethernet header, not with an IP header.
        frame: bool = 1,
        /// Where it starts, bytes.
        offset: u8 = 8,
        /// The tenant's VRF.
        vrf: u16 = 12,
        /// The label named the nexthop already.
        direct: bool = 1,
        /// That nexthop.
        nexthop: u32 = 20,
        /// Label or VNI for it, of a packet that goes round.
        label: u32 = 24,
        /// Its frames to unknown MACs are flooded.
        flood_unknown: bool = 1,
        /// Source MACs of its frames are learnt.
        learn: bool = 1,
        /// `TREE_BYTES` stand in front of the frame, at `offset` - `TREE_BYTES`.
        tree: bool = 1,
        /// An IPv4 packet for the node itself, from the underlay: the host gets it with one hop less.
        host: bool = 1,
    }
}
