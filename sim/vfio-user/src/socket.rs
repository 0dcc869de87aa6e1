//! Whole messages over a Unix stream, with file descriptors beside them.
//!
//! A stream has no message borders, and a peer may stop anywhere. So a half message stays here until its rest has come,
//! and a half sent one until the peer takes the rest; nothing in this file ever waits, except [`Connection::wait`].
//!
//! ```text
//!   stream ──▶ 16 bytes ──▶ header ──▶ size - 16 bytes ──▶ Frame { header, body, fds }
//!                 │ descriptors that come with any of these bytes ───────────▲
//! ```
//!
//! Header and body are read by separate calls on purpose: one larger read could take the descriptors of the next
//! message along with the bytes of this one.

use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::Errno as Os;
use rustix::net::{
    recvmsg, sendmsg, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};

use crate::codec::{DecodeError, Header, HEADER_LEN};

/// Most descriptors that Linux passes with one message.
pub const MAX_FDS: usize = 253;
const FD_SPACE: usize = rustix::cmsg_space!(ScmRights(MAX_FDS));

/// What a peer may send at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one message, header included.
    pub max_message: u32,
    /// Descriptors with one message; never more than [`MAX_FDS`].
    pub max_fds: usize,
}

impl Limits {
    /// Room for reads and writes of `max_data` bytes. What is not data (VERSION, lists of booleans or areas) gets 64
    /// KiB.
    pub fn for_data(max_data: u32, max_fds: u32) -> Self {
        Self {
            max_message: max_data.saturating_add(64 << 10),
            max_fds: (max_fds as usize).min(MAX_FDS),
        }
    }
}

/// Why a stream is of no more use.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The peer is gone, between two messages.
    #[error("peer closed the connection")]
    Closed,
    /// The peer is gone, in the middle of a message.
    #[error("peer closed the connection in mid-message: {found} of {expected} bytes came")]
    ClosedInMessage {
        /// Bytes of the message that came.
        found: usize,
        /// Bytes that the message, or its header, has.
        expected: usize,
    },
    /// The peer announces more than was agreed.
    #[error("message of {found} bytes announced, at most {limit} are taken")]
    TooLarge {
        /// Bytes the header says.
        found: u32,
        /// Bytes taken.
        limit: u32,
    },
    /// The header makes no sense, so the end of the message is unknown.
    #[error("stream is out of step")]
    Header(#[from] DecodeError),
    /// The kernel says no.
    #[error("socket failed")]
    Os(#[source] std::io::Error),
}

impl From<Os> for SocketError {
    fn from(error: Os) -> Self {
        match error {
            Os::CONNRESET | Os::PIPE => Self::Closed,
            other => Self::Os(other.into()),
        }
    }
}

/// One message as it came.
#[derive(Debug)]
pub struct Frame {
    /// Its header.
    pub header: Header,
    /// The bytes behind the header.
    pub body: Vec<u8>,
    /// Descriptors that came with it.
    pub fds: Vec<OwnedFd>,
    /// More descriptors came than are taken; all of them are closed.
    pub too_many_fds: bool,
}

/// A message that has come in part.
#[derive(Default)]
struct Incoming {
    head: [u8; HEADER_LEN],
    head_len: usize,
    header: Option<Header>,
    body: Vec<u8>,
    body_len: usize,
    fds: Vec<OwnedFd>,
    too_many_fds: bool,
}

/// A message that has gone in part.
struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
    fds: Vec<OwnedFd>,
}

/// A Unix stream that carries messages.
pub struct Connection {
    stream: UnixStream,
    limits: Limits,
    incoming: Incoming,
    outgoing: VecDeque<Outgoing>,
}

impl Connection {
    /// Takes a connected stream over and makes it non-blocking.
    pub fn new(stream: UnixStream, limits: Limits) -> Result<Self, SocketError> {
        stream.set_nonblocking(true).map_err(SocketError::Os)?;
        Ok(Self {
            stream,
            limits,
            incoming: Incoming::default(),
            outgoing: VecDeque::new(),
        })
    }

    /// A message has begun to come and not ended.
    pub fn in_message(&self) -> bool {
        self.incoming.head_len > 0
    }

