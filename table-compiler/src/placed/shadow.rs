//! What one exact-match table of the card holds, and where: the host's copy, in which places are found.
//!
//! ```text
//!   key ──hash──▶ one row in each of four ways; the entry lies in one of them
//!   insert        m entries move out of the way, each by one write of its copy, the far end first; then the entry is
//!                 written over the slot whose entry has a copy by then: m + 1 writes, and no key ever misses
//! ```
//! An entry is cut in two numbers: its key, and its value (all behind the key). What the ways are for the card they
//! are here, so that a lookup in the shadow is the lookup of the card. A bank of routes is a shadow of its own.

use std::sync::Arc;

use underpass_layout::hash::{row, Tabulation};
use underpass_layout::tables::{TableSpec, WAYS};
use underpass_layout::Record;

use super::search::Search;
use crate::row::Row;

/// No place was found for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("table {table} is full: {used} of {capacity} entries used, and none can move to make room")]
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
    /// Nothing is left there.
    Free,
}

/// One write of one row. All of it changes in one clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowWrite {
    /// The row, as the table-access registers count: `way * rows_per_way + row`.
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
    tabulation: Arc<Tabulation>,
    /// Address of row 0 of way 0.
    base: u32,
    rows: usize,
    key_width: usize,
    slots: Vec<Slot>,
    used: usize,
    search: Search,
    /// What slots held before, while a batch is under way.
    undo: Option<Vec<(u32, Slot)>>,
}

/// What one slot holds. The two slots of a row of flows lie in one line of the host's cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(32))]
struct Slot {
    /// key << 1 | 1, or 0 where the slot is free: the low bits of the entry are just that.
    tag: u128,
    /// What is behind the key.
    value: u128,
}

impl Shadow {
    /// An empty table: bank `bank` of `table`, each way with `rows` rows, keys of `key_width` bits.
    pub(super) fn new(
        table: &'static TableSpec,
        key_width: usize,
        rows: usize,
        bank: usize,
        tabulation: Arc<Tabulation>,
    ) -> Self {
        let count = WAYS * rows * table.slots();
        Shadow {
            table,
            tabulation,
            base: (bank * WAYS * rows) as u32,
            rows,
            key_width,
            slots: vec![Slot::default(); count],
            used: 0,
            search: Search::default(),
            undo: None,
        }
    }

