//! What one stage tells the next: one record a stage, named after it, all within [`Meta`].
//!
//! ```text
//!  gather   s1_parse  s2_classify  s3_decap  s4_inner  s5_quoted  s6_bridge  s7_receiver
//!  arrival  parse     classify     decap     inner     quoted     bridge     receiver, route
//!
//!           s8_key    s9_flow      s10_route  s11_nexthop  s12_rewrite  s13_encap
//!           key       flow         route      nexthop      rewrite      edit
//! ```
//! A record holds the value its stage wrote from there to the end. `verdict` is the one field that every stage may
//! change, and only from `Continue`, with one exception that `s9_flow` explains. `route` has two writers: `s7_receiver`
//! for packets whose flow comes after the route, `s10_route` for those whose flow comes first or sends them elsewhere.

use crate::reason::VerdictBits;
use crate::record::{code, record};
use crate::shim::InjectCommand;
use crate::tables::{NexthopEntry, OnwardEntry, TunnelKind, VifEntry};

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
        /// Destination port as flow keys have it: TCP, UDP, SCTP port; 129 of an ICMPv6 echo; ICMP type where it is no echo;
        /// else 0.
        dst_port: u16 = 16,
        /// Type of service of IPv4, traffic class of IPv6.
        tos: u8 = 8,
        /// Where the header of the upper layer starts, bytes from the start of the whole packet; 0 in a fragment, behind
        /// extension headers that the card does not read, and where there is no IP header.
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
    /// Written by `s6_bridge`: bridged or routed.
    pub struct Bridge (bridge) {
        /// The packet is routed or delivered as IP; otherwise its frame is bridged.
        l3: bool = 1,
        /// Its flow comes before everything that follows, so `s9_flow` may overrule the stages between.
        flow_first: bool = 1,
        /// Nexthop of the frame.
        nexthop: u32 = 20,
        /// Label or VNI for it.
        label: u32 = 24,
    }
}

record! {
    /// Written by `s7_receiver`: by whose flow a packet is judged that has not met its flow before its route.
    pub struct Receiver (receiver) {
        /// A flow is looked up: the packet is its VM's (`bridge.flow_first`), or the nexthop asks for it.
        wanted: bool = 1,
        /// K(nh) of that lookup.
        nexthop: u32 = 20,
        /// A packet that finds none passes.
        relaxed: bool = 1,
        /// The VRF of that nexthop; 0 where the flow comes first.
        vrf: u16 = 12,
        /// The rules of fat flows that hold, of `fat_rule` and `fat_exclude`.
        fat_set: u16 = 10,
    }
}

record! {
    /// Written by `s8_key`: what the flow is looked up by, beside K(nh). Zero where no flow is wanted.
    pub struct Key (key) {
        /// IP protocol; of an ICMP error that of the quoted packet.
        protocol: u8 = 8,
        /// Source address; of an ICMP error the destination of the quoted packet. As much of it as a fat flow keeps.
        src: u128 = 128,
        /// Destination address.
        dst: u128 = 128,
        /// Source port, 0 where a fat flow leaves it out.
        src_port: u16 = 16,
        /// Destination port.
        dst_port: u16 = 16,
    }
}

record! {
    /// Written by `s7_receiver` or `s10_route`: the nexthop, whoever found it.
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
    /// Written by `s9_flow`: the flow.
    pub struct Flow (flow) {
        /// A flow was looked up.
        looked_up: bool = 1,
        /// It was found: its counters rise.
        hit: bool = 1,
        /// Its id.
        flow_id: u32 = 20,
        /// K(nh) that was used.
        nexthop: u32 = 20,
        /// The generation in its entry.
        generation: u8 = 3,
        /// Its action is `Onward` and it lets the packet pass: `onward` holds.
        goes_onward: bool = 1,
        /// Its row of `onward`; all zero where `goes_onward` is clear.
        onward: OnwardEntry = record,
    }
}

