//! Reads a copy out of the ring and puts its text in front: one beat a clock, whatever copy it belongs to.
//!
//! ```text
//!   text of 88 bytes:   |tttttttt|ttt.....|      packet |aaaabbbb|ccccdddd|ee      |
//!
//!   turned by 24:                |bbbaaaab|      |dddccccd|     | ee     |
//!   sent:      |tttttttt|tttaaaab|bbbccccd|dddee |              low bytes from the text or from the turn before
//!
//!   clock  0        1           3                4               5
//!   order, place ─▶ address ─▶ beat, text ─▶ turned by 16s ─▶ turned ─▶ sent
//! ```
//! A copy without text is turned by nothing. What a clock does is decided a clock before anything wide moves, and nothing
//! that has begun ever waits: the queue behind has room for it.

use super::merge::Piece;
use super::orders::Order;
use super::store::ADDRESS;
use crate::stream::beat::RoundCredit;
use underpass_wires::{bundle, k, mux, only, state, wire, zero, Bit, BundleExt, U};

/// Clocks from the decision to the beat.
pub const REPLAY_CLOCKS: usize = 1 + super::store::READ_CLOCKS + 2;

bundle! {
    /// What a clock does.
    pub struct Going {
        /// Where the packet's beat is, to be read a clock later.
        address: U<ADDRESS>,
        /// The order ends.
        done: Bit,
        /// Room that becomes free, a clock later.
        credit: RoundCredit,
        /// There is a piece, a clock later.
        valid: Bit,
        /// The row of its text.
        row: U<10>,
        /// It.
        piece: Piece,
    }

    /// How far a copy is.
    struct At {
        within: Bit,
        /// Whole beats of text that are left.
        whole: U<3>,
        /// Whole beats of text that went.
        way: U<3>,
        /// The first beat with bytes of the packet went.
        begun: Bit,
        address: U<ADDRESS>,
        /// Beats that are left.
        left: U<11>,
    }
}

/// One beat of the order at the head. `room`: the queue behind can take all that is under way and one beat more.
#[track_caller]
pub fn replay(waits: Bit, order: Order, room: Bit) -> Going {
    let state = state::<At>("at");
    let start = At {
        whole: order.text.slice(6),
        address: order.start,
        left: order.fields.beats,
        ..zero()
    };
    let at = mux(state.q.within, state.q, start);
    wire!(go = waits & room);
    wire!(all = at.whole.any());
    wire!(last = !at.left.slice::<10>(1).any());
    let next = At {
        within: k(1),
        whole: only(all, at.whole - 1),
        way: at.way + all.ext(),
        begun: !all,
        address: at.address + (!all).ext(),
        left: at.left - 1,
    };
    state.next(go, only(!last, next));

    let piece = Piece {
        way: at.way,
        all,
        from_text: !at.begun,
        part: order.text.trunc(),
        fill: order.routed & !at.way.any(),
        v6: order.v6,
        fields: order.fields,
        last,
        end: last & order.end,
        round: order.round,
    };
    Going {
        address: at.address,
        done: go & last,
        credit: RoundCredit {
            valid: (go & last & order.end).reg_rst("freed"),
            beats: order.stored.reg("freed_beats"),
        },
        valid: go.reg_rst("piece_valid"),
        row: order.row.reg("piece_row"),
        piece: piece.reg("piece"),
    }
}
