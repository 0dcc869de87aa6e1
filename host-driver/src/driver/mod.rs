//! The driver: what a card is, its tables, its counters, and the frames that it hands over.
//!
//! ```text
//!   open ──▶ identity: magic, layout id, profile, rows     a card of another layout is refused
//!   start ─▶ seed ─▶ apply(plan) ─▶ enable                a seed may change later, column by column
//!   age, TCP state ─▶ AGE_*, TCP_CONTROL           copies ─▶ ROUND_*, LEARN_INTERVAL          quotas ─▶ PUNT_*
//!   read_row, write_row ─▶ TABLE_* registers              punt, inject ─▶ slow-port FIFO
//!        with rings: write_row, write_split, punt, inject ─▶ host memory, flush
//! ```
//! Nothing here decides anything about packets: that is the slow path's, which hands rows and frames to the driver.

mod counters;
mod error;
mod identity;
mod pairs;
mod rings;
mod rounds;
mod seed;
mod slow_port;
mod sums;
mod tables;
mod windows;

pub use counters::Traffic;
pub use error::DriverError;
pub use identity::Identity;
pub use pairs::PairEvent;
pub use rings::{Calls, Layout as RingLayout};
pub use rounds::Rounds;
pub use seed::{groups, random_seed, REPLAY_SEED};
pub use slow_port::Punt;

use underpass_layout::profile::Profile;
use underpass_layout::registers;

use crate::access::registers::Control;
use crate::access::CardAccess;
use rings::Rings;
use sums::Sums;

/// How often a register is read that should change soon, before the card counts as stuck. The longest wait is for the
/// hash tables, 18,432 words at some clocks each; a read over AXI4-Lite takes several clocks.
const POLLS: usize = 100_000;

/// A card that is what this driver was built for.
#[derive(Debug)]
pub struct Driver<C> {
    card: C,
    identity: Identity,
    sums: Sums,
    /// What went round, when it was last read.
    rounds: Rounds,
    /// Rows and frames go through these where the card has them and they were opened.
    rings: Option<Rings>,
}

impl<C: CardAccess> Driver<C> {
    /// Takes a card into use, once it has said what it is.
    pub fn open(mut card: C) -> Result<Self, DriverError> {
        let identity = Identity::read(&mut card)?;
        Ok(Driver {
            card,
            identity,
            sums: Sums::default(),
            rounds: Rounds::default(),
            rings: None,
        })
    }

    /// What the card said it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The sizes of its tables.
    pub fn profile(&self) -> &'static Profile {
        self.identity.profile
    }

    /// The card itself.
    pub fn card(&mut self) -> &mut C {
        &mut self.card
    }

    /// Lets packets in, or not.
    pub fn enable(&mut self, enabled: bool) -> Result<(), DriverError> {
        self.flush()?;
        let mut control = Control(0);
        control.set_enabled(enabled);
        Ok(self.card.write(registers::CONTROL, control.0)?)
    }

    /// Reads a register until it satisfies `done`.
    fn poll(
        &mut self,
        register: &'static str,
        offset: u32,
        done: impl Fn(u32) -> bool,
    ) -> Result<u32, DriverError> {
        for _ in 0..POLLS {
            let value = self.card.read(offset)?;
            if done(value) {
                return Ok(value);
            }
        }
        Err(DriverError::Stuck { register, offset })
    }
}
