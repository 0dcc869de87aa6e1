//! The header of an image file: 256 bytes, numbers little-endian.
//!
//! | offset | bytes | field        | meaning |
//! |-------:|------:|--------------|---------|
//! |      0 |     8 | `magic`      | `UPASSIMG` |
//! |      8 |     2 | `version`    | of this header: 1 |
//! |     10 |     2 | `header_len` | 256; the payload begins there |
//! |     12 |     4 | `idcode`     | JTAG IDCODE of the part; its top 4 bits are the silicon revision |
//! |     16 |     8 | `layout_id`  | of the tables and registers inside, as the card's own register shows it |
//! |     24 |     8 | `payload_len`| bytes |
//! |     32 |    32 | `payload_sha256` | of the payload |
//! |     64 |    16 | `profile`    | which capacities were built in |
//! |     80 |    32 | `board`      | IDCODE and part do not tell boards with one FPGA apart: U280 and U55C have the same |
//! |    112 |    32 | `part`       | as the vendor's tools write it |
//! |    144 |     8 | `time_s`     | when it was built, seconds since 1970-01-01 UTC |
//! |    152 |    40 | `revision`   | of the sources |
//! |    192 |    32 | `tool`       | what placed and routed it |
//! |    224 |    32 | `header_sha256` | of the 224 bytes in front |
//!
//! Texts are printable ASCII filled up with zero bytes, never empty. The hashes find damage, not forgery: who made a file
//! is for a signature to say. A change of any line above is a new version.

use super::digest::{Digest, DIGEST_LEN};
use super::payload::Payload;
use super::span::Span;
use super::text::{Text, TextError};
use thiserror::Error;

/// The first bytes of every image.
pub const MAGIC: [u8; 8] = *b"UPASSIMG";

/// The version of the header that this code reads and writes.
pub const VERSION: u16 = 1;

/// Bytes of the header, and the offset of the payload.
pub const HEADER_LEN: usize = at::HEADER_SHA256.end();

/// Every field's place, in order.
mod at {
    use super::{Span, DIGEST_LEN};

    pub(super) const MAGIC: Span = Span::first(super::MAGIC.len());
    pub(super) const VERSION: Span = MAGIC.then(2);
    pub(super) const HEADER_LEN: Span = VERSION.then(2);
    pub(super) const IDCODE: Span = HEADER_LEN.then(4);
    pub(super) const LAYOUT_ID: Span = IDCODE.then(8);
    pub(super) const PAYLOAD_LEN: Span = LAYOUT_ID.then(8);
    pub(super) const PAYLOAD_SHA256: Span = PAYLOAD_LEN.then(DIGEST_LEN);
    pub(super) const PROFILE: Span = PAYLOAD_SHA256.then(16);
    pub(super) const BOARD: Span = PROFILE.then(32);
    pub(super) const PART: Span = BOARD.then(32);
    pub(super) const TIME_S: Span = PART.then(8);
    pub(super) const REVISION: Span = TIME_S.then(40);
    pub(super) const TOOL: Span = REVISION.then(32);
    pub(super) const HEADER_SHA256: Span = TOOL.then(DIGEST_LEN);
}

/// What an image is, for which card, and what its payload must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageHeader {
    /// Hash of the layout that the card was built from.
    pub layout_id: u64,
    /// Name of the profile: which capacities were built in.
    pub profile: Text<{ at::PROFILE.len }>,
    /// Name of the board.
    pub board: Text<{ at::BOARD.len }>,
    /// Name of the part, as the vendor's tools write it.
    pub part: Text<{ at::PART.len }>,
    /// JTAG IDCODE of the part.
    pub idcode: u32,
    /// What the payload must look like.
    pub payload: Payload,
    /// Where it comes from.
    pub build: Build,
}

