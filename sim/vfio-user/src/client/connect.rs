//! Reaching a server's socket within a time-out.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::io::Errno as Os;
use rustix::net::{connect, socket_with, AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

/// Between two tries at a server whose queue is full.
const PAUSE: Duration = Duration::from_millis(5);

/// A connected stream. A server that listens but has its queue full is tried again until it is too late; one that
/// does not listen is an error at once.
pub(super) fn connect_by(path: &Path, deadline: Instant) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket: OwnedFd = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    loop {
        match connect(&socket, &address) {
            Ok(()) => return Ok(UnixStream::from(socket)),
            Err(Os::INTR) => {}
            Err(Os::AGAIN) if Instant::now() < deadline => sleep(PAUSE),
            Err(error) => return Err(error.into()),
        }
    }
}