    /// Something waits to be sent.
    pub fn is_sending(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// The next whole message, or nothing if it has not come yet.
    pub fn receive(&mut self) -> Result<Option<Frame>, SocketError> {
        while self.incoming.head_len < HEADER_LEN {
            let at = self.incoming.head_len;
            let Some(count) = self.receive_bytes(at, true)? else {
                return Ok(None);
            };
            self.incoming.head_len += count;
        }
        let header = match self.incoming.header {
            Some(header) => header,
            None => {
                let header = Header::decode(&self.incoming.head)?;
                if header.size > self.limits.max_message {
                    return Err(SocketError::TooLarge {
                        found: header.size,
                        limit: self.limits.max_message,
                    });
                }
                self.incoming.body = vec![0; header.size as usize - HEADER_LEN];
                *self.incoming.header.insert(header)
            }
        };
        while self.incoming.body_len < self.incoming.body.len() {
            let at = self.incoming.body_len;
            let Some(count) = self.receive_bytes(at, false)? else {
                return Ok(None);
            };
            self.incoming.body_len += count;
        }
        let Incoming {
            body,
            fds,
            too_many_fds,
            ..
        } = std::mem::take(&mut self.incoming);
        Ok(Some(Frame {
            header,
            body,
            fds,
            too_many_fds,
        }))
    }

    /// Bytes of the header or the body from place `at` on. Nothing: they have not come yet.
    fn receive_bytes(&mut self, at: usize, head: bool) -> Result<Option<usize>, SocketError> {
        let mut space = [MaybeUninit::uninit(); FD_SPACE];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let target = if head {
            &mut self.incoming.head[at..]
        } else {
            &mut self.incoming.body[at..]
        };
        let target = &mut [IoSliceMut::new(target)];
        let received = loop {
            match recvmsg(&self.stream, target, &mut control, RecvFlags::CMSG_CLOEXEC) {
                Err(Os::INTR) => {}
                Err(Os::AGAIN) => return Ok(None),
                other => break other?,
            }
        };
        let fds = control.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => Some(fds),
            _ => None,
        });
        self.incoming.fds.extend(fds.flatten());
        if received.flags.contains(ReturnFlags::CTRUNC)
            || self.incoming.fds.len() > self.limits.max_fds
        {
            self.incoming.too_many_fds = true;
            self.incoming.fds.clear();
        }
        if received.bytes == 0 {
            return Err(self.closed());
        }
        Ok(Some(received.bytes))
    }

    fn closed(&self) -> SocketError {
        let Incoming {
            head_len,
            body_len,
            body,
            ..
        } = &self.incoming;
        match head_len + body_len {
            0 => SocketError::Closed,
            found => SocketError::ClosedInMessage {
                found,
                expected: HEADER_LEN + body.len(),
            },
        }
    }

    /// Sends a message, as far as the peer takes it now. The rest is kept; [`flush`](Self::flush) goes on with it.
    pub fn send(&mut self, bytes: Vec<u8>, fds: &[BorrowedFd<'_>]) -> Result<(), SocketError> {
        if !self.flush()? {
            return self.keep(bytes, 0, fds);
        }
        let sent = self.send_bytes(&bytes, fds)?;
        // The descriptors have gone with the first byte.
        let left = if sent == 0 { fds } else { &[] };
        if sent < bytes.len() {
            self.keep(bytes, sent, left)
        } else {
            Ok(())
        }
    }

    fn keep(
        &mut self,
        bytes: Vec<u8>,
        sent: usize,
        fds: &[BorrowedFd<'_>],
    ) -> Result<(), SocketError> {
        let fds = fds
            .iter()
            .map(|fd| fd.try_clone_to_owned())
            .collect::<Result<_, _>>()
            .map_err(SocketError::Os)?;
        self.outgoing.push_back(Outgoing { bytes, sent, fds });
        Ok(())
    }

    /// Sends what was kept. True: all of it is gone.
    pub fn flush(&mut self) -> Result<bool, SocketError> {
        while let Some(mut next) = self.outgoing.pop_front() {
            let fds: Vec<_> = next.fds.iter().map(|fd| fd.as_fd()).collect();
            let sent = self.send_bytes(&next.bytes[next.sent..], &fds)?;
            if sent > 0 {
                next.fds.clear();
            }
            next.sent += sent;
            if next.sent < next.bytes.len() {
                self.outgoing.push_front(next);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many bytes the peer took. The descriptors go with the first one.
    fn send_bytes(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> Result<usize, SocketError> {
        let mut space = [MaybeUninit::uninit(); FD_SPACE];
        let mut done = 0;
        while done < bytes.len() {
            let mut control = SendAncillaryBuffer::new(&mut space);
            if done == 0 && !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
                return Err(SocketError::Os(Os::TOOBIG.into()));
            }
            match sendmsg(
                &self.stream,
                &[IoSlice::new(&bytes[done..])],
                &mut control,
                SendFlags::NOSIGNAL,
            ) {
                Ok(count) => done += count,
                Err(Os::INTR) => {}
                Err(Os::AGAIN) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done)
    }

    /// Waits until the peer has sent something, or takes something if there is something to send. False: it was too
    /// late.
    pub fn wait(&self, deadline: Instant) -> Result<bool, SocketError> {
        // While something is kept, reading on would only pile up more to answer.
        let wish = if self.is_sending() {
            PollFlags::OUT
        } else {
            PollFlags::IN
        };
        wait(self.stream.as_fd(), wish, deadline).map_err(SocketError::Os)
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Waits until a descriptor is ready, or has failed. False: it was too late.
pub(crate) fn wait(
    fd: BorrowedFd<'_>,
    wish: PollFlags,
    deadline: Instant,
) -> std::io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).unwrap_or(Timespec {
            tv_sec: i64::MAX,
            tv_nsec: 0,
        });
        match poll(&mut [PollFd::from_borrowed_fd(fd, wish)], Some(&left)) {
            Err(Os::INTR) => {}
            Ok(ready) => return Ok(ready > 0),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
