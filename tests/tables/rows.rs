//! Rows of memory from entries: exact-match entries go where their hash says and there is room.
//!
//! This is not the compiler's placement: no entry is ever moved, one that finds no room is left out. So the hash of
//! the RTL is tested against `underpass_layout::hash` alone.

use std::collections::BTreeMap;

use underpass_layout::hash::{row, Tabulation};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, Lookup, RouteEntry, Table, TableSpec, TABLES, WAYS};
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
        let mut words = vec![0; words_for(E::WIDTH)];
        entry.pack_into(&mut words);
        self.filled.insert((E::TABLE.id, index), words);
    }

    /// Puts an entry where its key belongs; nothing happens where there is no room, or the key is there already.
    pub fn exact<E: Table>(&mut self, entry: &E) {
        self.place(&E::TABLE, 0, entry);
    }

    /// Puts a route into the table of hosts (`None`) or into a bank.
    pub fn route(&mut self, bank: Option<usize>, entry: &RouteEntry) {
        match bank {
            None => self.place(&TABLES[id::ROUTE_HOST as usize], 0, entry),
            Some(bank) => self.place(&TABLES[id::ROUTE_BANK as usize], WAYS * bank, entry),
        }
    }

    fn place<E: Record>(&mut self, table: &TableSpec, first_way: usize, entry: &E) {
        let Lookup::Exact {
            slots, key_width, ..
        } = table.lookup
        else {
            panic!("table {} has no keys", table.name)
        };
        let mut packed = vec![0; words_for(E::WIDTH)];
        entry.pack_into(&mut packed);
        let key = bits(&packed, 1, key_width);
        let rows = self.profile.rows(table);
        let hash = self.tabulation.hash(key, key_width);
        let mut room = None;
        for way in 0..WAYS {
            let address = (first_way + way) * rows + row(hash, way, rows);
            let filled = self
                .filled
                .entry((table.id, address))
                .or_insert_with(|| vec![0; words_for(table.row_width())]);
            for slot in 0..slots {
                let at = slot * table.entry_width;
                let taken = bits(filled, at, 1) == 1;
                if taken && bits(filled, at + 1, key_width) == key {
                    return;
                }
                if !taken && room.is_none() {
                    room = Some((address, at));
                }
            }
        }
        if let Some((address, at)) = room {
            let words = self
                .filled
                .get_mut(&(table.id, address))
                .expect("just made");
            for bit in 0..E::WIDTH {
                words[(at + bit) / 32] |= (packed[bit / 32] >> (bit % 32) & 1) << ((at + bit) % 32);
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

fn bits(words: &[u32], at: usize, width: usize) -> u128 {
    (0..width).fold(0, |value, i| {
        value | u128::from(words[(at + i) / 32] >> ((at + i) % 32) & 1) << i
    })
}
