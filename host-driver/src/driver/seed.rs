//! The secret of the hash tables.
//!
//! Who knows the seed can choose keys that all fall into one row, so a card in service gets a random one. It changes
//! where entries lie and nothing that a packet can see; `replay` takes a fixed one so that two runs are equal in
//! every bit, table dumps included.

use underpass_layout::registers::{CONTROL, CONTROL_SEED, SEED};

use super::{Driver, DriverError};
use crate::access::CardAccess;

/// The seed of `replay`, `table` and the tests: the first 128 bits of pi's fraction, which nobody chose.
pub const REPLAY_SEED: u128 = 0x243f_6a88_85a3_08d3_1319_8a2e_0370_7344;

/// A seed that nobody can guess.
pub fn random_seed() -> Result<u128, DriverError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(DriverError::NoRandom)?;
    Ok(u128::from_le_bytes(bytes))
}

impl<C: CardAccess> Driver<C> {
    /// Tells the card the seed and waits until it has filled its hash tables. Entries of exact-match tables that were
    /// placed with another seed are lost, so this comes before the first plan.
    pub fn seed(&mut self, seed: u128) -> Result<(), DriverError> {
        for (at, offset) in (SEED..).step_by(4).take(4).enumerate() {
            self.card.write(offset, (seed >> (32 * at)) as u32)?;
        }
        self.card.write(CONTROL, CONTROL_SEED)?;
        self.poll("CONTROL", CONTROL, |control| control & CONTROL_SEED == 0)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_random_seeds_differ() {
        assert_ne!(random_seed().unwrap(), random_seed().unwrap());
    }
}
