//! What travels between the blocks of the data path: beats, header slots, edits, credits.
//!
//! ```text
//!   s ── Offer ─▶ gather ── HeaderSlot ─▶ s1 .. s13 ── EditSlot ─▶ deliver ── Offer ─▶ m
//!                   ^  '─────── BodyWrite ───────────────────────────▶ |
//!                   '────────── Credit ────────────────────────────────'
//! ```
//! Only the two outer streams have a `ready`. Within, whoever sends has counted that there is room.

use crate::hardware::{Arrival, Edit};
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
