//! A frame that the host hands to the core, word by word.
//!
//! ```text
//!   INJECT_DATA ─▶ [ 16 words ] ─▶ [ rows of 64 bytes ] ─▶ beats ─▶ core
//!   INJECT_COMMIT ─ length ───────────────────────────────▶ '
//! ```
//! Words that were not written are zeros. Words beyond the longest frame are not kept. A length of nothing, or beyond the
//! longest frame, throws the words away. While a frame goes, words and commits are ignored.

use crate::card::axil::Request;
use crate::stream::beat::{Beat, Offer};
use crate::stream::bytes::{beats_of, counted, first_bytes, ones};
use crate::stream::fifo::{fifo, Queue, TAIL};
use underpass_layout::port::SLOW;
use underpass_layout::registers::slow::{INJECT_COMMIT, INJECT_DATA, INJECT_MAX_BYTES};
use underpass_wires::{all_of, bundle, cat, k, mux, only, state, wire, Bit, BundleExt, State, U};

/// Rows, as a power of two: 16 KiB.
const ROWS: usize = 8;
const _: () = assert!(INJECT_MAX_BYTES == 64 << ROWS);

/// A frame that waits for its turn.
pub struct Inject {
    /// Its next beat.
    pub offer: Offer,
    /// A frame is on its way.
    pub busy: Bit,
    /// Where to say that the beat was taken.
    pub beats: Taken,
}

bundle! {
    /// The frame that goes.
    struct Sending {
        /// Beats that have not been taken.
        left: U<9>,
        length: U<16>,
        /// Rows that no beat needs are thrown away.
        clearing: Bit,
    }
}

/// What must be told which beats were taken.
#[must_use = "a beat that is never taken stays on offer"]
pub struct Taken {
    sending: State<Sending>,
    rows: Queue<U<512>, TAIL>,
    row_count: State<U<9>>,
    row_added: Bit,
    begin: Bit,
    frame: Sending,
}

/// See the module.
#[track_caller]
pub fn inject(request: Request) -> Inject {
    let request = request.timeless();
    let sending = state::<Sending>("sending");
    // The row that a commit completes is there a clock later, and the frame begins then.
    let committed = state::<Bit>("committed");
    wire!(busy = committed.q | sending.q.clearing);
    let writes = |offset: u32| request.valid & request.write & request.address.eq(offset) & !busy;

    // One bit more than there are words: so many, and the buffer is full.
    let count = state::<U<13>>("words_written");
    let full = count.q.bit(ROWS + 4);
    wire!(collects = writes(INJECT_DATA) & !full);
    wire!(commits = writes(INJECT_COMMIT));
    let place: U<4> = count.q.trunc();
    count.next(collects | commits, mux(commits, k(0), count.q + 1));
    let row_full = state::<Bit>("row_full");
    row_full.next(k(1), (collects & place.all()) | (commits & place.any()));
    let words: [U<32>; 16] = std::array::from_fn(|i| {
        let word = state::<U<32>>("word");
        let here = collects & place.eq(i);
        word.next(here | row_full.q, only(here, request.data));
        word.q
    });
    let rows = fifo::<U<512>, ROWS>("injected", row_full.q, words.pack());

    committed.next(k(1), commits);
    let length = request.data.reg("committed_length");
    wire!(too_long = (length - 1).slice::<18>(14).any());
    let begun = Sending {
        left: only(!too_long, beats_of(length.trunc()).trunc()),
        length: length.trunc(),
        clearing: k(1),
    };
    let row_count = state::<U<9>>("row_count");
    wire!(last = sending.q.left.eq(1));
    let tail: U<6> = sending.q.length.trunc();
    let beat = Beat {
        data: only(row_count.q.any(), rows.head),
        keep: mux(last & tail.any(), first_bytes(tail), ones()),
        last,
        user: cat!(sending.q.length, k::<16>(SLOW)),
    };
    wire!(there = rows.valid | !row_count.q.any());
    Inject {
        offer: Offer {
            valid: all_of(&[sending.q.left.any(), there]),
            beat,
        },
        busy,
        beats: Taken {
            sending,
            rows,
            row_count,
            row_added: row_full.q,
            begin: committed.q,
            frame: begun,
        },
    }
}

impl Taken {
    /// Goes on where `taken` is set.
    #[track_caller]
    pub fn pop(self, taken: Bit) {
        let now = self.sending.q;
        let some = self.row_count.q.any();
        wire!(clears = now.clearing & !now.left.any() & self.rows.valid);
        let row_gone = (taken.timeless() & some) | clears;
        self.rows.pop(row_gone);
        counted(self.row_count, self.row_added, row_gone);
        let onward = Sending {
            left: now.left - only(taken.timeless(), k(1)),
            clearing: now.left.any() | some,
            ..now
        };
        self.sending.next(
            self.begin | now.clearing,
            mux(self.begin, self.frame, onward),
        );
    }
}