/// Where an image comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// Seconds since 1970-01-01 UTC.
    pub time_s: u64,
    /// Revision of the sources.
    pub revision: Text<{ at::REVISION.len }>,
    /// What placed and routed it.
    pub tool: Text<{ at::TOOL.len }>,
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// Fewer bytes than a header has.
    #[error("header is cut short: expected {expected} bytes, found {found}")]
    TooShort {
        /// Bytes of a header.
        expected: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// Not an image at all.
    #[error("not an image: expected magic {expected:02x?}, found {found:02x?}")]
    Magic {
        /// The magic of an image.
        expected: [u8; MAGIC.len()],
        /// The bytes in its place.
        found: [u8; MAGIC.len()],
    },
    /// A header that other software made.
    #[error("header version is not known: expected {expected}, found {found}")]
    Version {
        /// The version that this code reads.
        expected: u16,
        /// The header's.
        found: u16,
    },
    /// A length that this version does not have.
    #[error("header length is not that of its version: expected {expected} bytes, found {found}")]
    Length {
        /// The length of this version.
        expected: u16,
        /// The header's.
        found: u16,
    },
    /// Bytes were changed.
    #[error("header is damaged: it says its hash is {expected}, found {found}")]
    Damaged {
        /// What the header says.
        expected: Digest,
        /// What its bytes give.
        found: Digest,
    },
    /// A text field without a proper text.
    #[error("header field {field} is no text")]
    Text {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it.
        source: TextError,
    },
}

impl ImageHeader {
    /// Reads the header at the start of `bytes`; what stands behind it is not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let Some(bytes) = bytes.first_chunk::<HEADER_LEN>() else {
            return Err(HeaderError::TooShort {
                expected: HEADER_LEN,
                found: bytes.len(),
            });
        };
        let found = at::MAGIC.read(bytes);
        if found != MAGIC {
            return Err(HeaderError::Magic {
                expected: MAGIC,
                found,
            });
        }
        let found = u16::from_le_bytes(at::VERSION.read(bytes));
        if found != VERSION {
            return Err(HeaderError::Version {
                expected: VERSION,
                found,
            });
        }
        let found = u16::from_le_bytes(at::HEADER_LEN.read(bytes));
        if found != HEADER_LEN as u16 {
            return Err(HeaderError::Length {
                expected: HEADER_LEN as u16,
                found,
            });
        }
        let (expected, found) = (Digest(at::HEADER_SHA256.read(bytes)), hash_of(bytes));
        if found != expected {
            return Err(HeaderError::Damaged { expected, found });
        }
        Ok(Self {
            layout_id: u64::from_le_bytes(at::LAYOUT_ID.read(bytes)),
            profile: text("profile", at::PROFILE, bytes)?,
            board: text("board", at::BOARD, bytes)?,
            part: text("part", at::PART, bytes)?,
            idcode: u32::from_le_bytes(at::IDCODE.read(bytes)),
            payload: Payload {
                len_bytes: u64::from_le_bytes(at::PAYLOAD_LEN.read(bytes)),
                sha256: Digest(at::PAYLOAD_SHA256.read(bytes)),
            },
            build: Build {
                time_s: u64::from_le_bytes(at::TIME_S.read(bytes)),
                revision: text("revision", at::REVISION, bytes)?,
                tool: text("tool", at::TOOL, bytes)?,
            },
        })
    }

    /// The header as it stands in a file.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let mut put = |span: Span, field: &[u8]| span.write(&mut bytes, field);
        put(at::MAGIC, &MAGIC);
        put(at::VERSION, &VERSION.to_le_bytes());
        put(at::HEADER_LEN, &(HEADER_LEN as u16).to_le_bytes());
        put(at::IDCODE, &self.idcode.to_le_bytes());
        put(at::LAYOUT_ID, &self.layout_id.to_le_bytes());
        put(at::PAYLOAD_LEN, &self.payload.len_bytes.to_le_bytes());
        put(at::PAYLOAD_SHA256, &self.payload.sha256.0);
        put(at::PROFILE, &self.profile.to_bytes());
        put(at::BOARD, &self.board.to_bytes());
        put(at::PART, &self.part.to_bytes());
        put(at::TIME_S, &self.build.time_s.to_le_bytes());
        put(at::REVISION, &self.build.revision.to_bytes());
        put(at::TOOL, &self.build.tool.to_bytes());
        seal(&mut bytes);
        bytes
    }
}

