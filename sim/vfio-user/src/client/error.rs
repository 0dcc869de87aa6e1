//! What can go wrong for a client.

use std::path::PathBuf;
use std::time::Duration;

use crate::codec::{Command, DecodeError};
use crate::socket::SocketError;
use crate::Errno;

/// Why a call did not do what it should. After [`Refused`](Self::Refused), [`TimedOut`](Self::TimedOut) and
/// [`WrongAnswer`](Self::WrongAnswer) the stream is still in step and the client can be used; after any other error
/// every call is [`GivenUp`](Self::GivenUp).
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("cannot connect to {path}")]
    Connect {
        /// The socket's path.
        path: PathBuf,
        /// What the kernel says.
        source: std::io::Error,
    },
    /// The server speaks another version.
    #[error("server speaks version {found}, expected {expected}")]
    Version {
        /// Its major version.
        found: u16,
        /// Ours.
        expected: u16,
    },
    /// The server does not answer. A late answer will be passed over.
    #[error("{command}: no answer within {timeout:?}")]
    TimedOut {
        /// What was asked.
        command: Command,
        /// How long was waited.
        timeout: Duration,
    },
    /// The server says no.
    #[error("{command} refused: {errno}")]
    Refused {
        /// What was asked.
        command: Command,
        /// Why not.
        errno: Errno,
    },
    /// The stream ended or makes no sense.
    #[error("connection to the server is lost")]
    Socket(#[from] SocketError),
    /// The answer is no message.
    #[error("{command}: answer makes no sense")]
    Decode {
        /// What was asked.
        command: Command,
        /// What is wrong.
        source: DecodeError,
    },
    /// The answer is to a question that was not asked.
    #[error("reply has id {found}, expected {expected}")]
    WrongId {
        /// Id of the reply.
        found: u16,
        /// Id of the request.
        expected: u16,
    },
    /// The answer is to another command.
    #[error("reply is to command {found}, expected {expected}")]
    WrongCommand {
        /// Number of the command answered.
        found: u16,
        /// What was asked.
        expected: Command,
    },
    /// The answer is about something else, or about less, than was asked.
    #[error("{command}: answer has {what} {found}, expected {expected}")]
    WrongAnswer {
        /// What was asked.
        command: Command,
        /// The field.
        what: &'static str,
        /// Its value.
        found: u64,
        /// What it should be.
        expected: u64,
    },
    /// More descriptors came than were announced as taken.
    #[error("{command}: more than {limit} descriptors came with the answer")]
    TooManyFds {
        /// What was asked.
        command: Command,
        /// How many are taken.
        limit: u32,
    },
    /// The server claims more than a device has.
    #[error("device claims {found} {what}, at most {limit} are taken")]
    TooMuch {
        /// What it claims.
        what: &'static str,
        /// How many.
        found: u32,
        /// How many are believed.
        limit: u32,
    },
    /// An earlier error left the stream in a state that nobody knows.
    #[error("connection was given up after an earlier error")]
    GivenUp,
}
