//! Frames that the card hands over, and frames that it is given, through the register FIFO of the slow port, or through
//! rings where there are any.
//!
//! ```text
//!   punt:    PUNT_STATUS (how many wait, how long the first is) ─▶ PUNT_DATA, a word a read ─▶ shim | frame
//!   inject:  INJECT_STATUS until free ─▶ INJECT_DATA, a word a write: shim | frame ─▶ INJECT_COMMIT length
//! ```

use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::registers::slow::{
    INJECT_COMMIT, INJECT_DATA, INJECT_MAX_BYTES, INJECT_STATUS, PUNT_DATA, PUNT_LOST, PUNT_STATUS,
};
use underpass_layout::shim::{InjectShim, PuntShim};
use underpass_layout::Record;

use super::{Driver, DriverError};
use crate::access::registers::InjectStatus;
use crate::access::CardAccess;

/// A frame that the pipeline gave up, with what it knew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Punt {
    /// What the pipeline knew.
    pub shim: PuntShim,
    /// The frame as it came.
    pub frame: Vec<u8>,
}

impl<C: CardAccess> Driver<C> {
    /// The oldest frame that waits on the slow port.
    pub fn punt(&mut self) -> Result<Option<Punt>, DriverError> {
        if self.has_rings() {
            return self.punt_from_ring();
        }
        let status = self.card.read(PUNT_STATUS)?;
        let (waiting, length) = (status & 0xffff, (status >> 16) as usize);
        if waiting == 0 {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(length.next_multiple_of(4));
        for _ in 0..length.div_ceil(4) {
            bytes.extend(self.card.read(PUNT_DATA)?.to_le_bytes());
        }
        bytes.truncate(length);
        if length < BEAT_BYTES {
            return Err(DriverError::NoShim {
                found: length,
                expected: BEAT_BYTES,
            });
        }
        let frame = bytes.split_off(BEAT_BYTES);
        let shim = PuntShim::unpack(&words(&bytes))?;
        Ok(Some(Punt { shim, frame }))
    }

    /// Hands a frame to the pipeline behind a shim.
    pub fn inject(&mut self, shim: &InjectShim, frame: &[u8]) -> Result<(), DriverError> {
        let length = BEAT_BYTES + frame.len();
        if length > INJECT_MAX_BYTES {
            return Err(DriverError::TooLong {
                found: length,
                max: INJECT_MAX_BYTES,
            });
        }
        self.flush()?;
        if self.has_rings() {
            return self.inject_by_ring(shim, frame);
        }
        self.poll("INJECT_STATUS", INJECT_STATUS, |status| {
            !InjectStatus(status).busy()
        })?;
        for word in shim.pack().into_iter().chain(words(frame)) {
            self.card.write(INJECT_DATA, word)?;
        }
        Ok(self.card.write(INJECT_COMMIT, length as u32)?)
    }

    /// Frames that the card could not hand over because too many waited.
    pub fn punts_lost(&mut self) -> Result<u32, DriverError> {
        let by_ring = self.lost_from_ring().unwrap_or(0);
        Ok(self.card.read(PUNT_LOST)?.wrapping_add(by_ring))
    }
}

/// Bytes as words, byte 0 lowest; the last word is filled up with zeros.
fn words(bytes: &[u8]) -> Vec<u32> {
    let word = |chunk: &[u8]| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        u32::from_le_bytes(word)
    };
    bytes.chunks(4).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shim_fills_a_beat() {
        assert_eq!(InjectShim::default().pack().len() * 4, BEAT_BYTES);
        assert_eq!(PuntShim::default().pack().len() * 4, BEAT_BYTES);
    }

    #[test]
    fn the_last_word_is_filled_up() {
        assert_eq!(words(&[1, 2, 3, 4, 5]), [0x0403_0201, 5]);
    }
}
