//! The 16 bytes in front of every message.
//!
//! ```text
//!   0        2        4                 8                 12                16
//!   ┌────────┬────────┬─────────────────┬─────────────────┬─────────────────┐
//!   │ id     │command │ size            │ flags           │ errno           │  body ...
//!   └────────┴────────┴─────────────────┴─────────────────┴─────────────────┘
//!                       header and body   bits 0-3 type: 0 request, 1 reply
//!                                         bit 4 no reply wanted, bit 5 error
//! ```
//!
//! The sender of a request picks the id; the reply repeats it.

use super::DecodeError;
use crate::Errno;

/// Bytes of a header.
pub const HEADER_LEN: usize = 16;

const TYPE_MASK: u32 = 0xf;
const TYPE_REPLY: u32 = 1;
const NO_REPLY: u32 = 1 << 4;
const ERROR: u32 = 1 << 5;

/// What a message is: the flags and the error number of its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asks for something.
    Request {
        /// The sender does not want to hear how it went.
        no_reply: bool,
    },
    /// Answers a request that was done.
    Reply,
    /// Answers a request that was refused; such a message has no body.
    Error(Errno),
}

/// The head of a message. The command is a bare number, since an unknown one still has to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Chosen by the sender of the request, repeated in the reply.
    pub id: u16,
    /// Number of the command.
    pub command: u16,
    /// Bytes of header and body.
    pub size: u32,
    /// Request, reply or refusal.
    pub kind: Kind,
}

impl Header {
    /// Reads a header. Its size is at least [`HEADER_LEN`] when this succeeds.
    pub fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Self, DecodeError> {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *bytes;
        let size = u32::from_ne_bytes([e, f, g, h]);
        let flags = u32::from_ne_bytes([i, j, k, l]);
        if (size as usize) < HEADER_LEN {
            return Err(DecodeError::SizeBelowHeader { found: size });
        }
        let kind = match flags & TYPE_MASK {
            0 => Kind::Request {
                no_reply: flags & NO_REPLY != 0,
            },
            TYPE_REPLY if flags & ERROR != 0 => {
                Kind::Error(Errno(u32::from_ne_bytes([m, n, o, p])))
            }
            TYPE_REPLY => Kind::Reply,
            found => return Err(DecodeError::UnknownType { found }),
        };
        Ok(Self {
            id: u16::from_ne_bytes([a, b]),
            command: u16::from_ne_bytes([c, d]),
            size,
            kind,
        })
    }

    /// The bytes of this header.
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let (flags, errno) = match self.kind {
            Kind::Request { no_reply } => (if no_reply { NO_REPLY } else { 0 }, 0),
            Kind::Reply => (TYPE_REPLY, 0),
            Kind::Error(errno) => (TYPE_REPLY | ERROR, errno.0),
        };
        let mut bytes = [0; HEADER_LEN];
        bytes[0..2].copy_from_slice(&self.id.to_ne_bytes());
        bytes[2..4].copy_from_slice(&self.command.to_ne_bytes());
        bytes[4..8].copy_from_slice(&self.size.to_ne_bytes());
        bytes[8..12].copy_from_slice(&flags.to_ne_bytes());
        bytes[12..16].copy_from_slice(&errno.to_ne_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reply_has_both_bits_and_the_number() {
        let header = Header {
            id: 0x1234,
            command: 9,
            size: 16,
            kind: Kind::Error(Errno(22)),
        };
        let mut expected = Vec::new();
        expected.extend(0x1234u16.to_ne_bytes());
        expected.extend(9u16.to_ne_bytes());
        expected.extend(16u32.to_ne_bytes());
        expected.extend(0x21u32.to_ne_bytes());
        expected.extend(22u32.to_ne_bytes());
        assert_eq!(header.encode().to_vec(), expected);
        assert_eq!(Header::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn a_size_below_the_header_is_refused() {
        let mut bytes = Header {
            id: 0,
            command: 1,
            size: 15,
            kind: Kind::Reply,
        }
        .encode();
        assert_eq!(
            Header::decode(&bytes),
            Err(DecodeError::SizeBelowHeader { found: 15 })
        );
        bytes[4..8].copy_from_slice(&16u32.to_ne_bytes());
        assert!(Header::decode(&bytes).is_ok());
    }

    #[test]
    fn a_type_beyond_reply_is_refused() {
        let mut bytes = Header {
            id: 0,
            command: 1,
            size: 16,
            kind: Kind::Reply,
        }
        .encode();
        bytes[8..12].copy_from_slice(&2u32.to_ne_bytes());
        assert_eq!(
            Header::decode(&bytes),
            Err(DecodeError::UnknownType { found: 2 })
        );
    }
}
