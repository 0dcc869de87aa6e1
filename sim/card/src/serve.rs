//! The loop of `underpass sim`: messages of the host, and clocks while there is work.
//!
//! ```text
//!   quiet ─▶ wait for a message ─▶ handle it ─┐
//!     ▲                                       ▼
//!     └────── nothing moves ◀── some clocks ◀─┴─ a message, if one is there
//! ```

use crate::card::PciCard;
use crate::engine::EngineError;
use std::time::Duration;
use underpass_vfio_user::{Event, Server, ServerError};

/// Clocks between two looks at the socket while the card works: a message waits for about a millisecond of simulation.
const SLICE: u64 = 256;
/// How long a quiet card waits for a message before the loop looks whether it shall end.
const REST: Duration = Duration::from_millis(200);

/// The card can be served no longer.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Serves the card until `on_event` says that it is enough; it is told of everything but single messages that were done,
/// and at least some times a second.
pub fn serve(
    server: &mut Server,
    card: &mut PciCard,
    mut on_event: impl FnMut(&Event) -> bool,
) -> Result<(), ServeError> {
    loop {
        let patience = match card.is_quiet() {
            true => REST,
            false => Duration::ZERO,
        };
        let event = server.poll(patience, card)?;
        let idle = matches!(event, Event::Idle);
        if !matches!(event, Event::Done(_)) && !on_event(&event) {
            return Ok(());
        }
        if !card.is_quiet() || !idle {
            card.run(SLICE)?;
        }
    }
}
