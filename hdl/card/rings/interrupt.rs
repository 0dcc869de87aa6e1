//! The interrupt of a ring, and how often it may go.
//!
//! ```text
//!   told ─▶ waits ─── MODERATION clocks since the last one? ─▶ a pulse of one clock
//! ```
//! What is told while one waits is told by that one. With a moderation of 0 nothing waits and nothing goes.

use underpass_wires::{k, mux, state, state_from, wire, Bit, BundleExt, U};

/// A pulse, for the status that was `told`.
#[track_caller]
pub fn interrupt(name: &str, told: Bit, moderation: U<32>) -> Bit {
    let waits = state::<Bit>(&format!("{name}_waits"));
    // Stands still at its end: the first one need not wait for anything.
    let since = state_from::<U<32>>(&format!("{name}_since"), k(u32::MAX));
    wire!(wanted = moderation.any());
    wire!(ripe = since.q.ge(moderation));
    wire!(pulse = waits.q & ripe & wanted);
    waits.next(k(1), wanted & (told | (waits.q & !pulse)));
    since.next(pulse | !since.q.all(), mux(pulse, k(1), since.q + 1));
    pulse.reg_rst(&format!("{name}_interrupt"))
}
