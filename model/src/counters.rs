//! What the card counts, at the end of the stages and in the order of the packets.
//!
//! ```text
//!   rx[vif]            every packet that came from outside, but not from the slow path
//!   outcome[vif][why]  every packet that was dropped or punted
//!   tx[vif]            every packet that left, punts aside
//!   flow[id]           every packet whose flow was found
//! ```
//! What goes round is counted by [`Rounds`](crate::rounds::Rounds), and here once it comes to an end. So the sum over `rx`,
//! with the injected packets and the copies, is the sum over `tx` and `outcome`, with the packets that went round and the
//! copies that were none. What leaves on an interface that
//! the table has no row for is counted in its last row, a flow id beyond the table not at all.

use crate::tables::{checked, counted, RowError};
use underpass_layout::meta::{Edit, Meta, RoundKind};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, FlowCounter, OutcomeCounter, TrafficCounter, TABLES};
use underpass_layout::{FieldSpec, Record, Verdict, OUTCOMES};

/// Every counter. They wrap at the width that the layout gives them.
#[derive(Clone)]
pub struct Counters {
    profile: &'static Profile,
    rx: Vec<TrafficCounter>,
    tx: Vec<TrafficCounter>,
    outcome: Vec<OutcomeCounter>,
    flow: Vec<FlowCounter>,
}

impl Counters {
    /// All zero.
    pub fn new(profile: &'static Profile) -> Self {
        let rows = |id: u32| profile.rows(&TABLES[id as usize]);
        Counters {
            profile,
            rx: vec![TrafficCounter::default(); rows(id::COUNTER_RX)],
            tx: vec![TrafficCounter::default(); rows(id::COUNTER_TX)],
            outcome: vec![OutcomeCounter::default(); rows(id::COUNTER_OUTCOME)],
            flow: vec![FlowCounter::default(); rows(id::COUNTER_FLOW)],
        }
    }

    /// Counts a packet that passed all stages.
    pub fn count(&mut self, meta: &Meta, edit: &Edit) {
        let length = meta.arrival.length;
        if !meta.arrival.injected && meta.arrival.round.kind == RoundKind::First {
            add_traffic(&mut self.rx, meta.classify.vif, length);
        }
        if is_judged(meta, edit) {
            let bytes = length.saturating_sub(meta.decap.offset.into());
            self.add_flow(meta.flow.flow_id as usize, bytes);
        }
        if edit.errand.on || meta.member.skip {
            return;
        }
        let verdict = Verdict::from(meta.verdict);
        match verdict.outcome() {
            Some(code) => {
                let row = usize::from(meta.classify.vif) * OUTCOMES as usize + code as usize;
                if let Some(counter) = self.outcome.get_mut(row) {
                    counter.packets = wrapped(counter.packets + 1, OutcomeCounter::SPEC, 0);
                }
            }
            None => add_traffic(&mut self.tx, edit.vif, edit.length),
        }
    }

    fn add_flow(&mut self, flow_id: usize, bytes: u16) {
        let row = flow_id & (self.flow.len().next_power_of_two() - 1);
        if let Some(counter) = self.flow.get_mut(row) {
            counter.packets = wrapped(counter.packets + 1, FlowCounter::SPEC, 0);
            counter.bytes = wrapped(counter.bytes + u64::from(bytes), FlowCounter::SPEC, 1);
        }
    }

    /// What an interface received.
    pub fn rx(&self, vif: usize) -> TrafficCounter {
        self.rx.get(vif).copied().unwrap_or_default()
    }

    /// What left on an interface.
    pub fn tx(&self, vif: usize) -> TrafficCounter {
        self.tx.get(vif).copied().unwrap_or_default()
    }

    /// How many packets of an interface ended so; 0 for verdicts that are no end.
    pub fn outcome(&self, vif: usize, verdict: Verdict) -> u64 {
        let row = verdict
            .outcome()
            .map(|code| vif * OUTCOMES as usize + code as usize);
        row.and_then(|row| self.outcome.get(row))
            .map_or(0, |counter| counter.packets)
    }

    /// What was counted for a flow id.
    pub fn flow(&self, flow_id: usize) -> FlowCounter {
        self.flow.get(flow_id).copied().unwrap_or_default()
    }

    /// Packets over all interfaces: received, sent, and those that were dropped or punted.
    pub fn totals(&self) -> (u64, u64, u64) {
        let packets = |of: &[TrafficCounter]| of.iter().map(|counter| counter.packets).sum();
        let ended = self.outcome.iter().map(|counter| counter.packets).sum();
        (packets(&self.rx), packets(&self.tx), ended)
    }

    /// A row of a counter table, as the host reads it. None: that table is no counter.
    pub fn read_row(&self, table: u32, address: usize) -> Option<Result<Vec<u32>, RowError>> {
        if !(id::COUNTER_RX..=id::COUNTER_FLOW).contains(&table) {
            return None;
        }
        let found = checked(self.profile, table, address);
        Some(found.map(|(_, row)| match table {
            id::COUNTER_RX => self.rx[row].pack().to_vec(),
            id::COUNTER_TX => self.tx[row].pack().to_vec(),
            id::COUNTER_OUTCOME => self.outcome[row].pack().to_vec(),
            _ => self.flow[row].pack().to_vec(),
        }))
    }
}

