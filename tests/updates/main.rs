//! The tables of the whole card change while packets pass, back to back, and no packet suffers from it.
//!
//! ```text
//!   command ring ─▶ ┌────────────────┐
//!   packets ──────▶ │ underpass_card │ ─▶ every packet ─▶ judge: which moment of the tables explains it?
//!                   └────────────────┘
//!   entries    come, move, change and go at random
//!   reseed     the hash of a full table changes its seed
//!   costs      a write takes two clocks of the ring, and none of the packets
//! ```
//! The RTL runs under Verilator with its real rings; the writes are those that the table compiler plans.

mod costs;
mod entries;
mod reseed;

use std::sync::OnceLock;

use underpass_tests::traffic;
use underpass_verilator::Library;

/// The card, built once.
fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(traffic::library)
}
