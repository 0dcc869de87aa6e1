//! A plan under way: what the card holds after the steps so far, and how the next ones are added.

use std::collections::BTreeMap;

use underpass_layout::tables::{VrfEntry, TABLES};
use underpass_layout::Record;

use super::step::Step;
use crate::entries::{Entries, FatSet};
use crate::placed::{fat_rows, Entry, Placed, Reason, RowWrite, TableFull};
use crate::row::Row;

/// Which entries of a table are brought.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those whose key is not there yet.
    New,
    /// Those whose key has another value.
    Changed,
    /// Both.
    Both,
}

/// The entries of one table that is addressed by index or key.
pub(super) type Field<K, T> = fn(&mut Entries) -> &mut BTreeMap<K, T>;

pub(super) struct Planner {
    /// What the card holds after the steps so far.
    pub now: Placed,
    steps: Vec<Step>,
    writes: Vec<RowWrite>,
}

impl Planner {
    pub fn new(old: &Placed) -> Self {
        Planner {
            now: old.clone(),
            steps: Vec::new(),
            writes: Vec::new(),
        }
    }

    pub fn finish(self) -> (Vec<Step>, Placed) {
        (self.steps, self.now)
    }

    /// Writes one row of a table that is addressed by index, and notes it in the entries.
    pub fn put<T: Record + Copy>(
        &mut self,
        table: u32,
        field: Field<u32, T>,
        address: u32,
        entry: Option<T>,
    ) {
        let entries = field(&mut self.now.entries);
        let before = match entry {
            Some(entry) => entries.insert(address, entry).is_some(),
            None => entries.remove(&address).is_some(),
        };
        self.step(table, address, entry.as_ref(), before);
    }

    /// Writes a VRF's word.
    pub fn put_word(&mut self, vrf: u32, word: Option<VrfEntry>) {
        let before = match word {
            Some(word) => self.now.words.insert(vrf, word).is_some(),
            None => self.now.words.remove(&vrf).is_some(),
        };
        self.step(
            underpass_layout::tables::id::VRF,
            vrf,
            word.as_ref(),
            before,
        );
    }

    fn step<T: Record>(&mut self, table: u32, address: u32, entry: Option<&T>, before: bool) {
        let (row, reason) = match (entry, before) {
            (Some(entry), false) => (Row::of(entry), Reason::New),
            (Some(entry), true) => (Row::of(entry), Reason::Change),
            (None, _) => (Row::empty(&TABLES[table as usize]), Reason::Free),
        };
        self.steps.push(Step::new(
            table,
            RowWrite {
                address,
                row,
                reason,
            },
        ));
    }

    /// Writes the rows of a set of fat flows, or frees them.
    pub fn put_fat_set(&mut self, number: u32, set: &FatSet, there: bool) {
        for (table, address, row) in fat_rows(self.now.profile(), number, set) {
            let (row, reason) = match there {
                true => (row, Reason::New),
                false => (Row::empty(&TABLES[table as usize]), Reason::Free),
            };
            let write = RowWrite {
                address,
                row,
                reason,
            };
            self.steps.push(Step::new(table, write));
        }
    }

    /// Gives a key of a bank its value.
    pub fn insert(
        &mut self,
        table: u32,
        bank: usize,
        entry: &impl Record,
    ) -> Result<(), TableFull> {
        let shadow = self.now.shadow_mut(table, bank);
        let outcome = shadow.insert(&Entry::of(entry), &mut self.writes);
        self.flush(table);
        outcome
    }

    /// Takes the key of an entry out of a bank.
    pub fn remove(&mut self, table: u32, bank: usize, entry: &impl Record) {
        let shadow = self.now.shadow_mut(table, bank);
        shadow.remove(&Entry::of(entry), &mut self.writes);
        self.flush(table);
    }

    fn flush(&mut self, table: u32) {
        self.steps
            .extend(self.writes.drain(..).map(|write| Step::new(table, write)));
    }

    /// Writes what is wanted and not there, of a table that is addressed by index.
    pub fn bring<T: Record + Copy + PartialEq>(
        &mut self,
        table: u32,
        field: Field<u32, T>,
        want: &BTreeMap<u32, T>,
        which: Which,
    ) {
        for (address, entry) in missing(field(&mut self.now.entries), want, which) {
            self.put(table, field, address, Some(entry));
        }
    }

    /// Frees what is there and not wanted, of a table that is addressed by index.
    pub fn take<T: Record + Copy + PartialEq>(
        &mut self,
        table: u32,
        field: Field<u32, T>,
        want: &BTreeMap<u32, T>,
    ) {
        for (address, _) in surplus(field(&mut self.now.entries), want) {
            self.put::<T>(table, field, address, None);
        }
    }

    /// Writes what is wanted and not there, of a table that is searched by key.
    pub fn bring_exact<K: Ord + Copy, T: Record + Copy + PartialEq>(
        &mut self,
        table: u32,
        field: Field<K, T>,
        want: &BTreeMap<K, T>,
    ) -> Result<(), TableFull> {
        for (key, entry) in missing(field(&mut self.now.entries), want, Which::Both) {
            self.insert(table, 0, &entry)?;
            field(&mut self.now.entries).insert(key, entry);
        }
        Ok(())
    }

    /// Takes out what is there and not wanted, of a table that is searched by key.
    pub fn take_exact<K: Ord + Copy, T: Record + Copy + PartialEq>(
        &mut self,
        table: u32,
        field: Field<K, T>,
        want: &BTreeMap<K, T>,
    ) {
        for (key, entry) in surplus(field(&mut self.now.entries), want) {
            self.remove(table, 0, &entry);
            field(&mut self.now.entries).remove(&key);
        }
    }
}

fn missing<K: Ord + Copy, T: Copy + PartialEq>(
    now: &BTreeMap<K, T>,
    want: &BTreeMap<K, T>,
    which: Which,
) -> Vec<(K, T)> {
    let wanted = want.iter().filter(|(key, entry)| match now.get(key) {
        None => which != Which::Changed,
        Some(before) => which != Which::New && before != *entry,
    });
    wanted.map(|(key, entry)| (*key, *entry)).collect()
}

fn surplus<K: Ord + Copy, T: Copy>(now: &BTreeMap<K, T>, want: &BTreeMap<K, T>) -> Vec<(K, T)> {
    let surplus = now.iter().filter(|(key, _)| !want.contains_key(key));
    surplus.map(|(key, entry)| (*key, *entry)).collect()
}
