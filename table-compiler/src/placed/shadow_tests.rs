//! What a shadow promises: keys fit up to the load that was measured, and no write makes a key miss.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use underpass_layout::hash::{row, Tabulation};
use underpass_layout::tables::{by_name, Lookup, TableSpec, WAYS};

use super::shadow::{Reason, RowWrite, Shadow};
use crate::row::Row;

const SEED: u128 = 0x0f1e_2d3c_4b5a_6978_8796_a5b4_c3d2_e1f0;

fn table(name: &str) -> &'static TableSpec {
    by_name(name).expect("a table of the layout")
}

fn empty(name: &str, rows: usize) -> Shadow {
    let table = table(name);
    let Lookup::Exact { key_width, .. } = table.lookup else {
        panic!("table {name} is not exact");
    };
    Shadow::new(table, key_width, rows, 0, Arc::new(Tabulation::new(SEED)))
}

/// The card's memories and its lookup, written down once more from the layout alone.
struct Card {
    table: &'static TableSpec,
    rows: usize,
    tabulation: Tabulation,
    memory: HashMap<u32, Row>,
}

impl Card {
    fn new(name: &str, rows: usize) -> Self {
        Card {
            table: table(name),
            rows,
            tabulation: Tabulation::new(SEED),
            memory: HashMap::new(),
        }
    }

    fn write(&mut self, write: &RowWrite) {
        self.memory.insert(write.address, write.row);
    }

    /// All values that the ways give for a key: one, or the same one several times.
    fn get(&self, key: u128) -> Vec<u128> {
        let Lookup::Exact { key_width, .. } = self.table.lookup else {
            panic!("not exact")
        };
        let hash = self.tabulation.hash(key, key_width);
        let width = self.table.entry_width;
        let mut found = Vec::new();
        for way in 0..WAYS {
            let address = (way * self.rows + row(hash, way, self.rows)) as u32;
            let Some(row) = self.memory.get(&address) else {
                continue;
            };
            for slot in 0..self.table.slots() {
                let at = slot * width;
                if row.bits(at, 1) == 1 && row.bits(at + 1, key_width) == key {
                    found.push(row.bits(at + 1 + key_width, width - 1 - key_width));
                }
            }
        }
        found
    }
}

/// Every combination of `bits` bits at scattered places of the key: ports and addresses as they are handed out.
fn cube(bits: u32, places: &[u32]) -> impl Iterator<Item = u128> + '_ {
    (0u128..1 << bits).map(move |n| {
        places
            .iter()
            .enumerate()
            .fold(0x5 << 90, |key, (i, at)| key ^ (n >> i & 1) << at)
    })
}

/// Flow keys of one server: 4 addresses times sequential ports.
fn portgrid(count: u128) -> impl Iterator<Item = u128> {
    (0..count)
        .map(|n| 7 | 6 << 20 | (49_152 + n / 4) << 28 | 443 << 44 | (0x0a00_0000 + n % 4) << 60)
}

fn fills(name: &str, rows: usize, keys: impl Iterator<Item = u128>) {
    let mut shadow = empty(name, rows);
    let goal = shadow.capacity() * 874 / 1000;
    let mut writes = Vec::new();
    let keys: Vec<u128> = keys.take(goal).collect();
    assert_eq!(keys.len(), goal, "the family has too few keys");
    for key in &keys {
        shadow
            .insert(*key, 1, &mut writes)
            .expect("a place at a load of 0.874");
    }
    assert_eq!(shadow.used(), goal);
    let moves = writes
        .iter()
        .filter(|write| write.reason == Reason::Move)
        .count();
    assert_eq!(moves + goal, writes.len());
    assert!(moves * 3 < goal, "{moves} moves for {goal} keys");
    for key in keys {
        assert_eq!(shadow.get(key), Some(1));
    }
}

#[test]
fn a_grid_of_ports_fills_the_flow_table() {
    fills("flow", 512, portgrid(4096));
}

#[test]
fn cubes_fill_the_flow_table() {
    fills(
        "flow",
        512,
        cube(12, &[28, 29, 30, 31, 44, 45, 60, 61, 62, 92, 93, 94]),
    );
    fills(
        "flow",
        512,
        cube(12, &[0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 100, 120]),
    );
    fills(
        "flow",
        512,
        cube(12, &[9, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30]),
    );
}

