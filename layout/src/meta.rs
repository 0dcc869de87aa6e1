//! What one stage tells the next: one record a stage, named after it, all within [`Meta`].
//!
//! ```text
//!  gather   s1_parse  s2_classify  s3_decap  s4_inner  s5_quoted    s6_bridge  s7_receiver
//!  arrival  parse     classify     decap     inner     quoted, syn  bridge     receiver, answer, route
//!
//!           s8_key    s9_flow   s10_route  s11_member  s12_nexthop   s13_rewrite  s14_encap
//!           key       flow      route      member      nexthop, qos  rewrite      edit
//! ```
//! A record holds the value its stage wrote from there to the end. `verdict` is the one field that every stage may
//! change, and only from `Continue`, with one exception that `s9_flow` explains. `route` has three writers: `s7_receiver`
//! for packets whose flow comes after the route, `s10_route` for those whose flow comes first or sends them elsewhere, and
//! `s11_member` where the nexthop is one of several.
//!
//! A packet that one pass cannot finish goes round: it leaves by port [`ROUND`](crate::port::ROUND) into a buffer with its
//! [`Errand`], and comes back once for each copy, each time with a [`Round`] that says what is known of it.

use crate::reason::VerdictBits;
use crate::record::{code, record};
use crate::shim::InjectCommand;
use crate::tables::{Leg, NexthopEntry, OnwardEntry, QosEntry, TunnelKind, VifEntry};

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
/// Rounds that change a packet's VRF or deliver a copy to an analyzer, at most; one more is a loop.
pub const ROUND_LIMIT: u8 = 4;
/// Headers within a copy along a multicast tree, in front of the frame: IPv4 20, UDP 8, VXLAN 8.
pub const TREE_BYTES: usize = 36;
/// Bytes of an ARP packet for IPv4 over Ethernet (RFC 826).
pub const ARP_BYTES: usize = 28;
/// Options of a TCP SYN that the card reads over to find its maximum segment size.
pub const SYN_OPTIONS: usize = 6;
/// What a tunnel over IPv4 is taken to add to a routed packet, bytes: the peer's constant, which MPLS over UDP with its 32
/// leaves room in. Over IPv6 it is 20 more.
pub const OVERLAY_BYTES: u16 = 40;
/// Likewise to a packet that goes with an Ethernet header.
pub const OVERLAY_FRAME_BYTES: u16 = 62;

code! {
    /// As what a packet comes, at first or once more.
    pub enum RoundKind: 3 {
        /// From a port, for the first time.
        First = 0;
        /// As it came, once more from the start: what the flags of its `Round` name is done.
        Again = 1;
        /// The tenant's packet, out of its tunnel, to be judged in a VRF or sent by a nexthop.
        Tenant = 2;
        /// The tenant's packet for one member of a list.
        Member = 3;
        /// It leaves as it is.
        Transmit = 4;
        /// The slow path is shown it.
        Punt = 5;
    }
}

record! {
    /// What the slow path found out of a packet in place of the card, and sends along.
    pub struct Known (known) {
        /// Of a fragment: `src_port` and `dst_port` hold, which its first part had.
        ports: bool = 1,
        /// Source port as flow keys have it.
        src_port: u16 = 16,
        /// Destination port as flow keys have it.
        dst_port: u16 = 16,
        /// Where the card has no routes of a VRF, `nexthop` and `label` are what they would say.
        routed: bool = 1,
        /// The nexthop of its route.
        nexthop: u32 = 20,
        /// Label or VNI for it.
        label: u32 = 24,
    }
}

record! {
    /// What a packet that goes round brings back of what was known of it, or one that the slow path injects.
    pub struct Round (round) {
        /// As what it comes; all else is zero for `First`, unless the slow path knew more.
        kind: RoundKind = 3,
        /// What the slow path found out.
        known: Known = record,
        /// Rounds that changed its VRF, or delivered it to an analyzer.
        hops: u8 = 3,
        /// The receiving interface; of `Transmit` the outgoing one.
        vif: u16 = 13,
        /// The receiving port; of `Transmit` the outgoing one.
        port: u16 = 10,
        /// Its receiving interface's mirror has it, and its source MAC was looked at.
        received: bool = 1,
        /// Its flow's mirrors have it.
        flowed: bool = 1,
        /// It has met its flow, or meets none.
        judged: bool = 1,
        /// It is a copy for an analyzer: nobody mirrors it or learns from it.
        quiet: bool = 1,
        /// `Tenant`, `Member`: as [`Decap`], whose fields of these names it becomes.
        tunnelled: bool = 1,
        /// See `tunnelled`.
        frame: bool = 1,
        /// See `tunnelled`.
        vrf: u16 = 12,
        /// See `tunnelled`.
        direct: bool = 1,
        /// See `tunnelled`; of `Member` the list.
        nexthop: u32 = 20,
        /// See `tunnelled`; of `Member` the label or VNI that led to the list.
        label: u32 = 24,
        /// See `tunnelled`.
        flood_unknown: bool = 1,
        /// [`TREE_BYTES`] stand in front of the frame.
        tree: bool = 1,
        /// The tunnel it came through, as [`Parse`].
        tunnel: TunnelKind = 3,
        /// That tunnel's addresses are IPv6.
        outer_v6: bool = 1,
        /// The end that sent it.
        outer_src: u128 = 128,
        /// Its label or VNI.
        outer_label: u32 = 24,
        /// Its MPLS time to live.
        outer_ttl: u8 = 8,
        /// `Member`: where it came from, `Leg::None`: from an interface here.
        origin: Leg = 3,
        /// `Member`: the row of `member`.
        position: u16 = 16,
    }
}

