//! One write of a plan, and how it reads.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use underpass_layout::tables::{TableSpec, TABLES};

use crate::placed::{Reason, RowWrite};
use crate::row::{Fields, Row};

/// One write of one row of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The table's id.
    pub table: u32,
    /// The row, as the table-access registers count.
    pub address: u32,
    /// All its words.
    pub words: Row,
    /// Why it is written.
    pub why: Reason,
}

impl Step {
    pub(crate) fn new(table: u32, write: RowWrite) -> Self {
        Step {
            table,
            address: write.address,
            words: write.row,
            why: write.reason,
        }
    }

    /// The table.
    pub fn spec(&self) -> &'static TableSpec {
        &TABLES[self.table as usize]
    }

    fn verb(&self) -> &'static str {
        match self.why {
            Reason::New => "write",
            Reason::Change => "change",
            Reason::Move => "move",
            Reason::Free => "free",
        }
    }

    /// The entries that the row then has.
    fn entries(&self) -> impl Iterator<Item = Fields> + '_ {
        let slots = 0..self.spec().slots();
        let entries = slots.map(|slot| Fields::of(self.spec(), &self.words, slot));
        entries.filter(|fields| !fields.0.is_empty())
    }
}

/// `write   nexthop[12]  valid kind=Encap vif=3`; two entries of one row stand on both sides of a bar.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<6}  {}[{}]",
            self.verb(),
            self.spec().name,
            self.address
        )?;
        for (place, fields) in self.entries().enumerate() {
            write!(f, "{}{fields}", if place == 0 { "  " } else { " | " })?;
        }
        Ok(())
    }
}

/// `{"why": "write", "table": "nexthop", "address": 12, "entries": [{"valid": true, ..}], "words": [..]}`
impl Serialize for Step {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut step = to.serialize_struct("Step", 5)?;
        step.serialize_field("why", self.verb())?;
        step.serialize_field("table", self.spec().name)?;
        step.serialize_field("address", &self.address)?;
        step.serialize_field("entries", &self.entries().collect::<Vec<_>>())?;
        step.serialize_field("words", &*self.words)?;
        step.end()
    }
}
