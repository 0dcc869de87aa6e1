//! The chain on which the host reaches the tables, and on which their hash words come.
//!
//! ```text
//!  registers ─┐
//!             ├▶ s2 ─▶ s3 ─▶ .. ─▶ s8 ─▶ count ─┬▶ registers      accesses with `ring` clear
//!  rings ─────┘   |     ^ owns the table         '▶ rings          accesses with `ring` set
//!                 |     '  reads or writes the row, sets done
//!                 ' every stage passes it on in as many clocks as it takes for a packet
//! ```
//! One access is one clock of `request`. An access may follow another in the next clock: nothing holds one up, they come
//! back in the order in which they went, each as long after as the chain is.
//!
//! An access travels in step with the packets: it meets every table together with the packet that entered the stages in
//! the same clock (see [`crate::lookup::host`]). So an access has happened for a packet in all tables or in none of them,
//! and two accesses happen for every packet in the order in which they were made.

use crate::hardware::SeedTarget;
use underpass_layout::hash::WORD_BITS;
use underpass_wires::{bundle, Bit, U};

bundle! {
    /// One word of the tabulation hash (see `underpass_layout::hash`), for every lookup that keeps a copy of it.
    pub struct SeedWord {
        /// There is a word in this clock.
        valid: Bit,
        /// Nine bits of the key each.
        piece: U<6>,
        /// What those nine bits are.
        index: U<9>,
        /// A column for each way.
        word: U<WORD_BITS>,
        /// Which columns of which lookups it fills.
        target: SeedTarget,
    }

    /// What the stages hand from one to the next.
    pub struct HostBus {
        /// There is an access in this clock.
        request: Bit,
        /// It writes.
        write: Bit,
        /// It writes how a lookup chooses its rows, a `Split`: `row` is the group of ways.
        split: Bit,
        /// It was made by the command ring, not by the registers.
        ring: Bit,
        /// The table's id.
        table: U<5>,
        /// The row, over all ways.
        row: U<24>,
        /// What to write; behind the owner of the table, what was read.
        data: U<512>,
        /// The owner of the table has done it.
        done: Bit,
        /// The owner had no time for it: it is to be made again.
        retry: Bit,
        /// The hash words, which travel along on their own.
        seed: SeedWord,
    }
}
