//! The first half of deliver: keeps the bodies, takes bytes off the front, and makes whole beats of what is left.
//!
//! ```text
//!   clock   go            go + 2       step         held            aligned
//!   [ packet buffer ] ─▶ patch ─▶ step ─▶ held | step ─▶ coarse ─▶ fine ─▶ to the queue of prepend
//!   [ cuts ]                       shift by 24:  |........hhhh| |hhhhhhhhssss| (h: held, s: step)
//! ```
//! An output beat is made of a beat that is held and the one that follows, so it goes when that one comes; a packet's
//! last beat goes a clock after it came. Skipped beats and beats whose bytes all went before make none.
//!
//! Every packet that is not dropped gives at least one beat, the last one marked: for one with no bytes left it is
//! empty and stands for the header. That holds even if the length in the edit and the beats in the buffer disagree.

use super::patch::patch;
use super::plan::Cut;
use crate::hardware::Patch;
use crate::stream::beat::BodyWrite;
use crate::stream::fifo::fifo;
use underpass_wires::{bundle, cat, k, mux, only, select, state, wire, Bit, BundleExt, U};

bundle! {
    /// A beat of what is left of a packet.
    pub struct Aligned {
        /// Its bytes; only the last beat may have fewer than 64.
        data: U<512>,
        /// The packet ends.
        last: Bit,
        /// There are no bytes in it.
        empty: Bit,
    }

    /// What comes out.
    pub struct Stripped {
        /// There is a beat in this clock.
        valid: Bit,
        /// It.
        beat: Aligned,
        /// A packet that is dropped ended.
        dropped: Bit,
    }

    /// Where in a packet the head of the buffer is.
    struct Place {
        within: Bit,
        skip: U<2>,
        beats: U<11>,
        /// The last beat went on.
        ended: Bit,
    }

    /// A beat from the buffer with all that was decided for it.
    struct Step {
        data: U<512>,
        body_last: Bit,
        /// An output beat starts in it.
        emit: Bit,
        last: Bit,
        empty: Bit,
        shift: U<6>,
    }
}

/// See the module; and whether a beat left the packet buffer. `room`: prepend can take all that is under way and one
/// beat more.
#[track_caller]
pub fn strip(
    body: BodyWrite,
    planned: Bit,
    (cut, changes): (Cut, Patch),
    room: Bit,
) -> (Stripped, Bit) {
    let bodies = fifo::<(U<512>, Bit), 9>("body", body.valid, (body.data, body.last));
    let cuts = fifo::<(Cut, Patch), 8>("cuts", planned, (cut, changes));
    let ((data, last), (cut, changes)) = (bodies.head, cuts.head);
    wire!(go = bodies.valid & cuts.valid & room);
    bodies.pop(go);
    cuts.pop(go & last);
    let patched = patch(go, data, last, cut, changes);
    let stripped = cut_up(patched.valid, patched.data, patched.last, patched.cut);
    (stripped, patched.taken)
}

/// What is between patch and prepend. `go`: a beat is there, with the cut of its packet.
#[track_caller]
pub fn cut_up(go: Bit, data: U<512>, body_last: Bit, cut: Cut) -> Stripped {
    let step = decide(go, data, body_last, cut);
    let stepped = go.reg_rst("stepped");
    let step = step.reg("step");
    let (valid, beat) = align(stepped, step);
    Stripped {
        valid,
        beat,
        dropped: (go & body_last & cut.drop).reg_rst("dropped"),
    }
}

fn decide(go: Bit, data: U<512>, body_last: Bit, cut: Cut) -> Step {
    let place = state::<Place>("place");
    let start = Place {
        skip: cut.skip,
        beats: cut.beats,
        ..underpass_wires::zero()
    };
    let at = mux(place.q.within, place.q, start);
    wire!(bytes = !at.skip.any() & at.beats.any());
    wire!(emit = !cut.drop & !at.ended & (bytes | body_last));
    wire!(last = body_last | at.beats.eq(1));
    let next = Place {
        within: k(1),
        skip: mux(at.skip.any(), at.skip - 1, k(0)),
        beats: mux(bytes, at.beats - 1, at.beats),
        ended: at.ended | (emit & last),
    };
    place.next(go, only(!body_last, next));
    Step {
        data,
        body_last,
        emit,
        last,
        empty: !bytes,
        shift: cut.shift,
    }
}

fn align(stepped: Bit, step: Step) -> (Bit, Aligned) {
    let held = step.reg_en("held", stepped);
    let waiting = state::<Bit>("waiting");
    waiting.next(k(1), stepped | (waiting.q & !held.body_last));
    wire!(goes = waiting.q & (held.body_last | stepped) & held.emit);

    // 64 distances in two clocks: by 16 bytes, then by one.
    let after = only(!held.body_last, step.data);
    let pair: U<1024> = cat!(after, held.data);
    let (by_16, by_1): (U<2>, U<4>) = (held.shift.slice(4), held.shift.slice(0));
    let coarse: [U<632>; 4] = std::array::from_fn(|i| pair.slice(128 * i));
    let coarse = select(by_16, &coarse).reg("coarse");
    let fine: [U<512>; 16] = std::array::from_fn(|i| coarse.slice(8 * i));
    let data = select(by_1.reg("by_1"), &fine);
    let beat = Aligned {
        data,
        last: held.last.reg("aligned_last"),
        empty: held.empty.reg("aligned_empty"),
    };
    (goes.reg_rst("aligned"), beat)
}
