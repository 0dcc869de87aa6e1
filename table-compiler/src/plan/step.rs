//! One write of a plan, and how it reads.

use std::fmt;

use underpass_layout::tables::{TableSpec, TABLES};

use super::describe::fields;
use crate::placed::{Reason, Row, RowWrite};

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
    pub(super) fn new(table: u32, write: RowWrite) -> Self {
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
}

/// `write  nexthop[12]  valid kind=Encap vif=3 ..`: every field that is not zero.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.why {
            Reason::New => "write",
            Reason::Change => "change",
            Reason::Move => "move",
            Reason::Free => "free",
        };
        write!(f, "{verb:<6}  {}[{}]", self.spec().name, self.address)?;
        for (place, entry) in fields(self.spec(), &self.words).into_iter().enumerate() {
            if entry.is_empty() {
                continue;
            }
            f.write_str(if place == 0 { " " } else { "  beside it:" })?;
            for (name, value) in entry {
                match value {
                    Some(value) => write!(f, " {name}={value}")?,
                    None => write!(f, " {name}")?,
                }
            }
        }
        Ok(())
    }
}
