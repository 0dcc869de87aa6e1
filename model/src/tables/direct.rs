//! A table whose row is the index itself.

use super::raw::Raw;
use super::Memory;
use underpass_layout::profile::Profile;
use underpass_layout::tables::TableSpec;

/// The rows and the entries in them.
#[derive(Clone)]
pub(super) struct Direct<E> {
    raw: Raw,
    entries: Vec<E>,
    decode: fn(&[u32]) -> E,
}

impl<E: Clone> Direct<E> {
    /// An empty table; `decode` gives the entry of a row.
    pub(super) fn new(profile: &Profile, table: &TableSpec, decode: fn(&[u32]) -> E) -> Self {
        let raw = Raw::new(profile, table);
        let empty = decode(raw.row(0));
        Direct {
            raw,
            entries: vec![empty; profile.addresses(table)],
            decode,
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

impl<E> Memory for Direct<E> {
    fn write(&mut self, address: usize, words: &[u32]) {
        self.raw.write(address, words);
        self.entries[address] = (self.decode)(self.raw.row(address));
    }

    fn row(&self, address: usize) -> &[u32] {
        self.raw.row(address)
    }
}
