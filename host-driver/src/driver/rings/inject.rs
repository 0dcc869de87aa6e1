//! Frames for the card through the inject ring.

use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::registers::rings::PRODUCER;
use underpass_layout::rings::ring;
use underpass_layout::shim::InjectShim;

use super::Ring;
use crate::access::dma::publish;
use crate::access::CardAccess;
use crate::driver::{Driver, DriverError};

/// The ring.
#[derive(Debug)]
pub(super) struct InjectRing {
    ring: Ring,
}

impl InjectRing {
    pub(super) fn new(ring: Ring) -> Self {
        InjectRing { ring }
    }

    fn has_room(&self, beats: u32) -> bool {
        let held = self.ring.ours.wrapping_sub(self.ring.theirs());
        held + beats <= self.ring.beats
    }

    fn put(&mut self, shim: &InjectShim, frame: &[u8]) -> (u32, u32) {
        let ring = &mut self.ring;
        ring.cells.write_all(ring.word_of(ring.ours), &shim.pack());
        ring.ours = ring.ours.wrapping_add(1);
        for beat in frame.chunks(BEAT_BYTES) {
            let at = ring.word_of(ring.ours);
            for (place, bytes) in beat.chunks(4).enumerate() {
                let mut word = [0; 4];
                word[..bytes.len()].copy_from_slice(bytes);
                ring.cells.write(at + place, u32::from_le_bytes(word));
            }
            ring.ours = ring.ours.wrapping_add(1);
        }
        publish();
        (ring.register(PRODUCER), ring.ours)
    }
}

impl<C: CardAccess> Driver<C> {
    /// Hands a frame, which is not too long, to the card.
    pub(in crate::driver) fn inject_by_ring(
        &mut self,
        shim: &InjectShim,
        frame: &[u8],
    ) -> Result<(), DriverError> {
        let length = (BEAT_BYTES + frame.len()) as u16;
        let beats = 1 + frame.len().div_ceil(BEAT_BYTES) as u32;
        self.wait_for(ring::INJECT, |rings| Ok(rings.inject.has_room(beats)))?;
        if let Some(rings) = &mut self.rings {
            let shim = InjectShim { length, ..*shim };
            let (register, count) = rings.inject.put(&shim, frame);
            self.card.write(register, count)?;
        }
        Ok(())
    }
}
