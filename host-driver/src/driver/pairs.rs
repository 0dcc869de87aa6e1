//! What the card knows of flows and their answers together: how old they are, and how far their connections.
//!
//! ```text
//!   host ─▶ AGE_NOW, AGE_LIMIT ─▶ [ sweep over table age ] ─▶ idle ─┐
//!                       [ table tcp ] ─▶ closed or reset ───────────┴─▶ AGE_EVENT ─▶ host ─▶ AGE_TAKE
//! ```

use underpass_layout::registers::{
    AGE_BITS, AGE_EVENT, AGE_LIMIT, AGE_NOW, AGE_SWEEPS, AGE_TAKE, ANY_RESET, EVENTS, TCP_CONTROL,
};
use underpass_layout::tables::{id, AgeEntry, TcpEntry, TABLES};
use underpass_layout::Record;

use super::{Driver, DriverError};
use crate::access::registers::AgeEvent;
use crate::access::CardAccess;

/// Bits of a time that the card knows.
const TICKS: u64 = (1 << AGE_BITS) - 1;
/// Sweeps until every row was looked at once as a whole: the one under way began before.
const SWEEPS: u32 = 2;

/// What the card tells of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairEvent {
    /// The pair.
    pub pair: u32,
    /// The generation of its entries.
    pub generation: u8,
    /// Its connection is closed or reset; else it is idle.
    pub dead: bool,
}

impl<C: CardAccess> Driver<C> {
    /// Sets the time of the next packets, in ticks of the host's choice.
    pub fn set_age_now(&mut self, ticks: u64) -> Result<(), DriverError> {
        Ok(self.card.write(AGE_NOW, (ticks & TICKS) as u32)?)
    }

    /// Sets the ticks after which a pair without packets is idle.
    pub fn set_age_limit(&mut self, ticks: u64) -> Result<(), DriverError> {
        Ok(self.card.write(AGE_LIMIT, (ticks & TICKS) as u32)?)
    }

    /// Lets any TCP reset close a connection, or only those that fit its sequence numbers.
    pub fn accept_any_reset(&mut self, any: bool) -> Result<(), DriverError> {
        let control = if any { ANY_RESET } else { 0 };
        Ok(self.card.write(TCP_CONTROL, control)?)
    }

    /// Takes what the card has to tell, the oldest first: at most as much as it keeps.
    pub fn pair_events(&mut self) -> Result<Vec<PairEvent>, DriverError> {
        let mut events = Vec::new();
        while events.len() < EVENTS {
            let event = AgeEvent(self.card.read(AGE_EVENT)?);
            if !event.valid() {
                break;
            }
            self.card.write(AGE_TAKE, 1)?;
            events.push(PairEvent {
                pair: event.pair(),
                generation: event.generation(),
                dead: event.dead(),
            });
        }
        Ok(events)
    }

    /// Waits until the card has looked at every pair, and takes all that it has to tell.
    pub fn all_pair_events(&mut self) -> Result<Vec<PairEvent>, DriverError> {
        let mut all = Vec::new();
        let start = self.card.read(AGE_SWEEPS)?;
        // The sweep rests while nobody takes what it found, so looking and taking go together.
        for _ in 0..super::POLLS {
            let events = self.pair_events()?;
            let quiet = events.is_empty();
            all.extend(events);
            let sweeps = self.card.read(AGE_SWEEPS)?.wrapping_sub(start);
            if quiet && sweeps >= SWEEPS {
                return Ok(all);
            }
        }
        Err(DriverError::Stuck {
            register: "AGE_SWEEPS",
            offset: AGE_SWEEPS,
        })
    }

    /// When a pair was last seen.
    pub fn age(&mut self, pair: u32) -> Result<AgeEntry, DriverError> {
        let words = self.read_row(&TABLES[id::AGE as usize], pair as usize)?;
        Ok(AgeEntry::unpack(&words)?)
    }

    /// How far the TCP connection of a pair is.
    pub fn tcp(&mut self, pair: u32) -> Result<TcpEntry, DriverError> {
        let words = self.read_row(&TABLES[id::TCP as usize], pair as usize)?;
        Ok(TcpEntry::unpack(&words)?)
    }
}
