//! `flow`: the flows, two IPv4 entries to a row.
//!
//! ```text
//!   row 432 bits:  | slot 1: 216 bits | slot 0: 216 bits |      four ways, one row of each is read at once
//! ```
use super::{table, Lookup, WAYS};
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
        /// They go on with other addresses or ports.
        Nat = 3;
    }
}

record! {
    /// What is looked up.
    pub struct FlowKey (flow_key) {
        /// K(nh): whose packets these are.
        nexthop: u32 = 20,
        /// IP protocol.
        protocol: u8 = 8,
        /// Source port; ICMP echo: the identifier; other ICMP: 0.
        src_port: u16 = 16,
        /// Destination port; ICMP echo: 0; other ICMP: the type.
        dst_port: u16 = 16,
        /// Source address, most significant byte first.
        src: u32 = 32,
        /// Destination address.
        dst: u32 = 32,
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
        /// The flow's place in `counter_flow`. It stays when the entry moves.
        flow_id: u32 = 20,
        /// S(nh): the source check, an index of table `source`; 0: none.
        source: u32 = 20,
        /// Kept for what later features store; zero.
        spare: u64 = 49,
    }
}
table!(
    FlowEntry,
    9,
    "flow",
    Lookup::Exact {
        ways: WAYS,
        slots: 2,
        key_width: FlowKey::WIDTH
    }
);
