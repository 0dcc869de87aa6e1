//! What the card counted.

use underpass_layout::registers::IN_FLIGHT;
use underpass_layout::tables::{id, OutcomeCounter, TrafficCounter, TABLES};
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

/// How packets of an interface ended that did not leave, by reason; reasons that never occurred are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Dropped ones.
    pub drops: Vec<(DropReason, u64)>,
    /// Those handed to the slow path.
    pub punts: Vec<(PuntReason, u64)>,
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
        self.traffic(id::COUNTER_FLOW, flow_id)
    }

    /// How the packets of an interface ended.
    pub fn outcomes(&mut self, vif: usize) -> Result<Outcomes, DriverError> {
        let mut outcomes = Outcomes::default();
        for reason in DropReason::ALL {
            let packets = self.outcome(vif, reason.code())?;
            if packets > 0 {
                outcomes.drops.push((*reason, packets));
            }
        }
        for reason in PuntReason::ALL {
            let packets = self.outcome(vif, PUNT_BASE + reason.code())?;
            if packets > 0 {
                outcomes.punts.push((*reason, packets));
            }
        }
        Ok(outcomes)
    }

    /// Packets of an interface that ended with one outcome code.
    fn outcome(&mut self, vif: usize, code: u32) -> Result<u64, DriverError> {
        let row = vif * OUTCOMES as usize + code as usize;
        let words = self.read_row(&TABLES[id::COUNTER_OUTCOME as usize], row)?;
        Ok(OutcomeCounter::unpack(&words)?.packets)
    }

    fn traffic(&mut self, table: u32, row: usize) -> Result<Traffic, DriverError> {
        let words = self.read_row(&TABLES[table as usize], row)?;
        let counter = TrafficCounter::unpack(&words)?;
        Ok(Traffic {
            packets: counter.packets,
            bytes: counter.bytes,
        })
    }

    /// Packets between the card's input and output.
    pub fn in_flight(&mut self) -> Result<u32, DriverError> {
        Ok(self.card.read(IN_FLIGHT)?)
    }
}
