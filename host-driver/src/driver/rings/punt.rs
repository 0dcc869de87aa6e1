//! Frames that the card hands over through the punt ring.

use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::registers::rings::CONSUMER;
use underpass_layout::shim::PuntShim;
use underpass_layout::Record;

use super::{Ring, BEAT_WORDS};
use crate::access::CardAccess;
use crate::driver::{Driver, DriverError, Punt};

/// The ring, and how much of it the card knows to be free.
#[derive(Debug)]
pub(super) struct PuntRing {
    ring: Ring,
    /// The count that the doorbell last said.
    told: u32,
}

impl PuntRing {
    pub(super) fn new(ring: Ring) -> Self {
        PuntRing { ring, told: 0 }
    }

    /// The next frame, with its shim.
    fn take(&mut self) -> Result<Option<Punt>, DriverError> {
        let waiting = self.ring.theirs().wrapping_sub(self.ring.ours);
        if waiting == 0 {
            return Ok(None);
        }
        let mut words = [0; BEAT_WORDS];
        self.ring
            .cells
            .read_all(self.ring.word_of(self.ring.ours), &mut words);
        let shim = PuntShim::unpack(&words)?;
        let length = usize::from(shim.length);
        let beats = 1 + length.div_ceil(BEAT_BYTES) as u32;
        if beats > waiting || waiting > self.ring.beats {
            return Err(DriverError::BadPuntRing {
                beats,
                waiting,
                size: self.ring.beats,
            });
        }
        let mut frame = Vec::with_capacity(length.next_multiple_of(BEAT_BYTES));
        for beat in 1..beats {
            let at = self.ring.word_of(self.ring.ours.wrapping_add(beat));
            self.ring.cells.read_all(at, &mut words);
            frame.extend(words.into_iter().flat_map(u32::to_le_bytes));
        }
        frame.truncate(length);
        self.ring.ours = self.ring.ours.wrapping_add(beats);
        Ok(Some(Punt { shim, frame }))
    }

    /// What the doorbell should say now: when the ring has been emptied, or a quarter of it.
    fn due(&mut self, empty: bool) -> Option<(u32, u32)> {
        let owed = self.ring.ours.wrapping_sub(self.told);
        let due = owed >= self.ring.beats / 4 || empty && owed != 0;
        due.then(|| {
            self.told = self.ring.ours;
            (self.ring.register(CONSUMER), self.told)
        })
    }
}

impl<C: CardAccess> Driver<C> {
    /// The oldest frame in the punt ring.
    pub(in crate::driver) fn punt_from_ring(&mut self) -> Result<Option<Punt>, DriverError> {
        let Some(rings) = &mut self.rings else {
            return Ok(None);
        };
        let punt = rings.punt.take()?;
        if let Some((register, count)) = rings.punt.due(punt.is_none()) {
            self.card.write(register, count)?;
        }
        Ok(punt)
    }

    /// Punted frames that found no room in the ring.
    pub(in crate::driver) fn lost_from_ring(&self) -> Option<u32> {
        self.rings
            .as_ref()
            .map(|rings| rings.punt.ring.status.read(2))
    }
}

#[cfg(test)]
impl PuntRing {
    /// Makes the first frame say that it has 65,535 bytes.
    pub(super) fn break_first_shim(&self) {
        let shim = PuntShim {
            length: u16::MAX,
            ..PuntShim::default()
        };
        self.ring.cells.write_all(0, &shim.pack());
    }
}
