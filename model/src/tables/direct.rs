//! A table whose row is the index itself.

use super::raw::Raw;
use super::Memory;
use underpass_layout::profile::Profile;
use underpass_layout::tables::TableSpec;
use underpass_layout::Record;

/// The rows and the entries in them.
#[derive(Clone)]
pub(super) struct Direct<E> {
    raw: Raw,
    entries: Vec<E>,
}

impl<E: Record + Default + Clone> Direct<E> {
    /// An empty table.
    pub(super) fn new(profile: &Profile, table: &TableSpec) -> Self {
        Direct {
            raw: Raw::new(profile, table),
            entries: vec![E::default(); profile.rows(table)],
        }
    }

    /// The entry at `index`, if the table is that long.
    pub(super) fn get(&self, index: u32) -> Option<&E> {
        self.entries.get(index as usize)
    }

    /// The entry at `index`, whatever its size (see [`within`]).
    pub(super) fn wrapped(&self, index: u32) -> &E {
        &self.entries[within(self.entries.len(), index)]
    }
}

/// The row that an index stands for in a table of `rows` rows, as in the card: of the index as many low bits count as
/// the rows, rounded up to a power of two, need; what is still beyond the table stands for its last row.
pub(crate) fn within(rows: usize, index: u32) -> usize {
    (index as usize & (rows.next_power_of_two() - 1)).min(rows - 1)
}

impl<E: Record + Default> Memory for Direct<E> {
    fn write(&mut self, place: usize, words: &[u32]) {
        self.raw.write(place, words);
        self.entries[place] = E::unpack(self.raw.row(place)).unwrap_or_default();
    }

    fn row(&self, place: usize) -> &[u32] {
        self.raw.row(place)
    }
}
