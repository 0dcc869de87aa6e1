//! The slow port by registers (`underpass_layout::registers::slow`): the bring-up path, which needs no host memory.
//!
//! ```text
//!   core m ─┬─ other ports ───────────────────────────────▶ outer m
//!           └─ port slow ─▶ [ punted beats, 64 KiB ] ─▶ PUNT_DATA
//!
//!   outer s ──────────────────────────────────────────┬──▶ core s        packet by packet
//!   INJECT_DATA ─▶ [ injected beats, 16 KiB ] ─────────┘
//! ```
//! A punted frame without room is lost as a whole and counted. The host's words are little-endian, four bytes each.

use crate::buses::{OfferIn, OfferOut, RequestIn, ResponseOut};
use crate::card::axil::{Request, Response};
use crate::stream::beat::{Beat, Offer};
use rust_hdl_core::prelude::{Bit as HdlBit, In, Out, Signal};
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::port::SLOW;
use underpass_layout::registers::slow::*;
use underpass_wires::{
    bundle, cat, k, konst, leaf, memory, mux, one_of, select, state, wire, Bit, BundleExt, Ram, U,
};

/// Beats that the punt FIFO holds: 64 KiB.
const PUNT_BEATS: usize = 1024;
/// Beats that a frame to inject may have.
const INJECT_BEATS: usize = INJECT_MAX_BYTES / BEAT_BYTES;

bundle! {
    /// What is stored of a punted frame, one beat a row.
    struct Punted { data: U<512>, length: U<16> }

    /// What the FIFO joins together.
    pub struct Joined {
        /// The core's output is taken.
        core_m_ready: Bit,
        /// Frames for all other ports.
        outer_m: Offer,
        /// The outer input is taken.
        outer_s_ready: Bit,
        /// Frames for the core.
        core_s: Offer,
        /// The answer to the host.
        response: Response,
    }
}

/// Beats of a frame of so many bytes. Combinational.
fn beats(length: U<16>) -> U<11> {
    (length.ext::<17>() + 63).slice::<11>(6)
}

/// The FIFO between core, outer streams and host.
pub fn slow_fifo(
    core_m: Offer,
    outer_m_ready: Bit,
    outer_s: Offer,
    core_s_ready: Bit,
    request: Request,
) -> Joined {
    wire!(is_slow = core_m.beat.port().eq(SLOW));
    let (status, data, lost) = punted(core_m.valid & is_slow, core_m.beat, request);
    let (injected, taken, busy) = injector(request);

    // A packet is finished before the other side may start one.
    let inside = state::<Bit>("inside_packet");
    let inject_turn = state::<Bit>("inject_turn");
    wire!(from_inject = mux(inside.q, inject_turn.q, injected.valid.timeless()));
    let core_s = Offer {
        valid: mux(from_inject, injected.valid, outer_s.valid),
        beat: mux(from_inject, injected.beat, outer_s.beat),
    };
    wire!(moves = core_s.valid & core_s_ready);
    inside.next(moves, !core_s.beat.last);
    inject_turn.next(moves, from_inject);
    taken.next(moves & from_inject);

    let read = |offset: u32, value: U<32>| (request.address.eq(offset), value);
    let value = one_of(&[
        read(PUNT_STATUS, status),
        read(PUNT_DATA, data),
        read(PUNT_LOST, lost),
        read(INJECT_STATUS, mux(busy, k(INJECT_BUSY), k(0))),
    ]);
    Joined {
        core_m_ready: is_slow | outer_m_ready,
        outer_m: Offer {
            valid: core_m.valid & !is_slow,
            ..core_m
        },
        outer_s_ready: core_s_ready & !from_inject,
        core_s,
        response: Response {
            valid: request.valid.reg_rst("answer"),
            data: value.reg("answer_data"),
        },
    }
}

/// Stores punted frames and hands out their words: status, next word, frames lost.
fn punted(valid: Bit, beat: Beat, request: Request) -> (U<32>, U<32>, U<32>) {
    let rows = memory::<Punted>("punted", PUNT_BEATS, Ram::Block);
    let (write_at, read_at) = (
        state::<U<10>>("punt_write_at"),
        state::<U<10>>("punt_read_at"),
    );
    let used = state::<U<11>>("punt_used");
    let frames = state::<U<16>>("punt_frames");
    let (inside, losing) = (state::<Bit>("punt_inside"), state::<Bit>("punt_losing"));
    let lost = state::<U<32>>("punt_lost");
    let word = state::<U<16>>("punt_word");

    // The whole frame has room, or none of it is kept.
    wire!(no_room = (used.q.ext::<12>() + beats(beat.length()).ext::<12>()).gt(PUNT_BEATS));
    wire!(loses = mux(inside.q, losing.q, no_room));
    inside.next(valid, !beat.last);
    losing.next(valid & !inside.q, no_room);
    wire!(stores = valid & !loses);
    rows.write(
        stores,
        write_at.q,
        Punted {
            data: beat.data,
            length: beat.length(),
        },
    );
    write_at.next(stores, write_at.q + 1);
    lost.next(valid & loses & beat.last, lost.q + 1);

    let row = rows.read("punt_row", read_at.q).timeless();
    wire!(some = frames.q.any());
    wire!(pops = request.valid & !request.write & request.address.eq(PUNT_DATA) & some);
    wire!(last_word = (word.q + 1).shl(2).ge(row.length));
    wire!(next_beat = pops & (last_word | word.q.slice::<4>(0).all()));
    word.next(pops, mux(last_word, k(0), word.q + 1));
    read_at.next(next_beat, read_at.q + 1);
    used.next(stores ^ next_beat, mux(stores, used.q + 1, used.q - 1));
    wire!(arrives = stores & beat.last);
    wire!(leaves = pops & last_word);
    frames.next(arrives ^ leaves, mux(arrives, frames.q + 1, frames.q - 1));

    let words: [U<32>; 16] = std::array::from_fn(|i| row.data.slice(32 * i));
    let length = mux(some, row.length, k(0));
    (
        cat!(length, frames.q),
        select(word.q.slice::<4>(0), &words),
        lost.q,
    )
}