#[test]
fn cubes_fill_the_bridge_table() {
    let mac = 0x0200_0000_0000u128 << 12;
    fills("bridge", 256, (0..1024).map(|n| mac | n << 12));
    fills(
        "bridge",
        256,
        (0..1024).map(|n| mac | (n % 32) << 12 | (n / 32)),
    );
}

#[test]
fn a_full_table_refuses_and_stays_as_it_is() {
    let mut shadow = empty("vxlan", 4);
    let mut writes = Vec::new();
    let refused = (0..)
        .find(|key| shadow.insert(*key, 1, &mut writes).is_err())
        .expect("finite");
    assert!(refused > 12, "{refused} of 16 slots filled");
    let before: Vec<_> = shadow.iter().collect();
    let written = writes.len();
    let error = shadow
        .insert(refused, 1, &mut writes)
        .expect_err("no place again");
    assert_eq!(
        error.to_string(),
        format!(
            "table vxlan is full: {refused} of 16 entries used, and none can move to make room"
        )
    );
    assert_eq!(
        (shadow.iter().collect::<Vec<_>>(), writes.len()),
        (before, written)
    );
}

#[test]
fn a_batch_that_does_not_fit_changes_nothing() {
    let mut shadow = empty("vxlan", 4);
    let mut writes = Vec::new();
    shadow
        .insert_all(&[(100, 1), (101, 2)], &mut writes)
        .expect("place for two");
    let before: Vec<_> = shadow.iter().collect();
    let written = writes.clone();
    let mut batch: Vec<(u128, u128)> = (0..20).map(|key| (key, 9)).collect();
    batch.insert(3, (100, 7));
    assert!(shadow.insert_all(&batch, &mut writes).is_err());
    assert_eq!(
        (shadow.iter().collect::<Vec<_>>(), &writes, shadow.used()),
        (before, &written, 2)
    );
    shadow
        .insert_all(&batch[..8], &mut writes)
        .expect("place for eight");
    assert_eq!(shadow.get(100), Some(7));
}

#[test]
fn two_flows_share_a_row_before_a_second_row_is_begun() {
    let mut shadow = empty("flow", 512);
    let mut writes = Vec::new();
    for key in portgrid(1500) {
        shadow.insert(key, 1, &mut writes).expect("room");
    }
    let halves = shadow
        .iter_rows()
        .filter(|(_, row)| row.bits(0, 1) + row.bits(216, 1) == 1)
        .count();
    let whole = shadow.iter_rows().count() - halves;
    assert!(
        whole > halves,
        "{whole} rows are full and {halves} half full"
    );
}

proptest! {
    /// Inserts, changes and removals in a table that is nearly full: after each single write every installed key
    /// answers, with one value, the old or the new one.
    #[test]
    fn no_write_makes_a_key_miss(changes in prop::collection::vec((0u128..70, 0u128..4), 1..400), two in any::<bool>()) {
        let (name, rows) = if two { ("flow", 8) } else { ("bridge", 16) };
        let (mut shadow, mut card) = (empty(name, rows), Card::new(name, rows));
        let mut installed: HashMap<u128, u128> = HashMap::new();
        for (key, value) in changes {
            // Keys differ in low and in high bits.
            let key = key | key << 40;
            let mut writes = Vec::new();
            let old = installed.get(&key).copied();
            let new = if value == 0 {
                prop_assert_eq!(shadow.remove(key, &mut writes), old);
                None
            } else if shadow.insert(key, value, &mut writes).is_ok() {
                Some(value)
            } else {
                prop_assert!(writes.is_empty());
                old
            };
            prop_assert!(!writes.is_empty() || old == new);
            for write in &writes {
                card.write(write);
                for (other, value) in installed.iter().filter(|(other, _)| **other != key) {
                    let found = card.get(*other);
                    prop_assert!(!found.is_empty() && found.iter().all(|one| one == value));
                }
                let found = card.get(key);
                prop_assert!(found.iter().all(|one| Some(*one) == old || Some(*one) == new));
                prop_assert!(found.len() <= 1);
                prop_assert!(old.is_none() || new.is_none() || found.len() == 1);
            }
            match new {
                Some(value) => installed.insert(key, value),
                None => installed.remove(&key),
            };
            prop_assert_eq!(card.get(key), new.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(shadow.used(), installed.len());
        }
        let on_card: HashMap<u32, Row> = card.memory.into_iter().filter(|(_, row)| !row.is_empty()).collect();
        prop_assert_eq!(on_card, shadow.iter_rows().collect::<HashMap<_, _>>());
    }
}
