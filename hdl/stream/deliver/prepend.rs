//! The second half of deliver: puts the header in front and sends.
//!
//! ```text
//!   part = 24:   header |hhhh....|      packet |aaaabbbb|ccccdddd|ee      |
//!
//!   turned by 24:       |bbbbaaaa|      |ddddcccc|      |    ee  |
//!   sent:               |hhhhaaaa|      |bbbbcccc|      |ddddee  |       low bytes from the header or the turn before
//! ```
//! One step makes one output beat: the whole beat of a header of 64 bytes and more, one for each beat of the packet,
//! and one for what spills over its end. What a step is, is decided a clock before anything wide moves; the queue to
//! `m` takes whatever was started, and so does rounds.

use super::plan::Front;
use super::strip::Aligned;
use crate::stream::beat::{Beat, Offer, RoundBeat};
use crate::stream::bytes::{first_bytes, keep_bytes, ones};
use crate::stream::fifo::{fifo, queue};
use underpass_layout::port;
use underpass_wires::{bundle, cat, k, mux, only, select, state, wire, Bit, BundleExt, U};

/// Depth of the two queues as a power of two: 32, what one LUT RAM cell holds.
const DEPTH: usize = 5;
/// Beats in a queue up to which more may be sent to it: fewer than eight are under way.
const LIMIT: usize = (1 << DEPTH) - 8;

bundle! {
    /// What comes out.
    pub struct Prepended {
        /// To the outer stream.
        m: Offer,
        /// More beats can be taken.
        room: Bit,
        /// To rounds.
        round: RoundBeat,
        /// A packet's last beat was taken from `m`.
        ended: Bit,
        /// A packet's last beat went to rounds.
        went_round: Bit,
    }

    /// What the two queues in front and the one behind are told.
    pub struct Fronted {
        /// There is a beat for the queue to `m` in this clock.
        valid: Bit,
        /// It.
        beat: Beat,
        /// The packet's beat leaves its queue.
        take: Bit,
        /// The header leaves its queue: the packet ends.
        end: Bit,
    }

    /// What of the packet went already.
    struct Done {
        whole: Bit,
        begun: Bit,
        spill: Bit,
    }

    /// One output beat in the making.
    struct Step {
        valid: Bit,
        /// The packet's bytes, not turned yet.
        data: U<512>,
        /// The header's.
        header: U<512>,
        /// The low bytes are the header's, not those that the turn before left.
        from_header: Bit,
        /// All bytes are low bytes.
        all: Bit,
        part: U<6>,
        last: Bit,
        tail: U<6>,
        user: U<32>,
    }
}

/// See the module.
#[track_caller]
pub fn prepend(valid: Bit, beat: Aligned, planned: Bit, front: Front, m_ready: Bit) -> Prepended {
    let beats = queue::<Aligned, DEPTH>("beats", valid, beat);
    let fronts = fifo::<Front, 8>("fronts", planned, front);
    let room = state::<Bit>("room");
    let sent = put_in_front(
        room.q,
        (beats.valid, beats.head),
        (fronts.valid, fronts.head),
    );
    beats.pop(sent.take);
    fronts.pop(sent.end);
    // Rounds has kept room for what comes, so it waits for nothing but what is in front of it.
    wire!(round = sent.beat.port().eq(port::ROUND));
    let goes_round = (sent.valid & round).reg_rst("goes_round");
    let round_last = sent.beat.last.reg("round_last");
    let out = queue::<Beat, DEPTH>("out", sent.valid & !round, sent.beat);
    room.next(k(1), out.used.lt(LIMIT));
    let taken = out.valid & m_ready;
    out.pop(taken);
    Prepended {
        m: Offer {
            valid: out.valid,
            beat: out.head,
        },
        room: beats.used.lt(LIMIT),
        round: RoundBeat {
            valid: goes_round,
            data: (sent.beat.data & keep_bytes(sent.beat.keep)).reg("round_data"),
            last: round_last,
        },
        went_round: goes_round & round_last,
        ended: (taken & out.head.last).reg_rst("ended"),
    }
}

/// What is between the three queues. `room`: the one to `m` can take all that is under way and one beat more.
#[track_caller]
pub fn put_in_front(room: Bit, beats: (Bit, Aligned), fronts: (Bit, Front)) -> Fronted {
    let done = state::<Done>("done");
    let ((beat_waits, beat), (front_waits, front)) = (beats, fronts);
    wire!(whole = front.whole & !done.q.whole & !done.q.begun);
    // A header of exactly one beat in front of nothing.
    wire!(alone = beat.empty & !front.part.any());
    wire!(go = room & front_waits & (done.q.spill | beat_waits));
    wire!(spills = !whole & beat.last & front.spill);
    wire!(last = done.q.spill | mux(whole, alone, beat.last & !front.spill));
    wire!(take = !done.q.spill & (!whole | alone));
    let now = Done {
        whole: done.q.whole | whole,
        begun: done.q.begun | take,
        spill: spills,
    };
    done.next(go, only(!last, now));

    let (low, high): (U<512>, U<256>) = (front.header.slice(0), front.header.slice(512));
    let step = Step {
        valid: go.reg_rst("step_valid"),
        data: only(!done.q.spill & !beat.empty, beat.data).reg("step_data"),
        header: mux(done.q.whole, high.ext(), low).reg("step_header"),
        from_header: (!done.q.begun).reg("step_from_header"),
        all: whole.reg("step_all"),
        part: front.part.reg("step_part"),
        last: last.reg("step_last"),
        tail: front.tail.reg("step_tail"),
        user: front.user.reg("step_user"),
    };
    let (valid, beat) = merge(step);
    Fronted {
        valid,
        beat,
        take: go & take,
        end: go & last,
    }
}

/// Turns the packet's bytes and puts them together with those that stand in front.
fn merge(step: Step) -> (Bit, Beat) {
    let (by_16, by_1): (U<2>, U<4>) = (step.part.slice(4), step.part.slice(0));
    let coarse: [U<512>; 4] = std::array::from_fn(|i| step.data.rotl(128 * i));
    let coarse = select(by_16, &coarse).reg("turned_coarse");
    let fine: [U<512>; 16] = std::array::from_fn(|i| coarse.rotl(8 * i));
    let valid = step.valid.reg_rst("turned_valid");
    let turned = select(by_1.reg("turn"), &fine).reg("turned");

    let bits: U<9> = cat!(step.part, k::<3>(0));
    let low = mux(step.all, ones(), !ones::<512>().shl_by(bits))
        .reg("low_early")
        .reg("low");
    let front = step.header.delay("front", 2);
    let from_header = step.from_header.delay("from_header", 2);
    let valid = valid.reg_rst("merge_valid");
    let carry = turned.reg_en("carry", valid);
    let data = (mux(from_header, front, carry) & low) | (turned & !low);

    let last = step.last.delay("merge_last", 2);
    let tail = step.tail.reg("tail_early");
    let keep = mux(
        step.last.reg("last_early") & tail.any(),
        first_bytes(tail),
        ones(),
    )
    .reg("keep");
    (
        valid,
        Beat {
            data,
            keep,
            last,
            user: step.user.delay("user", 2),
        },
    )
}
