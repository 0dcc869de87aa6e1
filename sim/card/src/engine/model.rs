//! The card in plain Rust. Everything happens at once, so it is quiet as soon as it has run.

use super::{Departure, Engine, EngineError, Progress, SharedMemory};
use underpass_layout::profile::Profile;
use underpass_model::ModelCard;

/// The model behind the same interface as the RTL.
pub struct ModelEngine {
    card: ModelCard,
    profile: &'static Profile,
    memory: SharedMemory,
    interrupts: u32,
}

impl ModelEngine {
    /// A card as after a reset.
    pub fn new(profile: &'static Profile, memory: SharedMemory) -> Self {
        ModelEngine {
            card: ModelCard::new(profile),
            profile,
            memory,
            interrupts: 0,
        }
    }

    fn work(&mut self) {
        let vectors = self.card.run(&mut *self.memory.borrow_mut());
        self.interrupts |= vectors.iter().fold(0, |all, vector| all | 1 << vector);
    }
}

impl Engine for ModelEngine {
    fn read(&mut self, offset: u32) -> Result<u32, EngineError> {
        Ok(self.card.read(offset))
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), EngineError> {
        self.card.write(offset, value);
        self.work();
        Ok(())
    }

    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), EngineError> {
        let bytes = frame.len();
        if !self.card.send(port, frame) {
            return Err(EngineError::NoRoom { port, bytes });
        }
        self.work();
        Ok(())
    }

    fn receive(&mut self) -> Option<Departure> {
        self.card.receive()
    }

    fn run(&mut self, _clocks: u64) -> Result<Progress, EngineError> {
        self.work();
        Ok(Progress {
            quiet: true,
            interrupts: std::mem::take(&mut self.interrupts),
        })
    }

    fn reset(&mut self) -> Result<(), EngineError> {
        self.card = ModelCard::new(self.profile);
        self.interrupts = 0;
        Ok(())
    }

    fn clocks(&self) -> Option<u64> {
        None
    }
}
