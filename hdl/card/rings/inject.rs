//! Frames of the inject ring on their way into the core.
//!
//! ```text
//!   beats ─▶ [ buffer ] ─▶ length of the shim: can it be, is all of it in the ring?
//!                │          yes: once the whole frame is in the buffer ─▶ core, as from the slow port
//!                └─▶ away   no:  REFUSED + 1, and everything up to the producer goes
//! ```
//! A frame starts only when all of its beats are here: host memory may take its time, the stream that it interrupts must
//! not. For the same reason a frame that has started ends, whatever becomes of the ring.

use super::buses::{FetchedIn, ProgressOut};
use super::fetch::{Fetched, BUFFER};
use super::orders::Progress;
use crate::buses::OfferOut;
use crate::hardware::InjectShim;
use crate::stream::beat::{Beat, Offer};
use crate::stream::bytes::{beats_of, counted, first_bytes, ones};
use crate::stream::fifo::fifo;
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::port::SLOW;
use underpass_layout::registers::slow::INJECT_MAX_BYTES;
use underpass_wires::{
    any_of, bundle, cat, k, leaf, mux, only, state, unpack, wire, Bit, BundleExt, U,
};

bundle! {
    /// A beat in the buffer.
    struct Row {
        data: U<512>,
        bad: Bit,
    }

    /// Where the engine is: each is one step further, at most one is set; none: a shim is waited for.
    struct Step {
        /// The shim's length is known.
        measured: Bit,
        /// Whether it can be is known.
        judged: Bit,
        /// Waits for the rest of the frame.
        waits: Bit,
        /// The frame goes.
        sends: Bit,
        /// Everything up to what was the producer goes away.
        discards: Bit,
    }
}

/// What the engine gives.
pub struct Inject {
    /// To the core.
    pub offer: Offer,
    /// To the registers.
    pub progress: Progress,
    /// A beat was taken out of the buffer.
    pub credit: Bit,
}

/// See the module.
#[track_caller]
pub fn inject(runs: Bit, producer: U<32>, beat: Fetched, ready: Bit) -> Inject {
    let (runs, producer, beat) = (runs.timeless(), producer.timeless(), beat.timeless());
    let rows = fifo::<Row, BUFFER>(
        "injected",
        beat.valid,
        Row {
            data: beat.data,
            bad: beat.bad,
        },
    );
    let (head, some) = (rows.head, rows.valid & !rows.head.bad);
    let step = state::<Step>("step");
    let now = step.q;
    wire!(resting = !any_of(&[now.measured, now.judged, now.waits, now.sends, now.discards]));

    // The shim is measured while it stays at the head; what is in the ring is counted from it on.
    wire!(measures = resting & some & runs);
    let consumed = state::<U<32>>("consumed");
    let shim: InjectShim = unpack(head.data);
    let length = shim.length.reg_en("length", measures);
    let in_ring = (producer - consumed.q)
        .trunc::<21>()
        .reg_en("in_ring", measures);
    let needs = beats_of(length).reg("needs");
    let possible = length.gt(BEAT_BYTES) & length.le(INJECT_MAX_BYTES);
    let possible = possible.reg("possible");
    wire!(fits = possible & needs.ext::<21>().le(in_ring));

    let stored = state::<U<{ BUFFER + 1 }>>("stored");
    let left = state::<U<21>>("left");
    wire!(complete = now.waits & stored.q.ext::<11>().ge(needs));
    wire!(sent = now.sends & some & ready.timeless());
    wire!(discarded = now.discards & rows.valid);
    wire!(last = left.q.eq(1));
    wire!(ends = last & (sent | discarded));
    // Nothing but a frame that has started outlives the ring.
    wire!(goes_on = runs | now.sends);
    step.next(
        k(1),
        only(
            goes_on,
            Step {
                measured: measures,
                judged: now.measured,
                waits: (now.judged & fits) | (now.waits & !complete),
                sends: complete | (now.sends & !ends),
                discards: (now.judged & !fits) | (now.discards & !ends),
            },
        ),
    );
    left.next(
        any_of(&[now.judged, sent, discarded]),
        mux(
            now.judged,
            mux(fits, needs.ext::<21>(), in_ring),
            left.q - 1,
        ),
    );
    wire!(flushed = rows.valid & !goes_on);
    wire!(taken = any_of(&[sent, discarded, flushed]));
    rows.pop(taken);
    counted(stored, beat.valid & !beat.bad, taken & !head.bad);

    let beats = only(ends, mux(now.sends, needs.ext::<21>(), in_ring));
    consumed.next(k(1), only(runs, consumed.q + beats.ext::<32>()));
    let tail: U<6> = length.trunc();
    Inject {
        offer: Offer {
            valid: now.sends & some,
            beat: Beat {
                data: head.data,
                keep: mux(last & tail.any(), first_bytes(tail), ones()),
                last,
                user: cat!(length, k::<16>(SLOW)),
            },
        },
        progress: Progress {
            beats: beats.reg_rst("injected_beats"),
            refused: (now.judged & !fits & runs).reg_rst("inject_refused"),
            dropped: k(0),
            busy: (!resting | rows.valid).reg_rst("inject_busy"),
        },
        credit: taken.reg_rst("inject_credit"),
    }
}

leaf!(
    /// The engine as a block.
    pub InjectEngine {
        runs: Signal<In, HdlBit>,
        producer: Signal<In, Bits<32>>,
        beat: FetchedIn,
        ready: Signal<In, HdlBit>,
    } -> {
        offer: OfferOut,
        progress: ProgressOut,
        credit: Signal<Out, HdlBit>,
    },
    |runs: Bit, producer: U<32>, beat: Fetched, ready: Bit| -> (Offer, Progress, Bit) {
        let made = inject(runs, producer, beat, ready);
        (made.offer, made.progress, made.credit)
    }
);
