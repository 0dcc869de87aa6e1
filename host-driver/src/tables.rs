//! The card's tables themselves: which there are, what is in them, and whether that is what was compiled.
//!
//! ```text
//!   network ─compile─▶ placed rows ─┐
//!                                   ├─▶ diff: every row that is not as compiled
//!   card ──read row by row──────────┘
//! ```
//! A simulated card is as after a reset when it is opened, so the network is programmed first.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{Lookup, TableSpec, TABLES};
use underpass_table_compiler::row::{Fields, Row};
use underpass_table_compiler::Placed;

use crate::access::Card;
use crate::driver::DriverError;
use crate::print;
use crate::session::Session;

/// A table of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableInfo {
    /// Its name.
    pub table: &'static str,
    /// How it is searched: `index`, `key`, `set` or `counter`.
    pub lookup: &'static str,
    /// Rows, over all ways.
    pub rows: usize,
    /// Entries that fit if all can be placed.
    pub entries: usize,
    /// Bits of a row.
    pub row_bits: usize,
    /// Bits of an entry.
    pub entry_bits: usize,
    /// Rows in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_rows: Option<usize>,
}

/// Every table of a card of that size; with the rows in use, where it is known what it holds.
pub fn list(profile: &Profile, placed: Option<&Placed>) -> Vec<TableInfo> {
    let mut used: BTreeMap<u32, usize> = BTreeMap::new();
    for (table, _, _) in placed.into_iter().flat_map(Placed::rows) {
        *used.entry(table).or_default() += 1;
    }
    let info = |table: &TableSpec| TableInfo {
        table: table.name,
        lookup: match table.lookup {
            Lookup::Direct => "index",
            Lookup::Exact { .. } => "key",
            Lookup::Set { .. } => "set",
            Lookup::Counter => "counter",
        },
        rows: rows(profile, table),
        entries: profile.entries(table),
        row_bits: table.row_width(),
        entry_bits: table.entry_width,
        used_rows: match table.lookup {
            Lookup::Counter => None,
            _ => placed.map(|_| used.get(&table.id).copied().unwrap_or(0)),
        },
    };
    TABLES.iter().map(info).collect()
}

/// Rows of a table, over all its ways.
pub fn rows(profile: &Profile, table: &TableSpec) -> usize {
    profile.rows(table) * table.ways()
}

/// One line a table.
pub fn print_list(out: &mut dyn Write, tables: &[TableInfo]) -> io::Result<()> {
    const HEADERS: [&str; 7] = [
        "TABLE",
        "LOOKUP",
        "ROWS",
        "ENTRIES",
        "ROW_BITS",
        "ENTRY_BITS",
        "USED_ROWS",
    ];
    let rows = tables.iter().map(|table| {
        [
            table.table.to_owned(),
            table.lookup.to_owned(),
            table.rows.to_string(),
            table.entries.to_string(),
            table.row_bits.to_string(),
            table.entry_bits.to_string(),
            table
                .used_rows
                .map_or_else(String::new, |used| used.to_string()),
        ]
    });
    print::table(out, &HEADERS, rows)
}

/// A row of a table, as read from the card.
#[derive(Clone, Debug)]
pub struct ReadRow {
    /// The table.
    pub table: &'static TableSpec,
    /// The row.
    pub row: usize,
    /// Its words.
    pub words: Row,
}

/// Every row in which something is, of these tables.
pub fn dump<C: Card>(
    session: &mut Session<C>,
    tables: &[&'static TableSpec],
) -> Result<Vec<ReadRow>, DriverError> {
    let driver = session.driver();
    let mut dump = Vec::new();
    for &table in tables {
        for row in driver.profile().every_address(table) {
            let words = Row::from_words(&driver.read_row(table, row)?);
            if !words.is_empty() {
                dump.push(ReadRow { table, row, words });
            }
        }
    }
    Ok(dump)
}

/// The tables that the host fills.
pub fn filled() -> impl Iterator<Item = &'static TableSpec> {
    TABLES
        .iter()
        .filter(|table| !matches!(table.lookup, Lookup::Counter))
}

