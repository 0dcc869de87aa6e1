//! The bytes of packets that go round, one packet behind the other in a ring.
//!
//! ```text
//!   beat ──▶ [ 1,024 beats ] ─▶ [ reg ] ─▶ data                 2 clocks from the address
//!        '─▶ [ sum ] ─▶ where it starts, how many beats, sum    when the packet is here as a whole
//! ```
//! Nothing here knows which beats are free: `s14_encap` has kept room for all that come.

use super::sum::{body_sum, SUM_CLOCKS};
use crate::stream::beat::RoundBeat;
use underpass_layout::registers::ROUND_BEATS;
use underpass_wires::{bundle, k, memory, mux, state, state_from, Bit, BundleExt, Ram, U};

/// Bits of the address of a beat.
pub const ADDRESS: usize = ROUND_BEATS.trailing_zeros() as usize;
/// Clocks from an address to its beat.
pub const READ_CLOCKS: usize = 2;

bundle! {
    /// A packet that is here as a whole.
    pub struct Stored {
        /// Where its first beat is.
        start: U<ADDRESS>,
        /// How many it has.
        beats: U<11>,
        /// The one's complement sum of its bytes as little-endian words.
        sum: U<16>,
    }
}

/// Keeps a beat, gives the one at `address`; and tells of each packet, once.
#[track_caller]
pub fn store(beat: RoundBeat, address: U<ADDRESS>) -> ((Bit, Stored), U<512>) {
    let rows = memory::<U<512>>("round_beats", ROUND_BEATS, Ram::Block);
    let written = state::<U<ADDRESS>>("written");
    rows.write(beat.valid, written.q, beat.data);
    written.next(beat.valid, written.q + 1);

    let start = state::<U<ADDRESS>>("start");
    let beats = state_from::<U<11>>("beats", k(1));
    let ends = beat.valid & beat.last;
    start.next(ends, written.q + 1);
    beats.next(beat.valid, mux(beat.last, k(1), beats.q + 1));
    let (start, beats) = (start.q, beats.q).delay("stored_place", SUM_CLOCKS);
    let stored = Stored {
        start,
        beats,
        sum: body_sum(beat.valid, beat.last, beat.data),
    };
    let valid = (0..SUM_CLOCKS).fold(ends, |ends, _| ends.reg_rst("stored"));
    (
        (valid, stored),
        rows.read("round_beat", address).reg("round_data"),
    )
}

const _: () = assert!(ROUND_BEATS.is_power_of_two());
