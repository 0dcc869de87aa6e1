//! What one exact-match table of the card holds, and where: the host's copy, in which places are found.
//!
//! ```text
//!   key ──hash──▶ one row in each of four ways; the entry lies in one of them
//!   insert        m entries move out of the way, each by one write of its copy, the far end first; then the entry is
//!                 written over what has a copy by then: m + 1 writes, and no key ever misses
//! ```
//! What the ways are for the card they are here, so that a lookup in the shadow is the lookup of the card. A bank of
//! routes is a shadow of its own. A write is always a whole row, made from what is in all of its slots at that time.

use underpass_layout::hash::Split;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{TableSpec, WAYS};

use super::entry::{Entry, Shape};
use super::rows::{Rows, Saved};
use super::search::{Search, Wanted, MAX_NODES, MAX_NODES_OF_CHANGE};
use super::seed::Seed;
use super::ways::Ways;
use crate::row::Row;

/// No place was found for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "table {table} is full: {used} of {capacity} slots used, and no entry can move to make room"
)]
pub struct TableFull {
    /// The table.
    pub table: &'static str,
    /// Its slots (of one bank, where it has banks).
    pub capacity: usize,
    /// Those that are taken.
    pub used: usize,
}

/// Why a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A new entry, or a row that was empty.
    New,
    /// Another value in the same place.
    Change,
    /// A copy of an entry that makes room for another; the old place still has it.
    Move,
    /// An entry goes; what else is in the row stays.
    Free,
}

/// One write of one row. All of it changes in one clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowWrite {
    /// The row, as the table-access registers count (see [`Profile::address`]).
    pub address: u32,
    /// All its words, those of the other slots too.
    pub row: Row,
    /// Why.
    pub reason: Reason,
}

/// What one exact-match table (or one bank of it) holds.
#[derive(Clone, Debug)]
pub struct Shadow {
    table: &'static TableSpec,
    /// Address of row 0 of way 0.
    base: u32,
    /// Addresses from one way to the next.
    depth: u32,
    pub(super) ways: Ways,
    pub(super) rows: Rows,
    /// Slots that are taken; a wide entry takes all of its row.
    used: usize,
    entries: usize,
    search: Search,
    /// What rows held before, while a batch is under way.
    undo: Vec<(u32, Saved)>,
    recording: bool,
}

impl Shadow {
    /// Bank `bank` of a table of a card with these sizes, empty. `None` where the table is not searched by key.
    pub(super) fn new(
        table: &'static TableSpec,
        profile: &Profile,
        bank: usize,
        seed: Seed,
    ) -> Option<Self> {
        let shape = Shape::of(table)?;
        let rows = profile.rows(table);
        Some(Shadow {
            table,
            base: profile.address(table, bank * WAYS, 0) as u32,
            depth: profile.depth(table) as u32,
            ways: Ways::new(rows, shape.hash_width, seed),
            rows: Rows::new(shape, WAYS * rows),
            used: 0,
            entries: 0,
            search: Search::new(),
            undo: Vec::new(),
            recording: false,
        })
    }

