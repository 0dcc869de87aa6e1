//! What travels between the blocks of the data path: beats, header slots, edits, errands, credits.
//!
//! ```text
//!   s ── Offer ─▶ gather ── HeaderSlot ─▶ s1 .. s14 ── EditSlot ─▶ deliver ── Offer ─▶ m
//!                  ^ ^ '─────── BodyWrite ──────────────────────────▶ | |
//!                  | '───────── Credit ───────────────────────────────' |
//!                  |                 RoundCredit ▲   | ErrandSlot       | RoundBeat
//!                  '────────── RoundOffer ────── rounds ◀───────────────'
//! ```
//! Only the two outer streams and what comes back from rounds have a `ready`. Within, whoever sends has counted that there
//! is room.

use crate::hardware::{Arrival, Edit, Errand, Round};
use underpass_layout::meta::{BEAT_BYTES, WINDOW_BYTES};
use underpass_wires::{bundle, Bit, U};

/// Bits of a beat's data.
pub const BEAT_BITS: usize = 8 * BEAT_BYTES;
/// Bits of the window.
pub const WINDOW_BITS: usize = 8 * WINDOW_BYTES;
/// Beats that the packet buffer holds.
pub const BODY_DEPTH: usize = 512;
/// Packets that may be between gather and deliver: a header or an edit each.
pub const EDIT_DEPTH: usize = 256;

bundle! {
    /// One clock's worth of a packet. Byte 0 is the lowest.
    pub struct Beat {
        /// The bytes.
        data: U<512>,
        /// Which of them count; all but in the last beat.
        keep: U<64>,
        /// The packet ends here.
        last: Bit,
        /// Length in bytes (bits 31..16) and port (bits 15..0), the same in all beats of a packet.
        user: U<32>,
    }

    /// A beat that waits to be taken; `ready` travels the other way as a [`Bit`].
    pub struct Offer {
        /// There is one. It stays until it is taken.
        valid: Bit,
        /// It.
        beat: Beat,
    }

    /// A packet's header on its way into the stages.
    pub struct HeaderSlot {
        /// There is one in this clock.
        valid: Bit,
        /// How the packet came.
        arrival: Arrival,
        /// Its first 192 bytes, zeros behind its end.
        window: U<1536>,
    }

    /// A beat on its way into the packet buffer.
    pub struct BodyWrite {
        /// There is one in this clock.
        valid: Bit,
        /// The bytes, zeros behind the packet's end.
        data: U<512>,
        /// The packet ends here.
        last: Bit,
    }

    /// The stages' answer: one for each header, in the same order.
    pub struct EditSlot {
        /// There is one in this clock.
        valid: Bit,
        /// What to do with the packet.
        edit: Edit,
    }

    /// What becomes of a packet that goes round: told before its bytes come, in the order in which they come.
    pub struct ErrandSlot {
        /// There is one in this clock.
        valid: Bit,
        /// Bytes of the packet.
        length: U<16>,
        /// Its copies.
        errand: Errand,
    }

    /// A beat of a packet that goes round. Whoever sent the packet has kept room for it.
    pub struct RoundBeat {
        /// There is one in this clock.
        valid: Bit,
        /// The bytes, zeros behind the packet's end.
        data: U<512>,
        /// The packet ends here.
        last: Bit,
    }

    /// A beat of a copy that waits to be taken; `ready` travels the other way as a [`Bit`].
    pub struct RoundOffer {
        /// There is one. It stays until it is taken.
        valid: Bit,
        /// The bytes, zeros behind the copy's end.
        data: U<512>,
        /// The copy ends here.
        last: Bit,
        /// Length of the copy in bytes, the same in all its beats.
        length: U<16>,
        /// What is known of it, the same in all its beats.
        round: Round,
    }

    /// Room for packets that go round that became free in this clock: one packet's.
    pub struct RoundCredit {
        /// There is some.
        valid: Bit,
        /// The beats that the packet took.
        beats: U<11>,
    }

    /// What the counters of packets that go round learn in a clock.
    pub struct RoundEvents {
        /// A packet goes round.
        packet: Bit,
        /// A copy for a member was none.
        skipped: Bit,
        /// A packet goes on without what it should have gone round for.
        lost: Bit,
    }

    /// Room that became free in this clock.
    pub struct Credit {
        /// One beat of the packet buffer.
        body: Bit,
        /// One header slot.
        header: Bit,
    }
}

impl Beat {
    /// Length in bytes.
    #[track_caller]
    pub fn length(self) -> U<16> {
        self.user.slice(16)
    }

    /// The port.
    #[track_caller]
    pub fn port(self) -> U<16> {
        self.user.slice(0)
    }
}

const _: () = assert!(BEAT_BITS == 512 && WINDOW_BITS == 1536);
