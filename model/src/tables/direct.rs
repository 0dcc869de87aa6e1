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
    /// One for each index of as many bits as the rows need; those without a row stay empty.
    entries: Vec<E>,
    rows: usize,
}

impl<E: Record + Default + Clone> Direct<E> {
    /// An empty table.
    pub(super) fn new(profile: &Profile, table: &TableSpec) -> Self {
        Direct {
            raw: Raw::new(profile, table),
            entries: vec![E::default(); profile.depth(table)],
            rows: profile.rows(table),
        }
    }

    /// The entry at `index`, if the table is that long.
    pub(super) fn get(&self, index: u32) -> Option<&E> {
        self.entries[..self.rows].get(index as usize)
    }

    /// The entry at the low bits of `index`, as many as the rows need, as in the card; an empty one where those name no
    /// row.
    pub(super) fn wrapped(&self, index: u32) -> &E {
        &self.entries[index as usize & (self.entries.len() - 1)]
    }
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
