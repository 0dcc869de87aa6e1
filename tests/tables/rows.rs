//! Rows of memory from entries: exact-match entries go where their hash says and there is room.
//!
//! This is not the compiler's placement: no entry is ever moved, one that finds no room is left out. So the hash of
//! the RTL is tested against `underpass_layout::hash` alone.

use std::collections::BTreeMap;

use underpass_layout::hash::{row, Tabulation};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{
    id, FlowEntry, FlowEntry6, Lookup, RouteEntry, Table, TableSpec, TABLES, WAYS,
};
use underpass_layout::{words_for, Record};

/// One row as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The table's id.
    pub table: u32,
    /// The row over all ways.
    pub address: usize,
    /// Its words.
    pub words: Vec<u32>,
}

/// Rows that have been filled.
#[derive(Clone, Debug)]
pub struct Rows {
    profile: &'static Profile,
    tabulation: Tabulation,
    filled: BTreeMap<(u32, usize), Vec<u32>>,
}

/// An entry on its way into an exact-match table.
struct Placed<'a> {
    table: &'a TableSpec,
    /// The first of its four ways.
    first_way: usize,
    /// Its words.
    words: Vec<u32>,
    /// Bits of the entry: those of a slot, or of a whole row.
    width: usize,
    /// Bits of its key, behind the valid bit.
    key_width: usize,
}

impl Rows {
    /// Empty tables, hashed by this seed.
    pub fn new(profile: &'static Profile, seed: u128) -> Self {
        Rows {
            profile,
            tabulation: Tabulation::new(seed),
            filled: BTreeMap::new(),
        }
    }

    /// Puts an entry at an index.
    pub fn direct<E: Table>(&mut self, index: usize, entry: &E) {
        self.filled.insert((E::TABLE.id, index), packed(entry));
    }

    /// Puts an entry into one way of a set.
    pub fn set<E: Table>(&mut self, set: usize, way: usize, entry: &E) {
        let address = self.profile.address(&E::TABLE, way, set);
        self.direct(address, entry);
    }

    /// Puts an entry where its key belongs; nothing happens where there is no room, or the key is there already.
    pub fn exact<E: Table>(&mut self, entry: &E) {
        self.narrow(&E::TABLE, 0, entry);
    }

    /// Puts a route into the table of hosts (`None`) or into a bank.
    pub fn route(&mut self, bank: Option<usize>, entry: &RouteEntry) {
        match bank {
            None => self.narrow(&TABLES[id::ROUTE_HOST as usize], 0, entry),
            Some(bank) => self.narrow(&TABLES[id::ROUTE_BANK as usize], WAYS * bank, entry),
        }
    }

    /// Puts an IPv6 flow into a row of its own.
    pub fn flow6(&mut self, entry: &FlowEntry6) {
        let Lookup::Exact {
            wide: Some(wide), ..
        } = FlowEntry::TABLE.lookup
        else {
            panic!("flows have no wide rows")
        };
        self.place(Placed {
            table: &FlowEntry::TABLE,
            first_way: 0,
            words: packed(entry),
            width: wide.entry_width,
            key_width: wide.key_width,
        });
    }

    fn narrow<E: Record>(&mut self, table: &TableSpec, first_way: usize, entry: &E) {
        let Lookup::Exact { key_width, .. } = table.lookup else {
            panic!("table {} has no keys", table.name)
        };
        self.place(Placed {
            table,
            first_way,
            words: packed(entry),
            width: E::WIDTH,
            key_width,
        });
    }

    fn place(&mut self, entry: Placed) {
        let table = entry.table;
        let key = bits(&entry.words, 1, entry.key_width);
        let rows = self.profile.rows(table);
        let hash = self.tabulation.hash(&key, table.hash_width());
        let mut room = None;
        for way in 0..WAYS {
            let row = row(hash, way, rows);
            let address = self.profile.address(table, entry.first_way + way, row);
            let filled = self
                .filled
                .entry((table.id, address))
                .or_insert_with(|| vec![0; words_for(table.row_width())]);
            for at in slots(table, filled, entry.width) {
                if bit(filled, at) && bits(filled, at + 1, entry.key_width) == key {
                    return;
                }
                let free = bits(filled, at, entry.width).iter().all(|word| *word == 0);
                if free && room.is_none() {
                    room = Some((address, at));
                }
            }
        }
        if let Some((address, at)) = room {
            let words = self
                .filled
                .get_mut(&(table.id, address))
                .expect("just made");
            for i in 0..entry.width {
                words[(at + i) / 32] |= u32::from(bit(&entry.words, i)) << ((at + i) % 32);
            }
        }
    }

    /// Every row that was filled.
    pub fn all(&self) -> impl Iterator<Item = Row> + '_ {
        self.filled.iter().map(|((table, address), words)| Row {
            table: *table,
            address: *address,
            words: words.clone(),
        })
    }
}

/// Where an entry of this width can start in a row: one that shares rows finds no place in a row of one entry.
fn slots(table: &TableSpec, row: &[u32], width: usize) -> Vec<usize> {
    let wide = matches!(table.lookup, Lookup::Exact { wide: Some(_), .. });
    let whole_row = wide && bit(row, 0) && bit(row, 1);
    match whole_row && width < table.row_width() {
        true => Vec::new(),
        false => (0..table.row_width()).step_by(width).collect(),
    }
}

fn packed<E: Record>(entry: &E) -> Vec<u32> {
    let mut words = vec![0; words_for(E::WIDTH)];
    entry.pack_into(&mut words);
    words
}

fn bit(words: &[u32], at: usize) -> bool {
    words[at / 32] >> (at % 32) & 1 == 1
}

fn bits(words: &[u32], at: usize, width: usize) -> Vec<u32> {
    let mut found = vec![0; words_for(width)];
    for i in 0..width {
        found[i / 32] |= u32::from(bit(words, at + i)) << (i % 32);
    }
    found
}