/// One line an entry, with the layout's names of the fields that are not zero.
pub fn print_dump(out: &mut dyn Write, rows: &[ReadRow]) -> io::Result<()> {
    let lines = rows.iter().flat_map(|read| {
        entries(read.table, &read.words).map(|(slot, entry)| {
            let place = match read.table.slots() {
                1 => read.row.to_string(),
                _ => format!("{}.{slot}", read.row),
            };
            [read.table.name.to_owned(), place, entry.to_string()]
        })
    });
    print::table(out, &["TABLE", "ROW", "ENTRY"], lines)
}

/// The same as JSON: a list of `{table, row, slot, entry}`.
pub fn json_dump(rows: &[ReadRow]) -> Value {
    let entries = rows.iter().flat_map(|read| {
        entries(read.table, &read.words).map(|(slot, entry)| {
            serde_json::json!({
                "table": read.table.name,
                "row": read.row,
                "slot": slot,
                "entry": entry,
            })
        })
    });
    Value::Array(entries.collect())
}

/// What is in a row, by slot.
fn entries<'a>(table: &'a TableSpec, row: &'a Row) -> impl Iterator<Item = (usize, Fields)> + 'a {
    let slots = (0..table.slots()).map(|slot| (slot, Fields::of(table, row, slot)));
    slots.filter(|(_, entry)| !entry.0.is_empty())
}

/// A row that is not as it was compiled.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The table.
    pub table: &'static TableSpec,
    /// The row.
    pub row: usize,
    /// What was compiled.
    pub compiled: Row,
    /// What the card holds.
    pub card: Row,
}

/// Compares every row of these tables with what `placed` says.
pub fn diff<C: Card>(
    session: &mut Session<C>,
    placed: &Placed,
    tables: &[&'static TableSpec],
) -> Result<Vec<Difference>, DriverError> {
    let compiled: BTreeMap<(u32, u32), Row> = placed
        .rows()
        .map(|(table, row, words)| ((table, row), words))
        .collect();
    let driver = session.driver();
    let mut differences = Vec::new();
    for &table in tables {
        for row in driver.profile().every_address(table) {
            let card = Row::from_words(&driver.read_row(table, row)?);
            let wanted = compiled.get(&(table.id, row as u32));
            let wanted = wanted.copied().unwrap_or_else(|| Row::empty(table));
            if card != wanted {
                differences.push(Difference {
                    table,
                    row,
                    compiled: wanted,
                    card,
                });
            }
        }
    }
    Ok(differences)
}

/// Two lines a row: what was compiled, what the card holds.
pub fn print_diff(out: &mut dyn Write, differences: &[Difference]) -> io::Result<()> {
    let lines = differences.iter().flat_map(|difference| {
        [
            ("compiled", &difference.compiled),
            ("card", &difference.card),
        ]
        .map(|(side, row)| {
            let entries = entries(difference.table, row).map(|(_, entry)| entry.to_string());
            [
                difference.table.name.to_owned(),
                difference.row.to_string(),
                side.to_owned(),
                entries.collect::<Vec<_>>().join(" | "),
            ]
        })
    });
    print::table(out, &["TABLE", "ROW", "SIDE", "ENTRY"], lines)
}

/// The same as JSON.
pub fn json_diff(differences: &[Difference]) -> Value {
    let list = differences.iter().map(|difference| {
        let side = |row| -> Vec<Fields> {
            let entries = entries(difference.table, row);
            entries.map(|(_, entry)| entry).collect()
        };
        serde_json::json!({
            "table": difference.table.name,
            "row": difference.row,
            "compiled": side(&difference.compiled),
            "card": side(&difference.card),
        })
    });
    Value::Array(list.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Model;
    use crate::driver::Driver;
    use underpass_layout::profile::U250;
    use underpass_layout::tables::id;

    #[test]
    fn ways_that_are_no_power_of_two_deep_leave_gaps_between_them() {
        let bridge = &TABLES[id::BRIDGE as usize];
        let (deep, apart) = (18 * 4096, 32 * 4096);
        assert_eq!(rows(&U250, bridge), 4 * deep);
        assert_eq!(U250.every_address(bridge).count(), 4 * deep);
        let mut driver = Driver::open(Model::new(&U250)).unwrap();
        for row in [0, deep - 1, apart, 3 * apart + deep - 1] {
            driver.read_row(bridge, row).unwrap();
        }
        for row in [deep, apart - 1, 3 * apart + deep, 4 * apart] {
            let error = driver.read_row(bridge, row).unwrap_err();
            assert!(
                matches!(error, DriverError::NoSuchRow { .. }),
                "{row}: {error}"
            );
        }
    }
}
