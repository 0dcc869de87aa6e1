//! `flow`: the flows; a row holds two IPv4 entries or one IPv6 entry.
//!
//! ```text
//!   row 360 bits:  | slot 1: FlowEntry 180 bits | slot 0: FlowEntry 180 bits |   four ways, one row of each is read at once
//!                  |                FlowEntry6 360 bits                      |
//!                                                                   1 0
//!                                                  both start with | v6 | valid |
//! ```
//! Slot 1 holds an entry only where `v6` of slot 0 is clear; of an IPv6 entry it is the upper half. The family is part
//! of both keys, and the short key is the start of the long one, so that one hash serves both.
use super::{table, Lookup, Wide, WAYS};
use crate::bits::Record;
use crate::record::{code, record};

code! {
    /// What is done with the packets of a flow.
    pub enum FlowAction: 2 {
        /// They end here.
        Drop = 0;
        /// They wait for the slow path's decision.
        Hold = 1;
        /// They go on.
        Forward = 2;
        /// They go on as their row of table `onward` says: other addresses, ports, VRF or nexthop.
        Onward = 3;
    }
}

record! {
    /// What is looked up of an IPv4 packet.
    pub struct FlowKey (flow_key) {
        /// IPv6; false here.
        v6: bool = 1,
        /// K(nh): whose packets these are.
        nexthop: u32 = 20,
        /// IP protocol.
        protocol: u8 = 8,
        /// Source port; ICMP echo: the identifier; other ICMP: 0. Of an ICMP error, like all of the key, what the answer to
        /// the quoted packet would have. 0 where a fat flow leaves it out.
        src_port: u16 = 16,
        /// Destination port; ICMP echo: 0; other ICMP: the type.
        dst_port: u16 = 16,
        /// Source address, most significant byte first; as much of it as a fat flow keeps.
        src: u32 = 32,
        /// Destination address.
        dst: u32 = 32,
    }
}

record! {
    /// What is looked up of an IPv6 packet.
    pub struct FlowKey6 (flow_key6) {
        /// IPv6; true here.
        v6: bool = 1,
        /// K(nh): whose packets these are.
        nexthop: u32 = 20,
        /// Upper-layer protocol, behind the extension headers.
        protocol: u8 = 8,
        /// Source port; ICMPv6 echo: the identifier; other ICMPv6: 0.
        src_port: u16 = 16,
        /// Destination port; ICMPv6 echo: 129, the type of a reply; other ICMPv6: the type.
        dst_port: u16 = 16,
        /// Bits 31..0 of the source address.
        src_low: u32 = 32,
        /// Bits 31..0 of the destination address.
        dst_low: u32 = 32,
        /// Bits 127..32 of the source address.
        src_high: u128 = 96,
        /// Bits 127..32 of the destination address.
        dst_high: u128 = 96,
    }
}

impl FlowKey6 {
    /// The key with these addresses, most significant byte first.
    pub fn between(self, src: u128, dst: u128) -> Self {
        FlowKey6 {
            v6: true,
            src_low: src as u32,
            dst_low: dst as u32,
            src_high: src >> 32,
            dst_high: dst >> 32,
            ..self
        }
    }

    /// The source address, most significant byte first.
    pub fn src(&self) -> u128 {
        self.src_high << 32 | u128::from(self.src_low)
    }

    /// The destination address.
    pub fn dst(&self) -> u128 {
        self.dst_high << 32 | u128::from(self.dst_low)
    }
}

record! {
    /// What is done with the packets of this flow, and where must they come from?
    pub struct FlowEntry (flow_entry) {
        /// The entry is in use.
        valid: bool = 1,
        /// What is looked up.
        key: FlowKey = record,
        /// What is done.
        action: FlowAction = 2,
        /// The flow's place in `counter_flow`; it stays when the entry moves. Bit 0 says which of the pair it is, 0 the one
        /// that began; the rest is the pair's place in `tcp` and `age`.
        flow_id: u32 = 20,
        /// S(nh): the source check, an index of table `source`; 0: none. With action `Onward` an index of table `onward`,
        /// which holds the source check.
        source: u32 = 16,
        /// Packets from elsewhere than `source` go to the slow path instead of being dropped: the source is one of several.
        source_moves: bool = 1,
        /// How often the pair's place was used, 1 to 7; what `tcp` and `age` hold of another generation is not this flow's.
        generation: u8 = 3,
        /// Kept for what later features store; zero.
        spare: u16 = 12,
    }
}

record! {
    /// What is done with the packets of this IPv6 flow, and where must they come from?
    pub struct FlowEntry6 (flow_entry6) {
        /// The entry is in use.
        valid: bool = 1,
        /// What is looked up.
        key: FlowKey6 = record,
        /// What is done.
        action: FlowAction = 2,
        /// The flow's place in `counter_flow`; it stays when the entry moves. Bit 0 says which of the pair it is, 0 the one
        /// that began; the rest is the pair's place in `tcp` and `age`.
        flow_id: u32 = 20,
        /// S(nh): the source check, an index of table `source`; 0: none. With action `Onward` an index of table `onward`,
        /// which holds the source check.
        source: u32 = 16,
        /// Packets from elsewhere than `source` go to the slow path instead of being dropped: the source is one of several.
        source_moves: bool = 1,
        /// How often the pair's place was used, 1 to 7; what `tcp` and `age` hold of another generation is not this flow's.
        generation: u8 = 3,
    }
}
table!(
    FlowEntry,
    9,
    "flow",
    Lookup::Exact {
        ways: WAYS,
        slots: 2,
        key_width: FlowKey::WIDTH,
        wide: Some(Wide {
            entry_width: FlowEntry6::WIDTH,
            entry: FlowEntry6::SPEC,
            key_width: FlowKey6::WIDTH,
        }),
    }
);

const _: () = assert!(
    FlowEntry6::WIDTH == 2 * FlowEntry::WIDTH && super::MAX_KEY_BITS >= FlowKey6::WIDTH,
    "an IPv6 entry takes exactly a row"
);
