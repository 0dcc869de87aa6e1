//! A table that is searched by key, over all rows that were written.
//!
//! ```text
//!   write ─▶ raw row ─▶ entry of each slot ─▶ chains
//!   key ───────────────────────────────────▶ chains ─▶ entry
//! ```

use super::chains::{Chains, Keyed};
use super::raw::Raw;
use super::Memory;
use underpass_layout::profile::Profile;
use underpass_layout::tables::TableSpec;

/// The rows, and the chains that find their entries.
#[derive(Clone)]
pub(super) struct Exact<E> {
    raw: Raw,
    chains: Chains<E>,
}

impl<E: Keyed> Exact<E> {
    /// An empty table of one entry a row, whose ways belong to `banks` banks.
    pub(super) fn new(profile: &Profile, table: &TableSpec, banks: usize) -> Self {
        Exact {
            raw: Raw::new(profile, table),
            chains: Chains::new(profile.entries(table), banks),
        }
    }

    /// The entry of a key in a bank: of several, the one that was written last.
    pub(super) fn find(&self, bank: usize, key: &E::Key) -> Option<&E> {
        self.chains.find(bank, key)
    }
}

impl<E: Keyed> Memory for Exact<E> {
    fn write(&mut self, place: usize, words: &[u32]) {
        self.raw.write(place, words);
        // Enums of these entries use all their codes, so that each row has a meaning.
        let entry = E::unpack(self.raw.row(place)).unwrap_or_default();
        self.chains.set(place, entry);
    }

    fn row(&self, place: usize) -> &[u32] {
        self.raw.row(place)
    }
}
