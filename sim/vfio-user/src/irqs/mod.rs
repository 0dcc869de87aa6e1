//! Which eventfd belongs to which interrupt, and what a SET_IRQS message changes in that.
//!
//! ```text
//!   action   data       meaning
//!   trigger  eventfds   connect interrupt start+i to descriptor i; what other messages connected stays
//!   trigger  eventfds   without any descriptor: disconnect the range
//!   trigger  none       count 0: disconnect all of this type; else fire the range
//!   trigger  bools      fire those marked
//!   mask     none/bools hold back; what fires meanwhile is told on unmask
//!   unmask   none/bools let go
//! ```
//!
//! QEMU sends as many vectors in one message as descriptors may come with it, so a set of vectors arrives in pieces,
//! each with its own `start`, and vectors that the guest does not use arrive as a range without descriptors.

use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::Errno as Os;

use crate::codec::{IrqAction, IrqData, IrqInfo, SetIrqs};
use crate::Errno;

/// Why interrupts stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum IrqError {
    /// The device has no such type.
    #[error("interrupt type {found} does not exist, the device has {count}")]
    NoType {
        /// Index asked for.
        found: u32,
        /// How many types there are.
        count: usize,
    },
    /// The type has fewer interrupts.
    #[error(
        "interrupts {start} to {start}+{count} of type {index} do not exist, it has {available}"
    )]
    BeyondEnd {
        /// Interrupt type.
        index: u32,
        /// First interrupt asked for.
        start: u32,
        /// How many were asked for.
        count: u32,
        /// How many there are.
        available: usize,
    },
    /// Neither one descriptor for each interrupt nor none.
    #[error("{found} eventfds came for {expected} interrupts, expected one each or none")]
    FdCount {
        /// Descriptors that came.
        found: usize,
        /// Interrupts in the message.
        expected: u32,
    },
    /// As many booleans as interrupts are needed.
    #[error("{found} marks came for {expected} interrupts")]
    BoolCount {
        /// Booleans that came.
        found: usize,
        /// Interrupts in the message.
        expected: u32,
    },
    /// This type cannot be masked, or masking cannot be told by eventfd.
    #[error("interrupt type {index} cannot be masked this way")]
    NotMaskable {
        /// Interrupt type.
        index: u32,
    },
    /// The eventfd takes no event.
    #[error("eventfd of interrupt {number}, type {index}, failed")]
    Signal {
        /// Interrupt type.
        index: u32,
        /// Interrupt.
        number: u32,
        /// What the kernel says.
        source: std::io::Error,
    },
}

impl From<IrqError> for Errno {
    fn from(error: IrqError) -> Self {
        match error {
            IrqError::NotMaskable { .. } => Self::UNSUPPORTED,
            IrqError::Signal { source, .. } => source.into(),
            _ => Self::INVALID,
        }
    }
}

#[derive(Default)]
struct Line {
    eventfd: Option<OwnedFd>,
    masked: bool,
    pending: bool,
}

/// Every interrupt of a device.
pub struct Irqs {
    infos: Vec<IrqInfo>,
    lines: Vec<Vec<Line>>,
}

impl Irqs {
    /// Nothing connected, nothing masked. Place `i` of the list is interrupt type `i`.
    pub fn new(infos: Vec<IrqInfo>) -> Self {
        let lines = infos
            .iter()
            .map(|info| (0..info.count).map(|_| Line::default()).collect())
            .collect();
        Self { infos, lines }
    }

    /// The interrupt types.
    pub fn infos(&self) -> &[IrqInfo] {
        &self.infos
    }