    /// The table.
    pub fn table(&self) -> &'static TableSpec {
        self.table
    }

    /// Entries in it.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Entries that fit if all can be placed.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// An entry of this table as key and value.
    pub fn parts(&self, entry: &impl Record) -> (u128, u128) {
        let row = Row::of(entry);
        let behind = 1 + self.key_width;
        (
            row.bits(1, self.key_width),
            row.bits(behind, self.table.entry_width - behind),
        )
    }

    /// The value of a key.
    pub fn get(&self, key: u128) -> Option<u128> {
        self.find(key, &self.rows_of(key))
            .map(|slot| self.slots[slot as usize].value)
    }

    /// Every key with its value, in the order of the slots.
    pub fn iter(&self) -> impl Iterator<Item = (u128, u128)> + '_ {
        let taken = self.slots.iter().filter(|slot| slot.tag != 0);
        taken.map(|slot| (slot.tag >> 1, slot.value))
    }

    /// Every row in which something is, by address.
    pub fn iter_rows(&self) -> impl Iterator<Item = (u32, Row)> + '_ {
        let slots = self.table.slots();
        let rows = self.slots.chunks_exact(slots).enumerate();
        rows.filter(|(_, row)| row.iter().any(|slot| slot.tag != 0))
            .map(move |(at, _)| (self.base + at as u32, self.row_at((at * slots) as u32)))
    }

    /// Gives `key` a value, whether it had one or not, and appends the writes that do it, in order. Nothing is
    /// written where the key has that value already.
    ///
    /// # Errors
    /// No place was found; then nothing has changed.
    pub fn insert(
        &mut self,
        key: u128,
        value: u128,
        writes: &mut Vec<RowWrite>,
    ) -> Result<(), TableFull> {
        let rows = self.rows_of(key);
        if let Some(slot) = self.find(key, &rows) {
            let before = self.slots[slot as usize];
            if before.value != value {
                self.set(slot, Slot { value, ..before });
                writes.push(self.write(slot, Reason::Change));
            }
            return Ok(());
        }
        let mut search = std::mem::take(&mut self.search);
        let found = search.run(self, &rows);
        let outcome = match found {
            Some(free) => {
                self.place(free, &mut search, key, value, writes);
                Ok(())
            }
            None => Err(self.full()),
        };
        self.search = search;
        outcome
    }

    /// Takes `key` out, and appends the write that does it, if it was in.
    pub fn remove(&mut self, key: u128, writes: &mut Vec<RowWrite>) -> Option<u128> {
        let slot = self.find(key, &self.rows_of(key))?;
        let value = self.slots[slot as usize].value;
        self.set(slot, Slot::default());
        self.used -= 1;
        writes.push(self.write(slot, Reason::Free));
        Some(value)
    }

    /// Inserts all of `batch`, or nothing.
    ///
    /// # Errors
    /// One of them found no place; then nothing has changed, and `writes` is as it was.
    pub fn insert_all(
        &mut self,
        batch: &[(u128, u128)],
        writes: &mut Vec<RowWrite>,
    ) -> Result<(), TableFull> {
        let (start, used) = (writes.len(), self.used);
        self.undo = Some(Vec::new());
        let outcome = batch
            .iter()
            .try_for_each(|(key, value)| self.insert(*key, *value, writes));
        let undo = self.undo.take().unwrap_or_default();
        if outcome.is_err() {
            for (slot, before) in undo.into_iter().rev() {
                self.set(slot, before);
            }
            self.used = used;
            writes.truncate(start);
        }
        outcome
    }

    /// Moves what is on the path out of the way and writes the entry into the slot that is left.
    fn place(
        &mut self,
        free: u32,
        search: &mut Search,
        key: u128,
        value: u128,
        writes: &mut Vec<RowWrite>,
    ) {
        let mut target = free;
        while let Some(from) = search.next_move() {
            self.set(target, self.slots[from as usize]);
            writes.push(self.write(target, Reason::Move));
            target = from;
        }
        self.set(
            target,
            Slot {
                tag: key << 1 | 1,
                value,
            },
        );
        self.used += 1;
        writes.push(self.write(target, Reason::New));
    }

    fn set(&mut self, slot: u32, content: Slot) {
        let before = std::mem::replace(&mut self.slots[slot as usize], content);
        if let Some(undo) = &mut self.undo {
            undo.push((slot, before));
        }
    }

    fn full(&self) -> TableFull {
        TableFull {
            table: self.table.name,
            capacity: self.capacity(),
            used: self.used,
        }
    }

    fn find(&self, key: u128, rows: &[u32; WAYS]) -> Option<u32> {
        let tag = key << 1 | 1;
        rows.iter()
            .flat_map(|row| self.slots_of(*row))
            .find(|slot| self.slots[*slot as usize].tag == tag)
    }

    fn write(&self, slot: u32, reason: Reason) -> RowWrite {
        let address = self.base + slot / self.table.slots() as u32;
        RowWrite {
            address,
            row: self.row_at(slot),
            reason,
        }
    }

    /// The row in which a slot is, as it stands.
    fn row_at(&self, slot: u32) -> Row {
        let mut row = Row::empty(self.table);
        let slots = self.table.slots();
        let first = slot as usize / slots * slots;
        let (width, tag_width) = (self.table.entry_width, 1 + self.key_width);
        for (place, slot) in self.slots[first..first + slots].iter().enumerate() {
            row.put(place * width, slot.tag, tag_width);
            row.put(place * width + tag_width, slot.value, width - tag_width);
        }
        row
    }

    /// The row of a key in each way, ways counted on.
    pub(super) fn rows_of(&self, key: u128) -> [u32; WAYS] {
        let hash = self.tabulation.hash(key, self.key_width);
        std::array::from_fn(|way| (way * self.rows + row(hash, way, self.rows)) as u32)
    }

    pub(super) fn slots_of(&self, row: u32) -> std::ops::Range<u32> {
        let slots = self.table.slots() as u32;
        row * slots..(row + 1) * slots
    }

    pub(super) fn way_of(&self, slot: u32) -> usize {
        slot as usize / (self.rows * self.table.slots())
    }

    pub(super) fn is_free(&self, slot: u32) -> bool {
        self.slots[slot as usize].tag == 0
    }

    pub(super) fn key_at(&self, slot: u32) -> u128 {
        self.slots[slot as usize].tag >> 1
    }
}
