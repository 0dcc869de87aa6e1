//! `vif`: the interfaces.
use super::{table, Lookup};
use crate::record::{code, record};

code! {
    /// What is behind an interface.
    pub enum VifKind: 2 {
        /// The underlay.
        Fabric = 0;
        /// The host's own network stack.
        Host = 1;
        /// The slow path.
        Agent = 2;
        /// A tenant.
        Vm = 3;
    }
}

code! {
    /// Which ARP requests of an interface are answered.
    pub enum VifArp: 2 {
        /// As the routes say.
        Routes = 0;
        /// All, with its router MAC (peer flag Proxy).
        Proxy = 1;
        /// Of those that the routes let answer, the ones for this node's own addresses; the others end (peer flag Mnp).
        Gateway = 2;
    }
}

record! {
    /// What is behind an interface, and whose network is it in?
    pub struct VifEntry (vif_entry) {
        /// The interface exists.
        valid: bool = 1,
        /// What is behind it.
        kind: VifKind = 2,
        /// Its packets need a flow (peer flag P).
        policy: bool = 1,
        /// DHCP of its VM goes to the slow path (peer flag D).
        dhcp: bool = 1,
        /// Other traffic goes straight to `cross_vif` (peer flag X): fabric to host and back.
        cross_connect: bool = 1,
        /// The other end of the cross-connect.
        cross_vif: u16 = 13,
        /// The port of `cross_vif`.
        cross_port: u16 = 10,
        /// The VRF of its packets.
        vrf: u16 = 12,
        /// The nexthop that leads to it, which is K(nh) in the flow keys of its packets.
        nexthop: u32 = 20,
        /// Fabric: the address at which our tunnels end, most significant byte first; an IPv4 address in the low 32 bits.
        address: u128 = 128,
        /// Fabric: that address is IPv6.
        address_v6: bool = 1,
        /// The rules of its fat flows, a set of `fat_rule` and `fat_exclude`; 0: none.
        fat_set: u16 = 10,
        /// Without policy: the route to a packet's source must lead to this interface's `nexthop`. An option, the peer
        /// checks sources in flows alone.
        check_source: bool = 1,
        /// The source MAC of its frames must be `mac`. An option.
        check_mac: bool = 1,
        /// The MAC of its VM, first byte most significant.
        mac: u64 = 48,
        /// The hop limit of IPv6 goes down where the TTL of IPv4 does. An option, the peer leaves it.
        hop_limit: bool = 1,
        /// What it sends is mirrored before anything else, by this row of `mirror`; 0: not.
        mirror: u16 = 10,
        /// Frames to unknown MACs are flooded (peer flag Uuf).
        flood_unknown: bool = 1,
        /// Source MACs are learnt (peer flag L); leaves of an E-tree may not send to each other.
        learn: bool = 1,
        /// It is a root of its E-tree (peer flag Er).
        etree_root: bool = 1,
        /// IGMP of its VM goes to the slow path, and IPv4 multicast finds its group's own entry (peer flag Ig).
        igmp: bool = 1,
        /// How its packets are marked in tunnels, a map of `qos`; 0: not.
        qos: u8 = 8,
        /// Which ARP requests are answered.
        arp: VifArp = 2,
        /// What answers for the router, and proxied ones, carry, first byte most significant.
        router_mac: u64 = 48,
        /// ARP whose sender's address has no route to this interface's `nexthop`, or whose sender says to have `router_mac`, goes
        /// to the slow path. An option, the peer takes every sender's word.
        check_arp: bool = 1,
    }
}
table!(VifEntry, 1, "vif", Lookup::Direct);
