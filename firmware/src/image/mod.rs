//! Image files: the header, and the payload that it vouches for.
//!
//! ```
//! use underpass_firmware::image::{self, Build, ImageHeader, Payload, Text};
//! let payload = b"configuration bits";
//! let header = ImageHeader {
//!     layout_id: 0x9f31_c200_4be0_7a11,
//!     profile: Text::new("u250")?,
//!     board: Text::new("Alveo U250")?,
//!     part: Text::new("xcu250-figd2104-2l-e")?,
//!     idcode: 0x04b5_7093,
//!     payload: Payload::of(payload),
//!     build: Build { time_s: 1_790_000_000, revision: Text::new("c1e67b7")?, tool: Text::new("vivado 2024.1")? },
//! };
//! let file = [header.to_bytes().as_slice(), payload].concat();
//! assert_eq!(image::split(&file)?, (header, payload.as_slice()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod digest;
mod header;
mod payload;
mod span;
mod text;

pub use digest::Digest;
pub use header::{Build, HeaderError, ImageHeader, HEADER_LEN, MAGIC, VERSION};
pub use payload::{Payload, PayloadError};
pub use text::{Text, TextError};

use thiserror::Error;

/// Why a file is no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ImageError {
    /// Its header is not one.
    #[error("the image's header is not valid")]
    Header(#[from] HeaderError),
    /// Its payload is not what the header says.
    #[error("the image's payload is not what its header says")]
    Payload(#[from] PayloadError),
}

/// Takes a whole file apart; header and payload are checked.
pub fn split(file: &[u8]) -> Result<(ImageHeader, &[u8]), ImageError> {
    let header = ImageHeader::parse(file)?;
    let payload = file.get(HEADER_LEN..).unwrap_or_default();
    header.payload.check(payload)?;
    Ok((header, payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_refused_for_its_header_or_for_its_payload() -> Result<(), TextError> {
        let header = ImageHeader {
            layout_id: 1,
            profile: Text::new("sim")?,
            board: Text::new("board")?,
            part: Text::new("part")?,
            idcode: 2,
            payload: Payload::of(b"bits"),
            build: Build {
                time_s: 3,
                revision: Text::new("r")?,
                tool: Text::new("t")?,
            },
        };
        let file = [header.to_bytes().as_slice(), b"bits"].concat();
        assert_eq!(split(&file), Ok((header, b"bits".as_slice())));
        let cut = PayloadError::Length {
            expected: 4,
            found: 3,
        };
        assert_eq!(
            split(&file[..file.len() - 1]),
            Err(ImageError::Payload(cut))
        );
        let short = HeaderError::TooShort {
            expected: HEADER_LEN,
            found: 9,
        };
        assert_eq!(split(&file[..9]), Err(ImageError::Header(short)));
        Ok(())
    }
}