/// The hash of all that stands in front of the hash.
fn hash_of(header: &[u8; HEADER_LEN]) -> Digest {
    Digest::of(&header[..at::HEADER_SHA256.at])
}

/// Writes the hash of the rest into the header.
fn seal(header: &mut [u8; HEADER_LEN]) {
    let hash = hash_of(header);
    at::HEADER_SHA256.write(header, &hash.0);
}

fn text<const N: usize>(
    field: &'static str,
    span: Span,
    header: &[u8; HEADER_LEN],
) -> Result<Text<N>, HeaderError> {
    Text::from_bytes(span.read(header)).map_err(|source| HeaderError::Text { field, source })
}

#[cfg(test)]
mod tests {
    use super::super::split;
    use super::*;
    use proptest::prelude::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    const PAYLOAD: &[u8] = b"configuration bits";

    fn header() -> ImageHeader {
        ImageHeader {
            layout_id: 0x1122_3344_5566_7788,
            profile: Text::new("u250").unwrap(),
            board: Text::new("Alveo U250").unwrap(),
            part: Text::new("xcu250-figd2104-2l-e").unwrap(),
            idcode: 0x04b5_7093,
            payload: Payload::of(PAYLOAD),
            build: Build {
                time_s: 1_790_000_000,
                revision: Text::new("c1e67b7").unwrap(),
                tool: Text::new("vivado 2024.1").unwrap(),
            },
        }
    }

    /// A header with one field overwritten; `sealed` puts the hash right again.
    fn changed(span: Span, field: &[u8], sealed: bool) -> [u8; HEADER_LEN] {
        let mut bytes = header().to_bytes();
        span.write(&mut bytes, field);
        if sealed {
            seal(&mut bytes);
        }
        bytes
    }

    fn name<const N: usize>() -> impl Strategy<Value = Text<N>> {
        proptest::collection::vec(b' '..=b'~', 1..=N)
            .prop_map(|letters| Text::new(&String::from_utf8(letters).unwrap()).unwrap())
    }

