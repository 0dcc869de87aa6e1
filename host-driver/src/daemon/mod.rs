//! The daemon: a card that carries a network, with its slow path in real time.
//!
//! ```text
//!   ┌─▶ advance(clock) ─▶ turn ─┬─ more ──────────────────────────────┐
//!   │     └─ windows of quotas  └─ wait: call, stop, window, tick ────┤
//!   └─────────────────────────────────────────────────────────────────┘
//! ```
//! It sleeps while nothing is handed over. A card that does not call is looked at instead, less and less often the longer
//! nothing comes.

mod wait;

use std::collections::BTreeMap;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use underpass_layout::PuntReason;

use crate::access::Card;
use crate::driver::DriverError;
use crate::session::{Session, SessionError};
use wait::{Wait, Woken};

/// The daemon cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The card, or the way to it.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The kernel does not wait.
    #[error("cannot wait for the card")]
    Wait(#[from] io::Error),
}

impl From<DriverError> for DaemonError {
    fn from(error: DriverError) -> Self {
        DaemonError::Session(error.into())
    }
}

impl DaemonError {
    /// What may help.
    pub fn hint(&self) -> Option<String> {
        match self {
            DaemonError::Session(error) => error.hint(),
            DaemonError::Wait(_) => None,
        }
    }
}

/// What a daemon did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets that the slow path thought about, by why they were handed over.
    pub punts: BTreeMap<PuntReason, u64>,
    /// Turns of the slow path.
    pub turns: u64,
}

/// Runs the slow path of a card that is programmed until `stop` is readable; the card takes no packets afterwards.
pub fn run<C: Card>(session: &mut Session<C>, stop: BorrowedFd<'_>) -> Result<Tally, DaemonError> {
    let start = Instant::now();
    let mut wait = Wait::new(session.go_live()?, stop);
    let mut tally = Tally::default();
    loop {
        session.advance(start.elapsed())?;
        let turn = session.turn()?;
        tally.turns += 1;
        for reason in &turn.outcome.punts {
            *tally.punts.entry(*reason).or_default() += 1;
        }
        let busy = !turn.outcome.punts.is_empty();
        let window = session.window_ends();
        let window = window.map(|end| end.saturating_sub(start.elapsed()));
        match wait.next(turn.more, busy, window)? {
            Woken::Stop => break,
            Woken::Fault => session.driver().check_rings()?,
            Woken::Work => (),
        }
    }
    session.driver().enable(false)?;
    Ok(tally)
}
