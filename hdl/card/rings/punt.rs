//! Punted frames on their way into the punt ring.
//!
//! ```text
//!   beat ─▶ room for the whole frame, in the ring and here? ─ yes ─▶ [ buffer, 64 KiB ] ─▶ W
//!                                                           '- no ─▶ DROPPED + 1     │
//!   frame whole: its beats ─▶ bursts within pages ──────────────────────────────────▶ AW
//!   last burst of a frame acknowledged ─▶ PRODUCER + its beats
//! ```
//! A beat is taken in every clock, whatever host memory does: the core never waits here. A frame is written once all of
//! it has come, so that W never waits for the core either. Beats beyond the length that a frame says are not kept, and
//! the ring's room is counted by the beats that were: a length that lies harms only its own frame. What the ring holds
//! when it stops is dropped, and counted as such.

use super::axi::{burst, one};
use super::buses::{BurstOfferOut, FillingIn, ProgressOut, WriteBeatOut, WrittenIn};
use super::orders::{Filling, Progress};
use super::write::{BurstOffer, Written};
use crate::buses::OfferIn;
use crate::stream::beat::Offer;
use crate::stream::bytes::{beats_of, counted, keep_bytes};
use crate::stream::fifo::fifo;
use rust_hdl_core::prelude::{Bit as HdlBit, In, Signal};
use underpass_layout::registers::slow::PUNT_BEATS;
use underpass_wires::{
    any_of, bundle, k, leaf, mux, only, state, state_from, wire, Bit, BundleExt, U,
};

/// Beats of the buffer, as a power of two: the longest frame.
const BUFFER: usize = PUNT_BEATS.trailing_zeros() as usize;

bundle! {
    /// A beat for host memory.
    pub struct WriteBeat {
        /// There is one. It stays until it is taken.
        valid: Bit,
        /// It.
        data: U<512>,
    }

    /// What is done with the frame at the front; where nothing is set, there is none.
    struct Step {
        /// Its next burst is worked out.
        plans: Bit,
        /// A burst is on offer.
        offers: Bit,
        /// It goes away.
        discards: Bit,
    }

    /// What has come in a clock, a clock later.
    struct Arrived {
        data: U<512>,
        last: Bit,
        /// Beats of its frame.
        needs: U<11>,
    }
}

/// What the engine gives.
pub struct Punt {
    /// To host memory: where.
    pub burst: BurstOffer,
    /// To host memory: what.
    pub beat: WriteBeat,
    /// To the registers.
    pub progress: Progress,
}

/// Frames on their way into the buffer.
struct Arrival {
    /// A beat is stored.
    stores: Bit,
    data: U<512>,
    /// A frame with stored beats ends, and how many they are.
    whole: Bit,
    beats: U<11>,
    /// A frame without room ends.
    lost: Bit,
    /// A frame is under way.
    busy: Bit,
}

/// Decides with a frame's first beat over all of it.
#[track_caller]
fn arrival(offer: Offer, ring_free: U<21>, buffer_free: U<11>) -> Arrival {
    let arrived = (
        offer.valid.reg_rst("arrived"),
        Arrived {
            data: (offer.beat.data & keep_bytes(offer.beat.keep)).reg("arrived_data"),
            last: offer.beat.last.reg("arrived_last"),
            needs: beats_of(offer.beat.length()).reg("arrived_needs"),
        },
    );
    let (arrived, beat) = arrived.timeless();
    let (within, losing) = (state::<Bit>("within"), state::<Bit>("losing"));
    let (remain, stored) = (state::<U<11>>("remain"), state::<U<11>>("stored"));
    wire!(no_room = beat.needs.gt(buffer_free) | beat.needs.ext::<21>().gt(ring_free));
    wire!(loses = mux(within.q, losing.q, no_room));
    let left = mux(within.q, remain.q, beat.needs);
    wire!(stores = arrived & !loses & left.any());
    let beats = only(within.q, stored.q) + one::<11>(stores);
    within.next(arrived, !beat.last);
    losing.next(arrived, loses);
    remain.next(arrived, only(left.any(), left - 1));
    stored.next(arrived, beats);
    Arrival {
        stores,
        data: beat.data,
        whole: arrived & beat.last & !loses & beats.any(),
        beats,
        lost: arrived & beat.last & loses,
        busy: arrived | within.q,
    }
}