    prop_compose! {
        fn any_header()(
            numbers in any::<(u64, u32, u64, [u8; 32], u64)>(),
            profile in name(), board in name(), part in name(), revision in name(), tool in name(),
        ) -> ImageHeader {
            let (layout_id, idcode, len_bytes, hash, time_s) = numbers;
            let payload = Payload { len_bytes, sha256: Digest(hash) };
            ImageHeader { layout_id, profile, board, part, idcode, payload, build: Build { time_s, revision, tool } }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(header in any_header(), behind in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut file = header.to_bytes().to_vec();
            file.extend(behind);
            prop_assert_eq!(ImageHeader::parse(&file), Ok(header));
        }

        #[test]
        fn any_flipped_bit_is_seen(header in any_header(), bit in 0..HEADER_LEN * 8) {
            let mut bytes = header.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(ImageHeader::parse(&bytes).is_err());
        }

        #[test]
        fn any_bytes_end_in_a_header_or_an_error(mut bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = split(&bytes);
            // Again past the magic, the version and the hash, where the texts are read.
            if let Some(header) = bytes.first_chunk_mut::<HEADER_LEN>() {
                at::MAGIC.write(header, &MAGIC);
                at::VERSION.write(header, &VERSION.to_le_bytes());
                at::HEADER_LEN.write(header, &(HEADER_LEN as u16).to_le_bytes());
                seal(header);
                let _ = split(&bytes);
            }
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_table() {
        let bytes = header().to_bytes();
        assert_eq!(bytes.len(), 256);
        assert_eq!(
            bytes[..24],
            *b"UPASSIMG\x01\x00\x00\x01\x93\x70\xb5\x04\x88\x77\x66\x55\x44\x33\x22\x11"
        );
        assert_eq!(bytes[64..80], *b"u250\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(bytes[192..206], *b"vivado 2024.1\0");
    }

    #[test]
    fn the_table_of_this_file_is_the_code() {
        let rows: Vec<(usize, usize)> = include_str!("header.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! |"))
            .filter_map(|row| {
                let mut cells = row.split('|').map(str::trim);
                Some((cells.next()?.parse().ok()?, cells.next()?.parse().ok()?))
            })
            .collect();
        let spans = [
            at::MAGIC,
            at::VERSION,
            at::HEADER_LEN,
            at::IDCODE,
            at::LAYOUT_ID,
            at::PAYLOAD_LEN,
            at::PAYLOAD_SHA256,
            at::PROFILE,
            at::BOARD,
            at::PART,
            at::TIME_S,
            at::REVISION,
            at::TOOL,
            at::HEADER_SHA256,
        ];
        assert_eq!(rows, spans.map(|span| (span.at, span.len)));
    }

    #[test]
    fn a_short_file_is_refused_at_every_length() {
        let bytes = header().to_bytes();
        for found in 0..HEADER_LEN {
            let error = HeaderError::TooShort {
                expected: HEADER_LEN,
                found,
            };
            assert_eq!(ImageHeader::parse(&bytes[..found]), Err(error));
        }
    }

    #[test]
    fn another_file_is_no_image() {
        let error =
            ImageHeader::parse(&changed(at::MAGIC, b"\x7fELF\x02\x01\x01\x00", true)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "not an image: expected magic [55, 50, 41, 53, 53, 49, 4d, 47], found [7f, 45, 4c, 46, 02, 01, 01, 00]"
        );
    }

    #[test]
    fn another_version_is_refused_before_its_hash_is_looked_at() {
        let error = ImageHeader::parse(&changed(at::VERSION, &[2, 0], false)).unwrap_err();
        assert_eq!(
            error,
            HeaderError::Version {
                expected: 1,
                found: 2
            }
        );
        assert_eq!(
            error.to_string(),
            "header version is not known: expected 1, found 2"
        );
    }

    #[test]
    fn another_length_is_refused() {
        let error = ImageHeader::parse(&changed(at::HEADER_LEN, &[0, 2], true)).unwrap_err();
        assert_eq!(
            error,
            HeaderError::Length {
                expected: 256,
                found: 512
            }
        );
    }

    #[test]
    fn a_changed_field_is_damage() {
        let bytes = changed(at::IDCODE, &[0; 4], false);
        let expected = Digest(at::HEADER_SHA256.read(&bytes));
        let error = ImageHeader::parse(&bytes).unwrap_err();
        assert_eq!(
            error,
            HeaderError::Damaged {
                expected,
                found: hash_of(&bytes)
            }
        );
    }

    #[test]
    fn a_field_without_a_text_is_named() {
        let error = |span, field| ImageHeader::parse(&changed(span, field, true)).unwrap_err();
        let text = |field, source| HeaderError::Text { field, source };
        assert_eq!(
            error(at::PROFILE, &[0; 16]),
            text("profile", TextError::Empty)
        );
        let odd = TextError::Letter {
            position: 0,
            found: 0xff,
        };
        assert_eq!(error(at::BOARD, &[0xff; 32]), text("board", odd));
        assert_eq!(error(at::PART, &[0xff; 32]), text("part", odd));
        assert_eq!(error(at::REVISION, &[0xff; 40]), text("revision", odd));
        assert_eq!(error(at::TOOL, &[0xff; 32]), text("tool", odd));
    }
}
