//! What can be wrong with the bytes of a message.

use super::{Command, HEADER_LEN};

/// Bytes that are not a message of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There is not even a header.
    #[error("message has {found} bytes, its header alone takes {HEADER_LEN}")]
    NoHeader {
        /// Bytes there are.
        found: usize,
    },
    /// The header's size field is smaller than the header.
    #[error("header says a message of {found} bytes, its header alone takes {HEADER_LEN}")]
    SizeBelowHeader {
        /// Bytes the header says.
        found: u32,
    },
    /// The header's size field is not what came.
    #[error("header says a message of {said} bytes, found {found}")]
    SizeDiffers {
        /// Bytes the header says.
        said: u32,
        /// Bytes there are.
        found: usize,
    },
    /// Neither a request nor a reply.
    #[error("message type is {found}, expected 0 (request) or 1 (reply)")]
    UnknownType {
        /// The four type bits.
        found: u32,
    },
    /// A command number that nobody gave a meaning.
    #[error("command {found} is unknown")]
    UnknownCommand {
        /// The number.
        found: u16,
    },
    /// The body ends in the middle of a field.
    #[error("{command} body ends too early: {expected} more bytes expected, found {found}")]
    BodyTooShort {
        /// Command of the message.
        command: Command,
        /// Bytes that the next field takes.
        expected: usize,
        /// Bytes left.
        found: usize,
    },
    /// A count in the body and the bytes behind it differ.
    #[error("{command} says {said} bytes of data, found {found}")]
    CountDiffers {
        /// Command of the message.
        command: Command,
        /// What the count field says.
        said: u64,
        /// Bytes of data there are.
        found: usize,
    },
    /// A field has a value that the protocol does not give a meaning.
    #[error("{command} field {field} is {found:#x}, expected {expected}")]
    BadField {
        /// Command of the message.
        command: Command,
        /// Name of the field as the specification has it.
        field: &'static str,
        /// Its value.
        found: u64,
        /// What would be right.
        expected: &'static str,
    },
    /// The capabilities of a VERSION message are not the JSON they should be.
    #[error("capabilities {problem}")]
    BadCapabilities {
        /// What is wrong with them.
        problem: String,
    },
}