record! {
    /// What is replaced in the packet, at places counted from the start of the whole packet as it came. All of them are
    /// among its first [`WINDOW_BYTES`].
    pub struct Patch (patch) {
        /// Anything at all.
        on: bool = 1,
        /// The IP header, and the quoted one, are IPv6.
        v6: bool = 1,
        /// Where the IP header starts.
        l3_offset: u8 = 8,
        /// TTL or hop limit is replaced.
        ttl: bool = 1,
        /// By this.
        new_ttl: u8 = 8,
        /// IPv4: the header checksum is replaced by this wherever `on` is set.
        new_checksum: u16 = 16,
        /// The source address is replaced by `new_src`.
        src: bool = 1,
        /// The destination address is replaced by `new_dst`.
        dst: bool = 1,
        /// The new source address.
        new_src: u128 = 128,
        /// The new destination address.
        new_dst: u128 = 128,
        /// Where the upper layer starts: its ports stand there.
        l4_offset: u8 = 8,
        /// The source port is replaced by `new_src_port`.
        src_port: bool = 1,
        /// The destination port is replaced by `new_dst_port`.
        dst_port: bool = 1,
        /// The new source port.
        new_src_port: u16 = 16,
        /// The new destination port.
        new_dst_port: u16 = 16,
        /// The checksum of the upper layer is replaced.
        l4_checksum: bool = 1,
        /// Where it stands.
        l4_checksum_offset: u8 = 8,
        /// By this.
        new_l4_checksum: u16 = 16,
        /// The packet quotes another, whose addresses and ports are replaced the other way round: its destination by
        /// `new_src` where `quoted_dst` is set, its source by `new_dst` where `quoted_src` is set.
        quoted_dst: bool = 1,
        /// See `quoted_dst`.
        quoted_src: bool = 1,
        /// The quoted destination port is replaced by `new_src_port`.
        quoted_dst_port: bool = 1,
        /// The quoted source port is replaced by `new_dst_port`.
        quoted_src_port: bool = 1,
        /// Where the quoted IP header starts.
        quoted_l3_offset: u8 = 8,
        /// Where the quoted upper layer starts.
        quoted_l4_offset: u8 = 8,
        /// IPv4: the quoted header checksum, where a quoted address is replaced.
        new_quoted_checksum: u16 = 16,
    }
}

record! {
    /// Written by `s12_rewrite`: what changes within the packet.
    pub struct Rewrite (rewrite) {
        /// What is replaced. The peer leaves the hop limit of IPv6 as it is.
        patch: Patch = record,
        /// The TTL of an MPLS header in front.
        ttl: u8 = 8,
        /// Bytes of the packet that leave, without new headers.
        payload: u16 = 16,
        /// UDP source port of the tunnel, the same for all packets of a flow.
        entropy: u16 = 16,
    }
}

code! {
    /// Which headers `s13_encap` puts in front.
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
    /// Written by `s13_encap`: what `deliver` does with the bytes that wait in the packet buffer.
    pub struct Edit (edit) {
        /// The bytes end here.
        drop: bool = 1,
        /// Outgoing port.
        port: u16 = 10,
        /// Outgoing interface, for its counters.
        vif: u16 = 13,
        /// Bytes taken off the front.
        strip: u8 = 8,
        /// What is replaced, before anything is taken off.
        patch: Patch = record,
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
        /// The packet that it quotes.
        quoted: Quoted = record,
        /// Bridged or routed.
        bridge: Bridge = record,
        /// Whose flow.
        receiver: Receiver = record,
        /// Its key.
        key: Key = record,
        /// That flow.
        flow: Flow = record,
        /// To which nexthop.
        route: Route = record,
        /// That nexthop.
        nexthop: NexthopEntry = record,
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
    ("s5_quoted", "quoted"),
    ("s6_bridge", "bridge"),
    ("s7_receiver", "receiver"),
    ("s8_key", "key"),
    ("s9_flow", "flow"),
    ("s10_route", "route"),
    ("s11_nexthop", "nexthop"),
    ("s12_rewrite", "rewrite"),
    ("s13_encap", "edit"),
];