    /// The table.
    pub fn table(&self) -> &'static TableSpec {
        self.table
    }

    /// Slots that are taken: one by an entry of the common kind, all of a row by a wide one.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Slots in all.
    pub fn capacity(&self) -> usize {
        self.rows.slots()
    }

    /// Entries in it.
    pub fn len(&self) -> usize {
        self.entries
    }

    /// True if nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// How the card's lookup chooses rows: the columns of its ways, and how far a change of the seed has come.
    pub fn split(&self) -> Split {
        self.ways.split()
    }

    /// The entry that has the same key as this one.
    pub fn get(&self, key: &Entry) -> Option<Entry> {
        self.find(key, &self.rows_of(key))
            .map(|slot| self.rows.entry(slot))
    }

    /// Every entry, in the order of the rows.
    pub fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        let rows = 0..self.rows.count();
        rows.flat_map(|row| self.rows.taken(row))
            .map(|slot| self.rows.entry(slot))
    }

    /// Every row in which something is, by address.
    pub fn iter_rows(&self) -> impl Iterator<Item = (u32, Row)> + '_ {
        let rows = 0..self.rows.count();
        rows.filter(|row| self.rows.taken(*row).next().is_some())
            .map(|row| (self.address(row), self.rows.pack(self.table, row)))
    }

    /// Gives the key of an entry this entry, whether it had one or not, and appends the writes that do it, in order.
    /// Nothing is written where the key has just this entry already.
    ///
    /// # Errors
    /// No place was found; then nothing has changed.
    pub fn insert(&mut self, entry: &Entry, writes: &mut Vec<RowWrite>) -> Result<(), TableFull> {
        let rows = self.rows_of(entry);
        if let Some(slot) = self.find(entry, &rows) {
            if self.rows.entry(slot) != *entry {
                self.put(slot, entry);
                writes.push(self.write(slot, Reason::Change));
            }
            return Ok(());
        }
        let slot = self.make_room(entry, &rows, None, writes)?;
        self.put(slot, entry);
        self.count(entry, true);
        writes.push(self.write(slot, Reason::New));
        Ok(())
    }

    /// Takes out the entry that has the same key as this one, and appends the write that does it, if it was in.
    pub fn remove(&mut self, key: &Entry, writes: &mut Vec<RowWrite>) -> Option<Entry> {
        let slot = self.find(key, &self.rows_of(key))?;
        let entry = self.rows.entry(slot);
        self.clear(slot);
        self.count(&entry, false);
        writes.push(self.write(slot, Reason::Free));
        Some(entry)
    }

    /// Inserts all of `batch`, or nothing.
    ///
    /// # Errors
    /// One of them found no place; then nothing has changed, and `writes` is as it was.
    pub fn insert_all(
        &mut self,
        batch: &[Entry],
        writes: &mut Vec<RowWrite>,
    ) -> Result<(), TableFull> {
        self.all_or_nothing(writes, |shadow, writes| {
            batch
                .iter()
                .try_for_each(|entry| shadow.insert(entry, writes))
        })
    }

    /// Does what is asked, or takes it back where it fails.
    pub(super) fn all_or_nothing<T>(
        &mut self,
        writes: &mut Vec<RowWrite>,
        what: impl FnOnce(&mut Self, &mut Vec<RowWrite>) -> Result<T, TableFull>,
    ) -> Result<T, TableFull> {
        let (start, used, entries) = (writes.len(), self.used, self.entries);
        self.recording = true;
        let outcome = what(self, writes);
        self.recording = false;
        if outcome.is_err() {
            while let Some((row, saved)) = self.undo.pop() {
                self.rows.restore(row, &saved);
            }
            (self.used, self.entries) = (used, entries);
            writes.truncate(start);
        }
        self.undo.clear();
        outcome
    }

    /// Moves what is in the way of an entry that may lie in one of `rows`, and says which slot it shall have.
    pub(super) fn make_room(
        &mut self,
        entry: &Entry,
        rows: &[u32],
        barred: Option<u32>,
        writes: &mut Vec<RowWrite>,
    ) -> Result<u32, TableFull> {
        let mut search = std::mem::take(&mut self.search);
        let found = search.run(Wanted {
            rows: &self.rows,
            ways: &self.ways,
            start: rows,
            whole: self.rows.shape.is_wide(entry.words()[0]),
            barred: barred.as_slice(),
            most: match barred {
                None => MAX_NODES,
                Some(_) => MAX_NODES_OF_CHANGE,
            },
        });
        if found.is_some() {
            for moved in &search.moves {
                let copy = self.rows.entry(moved.from);
                self.put(moved.to, &copy);
                writes.push(self.write(moved.to, Reason::Move));
            }
        }
        self.search = search;
        found.ok_or_else(|| self.full())
    }

    pub(super) fn put(&mut self, slot: u32, entry: &Entry) {
        self.note(slot);
        self.rows.put(slot, entry);
    }

    pub(super) fn clear(&mut self, slot: u32) {
        self.note(slot);
        self.rows.clear(slot);
    }

    /// Remembers a row that is about to change.
    fn note(&mut self, slot: u32) {
        if self.recording {
            let row = self.rows.row_of(slot);
            self.undo.push((row, self.rows.save(row)));
        }
    }

    fn count(&mut self, entry: &Entry, comes: bool) {
        let shape = self.rows.shape;
        let slots = if shape.is_wide(entry.words()[0]) {
            shape.slots
        } else {
            1
        };
        if comes {
            self.used += slots;
            self.entries += 1;
        } else {
            self.used -= slots;
            self.entries -= 1;
        }
    }

    fn full(&self) -> TableFull {
        TableFull {
            table: self.table.name,
            capacity: self.capacity(),
            used: self.used,
        }
    }

    pub(super) fn rows_of(&self, entry: &Entry) -> [u32; WAYS] {
        let (key, words) = self.rows.shape.key(entry.words());
        self.ways.rows_of(&key[..words])
    }

    fn find(&self, entry: &Entry, rows: &[u32; WAYS]) -> Option<u32> {
        let mark = self.rows.mark(entry);
        rows.iter()
            .find_map(|row| self.rows.find(*row, entry, mark))
    }

    pub(super) fn write(&self, slot: u32, reason: Reason) -> RowWrite {
        let row = self.rows.row_of(slot);
        RowWrite {
            address: self.address(row),
            row: self.rows.pack(self.table, row),
            reason,
        }
    }

    /// The card's address of a row.
    fn address(&self, row: u32) -> u32 {
        let rows = self.ways.rows() as u32;
        self.base + row / rows * self.depth + row % rows
    }
}
