//! A plan under way: what the card holds after the steps so far, and how the next ones are added.

use std::collections::BTreeMap;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, GroupEntry, MemberEntry, MirrorEntry, VrfEntry, TABLES};
use underpass_layout::Record;

use super::step::Step;
use crate::entries::{Entries, FatSet, MirrorSet};
use crate::placed::{fat_rows, mirror_rows, Entry, Placed, Reason, RowWrite, TableFull};
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
    /// No row of `member` below this one is free: where a search for some may start.
    pub members_taken_below: u32,
    steps: Vec<Step>,
    writes: Vec<RowWrite>,
}

impl Planner {
    pub fn new(old: &Placed) -> Self {
        Planner {
            now: old.clone(),
            members_taken_below: 0,
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
        self.step(id::VRF, vrf, word.as_ref(), before);
    }

    /// Writes the row of a group.
    pub fn put_group(&mut self, nexthop: u32, entry: Option<GroupEntry>) {
        let before = match entry {
            Some(entry) => self.now.groups.insert(nexthop, entry).is_some(),
            None => self.now.groups.remove(&nexthop).is_some(),
        };
        self.step(id::GROUP, nexthop, entry.as_ref(), before);
    }

    /// Writes a row of a member.
    pub fn put_member(&mut self, row: u32, entry: Option<MemberEntry>) {
        let before = match entry {
            Some(entry) => self.now.members.insert(row, entry).is_some(),
            None => {
                self.members_taken_below = self.members_taken_below.min(row);
                self.now.members.remove(&row).is_some()
            }
        };
        self.step(id::MEMBER, row, entry.as_ref(), before);
    }

    /// Writes the rows of a mirror, the text first, or frees them, the text last.
    pub fn put_mirror(&mut self, row: u32, set: &MirrorSet, there: bool) {
        self.steps
            .extend(mirror_steps(self.now.profile(), row, set, there));
    }

    /// Writes the row of a mirror that has its text.
    pub fn put_mirror_row(&mut self, row: u32, entry: &MirrorEntry) {
        self.step(id::MIRROR, row, Some(entry), true);
    }

    fn step<T: Record>(&mut self, table: u32, address: u32, entry: Option<&T>, before: bool) {
        self.steps.push(step(table, address, entry, before));
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

    /// Writes what is wanted and new, of a table that is addressed by index, where the row is one of those.
    pub fn bring_if<T: Record + Copy + PartialEq>(
        &mut self,
        table: u32,
        field: Field<u32, T>,
        want: &BTreeMap<u32, T>,
        which: impl Fn(&u32) -> bool,
    ) {
        for (address, entry) in missing(field(&mut self.now.entries), want, Which::New) {
            if which(&address) {
                self.put(table, field, address, Some(entry));
            }
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

/// The write of a row of a table that is addressed by index.
pub(super) fn step<T: Record>(table: u32, address: u32, entry: Option<&T>, before: bool) -> Step {
    let (row, reason) = match (entry, before) {
        (Some(entry), false) => (Row::of(entry), Reason::New),
        (Some(entry), true) => (Row::of(entry), Reason::Change),
        (None, _) => (Row::empty(&TABLES[table as usize]), Reason::Free),
    };
    let write = RowWrite {
        address,
        row,
        reason,
    };
    Step::new(table, write)
}

/// The writes of a mirror, its text first, or those that free it, the text last.
pub(super) fn mirror_steps(
    profile: &Profile,
    number: u32,
    set: &MirrorSet,
    there: bool,
) -> Vec<Step> {
    let write = |(table, address, words): (u32, u32, Row)| {
        let (row, reason) = match there {
            true => (words, Reason::New),
            false => (Row::empty(&TABLES[table as usize]), Reason::Free),
        };
        let write = RowWrite {
            address,
            row,
            reason,
        };
        Step::new(table, write)
    };
    let mut steps: Vec<Step> = mirror_rows(profile, number, set).map(write).collect();
    if !there {
        steps.reverse();
    }
    steps
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