/// What the merge tells the injector.
struct Taken {
    moves: underpass_wires::State<Bit>,
}

impl Taken {
    fn next(&self, moved: Bit) {
        self.moves.next(k(1), moved);
    }
}

/// Collects the host's words and offers them as a packet: its offer, where to say that a beat was taken, and whether a
/// frame is on its way.
fn injector(request: Request) -> (Offer, Taken, Bit) {
    bundle! {
        struct Sending { offered: Bit, fetching: Bit, at: U<8>, left: U<11>, length: U<16> }
    }
    let rows = memory::<U<512>>("injected", INJECT_BEATS, Ram::Block);
    let words: [underpass_wires::State<U<32>>; 16] =
        std::array::from_fn(|i| state(&format!("inject_word{i}")));
    let count = state::<U<12>>("inject_count");
    let sending = state::<Sending>("inject_sending");
    let moves = state::<Bit>("inject_moves");

    let writes = |offset: u32| request.valid & request.write & request.address.eq(offset);
    wire!(busy = sending.q.left.any());
    wire!(collects = writes(INJECT_DATA) & !busy);
    wire!(commits = writes(INJECT_COMMIT) & !busy & request.data.any());
    let place: U<4> = count.q.slice(0);
    for (i, word) in words.iter().enumerate() {
        word.next(collects & place.eq(i), request.data);
    }
    // A row is written once it is full, and the last one when the frame is complete; its bytes beyond do not count.
    let stored = state::<Bit>("inject_row_full");
    let row_at = state::<U<8>>("inject_row_at");
    stored.next(k(1), (collects & place.all()).timeless());
    row_at.next(
        collects | commits,
        mux(
            commits,
            (request.data.slice::<16>(0) - 1).slice::<8>(6),
            count.q.slice(4),
        ),
    );
    let committed = state::<Bit>("inject_committed");
    committed.next(k(1), commits.timeless());
    let row = underpass_wires::cat_of::<512>(
        &words
            .iter()
            .rev()
            .map(|word| underpass_wires::parts(word.q))
            .collect::<Vec<_>>(),
    );
    wire!(partial = committed.q & count.q.slice::<4>(0).any());
    rows.write(stored.q | partial, row_at.q, row);
    count.next(
        collects | committed.q.timeless(),
        mux(committed.q, k(0), count.q + 1),
    );

    // Two clocks a beat or more: this path is not for speed.
    let sent = sending.q;
    wire!(gone = moves.q);
    let begun = Sending {
        offered: k(0),
        fetching: k(0),
        at: k(0),
        left: beats(request.data.slice(0)),
        length: request.data.slice(0),
    };
    let moved = Sending {
        offered: k(0),
        fetching: k(0),
        at: sent.at + 1,
        left: sent.left - 1,
        length: sent.length,
    };
    let fetched = Sending {
        offered: sent.fetching,
        fetching: k(1),
        ..sent
    };
    wire!(waits = sent.offered & !gone);
    sending.next(
        commits | busy & !waits,
        mux(commits, begun, mux(gone, moved, fetched)),
    );

    wire!(last = sent.left.eq(1));
    let tail: U<6> = sent.length.slice(0);
    let all = konst::<64>(&[u64::MAX]);
    let keep = mux(last & tail.any(), !(all.shl_by(tail)), all);
    let beat = Beat {
        data: rows.read("inject_row", sent.at).timeless(),
        keep,
        last,
        user: cat!(sent.length, k::<16>(SLOW)),
    };
    (
        Offer {
            valid: sent.offered & !gone,
            beat,
        },
        Taken { moves },
        busy,
    )
}

leaf!(
    /// The FIFO as a block.
    pub SlowFifo {
        core_m: OfferIn,
        outer_m_ready: Signal<In, HdlBit>,
        outer_s: OfferIn,
        core_s_ready: Signal<In, HdlBit>,
        request: RequestIn,
    } -> {
        core_m_ready: Signal<Out, HdlBit>,
        outer_m: OfferOut,
        outer_s_ready: Signal<Out, HdlBit>,
        core_s: OfferOut,
        response: ResponseOut,
    },
    |core_m: Offer, outer_m_ready: Bit, outer_s: Offer, core_s_ready: Bit, request: Request|
        -> (Bit, Offer, Bit, Offer, Response) {
        let joined = slow_fifo(core_m, outer_m_ready, outer_s, core_s_ready, request);
        (joined.core_m_ready, joined.outer_m, joined.outer_s_ready, joined.core_s, joined.response)
    }
);
