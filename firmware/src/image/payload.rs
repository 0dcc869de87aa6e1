//! What stands behind the header: any bytes, known by their length and their hash.

use super::digest::Digest;
use thiserror::Error;

/// What a payload must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Its length.
    pub len_bytes: u64,
    /// Its hash.
    pub sha256: Digest,
}

/// Why a payload is not the one that the header was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PayloadError {
    /// Cut short, or something behind it.
    #[error("payload has another length: expected {expected} bytes, found {found}")]
    Length {
        /// What the header says.
        expected: u64,
        /// What there is.
        found: u64,
    },
    /// Bytes were changed.
    #[error("payload is damaged: expected hash {expected}, found {found}")]
    Damaged {
        /// What the header says.
        expected: Digest,
        /// What the bytes give.
        found: Digest,
    },
}

impl Payload {
    /// Describes a payload.
    pub fn of(payload: &[u8]) -> Self {
        Self {
            len_bytes: payload.len() as u64,
            sha256: Digest::of(payload),
        }
    }

    /// Whether `payload` is the one described.
    pub fn check(&self, payload: &[u8]) -> Result<(), PayloadError> {
        let Self { len_bytes, sha256 } = Self::of(payload);
        if len_bytes != self.len_bytes {
            return Err(PayloadError::Length {
                expected: self.len_bytes,
                found: len_bytes,
            });
        }
        if sha256 != self.sha256 {
            return Err(PayloadError::Damaged {
                expected: self.sha256,
                found: sha256,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &[u8] = b"configuration bits";

    #[test]
    fn the_bytes_described_pass() {
        assert_eq!(Payload::of(BYTES).check(BYTES), Ok(()));
    }

    #[test]
    fn another_length_is_told_before_another_hash() {
        let error = Payload::of(BYTES).check(&BYTES[1..]).unwrap_err();
        assert_eq!(
            error,
            PayloadError::Length {
                expected: 18,
                found: 17
            }
        );
    }

    #[test]
    fn a_changed_byte_is_damage() {
        let other = b"configuration bitz";
        let error = Payload::of(BYTES).check(other).unwrap_err();
        assert_eq!(
            error,
            PayloadError::Damaged {
                expected: Digest::of(BYTES),
                found: Digest::of(other)
            }
        );
    }
}