/// See the module. `offer.valid`: the beat is one of a punted frame, and is taken.
#[track_caller]
pub fn punt(
    ring: Filling,
    offer: Offer,
    burst_taken: Bit,
    beat_taken: Bit,
    written: Written,
) -> Punt {
    let (ring, written) = (ring.timeless(), written.timeless());
    let (burst_taken, beat_taken) = (burst_taken.timeless(), beat_taken.timeless());
    let size = ring.mask.ext::<21>() + 1;
    let ring_free = state::<U<21>>("ring_free");
    let buffer_free = state_from::<U<11>>("buffer_free", k(1usize << BUFFER));
    let arrival = arrival(offer, ring_free.q, buffer_free.q);
    let emptied = (ring.consumer - ring.consumer.reg("consumer_before")).trunc::<21>();
    ring_free.next(
        k(1),
        mux(
            ring.runs,
            ring_free.q + emptied - one::<21>(arrival.stores),
            size,
        ),
    );
    let rows = fifo::<U<512>, BUFFER>("punted", arrival.stores, arrival.data);
    let frames = fifo::<U<11>, BUFFER>("frames", arrival.whole, arrival.beats);

    let step = state::<Step>("step");
    let (frame, left) = (state::<U<11>>("frame"), state::<U<11>>("left"));
    let place = state::<U<20>>("place");
    let now = step.q;
    wire!(idle = !any_of(&[now.plans, now.offers, now.discards]));
    wire!(begins = idle & frames.valid);
    frames.pop(begins);
    frame.next(begins, frames.head);

    let next = burst(ring.page, place.q, left.q).reg("burst");
    wire!(goes = now.offers & burst_taken);
    wire!(last = left.q.eq(next.beats.ext::<11>()));
    // Beats of bursts that were taken leave first.
    let owed = state::<U<7>>("owed");
    owed.next(k(1), owed.q + only(goes, next.beats) - one::<7>(beat_taken));
    wire!(throws = now.discards & rows.valid & !owed.q.any());
    wire!(thrown = throws & left.q.eq(1));
    wire!(plans = begins | (goes & !last));
    step.next(
        k(1),
        Step {
            plans: plans & ring.runs,
            offers: ring.runs & (now.plans | (now.offers & !goes)),
            discards: mux(
                ring.runs,
                now.discards & !thrown,
                any_of(&[plans, now.plans, now.offers & !goes, now.discards & !thrown]),
            ),
        },
    );
    left.next(
        any_of(&[begins, goes, throws]),
        mux(
            begins,
            frames.head,
            left.q - mux(goes, next.beats.ext::<11>(), k(1)),
        ),
    );
    let beyond = place.q + next.beats.ext::<20>();
    place.next(goes | !ring.runs, only(ring.runs, beyond & ring.mask));
    let gone = beat_taken | throws;
    rows.pop(gone);
    counted(buffer_free, gone, arrival.stores);

    // Behind a burst that failed nothing of the ring is whole, until all that was under way has ended.
    let under_way = state::<U<6>>("under_way");
    counted(under_way, goes, written.valid);
    let broken = state::<Bit>("broken");
    wire!(good = written.good & !broken.q);
    broken.next(
        k(1),
        (ring.runs | under_way.q.any()) & (broken.q | (written.valid & !written.good)),
    );
    wire!(ended = written.valid & written.last);
    let dropped: U<2> = one::<2>(arrival.lost) + one::<2>(thrown) + one::<2>(ended & !good);
    let busy = any_of(&[
        arrival.busy,
        !idle,
        !buffer_free.q.bit(BUFFER),
        under_way.q.any(),
    ]);
    Punt {
        burst: BurstOffer {
            valid: now.offers,
            burst: next,
            last,
            frame: frame.q,
        },
        beat: WriteBeat {
            valid: rows.valid,
            data: rows.head,
        },
        progress: Progress {
            beats: only(ended & good, written.frame.ext::<21>()).reg_rst("punted_beats"),
            refused: k(0),
            dropped: dropped.reg_rst("punt_dropped"),
            busy: busy.reg_rst("punt_busy"),
        },
    }
}

leaf!(
    /// The engine as a block.
    pub PuntEngine {
        ring: FillingIn,
        offer: OfferIn,
        burst_taken: Signal<In, HdlBit>,
        beat_taken: Signal<In, HdlBit>,
        written: WrittenIn,
    } -> {
        burst: BurstOfferOut,
        beat: WriteBeatOut,
        progress: ProgressOut,
    },
    |ring: Filling, offer: Offer, burst_taken: Bit, beat_taken: Bit, written: Written|
        -> (BurstOffer, WriteBeat, Progress) {
        let made = punt(ring, offer, burst_taken, beat_taken, written);
        (made.burst, made.beat, made.progress)
    }
);
