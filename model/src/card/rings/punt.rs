//! The punt ring: frames of the core for the host, each behind its shim.

use super::beats;
use super::ring::{Filled, Ring};
use crate::card::memory::{HostMemory, Unmapped};
use std::collections::VecDeque;
use underpass_layout::meta::BEAT_BYTES;

/// The ring and the frames on their way to it.
#[derive(Clone)]
pub(super) struct PuntRing {
    pub(super) ring: Ring,
    waiting: VecDeque<Vec<u8>>,
    /// Beats that those take.
    reserved: u32,
}

impl Default for PuntRing {
    fn default() -> Self {
        PuntRing {
            ring: Ring::new(Filled::ByCard),
            waiting: VecDeque::new(),
            reserved: 0,
        }
    }
}

impl PuntRing {
    /// Takes a frame, or loses it where the ring has no room; gives it back where the ring does not run.
    pub(super) fn take(&mut self, frame: Vec<u8>) -> Option<Vec<u8>> {
        if !self.ring.enabled() {
            return Some(frame);
        }
        let room = self.ring.size() - self.ring.used() - self.reserved;
        let needed = beats(frame.len());
        if needed <= room && frame.len() <= u16::MAX.into() {
            self.reserved += needed;
            self.waiting.push_back(frame);
        } else {
            self.ring.lose();
        }
        None
    }

    /// Frames are on their way.
    pub(super) fn waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Loses what was on its way to a ring that does not run any more.
    pub(super) fn lose_waiting(&mut self) {
        while !self.ring.enabled() && self.next().is_some() {
            self.ring.lose();
        }
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        let frame = self.waiting.pop_front()?;
        self.reserved -= beats(frame.len());
        Some(frame)
    }

    /// Puts every frame into the ring. One that memory does not take is lost.
    pub(super) fn write_out(&mut self, memory: &mut dyn HostMemory) -> Result<(), Unmapped> {
        while self.ring.enabled() {
            let Some(frame) = self.next() else {
                break;
            };
            self.write(memory, &frame)
                .inspect_err(|_| self.ring.lose())?;
        }
        Ok(())
    }

    fn write(&mut self, memory: &mut dyn HostMemory, frame: &[u8]) -> Result<(), Unmapped> {
        for (beat, bytes) in (0..).zip(frame.chunks(BEAT_BYTES)) {
            let mut whole = [0; BEAT_BYTES];
            whole[..bytes.len()].copy_from_slice(bytes);
            let index = self.ring.producer.wrapping_add(beat);
            self.ring.put(memory, index, &whole)?;
        }
        self.ring.produce(beats(frame.len()));
        Ok(())
    }
}
