//! Sends each packet as its edit says: replaces fields in it, takes bytes off the front, puts a header
//! in front. What is for port `ROUND` goes to rounds instead of `m`.
//!
//! ```text
//!   edit ─▶ plan ──┬─ cuts, patches ──▶ patch ─▶ strip ─ whole beats ─▶ prepend ─┬─▶ [ queue ] ─▶ m
//!                  '─ fronts ────────────────────────────────────────▶  ^        '─▶ rounds
//!   body ─▶ [ packet buffer ] ───────▶ patch                            '── carry
//!
//!   strip:    |////ssss|ssssssss|ss      |   2 beats of what is left    costs the packet's input beats
//!   prepend:  |hhhhssss|ssssssss|ssssss  |                              costs the packet's output beats
//! ```
//! The two halves run on their own with a queue between them, so that a packet costs the larger of its input beats and
//! its output beats and the next one follows without a bubble. Neither stops in mid-flight: each starts a step only
//! when the queue behind it has room for all that is under way, and what is under way needs no enable.
//!
//! The first beat is on `m` [`DELIVER_CLOCKS`] clocks after the edit, with an idle output and the body there. A long
//! packet streams through as its beats arrive.

pub mod patch;
pub mod plan;
pub mod prepend;
pub mod strip;
#[cfg(test)]
mod tests;

use crate::stream::beat::{BodyWrite, Credit, EditSlot, Offer, RoundBeat};
use crate::stream::bytes::ones;
use underpass_wires::{block, bundle, k, mux, state, wire, Bit, BundleExt, U};

/// From an edit to its packet's first beat on `m`, one-beat packets.
pub const DELIVER_CLOCKS: u32 = 14;

bundle! {
    /// What becomes of bodies and edits.
    pub struct Delivered {
        /// To the outer stream.
        m: Offer,
        /// To rounds.
        round: RoundBeat,
        /// To gather: room that became free.
        credit: Credit,
    }
}

/// See the module. `m_ready`: the beat on offer is taken at the end of this clock.
#[track_caller]
pub fn deliver(body: BodyWrite, edit: EditSlot, m_ready: Bit) -> Delivered {
    // Bodies, edits and the outer stream keep their own time: they meet in queues.
    let (body, edit, m_ready) = (body.timeless(), edit.timeless(), m_ready.timeless());
    let room = state::<Bit>("room");
    let plan = block("plan", edit, plan::plan);
    let (stripped, consumed) = block(
        "strip",
        (body, plan.valid, (plan.cut, plan.patch), room.q),
        |(body, valid, cut, room)| strip::strip(body, valid, cut, room),
    );
    let fronted = plan.valid & !plan.cut.drop;
    let sent = block(
        "prepend",
        (stripped.valid, stripped.beat, fronted, plan.front, m_ready),
        |(valid, beat, fronted, front, ready)| prepend::prepend(valid, beat, fronted, front, ready),
    );
    room.next(k(1), sent.room);

    // A dropped packet, one that ends on `m` and one that goes round can end in one clock; their slots are given back one a
    // clock.
    let owed = state::<U<9>>("owed");
    let pay = owed.q.any();
    wire!(ended: U<2> = stripped.dropped.ext() + sent.ended.ext() + sent.went_round.ext());
    let rise = ended.ext::<9>();
    owed.next(k(1), owed.q + rise + mux(pay, ones(), k(0)));
    Delivered {
        m: sent.m,
        round: sent.round,
        credit: Credit {
            body: consumed,
            header: pay,
        },
    }
}
