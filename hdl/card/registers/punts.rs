//! Registers of punts: the windows in which each interface may hand so many packets to the slow path.
//!
//! ```text
//!   PUNT_WINDOW ─▶ [ clocks of this window ] ─ over ─┐
//!                                                    ├─▶ windows + 1 ─▶ s14_encap
//!   PUNT_BEGIN ──────────────────────────────────────┘
//! ```
//! Windows have numbers, so that a row of `punted` that is about another one counts as empty and nobody has to clear it.

use super::{Access, Readable};
use underpass_layout::registers::{PUNT_BEGIN, PUNT_WINDOW};
use underpass_wires::{k, mux, state, state_from, wire, Bit, BundleExt, U};

/// The number of the window that it is, and what the host can read.
#[track_caller]
pub(super) fn punt_registers(access: Access) -> (U<20>, Readable) {
    let length = access.register("punt_window", PUNT_WINDOW);
    let clocks = state_from::<U<32>>("punt_clocks", k(1));
    wire!(set = access.writes(PUNT_WINDOW));
    wire!(over = length.any() & clocks.q.eq(length));
    clocks.next(k(1), mux(set | over, k(1), clocks.q + 1));
    let windows = state::<U<20>>("punt_windows");
    let begins: Bit = (over | access.writes(PUNT_BEGIN)).reg_rst("punt_begins");
    windows.next(begins, windows.q + 1);
    (windows.q, (PUNT_WINDOW, length))
}
