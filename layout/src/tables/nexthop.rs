//! `nexthop`: what is done with a packet on its way out.
use super::{table, Lookup};
use crate::record::{code, record};

code! {
    /// What a nexthop does.
    pub enum NexthopKind: 4 {
        /// Drops.
        Discard = 0;
        /// Delivers to an interface: a routed packet behind a new Ethernet header, a bridged frame as it is.
        Encap = 1;
        /// Sends through a tunnel.
        Tunnel = 2;
        /// Hands the packet to this node: gateway and service addresses.
        Receive = 3;
        /// The frame is addressed to the router itself: route it.
        L2Receive = 4;
        /// A tunnel whose underlay next hop has no MAC yet.
        Resolve = 5;
        /// One of several: the one that the flow names (see `onward`), else one chosen by a hash of the packet (see `group`).
        Ecmp = 6;
        /// All of several: a copy to each of its members, by going round (see `group`).
        List = 7;
        /// Looked up again in another VRF, by going round.
        Translate = 8;
    }
}

code! {
    /// How a tunnel wraps a packet.
    pub enum TunnelKind: 3 {
        /// Not at all.
        None = 0;
        /// MPLS over GRE (RFC 4023).
        MplsGre = 1;
        /// MPLS over UDP (RFC 7510).
        MplsUdp = 2;
        /// VXLAN (RFC 7348).
        Vxlan = 3;
        /// NVGRE (RFC 7637).
        Nvgre = 4;
        /// STT (draft-davie-stt-08), which the slow path takes off.
        Stt = 5;
    }
}

record! {
    /// What is done with the packet on its way out?
    pub struct NexthopEntry (nexthop_entry) {
        /// The nexthop exists.
        valid: bool = 1,
        /// What it does.
        kind: NexthopKind = 4,
        /// Packets that had no flow lookup yet need one here (peer flag POLICY).
        policy: bool = 1,
        /// A packet that finds no flow here passes, and none is set up (peer flags RELAXED_POLICY, FLOW_LOOKUP).
        relaxed: bool = 1,
        /// It carries Ethernet frames as they are (peer family bridge), not routed packets.
        bridge: bool = 1,
        /// Outgoing interface.
        vif: u16 = 13,
        /// The port of `vif`.
        port: u16 = 10,
        /// K(nh) of a flow lookup made here: the nexthop id of the interface behind it; of an ECMP nexthop its own.
        flow_nexthop: u32 = 20,
        /// The VRF of what is behind it; a flow's translation to this VRF changes nothing. Of kind `Translate` the VRF to look
        /// up in.
        vrf: u16 = 12,
        /// The rules of fat flows of the interface behind it, of an ECMP nexthop those of the first member that is here.
        fat_set: u16 = 10,
        /// Destination MAC of the new Ethernet header, first byte most significant.
        dst_mac: u64 = 48,
        /// Source MAC of the new Ethernet header.
        src_mac: u64 = 48,
        /// How the tunnel wraps.
        tunnel: TunnelKind = 3,
        /// Tunnel: its addresses are IPv6.
        tunnel_v6: bool = 1,
        /// Tunnel: our address; an IPv4 address in the low 32 bits.
        tunnel_src: u128 = 128,
        /// Tunnel: the other end's address.
        tunnel_dst: u128 = 128,
        /// VXLAN with routed payload: `router_mac` and `src_mac` make the inner Ethernet header.
        l3_vxlan: bool = 1,
        /// The other end's router MAC.
        router_mac: u64 = 48,
        /// Longest IP packet that the outgoing interface carries, bytes; 0: no limit.
        mtu: u16 = 14,
        /// Tunnel: the type of service of the tenant's packet is copied out. An option, the peer leaves it zero.
        copy_tos: bool = 1,
        /// What its interface is sent is mirrored first, by this row of `mirror`; 0: not.
        mirror: u16 = 10,
        /// A leaf may send to it, where leaves of an E-tree may not send to each other (MEF 6.1.1; peer flag ETREE_ROOT).
        etree_root: bool = 1,
    }
}
table!(NexthopEntry, 8, "nexthop", Lookup::Direct);
