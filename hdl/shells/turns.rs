//! Two streams become one, frame by frame.
//!
//! ```text
//!   first  ─▶ ┬─▶ out
//!   second ─▶ ┘
//! ```
//! The first passes straight through, without a register. A frame of the second goes as soon as the frame of the first
//! that is under way has ended; behind it the first has its turn again. Neither costs the other a bubble.

use crate::stream::beat::Offer;
use underpass_wires::{bundle, k, mux, state, wire, Bit};

bundle! {
    /// What comes of the two.
    pub struct Turns {
        /// Frames of both.
        out: Offer,
        /// The first stream's beat is taken.
        first_ready: Bit,
        /// The second stream's beat is taken; only where it offers one.
        second_taken: Bit,
    }
}

/// See the module. `ready`: what is `out` is taken.
#[track_caller]
pub fn turns(first: Offer, second: Offer, ready: Bit) -> Turns {
    let second_turn = state::<Bit>("second_turn");
    let within = state::<Bit>("within");
    let out = mux(second_turn.q, second, first);
    wire!(taken = out.valid & ready);
    wire!(ends = taken & out.beat.last);
    wire!(first_taken = taken & !second_turn.q);
    within.next(first_taken, !first.beat.last);
    // A beat of the first that is on offer already stays on offer until it is taken.
    wire!(first_rests = mux(first_taken, first.beat.last, !within.q & !first.valid));
    second_turn.next(k(1), mux(second_turn.q, !ends, second.valid & first_rests));
    Turns {
        out,
        first_ready: ready & !second_turn.q,
        second_taken: taken & second_turn.q,
    }
}
