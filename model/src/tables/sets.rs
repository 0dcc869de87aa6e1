//! A table whose index names a row of each way, all of which are read at once.
//!
//! ```text
//!   write ─▶ raw row ─▶ entries of that index that are in use, in the order of the ways
//! ```

use super::raw::Raw;
use super::Memory;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{
    FatExcludeEntry, FatFamily, FatRuleEntry, MirrorTextEntry, TableSpec,
};
use underpass_layout::Record;

/// An entry of which several make a set.
pub(super) trait Member: Record + Clone {
    /// It is in use.
    fn used(&self) -> bool;
}

impl Member for FatRuleEntry {
    fn used(&self) -> bool {
        self.family != FatFamily::None
    }
}

impl Member for FatExcludeEntry {
    fn used(&self) -> bool {
        self.family != FatFamily::None
    }
}

/// The text of a mirror is all of its ways, however much of it is used.
impl Member for MirrorTextEntry {
    fn used(&self) -> bool {
        true
    }
}

/// The rows, and the sets that they make.
#[derive(Clone)]
pub(super) struct Sets<E> {
    raw: Raw,
    /// One for each index of as many bits as the rows need; those without rows stay empty.
    sets: Vec<Vec<E>>,
    rows: usize,
    ways: usize,
}

impl<E: Member> Sets<E> {
    /// Empty sets.
    pub(super) fn new(profile: &Profile, table: &TableSpec) -> Self {
        Sets {
            raw: Raw::new(profile, table),
            sets: vec![Vec::new(); profile.depth(table)],
            rows: profile.rows(table),
            ways: table.ways(),
        }
    }

    /// The set at the low bits of `index`, as many as the rows need, as in the card.
    pub(super) fn wrapped(&self, index: u32) -> &[E] {
        &self.sets[index as usize & (self.sets.len() - 1)]
    }
}

impl<E: Member> Memory for Sets<E> {
    fn write(&mut self, place: usize, words: &[u32]) {
        self.raw.write(place, words);
        let row = place % self.rows;
        let entries = (0..self.ways).map(|way| self.raw.row(way * self.rows + row));
        self.sets[row] = entries
            .filter_map(|words| E::unpack(words).ok().filter(E::used))
            .collect();
    }

    fn row(&self, place: usize) -> &[u32] {
        self.raw.row(place)
    }
}
