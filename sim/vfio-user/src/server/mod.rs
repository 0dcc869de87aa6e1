//! The server: a socket at which one client at a time finds a device.
//!
//! It has no thread of its own. Whoever owns the device calls [`Server::poll`] between two steps of the device, and
//! within that call the device is asked what the client wants to know:
//!
//! ```text
//!   loop {                                     poll:
//!       server.poll(ZERO, &mut card)?;           listen ──▶ Session ──▶ answer ──▶ Device
//!       card.clock();                              ▲           │ gone: device.disconnected()
//!   }                                              └───────────┘ the next client's turn
//! ```
//!
//! A call handles at most one message, so the owner decides how many messages a clock may take. It never waits longer
//! than it was told to: half a message, an answer that the client does not take, and a client that says nothing are
//! all kept for later, and a client that owes something for [`Config::stall_timeout`] is put out. Further clients
//! wait in the socket's queue meanwhile.

mod answer;
mod device;
mod listen;
mod session;

use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use crate::codec::Command;
use crate::socket::{wait, SocketError};
use crate::Errno;
use listen::Listener;
use session::Session;

pub use device::{Device, Region, RegionMapping};

/// Limits that the server announces and keeps.
#[derive(Clone, Debug)]
pub struct Config {
    /// Descriptors with one message. QEMU refuses a server that announces more than 16.
    pub max_msg_fds: u32,
    /// Bytes of one read or write.
    pub max_data_xfer_size: u32,
    /// Mappings at the same time. Announced only; the device's [`Dma`](crate::Dma) has its own limit to keep it.
    pub max_dma_maps: u32,
    /// How long a client may stop in the middle of something.
    pub stall_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_msg_fds: 16,
            max_data_xfer_size: 1 << 20,
            max_dma_maps: 65_535,
            stall_timeout: Duration::from_secs(10),
        }
    }
}

/// What a call of [`Server::poll`] has done.
#[derive(Debug)]
pub enum Event {
    /// Nothing: no message came in time.
    Idle,
    /// A client came, and version and limits are agreed.
    Connected,
    /// A request was done.
    Done(Command),
    /// A request was refused.
    Refused {
        /// Number of its command, known or not.
        command: u16,
        /// What the client is told.
        errno: Errno,
    },
    /// The client is gone, or was put out. The device has been told if it had heard of the client.
    Disconnected(Gone),
}

/// Why a client is no longer there.
#[derive(Debug, thiserror::Error)]
pub enum Gone {
    /// The stream ended or makes no sense.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The client speaks another version.
    #[error("client speaks version {found}, expected {expected}")]
    Version {
        /// Its major version.
        found: u16,
        /// Ours.
        expected: u16,
    },
    /// The client answered a question that was not asked.
    #[error("reply to command {command} came, but nothing was asked")]
    UnaskedReply {
        /// Number of the command.
        command: u16,
    },
    /// The client stopped in the middle of something.
    #[error("client stopped in the middle of something {waited:?} ago")]
    Stalled {
        /// How long ago.
        waited: Duration,
    },
    /// The owner of the server put it out.
    #[error("put out by the server")]
    PutOut,
}

/// Why there is no server any more, or not yet.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A server lives at this path.
    #[error("socket {path} belongs to a server that is running")]
    InUse {
        /// The path.
        path: PathBuf,
    },
    /// Something else lies at this path; it is left alone.
    #[error("{path} is there already and is no socket")]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The kernel gives no socket there.
    #[error("cannot listen at {path}")]
    Bind {
        /// The path.
        path: PathBuf,
        /// What the kernel says.
        source: std::io::Error,
    },
    /// The kernel gives no client.
    #[error("cannot accept a client")]
    Accept(#[source] std::io::Error),
    /// The kernel does not wait.
    #[error("cannot wait for a client")]
    Wait(#[source] std::io::Error),
}

/// A socket at which one client at a time finds a device.
pub struct Server {
    listener: Listener,
    config: Config,
    session: Option<Session>,
}

impl Server {
    /// Listens at a path. The socket file of a server that died there is replaced; a live one is not. The file goes
    /// when the server is dropped.
    pub fn bind(path: impl AsRef<Path>, config: Config) -> Result<Self, ServerError> {
        Ok(Self {
            listener: Listener::bind(path.as_ref())?,
            config,
            session: None,
        })
    }

    /// Where this server listens.
    pub fn path(&self) -> &Path {
        self.listener.path()
    }

    /// A client is there, and version and limits are agreed.
    pub fn has_client(&self) -> bool {
        self.session.as_ref().is_some_and(Session::is_agreed)
    }

    /// The descriptor that becomes ready when [`poll`](Self::poll) has something to do, for an owner that waits for
    /// other things as well. It changes with every client.
    pub fn wait_fd(&self) -> BorrowedFd<'_> {
        self.session
            .as_ref()
            .map_or_else(|| self.listener.as_fd(), AsFd::as_fd)
    }

    /// What to wait for at [`wait_fd`](Self::wait_fd).
    pub fn wish(&self) -> PollFlags {
        self.session.as_ref().map_or(PollFlags::IN, Session::wish)
    }

    /// Handles at most one message. Waits for one no longer than `timeout`; zero does not wait at all.
    pub fn poll(
        &mut self,
        timeout: Duration,
        device: &mut dyn Device,
    ) -> Result<Event, ServerError> {
        let deadline = Instant::now().checked_add(timeout);
        loop {
            if let Some(event) = self.step(device)? {
                return Ok(event);
            }
            let now = Instant::now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Ok(Event::Idle);
            }
            let patience = self
                .session
                .as_ref()
                .and_then(|session| session.patience_ends(&self.config));
            // A time-out beyond what the clock can say is for ever; waking up once an hour costs nothing.
            let until = [deadline, patience].into_iter().flatten().min();
            let until = until.unwrap_or(now + Duration::from_secs(3600));
            wait(self.wait_fd(), self.wish(), until).map_err(ServerError::Wait)?;
        }
    }

    /// Puts the client out, if there is one.
    pub fn disconnect(&mut self, device: &mut dyn Device) -> Event {
        match self.session.take() {
            None => Event::Idle,
            Some(session) => leave(&session, Gone::PutOut, device),
        }
    }

    fn step(&mut self, device: &mut dyn Device) -> Result<Option<Event>, ServerError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => match self
                .listener
                .accept()?
                .map(|stream| Session::new(stream, &self.config))
            {
                None => return Ok(None),
                Some(Ok(session)) => session,
                Some(Err(gone)) => return Ok(Some(Event::Disconnected(gone))),
            },
        };
        match session.step(&self.config, device) {
            Ok(event) => {
                self.session = Some(session);
                Ok(event)
            }
            Err(gone) => Ok(Some(leave(&session, gone, device))),
        }
    }
}

fn leave(session: &Session, gone: Gone, device: &mut dyn Device) -> Event {
    if session.is_agreed() {
        device.disconnected();
    }
    Event::Disconnected(gone)
}
