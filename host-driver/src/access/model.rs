//! `sim:model`: the card in plain Rust. Everything happens at once, so it is always quiet.
//!
//! ```text
//!   read, write, send ─▶ ModelCard ─▶ run ─▶ memory that it was given ─▶ interrupts
//! ```

use underpass_layout::port;
use underpass_layout::profile::Profile;
use underpass_model::card::ModelCard;

use std::sync::Arc;

use super::dma::DmaMemory;
use super::interrupt::Interrupt;
use super::mappings::Mappings;
use super::{AccessError, CardAccess, Departure, DmaAccess, PortAccess};

/// The model behind the traits of this crate.
pub struct Model {
    card: ModelCard,
    profile: &'static Profile,
    memory: Mappings,
    interrupts: Vec<Interrupt>,
}

impl Model {
    /// A card as it is after a reset.
    pub fn new(profile: &'static Profile) -> Model {
        Model {
            card: ModelCard::new(profile),
            profile,
            memory: Mappings::default(),
            interrupts: Vec::new(),
        }
    }

    /// Does what the rings have to do.
    fn work(&mut self) {
        for vector in self.card.run(&mut self.memory) {
            if let Some(interrupt) = self.interrupts.get(vector as usize) {
                // An eventfd that counts to its end says enough.
                let _ = interrupt.raise();
            }
        }
    }

    /// The model itself.
    pub fn inner(&self) -> &ModelCard {
        &self.card
    }
}

impl CardAccess for Model {
    fn read(&mut self, offset: u32) -> Result<u32, AccessError> {
        Ok(self.card.read(offset))
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), AccessError> {
        self.card.write(offset, value);
        self.work();
        Ok(())
    }

    fn reset(&mut self) -> Result<(), AccessError> {
        self.card = ModelCard::new(self.profile);
        Ok(())
    }

    fn dma(&mut self) -> Option<&mut dyn DmaAccess> {
        Some(self)
    }
}

impl DmaAccess for Model {
    fn map(&mut self, memory: Arc<DmaMemory>, address: u64) -> Result<(), AccessError> {
        self.memory.keep(address, memory);
        Ok(())
    }

    fn unmap(&mut self, address: u64) -> Result<(), AccessError> {
        self.memory.release(address);
        Ok(())
    }

    fn interrupts(&mut self, vectors: usize) -> Result<Vec<Interrupt>, AccessError> {
        let pairs = (0..vectors).map(|_| Interrupt::pair());
        let pairs = pairs.collect::<Result<Vec<_>, _>>();
        let (ours, theirs) = pairs.map_err(AccessError::Interrupt)?.into_iter().unzip();
        self.interrupts = ours;
        Ok(theirs)
    }
}

impl PortAccess for Model {
    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), AccessError> {
        match self.card.send(port, frame) {
            true => {
                self.work();
                Ok(())
            }
            false => Err(AccessError::NotEnabled),
        }
    }

    fn receive(&mut self) -> Result<Option<Departure>, AccessError> {
        Ok(self.card.receive())
    }

    fn settle(&mut self) -> Result<(), AccessError> {
        Ok(())
    }

    fn clocks(&self) -> Option<u64> {
        None
    }

    fn ports(&self) -> &'static [(&'static str, u16)] {
        port::SIM_PORTS
    }
}
