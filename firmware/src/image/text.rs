//! Short names in fields of fixed length: printable ASCII, filled up with zero bytes.

use core::fmt;
use thiserror::Error;

/// A name of one to `N` bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text<const N: usize>([u8; N]);

/// Why bytes are no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// No letter at all.
    #[error("expected at least 1 letter, found none")]
    Empty,
    /// More letters than the field has.
    #[error("expected at most {expected} letters, found {found}")]
    TooLong {
        /// What the field holds.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A byte that is no printable ASCII letter.
    #[error("expected a printable ASCII letter at position {position}, found byte {found:#04x}")]
    Letter {
        /// Counted from 0.
        position: usize,
        /// The byte there.
        found: u8,
    },
    /// A byte behind the end of the name.
    #[error("expected zero bytes behind the name, found {found:#04x} at position {position}")]
    Fill {
        /// Counted from 0.
        position: usize,
        /// The byte there.
        found: u8,
    },
}

impl<const N: usize> Text<N> {
    /// Takes a name.
    pub fn new(name: &str) -> Result<Self, TextError> {
        let mut field = [0; N];
        let found = name.len();
        field
            .get_mut(..found)
            .ok_or(TextError::TooLong { expected: N, found })?
            .copy_from_slice(name.as_bytes());
        match name.bytes().position(|byte| byte == 0) {
            Some(position) => Err(TextError::Letter { position, found: 0 }),
            None => Self::from_bytes(field),
        }
    }

    /// Takes a field as it stands in a header.
    pub fn from_bytes(field: [u8; N]) -> Result<Self, TextError> {
        let end = field.iter().position(|byte| *byte == 0).unwrap_or(N);
        let (name, fill) = field.split_at(end);
        if name.is_empty() {
            return Err(TextError::Empty);
        }
        if let Some((position, &found)) = (0..)
            .zip(name)
            .find(|(_, byte)| !matches!(byte, b' '..=b'~'))
        {
            return Err(TextError::Letter { position, found });
        }
        if let Some((position, &found)) = (end..).zip(fill).find(|(_, byte)| **byte != 0) {
            return Err(TextError::Fill { position, found });
        }
        Ok(Self(field))
    }

    /// The field as it stands in a header.
    pub fn to_bytes(self) -> [u8; N] {
        self.0
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(N);
        core::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_name_may_fill_the_field() {
        let text = Text::<4>::new("u250").unwrap();
        assert_eq!((text.as_str(), text.to_bytes()), ("u250", *b"u250"));
        assert_eq!(Text::<4>::new("sim").unwrap().to_bytes(), *b"sim\0");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        assert_eq!(Text::<4>::new(""), Err(TextError::Empty));
        assert_eq!(
            Text::<4>::new("u55cn"),
            Err(TextError::TooLong {
                expected: 4,
                found: 5
            })
        );
        assert_eq!(
            Text::<4>::new("a\0b"),
            Err(TextError::Letter {
                position: 1,
                found: 0
            })
        );
        assert_eq!(
            Text::<4>::new("aé"),
            Err(TextError::Letter {
                position: 1,
                found: 0xc3
            })
        );
        assert_eq!(
            Text::from_bytes(*b"a\n\0\0"),
            Err(TextError::Letter {
                position: 1,
                found: b'\n'
            })
        );
        assert_eq!(
            Text::from_bytes(*b"a\0\0b"),
            Err(TextError::Fill {
                position: 3,
                found: b'b'
            })
        );
    }

    #[test]
    fn errors_name_expected_and_found() {
        let text = |error: TextError| error.to_string();
        assert_eq!(
            text(TextError::TooLong {
                expected: 4,
                found: 5
            }),
            "expected at most 4 letters, found 5"
        );
        assert_eq!(
            text(TextError::Fill {
                position: 3,
                found: 9
            }),
            "expected zero bytes behind the name, found 0x09 at position 3"
        );
    }
}
