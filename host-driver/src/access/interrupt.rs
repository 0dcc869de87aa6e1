//! One interrupt of a card, as something to wait for.

use rustix::event::{eventfd, poll, EventfdFlags, PollFd, PollFlags, Timespec};
use rustix::io::{read, write, Errno};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// An eventfd that counts what a card raised.
#[derive(Debug)]
pub struct Interrupt {
    fd: OwnedFd,
}

impl Interrupt {
    /// One that has not been raised.
    pub fn new() -> io::Result<Interrupt> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Interrupt { fd })
    }

    /// The same one twice: for who raises it, and for who waits.
    pub fn pair() -> io::Result<(Interrupt, Interrupt)> {
        let one = Interrupt::new()?;
        let other = one.fd.try_clone()?;
        Ok((one, Interrupt { fd: other }))
    }

    /// Raises it.
    pub fn raise(&self) -> io::Result<()> {
        write(&self.fd, &1u64.to_ne_bytes())?;
        Ok(())
    }

    /// Waits until it is raised, at most for `patience`. True if it was raised since the last wait.
    pub fn wait(&self, patience: Duration) -> io::Result<bool> {
        let timeout = Timespec::try_from(patience).unwrap_or(Timespec {
            tv_sec: i64::MAX,
            tv_nsec: 0,
        });
        let mut wanted = [PollFd::new(&self.fd, PollFlags::IN)];
        match poll(&mut wanted, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => (),
            Err(error) => return Err(error.into()),
        }
        let mut count = [0; 8];
        match read(&self.fd, &mut count) {
            Ok(_) => Ok(true),
            Err(Errno::AGAIN | Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_when_it_is_raised_or_in_time() {
        let interrupt = Interrupt::new().unwrap();
        assert!(!interrupt.wait(Duration::ZERO).unwrap());
        interrupt.raise().unwrap();
        assert!(interrupt.wait(Duration::from_secs(10)).unwrap());
        assert!(!interrupt.wait(Duration::from_millis(1)).unwrap());
    }
}