/// Has the packet met its flow, and for the last time?
pub(crate) fn is_judged(meta: &Meta, edit: &Edit) -> bool {
    meta.flow.hit && (!edit.errand.on || edit.errand.round.judged)
}

fn add_traffic(counters: &mut [TrafficCounter], vif: u16, bytes: u16) {
    let row = counted(counters.len(), vif);
    let counter = &mut counters[row];
    counter.packets = wrapped(counter.packets + 1, TrafficCounter::SPEC, 0);
    counter.bytes = wrapped(counter.bytes + u64::from(bytes), TrafficCounter::SPEC, 1);
}

/// `value` in the bits of field `field`.
fn wrapped(value: u64, spec: &[FieldSpec], field: usize) -> u64 {
    value & ((1 << spec[field].width) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::profile::{SIM, U250};
    use underpass_layout::{DropReason, PuntReason};

    /// A packet of 94 bytes from interface 3, in flow 9, whose tenant part starts at 46.
    fn packet(verdict: Verdict) -> Meta {
        let mut meta = Meta::default();
        meta.arrival.length = 94;
        meta.classify.vif = 3;
        meta.decap.offset = 46;
        meta.flow.hit = true;
        meta.flow.flow_id = 9;
        meta.verdict = verdict.bits();
        meta
    }

    fn counted(meta: &Meta) -> Counters {
        let mut counters = Counters::new(&SIM);
        let edit = Edit {
            vif: 4,
            length: 62,
            ..Edit::default()
        };
        counters.count(meta, &edit);
        counters
    }

    fn traffic(packets: u64, bytes: u64) -> TrafficCounter {
        TrafficCounter { packets, bytes }
    }

    fn flow(packets: u64, bytes: u64) -> FlowCounter {
        FlowCounter { packets, bytes }
    }

    #[test]
    fn a_packet_that_leaves_is_counted_where_it_came_and_where_it_went() {
        let counters = counted(&packet(Verdict::Deliver));
        assert_eq!(counters.rx(3), traffic(1, 94));
        assert_eq!(counters.tx(4), traffic(1, 62));
        assert_eq!(counters.flow(9), flow(1, 48));
        assert_eq!(counters.totals(), (1, 1, 0));
    }

    #[test]
    fn a_packet_that_ends_is_counted_with_its_reason() {
        for verdict in [
            Verdict::Drop(DropReason::FlowActionDrop),
            Verdict::Punt(PuntReason::FlowMiss),
        ] {
            let counters = counted(&packet(verdict));
            assert_eq!(counters.outcome(3, verdict), 1);
            assert_eq!(counters.totals(), (1, 0, 1));
            let row = 3 * 128 + verdict.outcome().unwrap() as usize;
            let words = counters.read_row(id::COUNTER_OUTCOME, row);
            assert_eq!(words, Some(Ok(vec![1, 0])));
        }
    }

    #[test]
    fn what_the_slow_path_injected_was_not_received() {
        let mut meta = packet(Verdict::Deliver);
        meta.arrival.injected = true;
        assert_eq!(counted(&meta).totals(), (0, 1, 0));
    }

    #[test]
    fn counters_wrap_at_their_width() {
        let mut counters = counted(&packet(Verdict::Deliver));
        counters.rx[3] = traffic((1 << 40) - 1, (1 << 48) - 1);
        let verdict = Verdict::Drop(DropReason::Discard);
        counters.outcome[3 * 128 + 1].packets = (1 << 36) - 1;
        counters.flow[9] = flow(u32::MAX.into(), (1 << 40) - 1);
        counters.count(&packet(verdict), &Edit::default());
        assert_eq!(counters.rx(3), traffic(0, 93));
        assert_eq!(counters.outcome(3, verdict), 0);
        assert_eq!(counters.flow(9), flow(0, 47));
    }

    #[test]
    fn what_is_beyond_the_table_spoils_no_ones_count() {
        let mut counters = Counters::new(&U250);
        let mut meta = packet(Verdict::Deliver);
        meta.flow.flow_id = 0xf_ffff;
        let edit = Edit {
            vif: 0x1fff,
            length: 62,
            ..Edit::default()
        };
        counters.count(&meta, &edit);
        assert_eq!(counters.tx(U250.no_vif()), traffic(1, 62));
        assert!(counters.flow.iter().all(|counter| counter.packets == 0));
        assert_eq!(counters.totals(), (1, 1, 0));
    }

    #[test]
    fn a_row_reads_as_the_layout_has_it() {
        let counters = counted(&packet(Verdict::Deliver));
        let words = counters.read_row(id::COUNTER_RX, 3).unwrap().unwrap();
        assert_eq!(TrafficCounter::unpack(&words), Ok(traffic(1, 94)));
        assert!(counters.read_row(id::COUNTER_RX, 64).unwrap().is_err());
        assert!(counters.read_row(id::VIF, 3).is_none());
    }
}
