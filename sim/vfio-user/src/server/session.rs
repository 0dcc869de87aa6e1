//! One client, from its first message to its end.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::answer::answer;
use super::{Config, Device, Event, Gone};
use crate::codec::{
    decode_body, encode_error, Capabilities, Content, DecodeError, Kind, Reply, Request, Version,
};
use crate::socket::{Connection, Frame, Limits};
use crate::Errno;

/// A connected client.
pub(super) struct Session {
    connection: Connection,
    agreed: bool,
    /// Since when the client owes something: its VERSION, the rest of a message, or taking an answer.
    owes_since: Option<Instant>,
}

impl Session {
    pub(super) fn new(stream: UnixStream, config: &Config) -> Result<Self, Gone> {
        let limits = Limits::for_data(config.max_data_xfer_size, config.max_msg_fds);
        Ok(Self {
            connection: Connection::new(stream, limits)?,
            agreed: false,
            owes_since: None,
        })
    }

    /// Client and server have agreed on a version, so the device has heard of the client.
    pub(super) fn is_agreed(&self) -> bool {
        self.agreed
    }

    /// What to wait for before the next step makes sense.
    pub(super) fn wish(&self) -> PollFlags {
        if self.connection.is_sending() {
            PollFlags::OUT
        } else {
            PollFlags::IN
        }
    }

    /// When the client has owed something for too long.
    pub(super) fn patience_ends(&self, config: &Config) -> Option<Instant> {
        self.owes_since
            .and_then(|since| since.checked_add(config.stall_timeout))
    }

    /// Goes on as far as one message. Nothing: the client has not sent one, or not taken the last answer.
    pub(super) fn step(
        &mut self,
        config: &Config,
        device: &mut dyn Device,
    ) -> Result<Option<Event>, Gone> {
        let frame = if self.connection.flush()? {
            self.connection.receive()?
        } else {
            None
        };
        match frame {
            Some(frame) => {
                let event = self.handle(frame, config, device)?;
                self.note_debt();
                Ok(Some(event))
            }
            None => {
                self.note_debt();
                let waited = self
                    .owes_since
                    .map_or(Duration::ZERO, |since| since.elapsed());
                if waited > config.stall_timeout {
                    Err(Gone::Stalled { waited })
                } else {
                    Ok(None)
                }
            }
        }
    }

    /// Looked at only after all that has come was read: a slow simulation must not blame the client.
    fn note_debt(&mut self) {
        let owes = !self.agreed || self.connection.in_message() || self.connection.is_sending();
        self.owes_since = if owes {
            self.owes_since.or_else(|| Some(Instant::now()))
        } else {
            None
        };
    }

    fn handle(
        &mut self,
        frame: Frame,
        config: &Config,
        device: &mut dyn Device,
    ) -> Result<Event, Gone> {
        let Frame {
            header,
            body,
            fds,
            too_many_fds,
        } = frame;
        let Kind::Request { no_reply } = header.kind else {
            return Err(Gone::UnaskedReply {
                command: header.command,
            });
        };
        let request = match decode_body(&header, &body) {
            Ok(message) => match message.content {
                Content::Request { request, .. } => Ok(request),
                Content::Reply(_) | Content::Error { .. } => Err(Errno::PROTOCOL),
            },
            Err(DecodeError::UnknownCommand { .. }) => Err(Errno::UNSUPPORTED),
            Err(_) => Err(Errno::INVALID),
        };
        let outcome = match request {
            Err(errno) => Err(errno),
            Ok(_) if too_many_fds => Err(Errno::TOO_BIG),
            Ok(Request::Version(asked)) if !self.agreed => {
                return self.agree(header.id, &asked, config)
            }
            Ok(_) if !self.agreed => Err(Errno::PROTOCOL),
            Ok(request) => {
                let command = request.command();
                answer(request, fds, config, device).map(|(reply, file)| (command, reply, file))
            }
        };
        match outcome {
            Ok((command, reply, file)) => {
                if !no_reply {
                    self.connection
                        .send(reply.encode(header.id), file.as_slice())?;
                }
                Ok(Event::Done(command))
            }
            Err(errno) => {
                if !no_reply {
                    self.connection
                        .send(encode_error(header.id, header.command, errno).to_vec(), &[])?;
                }
                Ok(Event::Refused {
                    command: header.command,
                    errno,
                })
            }
        }
    }

    /// The minor version is the lower one of both; a different major version ends it.
    fn agree(&mut self, id: u16, asked: &Version, config: &Config) -> Result<Event, Gone> {
        if asked.major != Version::MAJOR {
            let command = crate::codec::Command::Version.number();
            self.connection
                .send(encode_error(id, command, Errno::UNSUPPORTED).to_vec(), &[])?;
            return Err(Gone::Version {
                found: asked.major,
                expected: Version::MAJOR,
            });
        }
        let capabilities = Capabilities {
            max_msg_fds: config.max_msg_fds,
            max_data_xfer_size: config.max_data_xfer_size,
            max_dma_maps: config.max_dma_maps,
            write_multiple: asked.capabilities.write_multiple,
        };
        let version = Version {
            major: Version::MAJOR,
            minor: asked.minor.min(Version::MINOR),
            capabilities,
        };
        self.connection
            .send(Reply::Version(version).encode(id), &[])?;
        self.agreed = true;
        Ok(Event::Connected)
    }
}

impl AsFd for Session {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }
}
