//! Memories that match: a key or an index goes in, an entry comes out a fixed number of clocks later, one lookup per
//! clock. Each kind also serves the host on the other port of its memories, so neither waits for the other.

pub mod counter;
pub mod direct;
pub mod exact;
pub mod host;
pub mod prefix;
mod rows;
pub mod set;
mod tabulation;
#[cfg(test)]
mod tests;
pub mod update;

use underpass_layout::hash::BLOCK_ROWS;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{TableSpec, TABLES};
use underpass_wires::Ram;

/// A table of one profile.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The table.
    pub table: &'static TableSpec,
    /// Rows of one way.
    pub rows: usize,
    /// What its memories are made of, where that is not left to [`Place::ram`].
    pub made_of: Option<Ram>,
}

impl Place {
    /// The table with this id in this profile.
    pub fn of(profile: &Profile, id: u32) -> Self {
        let table = &TABLES[id as usize];
        Place {
            table,
            rows: profile.rows(table),
            made_of: None,
        }
    }

    /// The same table in memories made of this.
    pub fn made_of(self, ram: Ram) -> Self {
        Place {
            made_of: Some(ram),
            ..self
        }
    }

    /// Addresses from one way to the next: its rows, rounded up to a power of two.
    pub fn depth(&self) -> usize {
        self.rows.next_power_of_two()
    }

    /// What the memory of one way is made of: an UltraRAM has 4096 rows, so one of more than two blocks is deep enough
    /// to fill some. Its rows have 72 bits: where the table's have a quarter of that or less, block RAM is nearer.
    pub fn ram(&self) -> Ram {
        const NARROW: usize = 72 / 4;
        let deep = self.rows > 2 * BLOCK_ROWS && self.table.row_width() > NARROW;
        self.made_of
            .unwrap_or(if deep { Ram::Ultra } else { Ram::Block })
    }

    /// The name of one of its memories.
    pub fn memory_name(&self, way: usize) -> String {
        match self.table.ways() {
            1 => format!("{}_rows", self.table.name),
            _ => format!("{}_way{way}", self.table.name),
        }
    }
}
