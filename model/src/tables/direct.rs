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
            entries: vec![E::default(); profile.addresses(table)],
        }
    }

    /// The entry at `index`, if the table is that long.
    pub(super) fn get(&self, index: u32) -> Option<&E> {
        self.entries.get(index as usize)
    }

    /// The entry at the low bits of `index`; for tables with a power of two of rows.
    pub(super) fn masked(&self, index: u32) -> &E {
        &self.entries[index as usize & (self.entries.len() - 1)]
    }
}

impl<E: Record + Default> Memory for Direct<E> {
    fn write(&mut self, address: usize, words: &[u32]) {
        self.raw.write(address, words);
        self.entries[address] = E::unpack(self.raw.row(address)).unwrap_or_default();
    }

    fn row(&self, address: usize) -> &[u32] {
        self.raw.row(address)
    }
}
