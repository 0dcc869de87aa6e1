//! A card that fails, by a seed: what the layers above do then is tested with it.
//!
//! ```text
//!   read, write ─▶ chance: fail ─▶ AccessError::Injected
//!                  chance: corrupt ─▶ one bit of what was read is wrong
//!                  chance: delay ─▶ a write comes only with the next access
//!                  else ─▶ the card
//! ```

use super::dma::DmaMemory;
use super::interrupt::Interrupt;
use super::{AccessError, CardAccess, Departure, DmaAccess, PortAccess};
use fastrand::Rng;
use std::sync::Arc;
use underpass_model::Trace;

/// How often what happens, in accesses of 65,536.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// An access fails; the card does not see it.
    pub fail: u16,
    /// A word that was read has one wrong bit.
    pub corrupt: u16,
    /// A write reaches the card only with the next access.
    pub delay: u16,
}

/// A card with faults in front.
pub struct Faulty<C> {
    card: C,
    faults: Faults,
    rng: Rng,
    delayed: Vec<(u32, u32)>,
    injected: usize,
}

impl<C> Faulty<C> {
    /// Puts faults in front of a card.
    pub fn new(card: C, faults: Faults, seed: u64) -> Self {
        Faulty {
            card,
            faults,
            rng: Rng::with_seed(seed),
            delayed: Vec::new(),
            injected: 0,
        }
    }

    /// Faults that have happened.
    pub fn injected(&self) -> usize {
        self.injected
    }

    /// Lets no more faults happen, or others.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    fn happens(&mut self, chance: u16) -> bool {
        let happens = self.rng.u16(..) < chance;
        self.injected += usize::from(happens);
        happens
    }
}

impl<C: CardAccess> Faulty<C> {
    fn catch_up(&mut self) -> Result<(), AccessError> {
        for (offset, value) in std::mem::take(&mut self.delayed) {
            self.card.write(offset, value)?;
        }
        Ok(())
    }

    fn begin(&mut self, offset: u32) -> Result<(), AccessError> {
        match self.happens(self.faults.fail) {
            true => Err(AccessError::Injected { offset }),
            false => self.catch_up(),
        }
    }
}

impl<C: CardAccess> CardAccess for Faulty<C> {
    fn read(&mut self, offset: u32) -> Result<u32, AccessError> {
        self.begin(offset)?;
        let value = self.card.read(offset)?;
        match self.happens(self.faults.corrupt) {
            true => Ok(value ^ 1 << self.rng.u32(..32)),
            false => Ok(value),
        }
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), AccessError> {
        self.begin(offset)?;
        match self.happens(self.faults.delay) {
            true => {
                self.delayed.push((offset, value));
                Ok(())
            }
            false => self.card.write(offset, value),
        }
    }

    fn reset(&mut self) -> Result<(), AccessError> {
        self.delayed.clear();
        self.card.reset()
    }

    fn dma(&mut self) -> Option<&mut dyn DmaAccess> {
        match self.card.dma().is_some() {
            true => Some(self),
            false => None,
        }
    }
}

impl<C: CardAccess> DmaAccess for Faulty<C> {
    fn map(&mut self, memory: Arc<DmaMemory>, address: u64) -> Result<(), AccessError> {
        if self.happens(self.faults.fail) {
            return Err(AccessError::Injected { offset: 0 });
        }
        self.card
            .dma()
            .map_or(Err(AccessError::NoDma), |dma| dma.map(memory, address))
    }

    fn unmap(&mut self, address: u64) -> Result<(), AccessError> {
        self.card
            .dma()
            .map_or(Err(AccessError::NoDma), |dma| dma.unmap(address))
    }

    fn interrupts(&mut self, vectors: usize) -> Result<Vec<Interrupt>, AccessError> {
        self.card
            .dma()
            .map_or(Err(AccessError::NoDma), |dma| dma.interrupts(vectors))
    }
}

impl<C: CardAccess + PortAccess> PortAccess for Faulty<C> {
    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), AccessError> {
        self.card.send(port, frame)
    }

    fn receive(&mut self) -> Result<Option<Departure>, AccessError> {
        self.card.receive()
    }

    fn settle(&mut self) -> Result<(), AccessError> {
        self.catch_up()?;
        self.card.settle()
    }

    fn clocks(&self) -> Option<u64> {
        self.card.clocks()
    }

    fn ports(&self) -> &'static [(&'static str, u16)] {
        self.card.ports()
    }

    fn take_walks(&mut self) -> Vec<Trace> {
        self.card.take_walks()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Model;
    use crate::driver::Driver;
    use underpass_layout::profile::SIM;
    use underpass_layout::registers::{MAGIC, MAGIC_VALUE, SEED};

    fn faulty(faults: Faults) -> Faulty<Model> {
        Faulty::new(Model::new(&SIM), faults, 7)
    }

    #[test]
    fn without_faults_it_is_the_card() {
        let mut card = faulty(Faults::default());
        assert_eq!(card.read(MAGIC).unwrap(), MAGIC_VALUE);
        assert_eq!(card.injected(), 0);
    }

    #[test]
    fn faults_come_as_often_as_was_said_and_the_same_for_a_seed() {
        let count = || {
            let mut card = faulty(Faults {
                fail: 1 << 14,
                ..Faults::default()
            });
            let failed = (0..4000).filter(|_| card.read(MAGIC).is_err()).count();
            assert_eq!(failed, card.injected());
            failed
        };
        let failed = count();
        assert!((800..1200).contains(&failed), "{failed} of 4000");
        assert_eq!(failed, count());
    }

    #[test]
    fn a_delayed_write_comes_before_the_next_access() {
        let mut card = faulty(Faults {
            delay: u16::MAX,
            ..Faults::default()
        });
        card.write(SEED, 5).unwrap();
        card.write(SEED, 6).unwrap();
        assert_eq!(card.read(SEED).unwrap(), 6);
    }

    #[test]
    fn a_corrupted_identity_is_refused_and_nothing_panics() {
        let card = faulty(Faults {
            corrupt: u16::MAX,
            ..Faults::default()
        });
        assert!(Driver::open(card).is_err());
    }
}
