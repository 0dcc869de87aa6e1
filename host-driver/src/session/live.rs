//! A card to which packets come by themselves: it is never waited for, and nobody counts what goes through.
//!
//! ```text
//!   turn:  punt ring ─▶ Fair, by interface ─▶ some of them, in turn ─▶ slow path ─▶ rows, injected frames
//!             ▲              └─ over its share: PuntLimit                              │
//!             └────────────────────── called again while there is more ◀───────────────┘
//! ```
//! What leaves the ports of such a card goes to where these are plugged in.

use std::time::Duration;

use underpass_layout::DropReason;

use super::{windows, Outcome, Session, SessionError};
use crate::access::Card;
use crate::driver::Calls;

/// Packets that are thought about in one turn, before the ring is emptied again.
const BATCH: usize = 64;
/// Packets that are taken from the ring in one turn.
const TAKEN: usize = 4096;

/// How long a window of punt quotas is on a live card that is simulated. Its clock is more than a thousand times as slow
/// as a real one's: in a millisecond it could not write to host memory what a single interface may hand over, and what came
/// too late would be lost, whosever it is.
const SIMULATED_WINDOW: Duration = Duration::from_millis(50);

/// What a turn did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// What became of punted packets. Nothing is known here of departures, and of what the card dropped.
    pub outcome: Outcome,
    /// Packets wait for the next turn.
    pub more: bool,
}

impl<C: Card> Session<C> {
    /// From now on the card's own clock begins the windows of punt quotas, where that clock runs all the time, and
    /// elsewhere they are as long as a simulated card needs; and the card calls, where it can.
    pub fn go_live(&mut self) -> Result<Option<Calls>, SessionError> {
        if self.driver.card().ports().is_empty() {
            self.driver.begin_windows_by_clock()?;
            self.window = None;
        } else {
            // Its clock stands still while nothing moves.
            self.window = Some(SIMULATED_WINDOW);
        }
        Ok(self.driver.calls()?)
    }

    /// When the next window of punt quotas has to begin by [`Session::advance`]. None: nothing was handed over in this one,
    /// or the card's clock begins them.
    pub fn window_ends(&self) -> Option<Duration> {
        let window = self.window.filter(|_| self.window_used)?;
        let past = window.as_nanos() * (windows(self.now, window) + 1);
        Some(Duration::from_nanos(past.try_into().unwrap_or(u64::MAX)))
    }

    /// Thinks about some of what the card has handed over by now.
    pub fn turn(&mut self) -> Result<Turn, SessionError> {
        let mut turn = Turn::default();
        let full = self.empty_ring(&mut turn.outcome)?;
        let mut reactions = Vec::new();
        for punt in (0..BATCH).map_while(|_| self.fair.pop()) {
            turn.outcome.punts.push(punt.shim.reason);
            reactions.extend(self.slow_path.take(punt, self.now));
        }
        reactions.extend(self.slow_path.decide(self.now));
        reactions.extend(self.end_told()?);
        self.perform(reactions, &mut turn.outcome)?;
        // Those are on their way; nobody looks for them.
        self.missing = 0;
        self.suspects.clear();
        turn.more = full || !self.fair.is_empty();
        Ok(turn)
    }

    /// Takes what waits in the ring, so that it has room for everybody; true if there is more.
    fn empty_ring(&mut self, outcome: &mut Outcome) -> Result<bool, SessionError> {
        for _ in 0..TAKEN {
            let Some(punt) = self.driver.punt()? else {
                return Ok(false);
            };
            self.window_used = true;
            if let Err(refused) = self.fair.push(punt) {
                let reason = DropReason::PuntLimit;
                *self
                    .software_drops
                    .entry((refused.shim.vif, reason))
                    .or_default() += 1;
                outcome.drops.push(reason);
            }
        }
        Ok(true)
    }
}
