//! Bytes to messages and back, without any input or output.
//!
//! ```text
//!             ┌─────────── 16 bytes ──────────┐
//!   request:  │ id  command  size  flags  0   │ body: addresses, counts, data
//!   reply:    │ id  command  size  1      0   │ body: what was asked for
//!   refusal:  │ id  command  16    0x21 errno │
//!             └───────────────────────────────┘
//! ```
//!
//! [`decode`] takes one whole message and never panics, whatever the bytes: lengths are checked before anything is
//! taken, and nothing larger than the input is allocated. A fixed body may be longer than what is known of it, as the
//! specification lets structures grow; counted data must be exactly as long as its count.

mod command;
mod device;
mod dma;
mod error;
mod header;
mod irq;
mod region;
mod reply;
mod request;
mod version;
mod wire;

pub use command::Command;
pub use device::DeviceInfo;
pub use dma::{DmaData, DmaMap, DmaSpan, DmaUnmap, Protection};
pub use error::DecodeError;
pub use header::{Header, Kind, HEADER_LEN};
pub use irq::{IrqAction, IrqData, IrqInfo, SetIrqs};
pub use region::{Area, RegionData, RegionInfo, RegionSpan};
pub use reply::{encode_error, Reply};
pub use request::Request;
pub use version::{Capabilities, Version};

use crate::Errno;

/// One message: what its header and its body say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Chosen by the sender of the request, repeated in the reply.
    pub id: u16,
    /// What it says.
    pub content: Content,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Asks for something.
    Request {
        /// What is asked for.
        request: Request,
        /// The sender does not want to hear how it went.
        no_reply: bool,
    },
    /// Answers a request that was done.
    Reply(Reply),
    /// Answers a request that was refused.
    Error {
        /// Number of the command that was refused.
        command: u16,
        /// Why.
        errno: Errno,
    },
}

impl Message {
    /// The bytes of this message.
    pub fn encode(&self) -> Vec<u8> {
        match &self.content {
            Content::Request { request, no_reply } => request.encode(self.id, *no_reply),
            Content::Reply(reply) => reply.encode(self.id),
            Content::Error { command, errno } => encode_error(self.id, *command, *errno).to_vec(),
        }
    }
}

/// Reads one whole message, header and body.
pub fn decode(bytes: &[u8]) -> Result<Message, DecodeError> {
    let Some((head, body)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Err(DecodeError::NoHeader { found: bytes.len() });
    };
    decode_body(&Header::decode(head)?, body)
}

/// Reads the body that came behind a header.
pub fn decode_body(header: &Header, body: &[u8]) -> Result<Message, DecodeError> {
    let found = HEADER_LEN + body.len();
    if usize::try_from(header.size) != Ok(found) {
        return Err(DecodeError::SizeDiffers {
            said: header.size,
            found,
        });
    }
    let command = || {
        Command::from_number(header.command).ok_or(DecodeError::UnknownCommand {
            found: header.command,
        })
    };
    let content = match header.kind {
        Kind::Request { no_reply } => Content::Request {
            request: Request::decode(command()?, body)?,
            no_reply,
        },
        Kind::Reply => Content::Reply(Reply::decode(command()?, body)?),
        Kind::Error(errno) => Content::Error {
            command: header.command,
            errno,
        },
    };
    Ok(Message {
        id: header.id,
        content,
    })
}
