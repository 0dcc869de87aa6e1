//! Which row of each way a key has, while a seed changes too.
//!
//! ```text
//!   ways before the one that changes   by the next seed
//!   the way that changes               by the next seed, where the row by the old one lies below the pointer
//!   ways behind it                     by the old seed
//! ```
//! This is the rule of the card (see [`underpass_layout::hash`]), said by seeds where the card says it by columns:
//! column `split.columns()[way]` holds what the old seed gives for a way until that way is finished.

use underpass_layout::hash::{row, Split};
use underpass_layout::tables::WAYS;

use super::seed::Seed;

/// A seed that is to come.
#[derive(Clone, Debug)]
struct Next {
    seed: Seed,
    /// The spare column holds what this seed gives for the way that changes.
    filled: bool,
}

/// The hash of one group of four ways.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    /// Rows of one way.
    rows: usize,
    /// Bits that are hashed.
    hash_width: usize,
    seed: Seed,
    /// The seed that is to come, while it does.
    next: Option<Next>,
    split: Split,
}

impl Ways {
    pub fn new(rows: usize, hash_width: usize, seed: Seed) -> Self {
        Ways {
            rows,
            hash_width,
            seed,
            next: None,
            split: Split::RESET,
        }
    }

    /// Rows of one way.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What the card's lookup goes by.
    pub fn split(&self) -> Split {
        self.split
    }

    /// True while a seed changes.
    pub fn is_changing(&self) -> bool {
        self.next.is_some()
    }

    /// The row of a key in each way, ways counted on.
    pub fn rows_of(&self, key: &[u32]) -> [u32; WAYS] {
        let hash = self.seed.hash(key, self.hash_width);
        let Some(next) = &self.next else {
            return std::array::from_fn(|way| self.count_on(way, row(hash, way, self.rows)));
        };
        let next = next.seed.hash(key, self.hash_width);
        let changing = usize::from(self.split.way);
        std::array::from_fn(|way| {
            let old = row(hash, way, self.rows);
            let moved = way < changing || way == changing && old < self.split.pointer as usize;
            let row = if moved {
                row(next, way, self.rows)
            } else {
                old
            };
            self.count_on(way, row)
        })
    }

    fn count_on(&self, way: usize, row: usize) -> u32 {
        (way * self.rows + row) as u32
    }

    /// The way of a row.
    pub fn way_of(&self, row: u32) -> usize {
        row as usize / self.rows
    }

    /// The row of a key in the way that changes, by the old seed and by the next, ways counted on. `None` where no seed
    /// changes.
    pub fn both_rows(&self, key: &[u32]) -> Option<[u32; 2]> {
        let next = self.next.as_ref()?;
        let way = usize::from(self.split.way);
        let of =
            |seed: &Seed| self.count_on(way, row(seed.hash(key, self.hash_width), way, self.rows));
        Some([of(&self.seed), of(&next.seed)])
    }

    /// From now on another seed is to come, way after way.
    pub fn begin(&mut self, seed: Seed) {
        self.next = Some(Next {
            seed,
            filled: false,
        });
        self.split.way = 0;
        self.split.pointer = 0;
    }

    /// The seed with which the spare column is to be filled before the way can change; it counts as filled from now on.
    pub fn take_unfilled(&mut self) -> Option<Seed> {
        let next = self.next.as_mut().filter(|next| !next.filled)?;
        next.filled = true;
        Some(next.seed.clone())
    }

    /// In the way that changes, keys whose old row lies below `pointer` now have the next seed's row.
    pub fn advance(&mut self, pointer: u32) -> Split {
        self.split.pointer = pointer;
        self.split
    }

    /// The way that changes is done, and the next one is to change; after the last one the old seed is gone.
    pub fn finish_way(&mut self) -> Split {
        self.split = self.split.finished();
        if usize::from(self.split.way) + 1 < WAYS {
            self.split.way += 1;
            if let Some(next) = &mut self.next {
                next.filled = false;
            }
        } else {
            self.split.way = 0;
            if let Some(next) = self.next.take() {
                self.seed = next.seed;
            }
        }
        self.split
    }
}
