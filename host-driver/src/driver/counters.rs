//! What the card counted, as sums that do not wrap (see `sums`).

use underpass_layout::registers::IN_FLIGHT;
use underpass_layout::tables::{id, FlowCounter, OutcomeCounter, TrafficCounter, TABLES};
use underpass_layout::{DropReason, PuntReason, Record, OUTCOMES, PUNT_BASE};

use super::{Driver, DriverError};
use crate::access::CardAccess;

/// Packets and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets.
    pub packets: u64,
    /// Bytes, without FCS.
    pub bytes: u64,
}

impl<C: CardAccess> Driver<C> {
    /// What an interface received.
    pub fn received(&mut self, vif: usize) -> Result<Traffic, DriverError> {
        self.traffic(id::COUNTER_RX, vif)
    }

    /// What an interface sent.
    pub fn sent(&mut self, vif: usize) -> Result<Traffic, DriverError> {
        self.traffic(id::COUNTER_TX, vif)
    }

    /// What a flow carried.
    pub fn flow(&mut self, flow_id: usize) -> Result<Traffic, DriverError> {
        let table = &TABLES[id::COUNTER_FLOW as usize];
        let words = self.read_row(table, flow_id)?;
        let FlowCounter { packets, bytes } = FlowCounter::unpack(&words)?;
        let [packets, bytes] = self.sums.add(table, flow_id, [packets, bytes]);
        Ok(Traffic { packets, bytes })
    }

    /// Packets of an interface that the card dropped, by reason; reasons that never occurred are absent.
    pub fn drops(&mut self, vif: usize) -> Result<Vec<(DropReason, u64)>, DriverError> {
        self.outcomes(vif, DropReason::ALL, |reason| reason.code())
    }

    /// Packets of an interface that the card handed over, by reason.
    pub fn punts(&mut self, vif: usize) -> Result<Vec<(PuntReason, u64)>, DriverError> {
        self.outcomes(vif, PuntReason::ALL, |reason| PUNT_BASE + reason.code())
    }

    fn outcomes<R: Copy>(
        &mut self,
        vif: usize,
        reasons: &[R],
        code: impl Fn(R) -> u32,
    ) -> Result<Vec<(R, u64)>, DriverError> {
        let mut outcomes = Vec::new();
        for reason in reasons {
            let packets = self.outcome(vif, code(*reason))?;
            if packets > 0 {
                outcomes.push((*reason, packets));
            }
        }
        Ok(outcomes)
    }

    /// Packets of an interface that ended with one outcome code.
    fn outcome(&mut self, vif: usize, code: u32) -> Result<u64, DriverError> {
        let row = vif * OUTCOMES as usize + code as usize;
        let table = &TABLES[id::COUNTER_OUTCOME as usize];
        let words = self.read_row(table, row)?;
        let OutcomeCounter { packets } = OutcomeCounter::unpack(&words)?;
        let [packets, _] = self.sums.add(table, row, [packets, 0]);
        Ok(packets)
    }

    fn traffic(&mut self, table: u32, row: usize) -> Result<Traffic, DriverError> {
        let table = &TABLES[table as usize];
        let words = self.read_row(table, row)?;
        let TrafficCounter { packets, bytes } = TrafficCounter::unpack(&words)?;
        let [packets, bytes] = self.sums.add(table, row, [packets, bytes]);
        Ok(Traffic { packets, bytes })
    }

    /// Packets between the card's input and output.
    pub fn in_flight(&mut self) -> Result<u32, DriverError> {
        Ok(self.card.read(IN_FLIGHT)?)
    }
}
