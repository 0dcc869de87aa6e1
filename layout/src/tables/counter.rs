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
    /// How many packets of this interface ended with this reason? Row: interface, then 7 bits of outcome code.
    pub struct OutcomeCounter (outcome_counter) {
        /// Packets.
        packets: u64 = 40,
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
pub(super) const FLOW: TableSpec = traffic(14, "counter_flow");
