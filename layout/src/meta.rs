//! What one stage tells the next: one record a stage, named after it, all within [`Meta`].
//!
//! ```text
//!  gather   s1_parse  s2_classify  s3_decap  s4_inner  s5_bridge  s6_route  s7_nexthop  s8_flow  s9_rewrite  s10_encap
//!  arrival  parse     classify     decap     inner     bridge     route     nexthop     flow     rewrite     edit
//! ```
//! A record holds the value its stage wrote from there to the end. `verdict` is the one field that every stage may
//! change, and only from `Continue`, with one exception that `s8_flow` explains.

use crate::reason::VerdictBits;
use crate::record::{code, record};
use crate::shim::InjectCommand;
use crate::tables::{NexthopEntry, TunnelKind, VifEntry};

/// Bytes at the start of a packet that the stages can see: outer Ethernet 14 + VLAN 4 + IPv4 60 + GRE 12 + MPLS 4,
/// then inner Ethernet 14 + VLAN 4 + IPv4 60 + TCP 20 = 192; with IPv6 in IPv6: 18 + 40 + GRE 12 + MPLS 4, then 18 + 40 +
/// extension headers 32 + 16 = 180.
pub const WINDOW_BYTES: usize = 192;
/// Longest header that can be put in front of a packet: Ethernet 14 + VLAN 4 + IPv6 40 + UDP 8 + VXLAN 8 + inner
/// Ethernet 14 = 88, in whole 32-byte units.
pub const HEADER_BYTES: usize = 96;
/// IPv6 extension headers that the card reads over to find the ports, one behind the other at most (hop-by-hop options 0,
/// routing 43, destination options 60; a fragment header 44 ends the search).
pub const EXTENSION_HEADERS: usize = 2;
/// Bytes that these may take together.
pub const EXTENSION_BYTES: usize = 32;
/// Bytes on the bus in one clock.
pub const BEAT_BYTES: usize = 64;

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
        tunnel: TunnelKind = 2,
        /// MPLS label or VNI.
        label: u32 = 24,
        /// MPLS time to live.
        label_ttl: u8 = 8,
        /// MPLS bottom of stack, or VXLAN I bit: the label counts.
        label_valid: bool = 1,
        /// Where the tenant's packet starts, bytes.
        offset: u8 = 8,
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
        /// Where the IP header starts, bytes from the start of the whole packet.
        l3_offset: u8 = 8,
        /// A well-formed IPv4 header.
        ipv4: bool = 1,
        /// A well-formed IPv6 header.
        ipv6: bool = 1,
        /// Part of a packet, the first part too.
        fragment: bool = 1,
        /// IPv6: the upper-layer header is behind more extension headers than the card reads, or behind one that it does
        /// not know (see [`EXTENSION_HEADERS`]); protocol and ports are not known.
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
        /// IP source, most significant byte first; an IPv4 address in the low 32 bits.
        src: u128 = 128,
        /// IP destination.
        dst: u128 = 128,
        /// Source port as flow keys have it: TCP, UDP, SCTP port; ICMP echo identifier; else 0.
        src_port: u16 = 16,
        /// Destination port as flow keys have it: TCP, UDP, SCTP port; ICMP type where it is no echo; else 0.
        dst_port: u16 = 16,
    }
}

record! {
    /// Written by `s5_bridge`: bridged or routed.
    pub struct Bridge (bridge) {
        /// The packet is routed or delivered as IP; otherwise its frame is bridged.
        l3: bool = 1,
        /// Its flow comes before everything that follows, so `s8_flow` may overrule the stages between.
        flow_first: bool = 1,
        /// Nexthop of the frame.
        nexthop: u32 = 20,
        /// Label or VNI for it.
        label: u32 = 24,
    }
}

record! {
    /// Written by `s6_route`: the nexthop, whoever found it.
    pub struct Route (route) {
        /// A route was looked up.
        routed: bool = 1,
        /// The nexthop from label, MAC or route.
        nexthop: u32 = 20,
        /// Label or VNI for it.
        label: u32 = 24,
    }
}

