//! The port access of a simulated card, over whichever bus it is reached (`underpass_layout::pci::port_access`).
//!
//! ```text
//!   send:     frame ─▶ BUFFER, LENGTH, PORT, COMMAND      receive:  COMMAND ─▶ LENGTH, PORT, BUFFER
//!   settle:   QUIET until 1
//! ```

use super::{AccessError, Departure};
use std::time::{Duration, Instant};
use underpass_layout::pci::port_access::*;
use underpass_layout::port;

/// How long a simulated card may take to come to rest.
const REST: Duration = Duration::from_secs(300);

/// The BAR of the port access.
pub(super) trait PortBar {
    /// Fills `to` from the bytes at `offset`, an aligned word or bytes of the buffer.
    fn read(&mut self, offset: u32, to: &mut [u8]) -> Result<(), AccessError>;
    /// Writes the bytes at `offset`, likewise.
    fn write(&mut self, offset: u32, from: &[u8]) -> Result<(), AccessError>;
}

/// What is known of the port access of a card.
#[derive(Debug, Default)]
pub(super) struct PortWindow {
    present: bool,
    clocks: Option<u64>,
}

fn word(bar: &mut impl PortBar, offset: u32) -> Result<u32, AccessError> {
    let mut word = [0; 4];
    bar.read(offset, &mut word)?;
    Ok(u32::from_le_bytes(word))
}

fn put(bar: &mut impl PortBar, offset: u32, value: u32) -> Result<(), AccessError> {
    bar.write(offset, &value.to_le_bytes())
}

impl PortWindow {
    /// Looks whether the card lends its ports.
    pub(super) fn find(bar: &mut impl PortBar) -> Result<PortWindow, AccessError> {
        Ok(PortWindow {
            present: word(bar, MAGIC)? == MAGIC_VALUE,
            clocks: None,
        })
    }

    fn needed(&self) -> Result<(), AccessError> {
        match self.present {
            true => Ok(()),
            false => Err(AccessError::NoPorts),
        }
    }

    pub(super) fn send(
        &self,
        bar: &mut impl PortBar,
        port: u16,
        frame: &[u8],
    ) -> Result<(), AccessError> {
        self.needed()?;
        let refused = AccessError::FrameRefused {
            port,
            bytes: frame.len(),
        };
        if frame.len() > BUFFER_BYTES as usize {
            return Err(refused);
        }
        bar.write(BUFFER, frame)?;
        put(bar, LENGTH, frame.len() as u32)?;
        put(bar, PORT, port.into())?;
        put(bar, COMMAND, COMMAND_SEND)?;
        match word(bar, STATUS)? & STATUS_REFUSED {
            0 => Ok(()),
            _ => Err(refused),
        }
    }

    pub(super) fn receive(&self, bar: &mut impl PortBar) -> Result<Option<Departure>, AccessError> {
        self.needed()?;
        put(bar, COMMAND, COMMAND_RECEIVE)?;
        let length = word(bar, LENGTH)?.min(BUFFER_BYTES) as usize;
        if length == 0 {
            return Ok(None);
        }
        let port = word(bar, PORT)? as u16;
        let mut frame = vec![0; length];
        bar.read(BUFFER, &mut frame)?;
        Ok(Some((port, frame)))
    }

    /// Waits until the card is quiet.
    pub(super) fn settle(&mut self, bar: &mut impl PortBar) -> Result<(), AccessError> {
        self.needed()?;
        let start = Instant::now();
        while word(bar, QUIET)? == 0 {
            if start.elapsed() > REST {
                return Err(AccessError::Restless {
                    seconds: REST.as_secs(),
                });
            }
        }
        self.clocks = match word(bar, STATUS)? & STATUS_CLOCKLESS {
            0 => {
                let low = word(bar, CLOCKS_LOW)?;
                Some(u64::from(word(bar, CLOCKS_HIGH)?) << 32 | u64::from(low))
            }
            _ => None,
        };
        Ok(())
    }

    /// The card's clock when it was last quiet.
    pub(super) fn clocks(&self) -> Option<u64> {
        self.clocks
    }

    pub(super) fn ports(&self) -> &'static [(&'static str, u16)] {
        match self.present {
            true => port::SIM_PORTS,
            false => &[],
        }
    }
}
