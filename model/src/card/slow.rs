//! The slow port between the core and the host: a FIFO of punted frames, and a buffer for one injected frame.
//!
//! ```text
//!   core ─▶ | frame | frame | ..  | ─▶ PUNT_DATA, a word a read
//!           1024 beats of 64 bytes; what finds no room is lost and counted
//!   core ◀─ | frame | ◀─ INJECT_DATA, a word a write, then INJECT_COMMIT
//! ```
//! Words are little-endian; the last word of a frame is filled up with zeros.

use std::collections::VecDeque;
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::registers::slow::{INJECT_BUSY, INJECT_MAX_BYTES, PUNT_BEATS};

/// Its state.
#[derive(Clone, Default)]
pub(super) struct SlowPort {
    waiting: VecDeque<Vec<u8>>,
    /// Beats that the unread bytes of `waiting` take.
    held: usize,
    /// Bytes of the first frame that were read.
    read: usize,
    lost: u32,
    /// The frame whose words are being written.
    written: Vec<u8>,
    /// The frame that goes as soon as packets are accepted.
    committed: Option<Vec<u8>>,
}

impl SlowPort {
    /// Takes a punted frame in.
    pub(super) fn punt(&mut self, frame: Vec<u8>) {
        let beats = frame.len().div_ceil(BEAT_BYTES);
        if self.held + beats <= PUNT_BEATS && frame.len() <= u16::MAX.into() {
            self.held += beats;
            self.waiting.push_back(frame);
        } else {
            self.lost = self.lost.wrapping_add(1);
        }
    }

    /// Frames that wait, and the length of the first.
    pub(super) fn status(&self) -> u32 {
        let length = self.waiting.front().map_or(0, Vec::len);
        (length as u32) << 16 | self.waiting.len() as u32
    }

    /// The next word of the first frame; 0 where there is none.
    pub(super) fn pop_word(&mut self) -> u32 {
        let Some(frame) = self.waiting.front() else {
            return 0;
        };
        let rest = &frame[self.read..];
        let mut word = [0; 4];
        let bytes = rest.len().min(4);
        word[..bytes].copy_from_slice(&rest[..bytes]);
        self.read += bytes;
        let ended = self.read == frame.len();
        if ended || self.read.is_multiple_of(BEAT_BYTES) {
            self.held -= 1;
        }
        if ended {
            self.read = 0;
            self.waiting.pop_front();
        }
        u32::from_le_bytes(word)
    }

    /// Frames that found no room.
    pub(super) fn lost(&self) -> u32 {
        self.lost
    }

    /// Takes the next word of a frame to inject; beyond the longest frame, words are not kept.
    pub(super) fn push_word(&mut self, word: u32) {
        if self.written.len() < INJECT_MAX_BYTES {
            self.written.extend_from_slice(&word.to_le_bytes());
        }
    }

    /// The frame is complete. It has `length` bytes: of words that were not written, zeros. A length of nothing, or
    /// beyond the longest frame, or while the frame before still waits, throws the words away.
    pub(super) fn commit(&mut self, length: usize) {
        let mut frame = std::mem::take(&mut self.written);
        if (1..=INJECT_MAX_BYTES).contains(&length) && self.committed.is_none() {
            frame.resize(length, 0);
            self.committed = Some(frame);
        }
    }

    /// Whether a frame still waits to go.
    pub(super) fn inject_status(&self) -> u32 {
        match self.committed {
            Some(_) => INJECT_BUSY,
            None => 0,
        }
    }

    /// The frame that goes.
    pub(super) fn take_injected(&mut self) -> Option<Vec<u8>> {
        self.committed.take()
    }
}
