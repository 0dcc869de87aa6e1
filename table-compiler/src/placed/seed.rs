//! The secret of a hash.

use std::fmt;
use std::sync::Arc;

use underpass_layout::hash::Tabulation;

/// A seed with the words that it stands for, so that many tables can be given it at the cost of one. It does not show
/// itself: who knows it can find keys that collide.
#[derive(Clone)]
pub struct Seed {
    value: u128,
    tabulation: Arc<Tabulation>,
}

impl Seed {
    /// Makes the words of a seed, which takes a millisecond or two.
    pub fn new(value: u128) -> Self {
        Seed {
            value,
            tabulation: Arc::new(Tabulation::new(value)),
        }
    }

    /// The number that the card makes the words from.
    pub fn value(&self) -> u128 {
        self.value
    }

    pub(super) fn hash(&self, key: &[u32], width: usize) -> u128 {
        self.tabulation.hash(key, width)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}
