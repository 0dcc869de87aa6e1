//! SIGINT and SIGTERM as something to wait for: a program that serves ends in order when it is asked to.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// Becomes readable when one of them comes.
pub struct Stop {
    asked: UnixStream,
}

impl Stop {
    /// From now on they do not kill this program.
    pub fn new() -> io::Result<Stop> {
        let (asked, signal) = UnixStream::pair()?;
        asked.set_nonblocking(true)?;
        for number in [SIGINT, SIGTERM] {
            pipe::register(number, signal.try_clone()?)?;
        }
        Ok(Stop { asked })
    }

    /// Whether one has come.
    pub fn is_asked(&self) -> bool {
        (&self.asked).read(&mut [0]).is_ok()
    }
}

impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.asked.as_fd()
    }
}
