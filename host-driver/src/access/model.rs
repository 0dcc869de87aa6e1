//! `sim:model`: the card in plain Rust. Everything happens at once, so it is always quiet.

use underpass_layout::port;
use underpass_layout::profile::Profile;
use underpass_model::card::ModelCard;

use super::{AccessError, CardAccess, Departure, PortAccess};

/// The model behind the traits of this crate.
pub struct Model {
    card: ModelCard,
}

impl Model {
    /// A card as it is after a reset.
    pub fn new(profile: &'static Profile) -> Model {
        Model {
            card: ModelCard::new(profile),
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
        Ok(())
    }
}

impl PortAccess for Model {
    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), AccessError> {
        match self.card.send(port, frame) {
            true => Ok(()),
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
