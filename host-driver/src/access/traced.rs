//! A card with the model beside it, which tells what each packet does on its way.
//!
//! ```text
//!   send, write ──┬─▶ the card ─▶ receive, read
//!                 └─▶ the model ─▶ one walk a packet
//! ```
//! The model gets every frame and every register write that the card gets, so its tables are the card's.

use underpass_layout::port;
use underpass_layout::profile::Profile;
use underpass_layout::registers::slow::{INJECT_COMMIT, INJECT_DATA, PUNT_DATA};
use underpass_model::card::ModelCard;
use underpass_model::Trace;

use super::{AccessError, CardAccess, Departure, PortAccess};

/// A card and the walks of the packets that entered it.
pub struct Traced<C> {
    card: C,
    model: ModelCard,
    injected: Vec<u8>,
    walks: Vec<Trace>,
}

impl<C> Traced<C> {
    /// A card as after a reset.
    pub fn new(card: C, profile: &'static Profile) -> Self {
        Traced {
            card,
            model: ModelCard::new(profile),
            injected: Vec::new(),
            walks: Vec::new(),
        }
    }

    fn watch(&mut self, port: u16, frame: &[u8]) {
        self.walks.push(self.model.core().trace(frame, port));
    }
}

impl<C: CardAccess> CardAccess for Traced<C> {
    fn read(&mut self, offset: u32) -> Result<u32, AccessError> {
        // Frames that wait in the model's FIFO are taken out in step with the card's.
        if offset == PUNT_DATA {
            self.model.read(offset);
        }
        self.card.read(offset)
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), AccessError> {
        match offset {
            INJECT_DATA => self.injected.extend(value.to_le_bytes()),
            INJECT_COMMIT => {
                let mut frame = std::mem::take(&mut self.injected);
                frame.truncate(value as usize);
                self.watch(port::SLOW, &frame);
            }
            _ => {}
        }
        self.model.write(offset, value);
        self.card.write(offset, value)
    }
}

impl<C: PortAccess> PortAccess for Traced<C> {
    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), AccessError> {
        self.watch(port, frame);
        self.model.send(port, frame);
        self.card.send(port, frame)
    }

    fn receive(&mut self) -> Result<Option<Departure>, AccessError> {
        self.model.receive();
        self.card.receive()
    }

    fn settle(&mut self) -> Result<(), AccessError> {
        self.card.settle()
    }

    fn clocks(&self) -> Option<u64> {
        self.card.clocks()
    }

    fn ports(&self) -> &'static [(&'static str, u16)] {
        self.card.ports()
    }

    fn take_walks(&mut self) -> Vec<Trace> {
        std::mem::take(&mut self.walks)
    }
}
