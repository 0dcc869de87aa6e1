//! The memories of one lookup of a card, and its rule, written down once more from the layout alone.

use std::collections::HashMap;
use std::rc::Rc;

use underpass_layout::hash::{column, row_of, Split, Tabulation, COLUMNS};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{Lookup, TableSpec, WAYS};

use crate::placed::{Entry, RowWrite};
use crate::row::Row;

/// What a column of the hash words was filled from: a seed's words, and the way that they are of.
type Column = (Rc<Tabulation>, usize);

pub struct Card {
    table: &'static TableSpec,
    profile: Profile,
    group: usize,
    columns: [Option<Column>; COLUMNS],
    split: Split,
    memory: HashMap<u32, Row>,
}

impl Card {
    pub fn new(table: &'static TableSpec, profile: &Profile, group: usize, seed: u128) -> Self {
        let tabulation = Rc::new(Tabulation::new(seed));
        let column = |place| (place < WAYS).then(|| (tabulation.clone(), place));
        Card {
            table,
            profile: *profile,
            group,
            columns: std::array::from_fn(column),
            split: Split::RESET,
            memory: HashMap::new(),
        }
    }

    pub fn write(&mut self, write: &RowWrite) {
        self.write_row(write.address, write.row);
    }

    pub fn write_row(&mut self, address: u32, row: Row) {
        assert!(
            self.profile.place(self.table, address as usize).is_some(),
            "{}[{address}] is no row",
            self.table.name
        );
        self.memory.insert(address, row);
    }

    pub fn fill_column(&mut self, column: u8, tabulation: Rc<Tabulation>, way: usize) {
        let used = self.split.columns();
        assert!(!used.contains(&column), "column {column} is in use");
        assert_eq!(self.split.pointer, 0, "the spare column is in use");
        self.columns[usize::from(column)] = Some((tabulation, way));
    }

    pub fn write_split(&mut self, split: Split) {
        self.split = split;
    }

    pub fn split(&self) -> Split {
        self.split
    }

    /// The rows in which something is.
    pub fn rows(&self) -> HashMap<u32, Row> {
        let rows = self.memory.iter().filter(|(_, row)| !row.is_empty());
        rows.map(|(address, row)| (*address, *row)).collect()
    }

    /// What is in a row of the four ways.
    pub fn entries_at(&self, address: u32) -> Vec<Entry> {
        let Some(row) = self.memory.get(&address) else {
            return Vec::new();
        };
        let width = self.table.entry_width;
        let wide = matches!(self.table.lookup, Lookup::Exact { wide: Some(_), .. });
        if wide && row.bits(0, 2) == 0b11 {
            return vec![Entry::from_words(&extract(row, 0, self.table.row_width()))];
        }
        let slots = (0..self.table.slots()).map(|slot| slot * width);
        slots
            .filter(|at| row.bits(*at, 1) == 1)
            .map(|at| Entry::from_words(&extract(row, at, width)))
            .collect()
    }

    /// What is in the rows of the way that changes its seed between two pointers.
    pub fn entries_between(&self, from: u32, to: u32) -> Vec<Entry> {
        let way = self.group * WAYS + usize::from(self.split.way);
        let address = |row: u32| self.profile.address(self.table, way, row as usize) as u32;
        (from..to)
            .flat_map(|row| self.entries_at(address(row)))
            .collect()
    }

    /// All entries that the ways give for the key of an entry: one, or the same one several times.
    pub fn get(&self, entry: &Entry) -> Vec<Vec<u32>> {
        let Lookup::Exact {
            key_width, wide, ..
        } = self.table.lookup
        else {
            panic!("table {} is not exact", self.table.name);
        };
        let is_wide = wide.is_some() && entry.words()[0] & 2 == 2;
        let (key_width, entry_width) = match wide {
            Some(wide) if is_wide => (wide.key_width, wide.entry_width),
            _ => (key_width, self.table.entry_width),
        };
        let key = extract(entry.words(), 1, key_width);
        let slots = if is_wide { 1 } else { self.table.slots() };
        let mut found = Vec::new();
        for way in 0..WAYS {
            let address = self.address(way, &key) as u32;
            let Some(row) = self.memory.get(&address) else {
                continue;
            };
            let taken_whole = wide.is_some() && row.bits(0, 2) == 0b11;
            for slot in 0..slots {
                let at = slot * self.table.entry_width;
                let here = row.bits(at, 1) == 1 && (slot == 0 || !taken_whole);
                if here && extract(row, at + 1, key_width) == key {
                    found.push(extract(row, at, entry_width));
                }
            }
        }
        found
    }

    fn address(&self, way: usize, key: &[u32]) -> usize {
        let rows = self.profile.rows(self.table);
        let of = |place: u8| {
            let (tabulation, way) = self.columns[usize::from(place)]
                .as_ref()
                .expect("a column that was filled");
            let hash = tabulation.hash(key, self.table.hash_width());
            row_of(column(hash, *way), rows)
        };
        let mut row = of(self.split.columns()[way]);
        if way == usize::from(self.split.way) && row < self.split.pointer as usize {
            row = of(self.split.spare);
        }
        self.profile
            .address(self.table, self.group * WAYS + way, row)
    }
}

/// `width` bits from bit `at` on, as words.
fn extract(words: &[u32], at: usize, width: usize) -> Vec<u32> {
    let word = |place: usize| u64::from(words.get(place).copied().unwrap_or(0));
    let mut found: Vec<u32> = (at..at + width)
        .step_by(32)
        .map(|bit| ((word(bit / 32) | word(bit / 32 + 1) << 32) >> (bit % 32)) as u32)
        .collect();
    if let Some(last) = found.last_mut().filter(|_| !width.is_multiple_of(32)) {
        *last &= (1 << (width % 32)) - 1;
    }
    found
}
