//! One question and its answer, within a time-out.
//!
//! ```text
//!   client                                  server
//!     │ ── request id 7 ─────────────────────▶ │
//!     │ ◀───────────── DMA_READ id 0 ───────── │   the server may need something first
//!     │ ── reply id 0 ───────────────────────▶ │
//!     │ ◀───────────────── reply id 5 ──────── │   late answer to a call that timed out: passed over
//!     │ ◀───────────────── reply id 7 ──────── │
//! ```

use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use super::memory::{answer, ClientMemory};
use super::ClientError;
use crate::codec::{
    decode_body, encode_error, Command, Content, DecodeError, Kind, Reply, Request,
};
use crate::socket::{Connection, Frame};
use crate::Errno;

/// The stream to a server, and what is still to come from it.
pub(super) struct Caller {
    connection: Connection,
    next_id: u16,
    /// Requests that were given up, whose answers may still come.
    late: Vec<u16>,
    given_up: bool,
    /// Limits announced to the server.
    pub(super) max_data: u32,
    pub(super) max_fds: u32,
    pub(super) memory: Option<Box<dyn ClientMemory>>,
}

impl Caller {
    pub(super) fn new(connection: Connection, max_data: u32, max_fds: u32) -> Self {
        Self {
            connection,
            next_id: 0,
            late: Vec::new(),
            given_up: false,
            max_data,
            max_fds,
            memory: None,
        }
    }

    /// Asks and waits for the answer.
    pub(super) fn call(
        &mut self,
        request: &Request,
        fds: &[BorrowedFd<'_>],
        timeout: Duration,
    ) -> Result<(Reply, Vec<OwnedFd>), ClientError> {
        if self.given_up {
            return Err(ClientError::GivenUp);
        }
        let result = self.ask(request, fds, timeout);
        let usable = matches!(
            result,
            Ok(_) | Err(ClientError::Refused { .. } | ClientError::TimedOut { .. })
        );
        // A request that went out in part would be completed by the next one.
        self.given_up = !usable || self.connection.is_sending();
        result
    }

    fn ask(
        &mut self,
        request: &Request,
        fds: &[BorrowedFd<'_>],
        timeout: Duration,
    ) -> Result<(Reply, Vec<OwnedFd>), ClientError> {
        let command = request.command();
        let deadline = deadline(timeout);
        let id = self.fresh_id();
        self.connection.send(request.encode(id, false), fds)?;
        while let Some(frame) = self.receive(deadline)? {
            if let Kind::Request { no_reply } = frame.header.kind {
                self.serve(&frame, no_reply)?;
            } else if frame.header.id == id {
                return self.read(command, frame);
            } else if let Some(at) = self.late.iter().position(|&late| late == frame.header.id) {
                self.late.swap_remove(at);
            } else {
                return Err(ClientError::WrongId {
                    found: frame.header.id,
                    expected: id,
                });
            }
        }
        self.late.push(id);
        Err(ClientError::TimedOut { command, timeout })
    }

    /// Answers what the server asks, until a time has passed.
    pub(super) fn serve_for(&mut self, time: Duration) -> Result<usize, ClientError> {
        if self.given_up {
            return Err(ClientError::GivenUp);
        }
        let result = self.serve_until(deadline(time));
        self.given_up = result.is_err();
        result
    }

    fn serve_until(&mut self, deadline: Instant) -> Result<usize, ClientError> {
        let mut served = 0;
        while let Some(frame) = self.receive(deadline)? {
            if let Kind::Request { no_reply } = frame.header.kind {
                self.serve(&frame, no_reply)?;
                served += 1;
            } else if let Some(at) = self.late.iter().position(|&late| late == frame.header.id) {
                self.late.swap_remove(at);
            } else {
                return Err(ClientError::WrongId {
                    found: frame.header.id,
                    expected: self.next_id,
                });
            }
        }
        Ok(served)
    }

    /// The next message. Nothing: it was too late.
    fn receive(&mut self, deadline: Instant) -> Result<Option<Frame>, ClientError> {
        loop {
            if self.connection.flush()? {
                if let Some(frame) = self.connection.receive()? {
                    return Ok(Some(frame));
                }
            }
            if !self.connection.wait(deadline)? {
                return Ok(None);
            }
        }
    }

    fn read(&self, command: Command, frame: Frame) -> Result<(Reply, Vec<OwnedFd>), ClientError> {
        let Frame {
            header,
            body,
            fds,
            too_many_fds,
        } = frame;
        if header.command != command.number() {
            return Err(ClientError::WrongCommand {
                found: header.command,
                expected: command,
            });
        }
        if too_many_fds {
            return Err(ClientError::TooManyFds {
                command,
                limit: self.max_fds,
            });
        }
        let message = decode_body(&header, &body)
            .map_err(|source| ClientError::Decode { command, source })?;
        match message.content {
            Content::Reply(reply) => Ok((reply, fds)),
            Content::Error { errno, .. } => Err(ClientError::Refused { command, errno }),
            Content::Request { .. } => Err(ClientError::WrongCommand {
                found: header.command,
                expected: command,
            }),
        }
    }

    /// Answers one request of the server, if only by a refusal, so that it does not wait for ever.
    fn serve(&mut self, frame: &Frame, no_reply: bool) -> Result<(), ClientError> {
        let outcome = match decode_body(&frame.header, &frame.body).map(|message| message.content) {
            Ok(Content::Request { request, .. }) => {
                answer(request, self.memory.as_deref_mut(), self.max_data)
            }
            Ok(_) => Err(Errno::PROTOCOL),
            Err(DecodeError::UnknownCommand { .. }) => Err(Errno::UNSUPPORTED),
            Err(_) => Err(Errno::INVALID),
        };
        if no_reply {
            return Ok(());
        }
        let id = frame.header.id;
        let bytes = match outcome {
            Ok(reply) => reply.encode(id),
            Err(errno) => encode_error(id, frame.header.command, errno).to_vec(),
        };
        Ok(self.connection.send(bytes, &[])?)
    }

    fn fresh_id(&mut self) -> u16 {
        while self.late.contains(&self.next_id) && self.late.len() < usize::from(u16::MAX) {
            self.next_id = self.next_id.wrapping_add(1);
        }
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        id
    }
}

/// A time-out beyond what the clock can say is a year.
fn deadline(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout)
        .unwrap_or(now + Duration::from_secs(365 * 24 * 3600))
}
