//! `counter_*`: what the card counts. The card writes these, the host reads them; they wrap.
use super::{Lookup, TableSpec};
use crate::bits::Record;
use crate::record::record;

record! {
    /// How many packets and bytes?
    pub struct TrafficCounter (traffic_counter) {
        /// Packets.
        packets: u64 = 40,
        /// Bytes of those packets, without FCS.
        bytes: u64 = 48,
    }
}

record! {
    /// How many packets and bytes of this flow? Narrow, so that a row is one word of an UltraRAM: packets wrap after 29 s of
    /// back-to-back 64-byte frames at 100 Gbit/s, bytes after 88 s; the host reads in time and keeps the sums.
    pub struct FlowCounter (flow_counter) {
        /// Packets.
        packets: u64 = 32,
        /// Bytes of those packets, without FCS.
        bytes: u64 = 40,
    }
}

record! {
    /// How many packets of this interface ended with this reason? Row: interface, then 7 bits of outcome code.
    pub struct OutcomeCounter (outcome_counter) {
        /// Packets.
        packets: u64 = 36,
    }
}

const fn traffic(id: u32, name: &'static str) -> TableSpec {
    TableSpec {
        id,
        name,
        doc: TrafficCounter::DOC,
        lookup: Lookup::Counter,
        entry_width: TrafficCounter::WIDTH,
        entry: TrafficCounter::SPEC,
    }
}

pub(super) const RX: TableSpec = traffic(11, "counter_rx");
pub(super) const TX: TableSpec = traffic(12, "counter_tx");
pub(super) const OUTCOME: TableSpec = TableSpec {
    id: 13,
    name: "counter_outcome",
    doc: OutcomeCounter::DOC,
    lookup: Lookup::Counter,
    entry_width: OutcomeCounter::WIDTH,
    entry: OutcomeCounter::SPEC,
};
pub(super) const FLOW: TableSpec = TableSpec {
    id: 14,
    name: "counter_flow",
    doc: FlowCounter::DOC,
    lookup: Lookup::Counter,
    entry_width: FlowCounter::WIDTH,
    entry: FlowCounter::SPEC,
};