record! {
    /// Written by `s8_flow`: the flow.
    pub struct Flow (flow) {
        /// A flow was looked up.
        looked_up: bool = 1,
        /// It was found: its counters rise.
        hit: bool = 1,
        /// Its id.
        flow_id: u32 = 20,
        /// K(nh) that was used.
        nexthop: u32 = 20,
    }
}

record! {
    /// Written by `s9_rewrite`: what changes within the packet.
    pub struct Rewrite (rewrite) {
        /// TTL and checksum are replaced: of an IPv4 packet. The peer leaves the hop limit of IPv6 as it is.
        decrement: bool = 1,
        /// The TTL to send: of the packet and of its MPLS header.
        ttl: u8 = 8,
        /// The IPv4 header checksum that goes with it.
        checksum: u16 = 16,
        /// Bytes of the packet that leave, without new headers.
        payload: u16 = 16,
        /// UDP source port of the tunnel, the same for all packets of a flow.
        entropy: u16 = 16,
    }
}

code! {
    /// Which headers `s10_encap` puts in front.
    pub enum HeaderKind: 3 {
        /// None: the frame leaves as it is.
        Bare = 0;
        /// Ethernet.
        Ethernet = 1;
        /// Ethernet, IPv4 or IPv6, GRE, MPLS.
        MplsGre = 2;
        /// Ethernet, IPv4 or IPv6, UDP, MPLS.
        MplsUdp = 3;
        /// Ethernet, IPv4 or IPv6, UDP, VXLAN.
        Vxlan = 4;
        /// Ethernet, IPv4 or IPv6, UDP, VXLAN, Ethernet.
        VxlanRouted = 5;
        /// The punt shim.
        Shim = 6;
    }
}

record! {
    /// Written by `s10_encap`: what `deliver` does with the bytes that wait in the packet buffer.
    pub struct Edit (edit) {
        /// The bytes end here.
        drop: bool = 1,
        /// Outgoing port.
        port: u16 = 10,
        /// Outgoing interface, for its counters.
        vif: u16 = 13,
        /// Bytes taken off the front.
        strip: u8 = 8,
        /// TTL and checksum behind the strip are replaced by those of `rewrite`: the packet starts with IPv4 there.
        patch: bool = 1,
        /// What kind of header is put in front.
        kind: HeaderKind = 3,
        /// Its bytes.
        add: u8 = 8,
        /// Its text, first byte lowest.
        header: bytes<96> = 768,
        /// Length of the packet that leaves.
        length: u16 = 16,
    }
}

record! {
    /// All that is known of a packet on its way through the stages.
    pub struct Meta (meta) {
        /// How it came.
        arrival: Arrival = record,
        /// Its outermost headers.
        parse: Parse = record,
        /// Whose it is.
        classify: Classify = record,
        /// Out of which tunnel.
        decap: Decap = record,
        /// Its own headers.
        inner: Inner = record,
        /// Bridged or routed.
        bridge: Bridge = record,
        /// To which nexthop.
        route: Route = record,
        /// That nexthop.
        nexthop: NexthopEntry = record,
        /// In which flow.
        flow: Flow = record,
        /// What changes.
        rewrite: Rewrite = record,
        /// The decision.
        verdict: VerdictBits = record,
    }
}

const _: () =
    assert!(HEADER_BYTES == 96 && <Edit as crate::bits::Record>::WIDTH > 8 * HEADER_BYTES);

/// The stages, in order, each with the field of [`Meta`] that it writes.
pub const STAGES: &[(&str, &str)] = &[
    ("gather", "arrival"),
    ("s1_parse", "parse"),
    ("s2_classify", "classify"),
    ("s3_decap", "decap"),
    ("s4_inner", "inner"),
    ("s5_bridge", "bridge"),
    ("s6_route", "route"),
    ("s7_nexthop", "nexthop"),
    ("s8_flow", "flow"),
    ("s9_rewrite", "rewrite"),
    ("s10_encap", "edit"),
];
