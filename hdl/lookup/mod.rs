//! Memories that match: a key or an index goes in, an entry comes out a fixed number of clocks later, one lookup per
//! clock. Each kind also serves the host on the other port of its memories, so neither waits for the other.

pub mod counter;
pub mod direct;
pub mod exact;
pub mod host;
pub mod tabulation;
#[cfg(test)]
mod tests;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{TableSpec, TABLES};

/// A table of one profile.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The table.
    pub table: &'static TableSpec,
    /// Rows of one way.
    pub rows: usize,
}

impl Place {
    /// The table with this id in this profile.
    pub fn of(profile: &Profile, id: u32) -> Self {
        let table = &TABLES[id as usize];
        Place {
            table,
            rows: profile.rows(table),
        }
    }

    /// Rows of the memory that holds one way: a power of two.
    pub fn depth(&self) -> usize {
        self.rows.next_power_of_two()
    }

    /// The name of one of its memories.
    pub fn memory_name(&self, way: usize) -> String {
        match self.table.ways() {
            1 => format!("{}_rows", self.table.name),
            _ => format!("{}_way{way}", self.table.name),
        }
    }
}