record! {
    /// What becomes of a packet that goes round, in this order: copies for up to three mirrors, one for the slow path,
    /// then itself; or one copy for each member of a list.
    pub struct Errand (errand) {
        /// It goes round.
        on: bool = 1,
        /// The first mirror, a row of `mirror`; 0: none.
        mirror: u16 = 10,
        /// The second mirror; 0: none.
        second: u16 = 10,
        /// The third mirror; 0: none.
        third: u16 = 10,
        /// A copy goes to the slow path.
        learn: bool = 1,
        /// Copies for members, from row `round.position` on; 0: it is no list.
        members: u16 = 12,
        /// UDP source port of copies for analyzers.
        entropy: u16 = 16,
        /// With this it comes back itself, or each of its members' copies does.
        round: Round = record,
    }
}

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
        /// [`TREE_BYTES`] stand in front of the frame, at `offset` - [`TREE_BYTES`].
        tree: bool = 1,
        /// An IPv4 packet for the node itself, from the underlay: the host gets it with one hop less.
        host: bool = 1,
    }
}

code! {
    /// Whether a frame is ARP.
    pub enum ArpKind: 2 {
        /// It is not.
        None = 0;
        /// Cut short, or not for IPv4 over Ethernet.
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
        /// more than [`SYN_OPTIONS`] options, or outside the bytes that the card sees.
        offset: u8 = 8,
        /// That size.
        mss: u16 = 16,
    }
}

code! {
    /// What the route to the address is looked up for that an ARP request asks for.
    pub enum ArpStep: 2 {
        /// Nothing.
        None = 0;
        /// To answer it.
        Query = 1;
        /// To know whether the slow path is shown it: it tells where its sender is, and is flooded.
        Announce = 2;
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
        /// Four zero bytes go in front of the frame.
        control: bool = 1,
        /// The slow path is shown its source MAC.
        learn: bool = 1,
        /// It asks for an address: `nexthop` and `label` are where it is flooded.
        arp: ArpStep = 2,
        /// It can be flooded; without, a request that is not answered ends.
        floods: bool = 1,
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
    /// Written by `s7_receiver`: the answer to an ARP request.
    pub struct Answer (answer) {
        /// It is answered, back to where it came from.
        on: bool = 1,
        /// With this MAC.
        mac: u64 = 48,
        /// It goes its way, and the slow path is shown it.
        shown: bool = 1,
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
    /// Written by `s7_receiver`, `s10_route` or `s11_member`: the nexthop, whoever found it.
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
    /// Written by `s11_member`: which one of several, or that it is for all of them.
    pub struct Member (member) {
        /// It goes round with a copy for each member of a list.
        list: bool = 1,
        /// Rows of `member`.
        count: u16 = 12,
        /// The first of them.
        first: u16 = 16,
        /// Where the packet came from: `Leg::None` from an interface here.
        origin: Leg = 3,
        /// It is the copy for a leg of this kind.
        leg: Leg = 3,
        /// That leg is not for it: this copy is none, and counts nowhere.
        skip: bool = 1,
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
        /// The maximum segment size of a SYN is replaced.
        mss: bool = 1,
        /// Where it stands.
        mss_offset: u8 = 8,
        /// By this.
        new_mss: u16 = 16,
    }
}

record! {
    /// Written by `s13_rewrite`: what changes within the packet.
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
    /// Which headers `s14_encap` puts in front.
    pub enum HeaderKind: 4 {
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
        /// Ethernet, IPv4 or IPv6, GRE with a key.
        Nvgre = 7;
        /// As `MplsGre`, then four zero bytes.
        ControlGre = 8;
        /// As `MplsUdp`, then four zero bytes.
        ControlUdp = 9;
        /// As `ControlGre`, then IPv4, UDP, VXLAN.
        TreeGre = 10;
        /// As `ControlUdp`, then IPv4, UDP, VXLAN.
        TreeUdp = 11;
        /// Ethernet, ARP: the answer to a request.
        Arp = 12;
    }
}

record! {
    /// Written by `s14_encap`: what `deliver` does with the bytes that wait in the packet buffer.
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
        kind: HeaderKind = 4,
        /// Its bytes.
        add: u8 = 8,
        /// Its text, first byte lowest.
        header: bytes<96> = 768,
        /// Length of the packet that leaves.
        length: u16 = 16,
        /// It goes round.
        errand: Errand = record,
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
        /// What it announces.
        syn: Syn = record,
        /// Bridged or routed.
        bridge: Bridge = record,
        /// Whose flow.
        receiver: Receiver = record,
        /// The ARP answer.
        answer: Answer = record,
        /// Its key.
        key: Key = record,
        /// That flow.
        flow: Flow = record,
        /// To which nexthop.
        route: Route = record,
        /// Which one of several.
        member: Member = record,
        /// That nexthop.
        nexthop: NexthopEntry = record,
        /// Its forwarding class.
        qos: QosEntry = record,
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
    ("s11_member", "member"),
    ("s12_nexthop", "nexthop"),
    ("s13_rewrite", "rewrite"),
    ("s14_encap", "edit"),
];
