//! What travels between the registers and the engines.
//!
//! ```text
//!   registers ── Reading ──▶ fetch        ── Condition ──▶ registers       bursts under way, faults
//!             ── Filling ──▶ punt         ── Progress ───▶                 beats done, refused, dropped
//!             ── Telling ──▶ status       ── ...
//! ```
//! `runs` is the only order there is. An engine whose ring does not run starts nothing, throws away what it holds, and
//! says `busy` until nothing is under way; its own counts are zero again when the ring next runs.

use underpass_wires::{bundle, Bit, U};

bundle! {
    /// A ring that the card empties, as the engines see it.
    pub struct Reading {
        /// It runs.
        runs: Bit,
        /// The page of its first byte.
        page: U<52>,
        /// The bits of a count that are a place in the ring.
        mask: U<20>,
        /// Beats that the host has filled.
        producer: U<32>,
    }

    /// A ring that the card fills.
    pub struct Filling {
        /// It runs.
        runs: Bit,
        /// The page of its first byte.
        page: U<52>,
        /// The bits of a count that are a place in the ring.
        mask: U<20>,
        /// Beats that the host has emptied.
        consumer: U<32>,
    }

    /// What a ring's status says, and whether it has to be said.
    pub struct Telling {
        /// The ring runs.
        runs: Bit,
        /// Where the status is, in beats.
        address: U<58>,
        /// The card's own count.
        index: U<32>,
        /// What was refused.
        refused: U<32>,
        /// What was dropped.
        dropped: U<32>,
        /// One of the three has just changed.
        moved: Bit,
        /// Nothing waits in the ring.
        idle: Bit,
        /// Fewest clocks between two interrupts.
        moderation: U<32>,
    }

    /// What an engine has done in this clock.
    pub struct Progress {
        /// Beats by which the card's own count goes on.
        beats: U<21>,
        /// A command or frame was refused.
        refused: Bit,
        /// Frames that were dropped.
        dropped: U<2>,
        /// Something is under way.
        busy: Bit,
    }

    /// How a ring's transfers are.
    pub struct Condition {
        /// Some are under way.
        busy: Bit,
        /// One has just failed.
        fault: Bit,
    }
}
