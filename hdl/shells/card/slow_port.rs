//! The slow port of a card with rings: frames to and from host memory, beside the register FIFO.
//!
//! ```text
//!   core m ─┬─ port slow, and the punt ring runs ─▶ punted      looked at between two frames
//!           └─ everything else ───────────────────▶ slow FIFO
//!
//!   outer s  ─▶ ┬─▶ slow FIFO ─▶ core s                         frame by frame
//!   injected ─▶ ┘
//! ```
//! A frame that has begun goes on to where it began.

use crate::buses::{OfferIn, OfferOut};
use crate::shells::turns::turns;
use crate::stream::beat::Offer;
use rust_hdl_core::prelude::{Bit as HdlBit, In, Out, Signal};
use underpass_layout::port::SLOW;
use underpass_wires::{leaf, mux, state, wire, Bit};

/// Sends punted frames to where they are wanted; gives whether the beat is taken, and the two ways.
#[track_caller]
fn steer(core_m: Offer, punts: Bit, slow_ready: Bit) -> (Bit, Offer, Offer) {
    let (within, to_ring) = (state::<Bit>("within"), state::<Bit>("to_ring"));
    wire!(wanted = core_m.beat.port().eq(SLOW) & punts);
    wire!(here = mux(within.q, to_ring.q, wanted));
    wire!(ready = here | slow_ready);
    wire!(taken = core_m.valid & ready);
    within.next(taken, !core_m.beat.last);
    to_ring.next(taken, here);
    let of = |valid: Bit| Offer {
        valid: core_m.valid & valid,
        ..core_m
    };
    (ready, of(!here), of(here))
}

leaf!(
    /// Where punted frames go.
    pub PuntSteer {
        core_m: OfferIn,
        punts: Signal<In, HdlBit>,
        slow_ready: Signal<In, HdlBit>,
    } -> {
        core_m_ready: Signal<Out, HdlBit>,
        slow_m: OfferOut,
        punted: OfferOut,
    },
    |core_m: Offer, punts: Bit, slow_ready: Bit| -> (Bit, Offer, Offer) { steer(core_m, punts, slow_ready) }
);

leaf!(
    /// Where injected frames join the others.
    pub InjectJoin {
        outer_s: OfferIn,
        injected: OfferIn,
        ready: Signal<In, HdlBit>,
    } -> {
        s: OfferOut,
        outer_s_ready: Signal<Out, HdlBit>,
        injected_ready: Signal<Out, HdlBit>,
    },
    |outer: Offer, injected: Offer, ready: Bit| -> (Offer, Bit, Bit) {
        let joined = turns(outer, injected, ready);
        (joined.out, joined.first_ready, joined.second_taken)
    }
);
