//! Flows that end: the clock goes into the card, and what the card says of idle and closed ones comes out.
//!
//! ```text
//!   clock ─▶ AGE_NOW ─▶ card ─▶ idle, closed ─▶ slow path ─▶ entries go ─▶ their counters are read ─▶ the pair is free
//!        └─▶ too old never to have had a packet? one look at its row of `age` ─▶ likewise
//! ```
//! A tick is a second. The card keeps fourteen bits of it: a clock that jumps further is led there in two steps, so that
//! nothing looks younger than it is. All that is idle at a tick has gone before the first packet of that tick enters.

use std::time::Duration;

use underpass_layout::registers::AGE_BITS;

use super::{Session, SessionError};
use crate::access::Card;
use crate::driver::PairEvent;
use crate::slow_path::{PairId, Reaction, IDLE};

/// Ticks that the card can tell apart from none at all, with room to spare.
const FAR: u64 = 1 << (AGE_BITS - 1);

/// A time as the card has it.
pub(super) const fn ticks(time: Duration) -> u64 {
    time.as_secs()
}

impl<C: Card> Session<C> {
    /// Tells the card after what time a flow is idle.
    pub(super) fn start_ageing(&mut self) -> Result<(), SessionError> {
        Ok(self.driver.set_age_limit(ticks(IDLE))?)
    }

    /// Leads the card's clock from `last` to now, and takes out the flows that have become idle.
    pub(super) fn age(&mut self, last: Duration) -> Result<Vec<Reaction>, SessionError> {
        let (last, now) = (ticks(last), ticks(self.now));
        let mut reactions = self.end_unseen()?;
        if last == now {
            return Ok(reactions);
        }
        let may_be_idle = self.slow_path.may_be_idle(self.now);
        if may_be_idle && now - last > FAR {
            self.driver.set_age_now(last + FAR)?;
            let events = self.driver.all_pair_events()?;
            reactions.extend(self.end(events));
        }
        self.driver.set_age_now(now)?;
        if may_be_idle {
            let events = self.driver.all_pair_events()?;
            reactions.extend(self.end(events));
        }
        Ok(reactions)
    }

    /// Takes out the flows of which the card has told by now.
    pub(super) fn end_told(&mut self) -> Result<Vec<Reaction>, SessionError> {
        if !self.slow_path.has_flows() {
            return Ok(Vec::new());
        }
        let events = self.driver.pair_events()?;
        Ok(self.end(events))
    }

    fn end(&mut self, events: Vec<PairEvent>) -> Vec<Reaction> {
        let pairs = events.into_iter().map(|event| PairId {
            number: event.pair,
            generation: event.generation,
        });
        pairs.flat_map(|pair| self.slow_path.end(pair)).collect()
    }

    /// Takes out old flows that never had a packet: of those the card knows nothing. The row of another generation, or
    /// one whose idleness was told before, is an earlier flow's.
    fn end_unseen(&mut self) -> Result<Vec<Reaction>, SessionError> {
        let mut reactions = Vec::new();
        while let Some(pair) = self.slow_path.unseen(self.now) {
            let age = self.driver.age(pair.number)?;
            if age.generation != pair.generation || age.reported {
                reactions.extend(self.slow_path.end(pair));
            }
        }
        Ok(reactions)
    }

    /// Reads the counters of pairs whose entries are gone, and gives them back.
    pub(super) fn retire(&mut self, pairs: Vec<PairId>) -> Result<(), SessionError> {
        for pair in pairs {
            let first = pair.number as usize * 2;
            let counted = [self.driver.flow(first)?, self.driver.flow(first + 1)?];
            self.slow_path.retire(pair, counted);
        }
        Ok(())
    }
}
