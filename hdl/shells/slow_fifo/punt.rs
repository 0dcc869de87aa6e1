//! Punted frames on their way to the host.
//!
//! ```text
//!   beat ─▶ room for the whole frame? ─ yes ─▶ [ rows of 64 bytes ] ─▶ word by word ─▶ PUNT_DATA
//!                                     '- no ─▶ PUNT_LOST + 1
//! ```
//! A row holds one beat. A frame can be read once all of it is there, as many words as its length says. It never has more
//! rows than that: beats beyond its length are not stored, and where there are fewer, the last row is read again.

use crate::card::axil::Request;
use crate::stream::beat::Beat;
use crate::stream::bytes::{beats_of, counted};
use crate::stream::fifo::fifo;
use underpass_layout::registers::slow::{PUNT_BEATS, PUNT_DATA};
use underpass_wires::{
    bundle, cat, k, mux, only, select, state, state_from, wire, Bit, BundleExt, U,
};

/// Rows, as a power of two.
const ROWS: usize = PUNT_BEATS.trailing_zeros() as usize;
/// Clocks until the rows of a frame that was stored can be read.
const SETTLE: usize = 3;

/// What the host can read.
pub struct Punt {
    /// Frames that wait, and the first one's length above.
    pub status: U<32>,
    /// The next word of the first one.
    pub word: U<32>,
    /// Frames that found no room.
    pub lost: U<32>,
}

bundle! {
    struct Row {
        data: U<512>,
        length: U<16>,
        /// Number of the frame's last word.
        last_word: U<14>,
        last: Bit,
    }
}

/// See the module. `valid`: `beat` is one of a punted frame, and is taken.
#[track_caller]
pub fn punt(valid: Bit, beat: Beat, request: Request) -> Punt {
    let length = beat.length();
    let row = Row {
        data: beat.data,
        length,
        last_word: (length - 1).slice(2),
        last: beat.last,
    };
    let arrived = (
        valid.reg_rst("arrived"),
        row.reg("arrived_row"),
        beats_of(length).reg("arrived_beats"),
    );
    let (arrived, row, needs) = arrived.timeless();
    let reads = request.valid & !request.write & request.address.eq(PUNT_DATA);
    let read = reads.reg_rst("punt_data_read").timeless();

    // The frame's first beat decides over all of it.
    let free = state_from::<U<11>>("free", k(1usize << ROWS));
    let left = state::<U<11>>("left");
    let (within, losing) = (state::<Bit>("punt_within"), state::<Bit>("losing"));
    wire!(no_room = needs.gt(free.q));
    wire!(loses = mux(within.q, losing.q, no_room));
    let remain = mux(within.q, left.q, needs);
    wire!(stores = arrived & !loses & remain.any());
    wire!(complete = row.last | remain.eq(1));
    within.next(arrived, !row.last);
    losing.next(arrived, loses);
    left.next(arrived, only(remain.any(), remain - 1));
    let lost = state::<U<32>>("lost");
    lost.next(arrived & loses & row.last, lost.q + 1);

    let rows = fifo::<Row, ROWS>(
        "punted",
        stores,
        Row {
            last: complete,
            ..row
        },
    );
    let frames = state::<U<16>>("frames");
    let at = state::<U<14>>("word_at");
    let row = rows.head;
    wire!(some = frames.q.any() & rows.valid);
    wire!(pops = read & some);
    wire!(last_word = at.q.eq(row.last_word));
    wire!(last_of_row = at.q.trunc::<4>().all());
    wire!(row_ends = pops & (last_word | (last_of_row & !row.last)));
    at.next(pops, only(!last_word, at.q + 1));
    rows.pop(row_ends);
    counted(free, row_ends.reg_rst("row_ended"), stores);
    let settled = (0..SETTLE).fold(stores & complete, |bit, _| bit.reg_rst("settled"));
    counted(frames, settled, pops & last_word);

    let words: [U<32>; 16] = std::array::from_fn(|i| row.data.slice(32 * i));
    Punt {
        status: only(some, cat!(row.length, frames.q)),
        word: only(some, select(at.q.trunc::<4>(), &words)),
        lost: lost.q,
    }
}
