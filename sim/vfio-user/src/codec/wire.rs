//! Reading and writing fields one after the other.
//!
//! The protocol puts integers in the byte order of the host, because both ends sit on the same machine. A reader knows
//! the command it reads for, so that an error can name it.

use super::{Command, DecodeError};

/// Takes fields from the front of a body.
pub(super) struct Reader<'a> {
    command: Command,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(command: Command, body: &'a [u8]) -> Self {
        Self {
            command,
            rest: body,
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some((field, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(DecodeError::BodyTooShort {
                command: self.command,
                expected: N,
                found: self.rest.len(),
            });
        };
        self.rest = rest;
        Ok(*field)
    }

    pub(super) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_ne_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_ne_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_ne_bytes)
    }

    pub(super) fn bytes8(&mut self) -> Result<[u8; 8], DecodeError> {
        self.array()
    }

    /// What is left, whatever it is.
    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Without the next `count` bytes, or without any when there are fewer.
    pub(super) fn skip(mut self, count: usize) -> Self {
        self.rest = self.rest.get(count..).unwrap_or_default();
        self
    }

    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// What is left, which a count field said to be `said` bytes.
    pub(super) fn counted(self, said: u64) -> Result<Vec<u8>, DecodeError> {
        if u64::try_from(self.rest.len()) != Ok(said) {
            return Err(DecodeError::CountDiffers {
                command: self.command,
                said,
                found: self.rest.len(),
            });
        }
        Ok(self.rest.to_vec())
    }

    /// An error about a field of this body.
    pub(super) fn bad(
        &self,
        field: &'static str,
        found: impl Into<u64>,
        expected: &'static str,
    ) -> DecodeError {
        DecodeError::BadField {
            command: self.command,
            field,
            found: found.into(),
            expected,
        }
    }
}

/// Appends fields to a body.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn u16(mut self, value: u16) -> Self {
        self.0.extend(value.to_ne_bytes());
        self
    }

    pub(super) fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_ne_bytes());
        self
    }

    pub(super) fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_ne_bytes());
        self
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}
