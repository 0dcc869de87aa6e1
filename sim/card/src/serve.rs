//! The loop of `underpass sim`: messages of the host, frames of the cables, and clocks while there is work.
//!
//! ```text
//!   quiet ─▶ wait for a message or a frame ─▶ handle the message ─┐
//!     ▲                                                           ▼
//!     └────── nothing moves ◀── some clocks, frames in and out ◀──┴─ a message, if one is there
//! ```

use crate::card::PciCard;
use crate::engine::EngineError;
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use std::time::Duration;
use underpass_vfio_user::{Event, Server, ServerError};

/// Clocks between two looks at the socket and the cables while the card works: half a millisecond of simulation.
const SLICE: u64 = 64;
/// How long a quiet card waits before the loop looks whether it shall end.
const REST: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

/// The card can be served no longer.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The kernel does not wait.
    #[error("cannot wait for a host or for frames")]
    Wait(#[source] std::io::Error),
}

/// Serves the card until `on_event` says that it is enough; it is told of everything but single messages that were done,
/// and at least some times a second.
pub fn serve(
    server: &mut Server,
    card: &mut PciCard,
    mut on_event: impl FnMut(&Event) -> bool,
) -> Result<(), ServeError> {
    loop {
        let woken = card.is_quiet() && wait(server, card)?;
        let event = server.poll(Duration::ZERO, card)?;
        let idle = matches!(event, Event::Idle);
        if !matches!(event, Event::Done(_)) && !on_event(&event) {
            return Ok(());
        }
        if woken || !card.is_quiet() || !idle {
            card.run(SLICE)?;
        }
    }
}

/// Waits for the host or a cable; true if a cable has something.
fn wait(server: &Server, card: &PciCard) -> Result<bool, ServeError> {
    let socket = server.wait_fd();
    let cables = card.wakes();
    let mut wanted = vec![PollFd::from_borrowed_fd(socket, server.wish())];
    let frames = |fd| PollFd::from_borrowed_fd(fd, PollFlags::IN);
    wanted.extend(cables.into_iter().map(frames));
    match poll(&mut wanted, Some(&REST)) {
        Ok(_) => Ok(wanted[1..].iter().any(|one| !one.revents().is_empty())),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(ServeError::Wait(error.into())),
    }
}
