//! What the tables say: where it goes, and by whose flow.

use crate::record::{code, record};
use crate::tables::{Leg, OnwardEntry};

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
