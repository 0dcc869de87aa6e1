//! Cables from the card's ports to TAP devices, as an engine around an engine.
//!
//! ```text
//!               ┌─ Cabled ───────────────────────────────────┐
//!   TAP ──read──▶ while fewer than ROOM frames wait ─▶ ┌────────┐
//!               │  card disabled, frame refused: lost   │ engine │ ◀─▶ registers, host memory, clocks
//!   TAP ◀─write── port with a cable ◀─────────────────── └────────┘
//!               │  kernel does not take it: lost             │
//!               │  port without one ─▶ kept ─▶ receive, for the port access of BAR2
//!               └────────────────────────────────────────────┘
//! ```
//! Frames are taken only while the engine has room: the others wait in the device's queue, which drops what is over, and
//! says so (`ip -s link`). What is lost here is counted by cable.

mod ioctl;
mod plug;
mod tap;

pub use plug::{check, BadPlug, Plug};
pub use tap::{Tap, TapError};

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;

use underpass_layout::port;
use underpass_layout::registers::{CONTROL, CONTROL_ENABLE};

use crate::engine::{Departure, Engine, EngineError, Progress};

/// Frames that may wait to enter the engine.
const ROOM: usize = 64;
/// Frames of ports without a cable that wait for the port access; the oldest give way.
const KEPT: usize = 1024;
/// Bytes of the longest frame.
const FRAME_BYTES: usize = u16::MAX as usize;

/// What went over a cable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The port's name.
    pub port: &'static str,
    /// The TAP device.
    pub interface: String,
    /// Frames that entered the card.
    pub entered: u64,
    /// Frames that left it.
    pub left: u64,
    /// Frames of the TAP device that the card did not take: it was not enabled, or refused them.
    pub refused: u64,
    /// Frames of the card that the TAP device did not take: it was down, or full.
    pub lost: u64,
}

/// The counts of all cables, as whoever asks sees them.
pub type Counts = Rc<RefCell<Vec<Count>>>;

/// A cable has come off: its TAP device is gone.
#[derive(Debug, thiserror::Error)]
#[error("TAP device `{interface}` is gone")]
pub struct Unplugged {
    /// The device.
    interface: String,
    /// What the kernel says.
    source: io::Error,
}

/// One cable.
struct Cable {
    port: u16,
    tap: Tap,
}

/// An engine with cables at its ports.
pub struct Cabled {
    inside: Box<dyn Engine>,
    cables: Vec<Cable>,
    counts: Counts,
    /// The cable whose turn is next, also when room comes for one frame at a time.
    turn: usize,
    /// The card takes packets.
    enabled: bool,
    /// What left ports without a cable.
    kept: VecDeque<Departure>,
    buffer: Box<[u8]>,
}

impl Cabled {
    /// Plugs devices into ports of an engine.
    pub fn new(inside: Box<dyn Engine>, taps: Vec<(u16, Tap)>) -> Cabled {
        let count = |(number, tap): &(u16, Tap)| Count {
            port: port::name(*number).unwrap_or("?"),
            interface: tap.interface().to_owned(),
            ..Count::default()
        };
        Cabled {
            inside,
            counts: Rc::new(RefCell::new(taps.iter().map(count).collect())),
            cables: taps
                .into_iter()
                .map(|(port, tap)| Cable { port, tap })
                .collect(),
            turn: 0,
            enabled: false,
            kept: VecDeque::new(),
            buffer: vec![0; FRAME_BYTES].into(),
        }
    }

    /// What went over the cables, in the order in which they were plugged in.
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// Takes frames from the devices, one of each in turn.
    fn pull(&mut self) -> Result<(), Unplugged> {
        let mut counts = self.counts.borrow_mut();
        let all = self.cables.len();
        let mut idle = 0;
        for _ in 0..ROOM * all {
            if idle == all || self.inside.waiting() >= ROOM {
                break;
            }
            let (cable, count) = (&self.cables[self.turn], &mut counts[self.turn]);
            self.turn = (self.turn + 1) % all;
            let received = cable.tap.receive(&mut self.buffer);
            let Some(length) = received.map_err(|source| cable.gone(source))? else {
                idle += 1;
                continue;
            };
            idle = 0;
            let frame = &self.buffer[..length];
            // A card that is not enabled keeps what waits at its input: nothing old is to enter when it is.
            let taken = self.enabled && length > 0 && self.inside.send(cable.port, frame).is_ok();
            count.entered += u64::from(taken);
            count.refused += u64::from(!taken);
        }
        Ok(())
    }

    /// Gives the devices what left.
    fn push(&mut self) -> Result<(), Unplugged> {
        let mut counts = self.counts.borrow_mut();
        while let Some((port, frame)) = self.inside.receive() {
            let place = self.cables.iter().position(|cable| cable.port == port);
            let Some(place) = place else {
                if self.kept.len() == KEPT {
                    self.kept.pop_front();
                }
                self.kept.push_back((port, frame));
                continue;
            };
            let (cable, count) = (&self.cables[place], &mut counts[place]);
            let taken = cable.tap.send(&frame).map_err(|error| cable.gone(error))?;
            count.left += u64::from(taken);
            count.lost += u64::from(!taken);
        }
        Ok(())
    }
}

impl Cable {
    fn gone(&self, source: io::Error) -> Unplugged {
        Unplugged {
            interface: self.tap.interface().to_owned(),
            source,
        }
    }
}

impl Engine for Cabled {
    fn read(&mut self, offset: u32) -> Result<u32, EngineError> {
        self.inside.read(offset)
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), EngineError> {
        self.inside.write(offset, value)?;
        if offset == CONTROL {
            self.enabled = value & CONTROL_ENABLE != 0;
        }
        Ok(())
    }

    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), EngineError> {
        self.inside.send(port, frame)
    }

    fn receive(&mut self) -> Option<Departure> {
        self.kept.pop_front()
    }

    fn run(&mut self, clocks: u64) -> Result<Progress, EngineError> {
        self.pull()?;
        let progress = self.inside.run(clocks)?;
        self.push()?;
        Ok(progress)
    }

    fn reset(&mut self) -> Result<(), EngineError> {
        self.enabled = false;
        self.kept.clear();
        self.inside.reset()
    }

    fn clocks(&self) -> Option<u64> {
        self.inside.clocks()
    }

    fn waiting(&self) -> usize {
        self.inside.waiting()
    }

    fn wakes(&self) -> Vec<BorrowedFd<'_>> {
        self.cables.iter().map(|cable| cable.tap.as_fd()).collect()
    }
}

#[cfg(test)]
mod tests;