    /// Does what a SET_IRQS message says.
    pub fn apply(&mut self, set: &SetIrqs, eventfds: Vec<OwnedFd>) -> Result<(), IrqError> {
        let &SetIrqs {
            index,
            start,
            count,
            ..
        } = set;
        let types = self.infos.len();
        let no_type = IrqError::NoType {
            found: index,
            count: types,
        };
        let (Some(info), Some(lines)) = (
            self.infos.get(index as usize),
            self.lines.get_mut(index as usize),
        ) else {
            return Err(no_type);
        };
        let maskable = info.maskable;
        let available = lines.len();
        let range = start as usize..start as usize + count as usize;
        let Some(lines) = lines.get_mut(range) else {
            return Err(IrqError::BeyondEnd {
                index,
                start,
                count,
                available,
            });
        };
        let marks: Vec<bool> = match &set.data {
            IrqData::None if set.action == IrqAction::Trigger && count == 0 => {
                self.disconnect(index);
                return Ok(());
            }
            IrqData::Eventfds if set.action == IrqAction::Trigger => {
                return connect(lines, count, eventfds)
            }
            IrqData::Eventfds => return Err(IrqError::NotMaskable { index }),
            IrqData::None => vec![true; count as usize],
            IrqData::Bools(marks) if marks.len() == count as usize => marks.clone(),
            IrqData::Bools(marks) => {
                return Err(IrqError::BoolCount {
                    found: marks.len(),
                    expected: count,
                })
            }
        };
        if set.action != IrqAction::Trigger && !maskable {
            return Err(IrqError::NotMaskable { index });
        }
        for (number, marked) in (start..).zip(marks) {
            if marked {
                self.act(index, number, set.action)?;
            }
        }
        Ok(())
    }

    fn act(&mut self, index: u32, number: u32, action: IrqAction) -> Result<(), IrqError> {
        let line = self.line(index, number)?;
        match action {
            IrqAction::Trigger => {}
            IrqAction::Mask => {
                line.masked = true;
                return Ok(());
            }
            IrqAction::Unmask => {
                line.masked = false;
                if !std::mem::take(&mut line.pending) {
                    return Ok(());
                }
            }
        }
        self.trigger(index, number).map(|_| ())
    }

    /// Fires an interrupt. False: nobody is told, because it is not connected or held back.
    pub fn trigger(&mut self, index: u32, number: u32) -> Result<bool, IrqError> {
        let automasked = self
            .infos
            .get(index as usize)
            .is_some_and(|info| info.automasked);
        let line = self.line(index, number)?;
        if line.masked {
            line.pending = true;
            return Ok(false);
        }
        let Some(eventfd) = &line.eventfd else {
            return Ok(false);
        };
        signal(eventfd).map_err(|error| IrqError::Signal {
            index,
            number,
            source: error.into(),
        })?;
        line.masked = automasked;
        Ok(true)
    }

    /// Somebody is told when this interrupt fires.
    pub fn is_connected(&self, index: u32, number: u32) -> bool {
        let line = self
            .lines
            .get(index as usize)
            .and_then(|lines| lines.get(number as usize));
        line.is_some_and(|line| line.eventfd.is_some())
    }

    /// Disconnects and unmasks everything, as when the client is gone.
    pub fn clear(&mut self) {
        for line in self.lines.iter_mut().flatten() {
            *line = Line::default();
        }
    }

    fn disconnect(&mut self, index: u32) {
        for line in self.lines.get_mut(index as usize).into_iter().flatten() {
            *line = Line::default();
        }
    }

    fn line(&mut self, index: u32, number: u32) -> Result<&mut Line, IrqError> {
        let count = self.lines.len();
        let lines = self.lines.get_mut(index as usize).ok_or(IrqError::NoType {
            found: index,
            count,
        })?;
        let available = lines.len();
        let beyond = IrqError::BeyondEnd {
            index,
            start: number,
            count: 1,
            available,
        };
        lines.get_mut(number as usize).ok_or(beyond)
    }
}

fn connect(lines: &mut [Line], count: u32, eventfds: Vec<OwnedFd>) -> Result<(), IrqError> {
    if eventfds.is_empty() {
        lines.iter_mut().for_each(|line| line.eventfd = None);
        return Ok(());
    }
    if eventfds.len() != lines.len() {
        return Err(IrqError::FdCount {
            found: eventfds.len(),
            expected: count,
        });
    }
    for (line, eventfd) in lines.iter_mut().zip(eventfds) {
        line.eventfd = Some(eventfd);
    }
    Ok(())
}

/// Adds one to the counter. A full counter has told its reader already; writing to it would wait until somebody
/// reads, so that a client could hold this process up.
fn signal(eventfd: &OwnedFd) -> Result<(), Os> {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let mut wish = [PollFd::from_borrowed_fd(eventfd.as_fd(), PollFlags::OUT)];
    if poll(&mut wish, Some(&now))? == 0 {
        return Ok(());
    }
    match rustix::io::write(eventfd, &1u64.to_ne_bytes()) {
        Ok(_) | Err(Os::AGAIN) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
