//! The rings in host memory through which driver and card exchange table writes and frames in bulk.
//!
//! ```text
//!   command:  host ─▶ | RingCommand | row data | RingCommand | row data | ..      two beats each
//!   punt:     card ─▶ | PuntShim | frame .. | PuntShim | frame ..                 whole beats, a frame starts a new one
//!   inject:   host ─▶ | InjectShim | frame .. | InjectShim | frame ..             likewise
//!   status:   card ─▶ | RingStatus |                                              one beat a ring
//! ```
//! A ring is a power of two of 64-byte beats, aligned to 4 KiB; what reaches its end goes on at its start. Producer and
//! consumer are counts of beats since the ring was enabled; they wrap at 2^32 and never at the ring's size, so a full
//! ring and an empty one differ. Who fills a ring moves its producer, who empties it its consumer. The card masks every
//! address that it makes with the ring's size: nothing a driver writes can make it touch memory outside a ring.

use crate::record::{code, record};

code! {
    /// What a command of the command ring wants.
    pub enum CommandKind: 8 {
        /// Nothing that is known: refused and counted.
        None = 0;
        /// Write a row of a table.
        WriteRow = 1;
        /// Set how a lookup chooses its rows while its seed changes: the data is a `Split`.
        WriteSplit = 3;
    }
}

record! {
    /// The first beat of a command; the second holds the row, bit 0 first.
    pub struct RingCommand (ring_command) {
        /// What is wanted, a [`CommandKind`].
        kind: u8 = 8,
        /// The table.
        table: u8 = 8,
        /// Zero.
        reserved: u16 = 16,
        /// The row, over all ways; for a split the group of ways (the bank of `route_bank`, else 0).
        row: u32 = 32,
        /// Zero.
        padding: bytes<56> = 448,
    }
}

record! {
    /// What the card writes to host memory when a ring has moved.
    pub struct RingStatus (ring_status) {
        /// Beats done: consumed and carried out (command, inject), or filled (punt).
        index: u32 = 32,
        /// Commands, frames and doorbells that were refused.
        refused: u32 = 32,
        /// Punted frames that found no room.
        dropped: u32 = 32,
        /// Zero: a ring that has stopped, because host memory did not answer, writes no status; `CONTROL` says it.
        fault: u32 = 32,
        /// Zero.
        padding: bytes<48> = 384,
    }
}

/// The rings, by the number that stands in their register addresses and is their interrupt vector.
pub mod ring {
    /// Commands from the host.
    pub const COMMAND: u32 = 0;
    /// Frames to the host.
    pub const PUNT: u32 = 1;
    /// Frames from the host.
    pub const INJECT: u32 = 2;
    /// How many there are.
    pub const COUNT: usize = 3;
    /// Their names.
    pub const NAMES: [&str; COUNT] = ["command", "punt", "inject"];
}

/// The interrupt that says that a ring has stopped.
pub const FAULT_VECTOR: u32 = 3;
/// Interrupts of the card.
pub const VECTORS: usize = 8;
/// Smallest ring: one page, as a power of two of beats.
pub const MIN_SIZE_LOG2: u32 = 6;
/// Largest ring, 64 MiB.
pub const MAX_SIZE_LOG2: u32 = 20;
/// What a ring's base must be a multiple of, bytes.
pub const BASE_ALIGN: u64 = 4096;
/// What the address of a ring's status must be a multiple of, bytes.
pub const STATUS_ALIGN: u64 = 64;
/// Beats of a command.
pub const COMMAND_BEATS: u32 = 2;
/// A full command ring tells its status at least after so many commands.
pub const STATUS_EVERY: u32 = 64;
