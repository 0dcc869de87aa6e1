//! Waiting for work without looking for it all the time.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use crate::driver::Calls;

/// How long nothing but a call, or a stop, is waited for: what waits for time to pass is looked after in between.
const TICK: Duration = Duration::from_millis(500);
/// How soon a card that does not call is looked at again after it had work, and how late at most.
const SOON: Duration = Duration::from_micros(200);
const LATE: Duration = Duration::from_millis(20);

/// Why a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// There may be work.
    Work,
    /// A ring has stopped.
    Fault,
    /// Enough.
    Stop,
}

/// What is waited for.
#[derive(Debug)]
pub struct Wait<'a> {
    calls: Option<Calls>,
    stop: BorrowedFd<'a>,
    /// How long a card that does not call is left alone.
    pause: Duration,
}

impl<'a> Wait<'a> {
    /// Waits for the calls of a card, if it has any.
    pub fn new(calls: Option<Calls>, stop: BorrowedFd<'a>) -> Wait<'a> {
        Wait {
            calls,
            stop,
            pause: SOON,
        }
    }

    /// Waits for work, not at all if there is `more` of it, and no longer than `latest`. `busy`: there was some just now.
    pub fn next(&mut self, more: bool, busy: bool, latest: Option<Duration>) -> io::Result<Woken> {
        self.pause = match busy {
            true => SOON,
            false => (self.pause * 2).min(LATE),
        };
        let patience = match (more, &self.calls) {
            (true, _) => Duration::ZERO,
            (false, Some(_)) => TICK,
            (false, None) => self.pause,
        };
        let patience = latest.map_or(patience, |latest| patience.min(latest));
        let mut wanted = vec![PollFd::from_borrowed_fd(self.stop, PollFlags::IN)];
        if let Some(Calls { punts, fault }) = &self.calls {
            let fds = [fault.as_fd(), punts.as_fd()];
            wanted.extend(fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        }
        let timeout = Timespec {
            tv_sec: patience.as_secs() as i64,
            tv_nsec: patience.subsec_nanos().into(),
        };
        match poll(&mut wanted, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => (),
            Err(error) => return Err(error.into()),
        }
        let stopped = !wanted[0].revents().is_empty();
        if stopped {
            return Ok(Woken::Stop);
        }
        if let Some(Calls { punts, fault }) = &self.calls {
            punts.wait(Duration::ZERO)?;
            if fault.wait(Duration::ZERO)? {
                return Ok(Woken::Fault);
            }
        }
        Ok(Woken::Work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Interrupt;
    use std::time::Instant;

    /// Calls, and the card's ends of them.
    fn calls() -> (Calls, [Interrupt; 2]) {
        let (punts, raise_punts) = Interrupt::pair().unwrap();
        let (fault, raise_fault) = Interrupt::pair().unwrap();
        (Calls { punts, fault }, [raise_punts, raise_fault])
    }

    #[test]
    fn a_call_ends_the_wait_once() {
        let stop = Interrupt::new().unwrap();
        let (calls, [punts, fault]) = calls();
        let mut wait = Wait::new(Some(calls), stop.as_fd());
        punts.raise().unwrap();
        let start = Instant::now();
        assert_eq!(wait.next(false, false, None).unwrap(), Woken::Work);
        assert!(start.elapsed() < TICK / 2);
        assert_eq!(wait.next(false, false, None).unwrap(), Woken::Work);
        assert!(start.elapsed() >= TICK, "the call was not taken");
        fault.raise().unwrap();
        assert_eq!(wait.next(false, false, None).unwrap(), Woken::Fault);
        stop.raise().unwrap();
        assert_eq!(wait.next(true, true, None).unwrap(), Woken::Stop);
    }

    #[test]
    fn it_ends_when_a_window_does() {
        let stop = Interrupt::new().unwrap();
        let (calls, _raise) = calls();
        let mut wait = Wait::new(Some(calls), stop.as_fd());
        let (start, window) = (Instant::now(), Duration::from_millis(2));
        assert_eq!(wait.next(false, true, Some(window)).unwrap(), Woken::Work);
        assert!((window..TICK / 2).contains(&start.elapsed()));
    }

    #[test]
    fn a_card_that_does_not_call_is_looked_at_less_and_less() {
        let stop = Interrupt::new().unwrap();
        let mut wait = Wait::new(None, stop.as_fd());
        for _ in 0..10 {
            wait.next(true, false, None).unwrap();
        }
        assert_eq!(wait.pause, LATE);
        wait.next(true, true, None).unwrap();
        assert_eq!(wait.pause, SOON);
    }
}
