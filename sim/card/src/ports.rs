//! The port access of a simulated card (`underpass_layout::pci::port_access`): what would be cables and virtual machines
//! around a real one.
//!
//! ```text
//!   BAR2   registers ─▶ send ────▶ engine ─▶ receive ─▶ registers
//!          buffer ─▶ one frame ──▶        ─▶ one frame ─▶ buffer
//! ```

use crate::engine::Engine;
use underpass_layout::pci::port_access::*;

/// Its state.
pub struct Ports {
    buffer: Box<[u8]>,
    length: u32,
    port: u32,
    refused: bool,
    clocks_high: u32,
}

impl Default for Ports {
    fn default() -> Self {
        Ports {
            buffer: vec![0; BUFFER_BYTES as usize].into(),
            length: 0,
            port: 0,
            refused: false,
            clocks_high: 0,
        }
    }
}

impl Ports {
    /// Reads the BAR: the buffer byte by byte, registers as whole words. `quiet` says that nothing moves in the card.
    pub fn read(&mut self, offset: u64, to: &mut [u8], engine: &dyn Engine, quiet: bool) {
        if let Some(at) = offset.checked_sub(BUFFER.into()) {
            for (place, byte) in (at..).zip(to) {
                *byte = self.buffer.get(place as usize).copied().unwrap_or(0);
            }
            return;
        }
        let word = match u32::try_from(offset) {
            Ok(offset) if to.len() == 4 => self.register(offset, engine, quiet),
            _ => 0,
        };
        let bytes = word.to_le_bytes();
        for (place, byte) in to.iter_mut().enumerate() {
            *byte = bytes.get(place).copied().unwrap_or(0);
        }
    }

    fn register(&mut self, offset: u32, engine: &dyn Engine, quiet: bool) -> u32 {
        let clocks = engine.clocks();
        match offset {
            MAGIC => MAGIC_VALUE,
            STATUS => {
                let clockless = if clocks.is_none() {
                    STATUS_CLOCKLESS
                } else {
                    0
                };
                (u32::from(self.refused) * STATUS_REFUSED) | clockless
            }
            LENGTH => self.length,
            PORT => self.port,
            QUIET => quiet.into(),
            CLOCKS_LOW => {
                self.clocks_high = (clocks.unwrap_or(0) >> 32) as u32;
                clocks.unwrap_or(0) as u32
            }
            CLOCKS_HIGH => self.clocks_high,
            _ => 0,
        }
    }

    /// Writes the BAR; a command is carried out at once.
    pub fn write(&mut self, offset: u64, from: &[u8], engine: &mut dyn Engine) {
        if let Some(at) = offset.checked_sub(BUFFER.into()) {
            for (place, byte) in (at..).zip(from) {
                if let Some(kept) = self.buffer.get_mut(place as usize) {
                    *kept = *byte;
                }
            }
            return;
        }
        let Ok(word) = from.try_into().map(u32::from_le_bytes) else {
            return;
        };
        match u32::try_from(offset) {
            Ok(LENGTH) => self.length = word,
            Ok(PORT) => self.port = word,
            Ok(COMMAND) => self.command(word, engine),
            _ => (),
        }
    }

    fn command(&mut self, command: u32, engine: &mut dyn Engine) {
        self.refused = match command {
            COMMAND_SEND => !self.send(engine),
            COMMAND_RECEIVE => {
                self.receive(engine);
                false
            }
            _ => true,
        };
    }

    fn send(&self, engine: &mut dyn Engine) -> bool {
        let frame = self.buffer.get(..self.length as usize);
        match (frame, u16::try_from(self.port)) {
            (Some(frame), Ok(port)) if (1..=usize::from(u16::MAX)).contains(&frame.len()) => {
                engine.send(port, frame).is_ok()
            }
            _ => false,
        }
    }

    fn receive(&mut self, engine: &mut dyn Engine) {
        self.length = 0;
        let Some((port, frame)) = engine.receive() else {
            return;
        };
        let length = frame.len().min(self.buffer.len());
        self.buffer[..length].copy_from_slice(&frame[..length]);
        self.length = length as u32;
        self.port = port.into();
    }
}
