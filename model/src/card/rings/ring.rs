//! What the three rings have in common: registers, counts, addresses, status.
//!
//! ```text
//!   base ─▶ | beat | beat | beat | .. | beat |        2^SIZE beats of 64 bytes
//!                     ▲ consumer          ▲ producer  counts that wrap at 2^32
//! ```
//! While a ring runs, where it lies does not change: writes to those registers are ignored. So no address is ever made
//! of what was not judged when the ring was enabled.

use crate::card::memory::{HostMemory, Unmapped};
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::registers::rings::{
    BASE_HIGH, BASE_LOW, CONSUMER, CONTROL, DROPPED, ENABLE, FAULT, MODERATION, PRODUCER, REFUSED,
    SIZE, STATUS_HIGH, STATUS_LOW,
};
use underpass_layout::rings::{RingStatus, BASE_ALIGN, MAX_SIZE_LOG2, MIN_SIZE_LOG2, STATUS_ALIGN};

/// A beat on its way from or to host memory.
pub(super) type Beat = [u8; BEAT_BYTES];

/// Who fills a ring. The other side empties it; each of the two rings the bell for its own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// The host, in steps of so many beats.
    ByHost { step: u32 },
    /// The card.
    ByCard,
}

/// One ring.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    filled: Filled,
    base: u64,
    size_log2: u32,
    status: u64,
    moderation: u32,
    enabled: bool,
    fault: bool,
    pub(super) producer: u32,
    pub(super) consumer: u32,
    refused: u32,
    dropped: u32,
    /// Something that the status tells has changed since it was written.
    news: bool,
}

impl Ring {
    /// A ring as it is after a reset.
    pub(super) fn new(filled: Filled) -> Self {
        Ring {
            filled,
            base: 0,
            size_log2: 0,
            status: 0,
            moderation: 0,
            enabled: false,
            fault: false,
            producer: 0,
            consumer: 0,
            refused: 0,
            dropped: 0,
            news: false,
        }
    }

    /// Reads a register, named by its offset in the first ring.
    pub(super) fn read(&self, register: u32) -> u32 {
        match register {
            BASE_LOW => self.base as u32,
            BASE_HIGH => (self.base >> 32) as u32,
            SIZE => self.size_log2,
            CONTROL => {
                (if self.enabled { ENABLE } else { 0 }) | (if self.fault { FAULT } else { 0 })
            }
            PRODUCER => self.producer,
            CONSUMER => self.consumer,
            REFUSED => self.refused,
            DROPPED => self.dropped,
            STATUS_LOW => self.status as u32,
            STATUS_HIGH => (self.status >> 32) as u32,
            MODERATION => self.moderation,
            _ => 0,
        }
    }

    /// Writes a register.
    pub(super) fn write(&mut self, register: u32, value: u32) {
        match (register, self.filled) {
            (CONTROL, _) => self.control(value & ENABLE != 0),
            (MODERATION, _) => self.moderation = value,
            (PRODUCER, Filled::ByHost { step }) => self.fill_to(value, step),
            (CONSUMER, Filled::ByCard) => self.empty_to(value),
            _ if self.enabled => (),
            (BASE_LOW, _) => self.base = with_low(self.base, value),
            (BASE_HIGH, _) => self.base = with_high(self.base, value),
            (SIZE, _) => self.size_log2 = value,
            (STATUS_LOW, _) => self.status = with_low(self.status, value),
            (STATUS_HIGH, _) => self.status = with_high(self.status, value),
            _ => (),
        }
    }

    fn control(&mut self, enable: bool) {
        let possible = !self.enabled
            && self.base.is_multiple_of(BASE_ALIGN)
            && (MIN_SIZE_LOG2..=MAX_SIZE_LOG2).contains(&self.size_log2)
            && self.status.is_multiple_of(STATUS_ALIGN);
        if !enable {
            self.enabled = false;
        } else if possible {
            self.enabled = true;
            self.fault = false;
            (self.producer, self.consumer) = (0, 0);
            self.news = false;
        } else {
            self.refuse();
        }
    }

    /// The host's doorbell: it has filled the ring up to here.
    fn fill_to(&mut self, producer: u32, step: u32) {
        let grows = || {
            let filled = producer.wrapping_sub(self.consumer);
            (self.used()..=self.size()).contains(&filled)
        };
        if self.enabled && producer.is_multiple_of(step) && grows() {
            self.producer = producer;
        } else {
            self.refuse();
        }
    }

    /// The host's doorbell: it has emptied the ring up to here.
    fn empty_to(&mut self, consumer: u32) {
        if self.enabled && self.producer.wrapping_sub(consumer) <= self.used() {
            self.consumer = consumer;
        } else {
            self.refuse();
        }
    }

    /// It runs.
    pub(super) fn enabled(&self) -> bool {
        self.enabled
    }

    /// Beats, of a ring that runs.
    pub(super) fn size(&self) -> u32 {
        1 << self.size_log2
    }

    /// Beats that are filled.
    pub(super) fn used(&self) -> u32 {
        self.producer.wrapping_sub(self.consumer)
    }

    /// One more command, frame or doorbell was refused.
    pub(super) fn refuse(&mut self) {
        self.refused = self.refused.wrapping_add(1);
        self.news = true;
    }

    /// One more frame was lost.
    pub(super) fn lose(&mut self) {
        self.dropped = self.dropped.wrapping_add(1);
        self.news = true;
    }

    /// The card has emptied so many beats more.
    pub(super) fn consume(&mut self, beats: u32) {
        self.consumer = self.consumer.wrapping_add(beats);
        self.news = true;
    }

    /// The card has filled so many beats more.
    pub(super) fn produce(&mut self, beats: u32) {
        self.producer = self.producer.wrapping_add(beats);
        self.news = true;
    }

    fn address(&self, index: u32) -> u64 {
        let place = u64::from(index & (self.size() - 1));
        self.base.wrapping_add(place * BEAT_BYTES as u64)
    }

    /// The beat at a count.
    pub(super) fn beat(&self, memory: &mut dyn HostMemory, index: u32) -> Result<Beat, Unmapped> {
        let mut beat = [0; BEAT_BYTES];
        memory.read(self.address(index), &mut beat)?;
        Ok(beat)
    }

    /// Puts a beat at a count.
    pub(super) fn put(
        &self,
        memory: &mut dyn HostMemory,
        index: u32,
        beat: &Beat,
    ) -> Result<(), Unmapped> {
        memory.write(self.address(index), beat)
    }

    /// Host memory did not answer: the ring stops.
    pub(super) fn stop(&mut self) {
        self.enabled = false;
        self.fault = true;
    }

    /// Writes the status if there is news. True: the host is to be interrupted for it.
    pub(super) fn tell(&mut self, memory: &mut dyn HostMemory) -> Result<bool, Unmapped> {
        if !self.enabled || !self.news {
            return Ok(false);
        }
        let status = RingStatus {
            index: match self.filled {
                Filled::ByHost { .. } => self.consumer,
                Filled::ByCard => self.producer,
            },
            refused: self.refused,
            dropped: self.dropped,
            ..RingStatus::default()
        };
        let words = status.pack();
        let mut beat = [0; BEAT_BYTES];
        for (bytes, word) in beat.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        memory.write(self.status, &beat)?;
        self.news = false;
        Ok(self.moderation != 0)
    }
}

fn with_low(address: u64, low: u32) -> u64 {
    address >> 32 << 32 | u64::from(low)
}

fn with_high(address: u64, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(address as u32)
}
