//! The chain on which the host reaches the tables, and on which their hash words come.
//!
//! ```text
//!  registers ─▶ s1 ─▶ s2 ─▶ s3 ─▶ .. ─▶ s10 ─▶ registers
//!   request     |     ^ owns the table: reads or writes the row, sets done
//!               ' every stage passes it on, a register later
//! ```
//! One access is one pulse of `request`. It takes as many clocks as the chain is long, and the next one starts when it
//! has come back, so no stage ever has to hold one off.

use underpass_wires::{bundle, Bit, U};

bundle! {
    /// One word of the tabulation hash (see `underpass_layout::hash`), for every lookup that keeps a copy of it.
    pub struct SeedWord {
        /// There is a word in this clock.
        valid: Bit,
        /// Nine bits of the key each.
        piece: U<4>,
        /// What those nine bits are.
        index: U<9>,
        /// The word.
        word: U<72>,
    }

    /// What the stages hand from one to the next.
    pub struct HostBus {
        /// There is an access in this clock.
        request: Bit,
        /// It writes.
        write: Bit,
        /// The table's id.
        table: U<5>,
        /// The row, over all ways.
        row: U<24>,
        /// What to write; behind the owner of the table, what was read.
        data: U<512>,
        /// The owner of the table has done it.
        done: Bit,
        /// The hash words, which travel along on their own.
        seed: SeedWord,
    }
}
