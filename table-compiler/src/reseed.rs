//! Another seed for the hash of one table (or one bank of routes) while packets pass: no key is missed at any time.
//!
//! ```text
//!   for each of the four ways, one after the other
//!     fill    the spare column with what the next seed gives for this way            nobody looks there yet
//!     for each row in which some entry is by the old seed alone
//!       move    a copy of each such entry to another way, or to its row by the next seed (others may make room)
//!       split   pointer behind this row: who had a row below it by the old seed has one by the next seed now
//!       free    what has left the row
//!     split   the column is the way's own now, and the old one is spare
//! ```
//! The lookup takes one read a way as always. At any time a key is where the card looks for it: by the old seed until the
//! pointer passes its row, and from then on in another way or by the next seed. Each call of [`advance`] gives the few
//! commands of one row and notes them in [`Placed`], so flows may come and go between two calls, and nothing is lost
//! where a change stops half way: the next call goes on from there.

#[cfg(test)]
mod tests;

use std::fmt;

use underpass_layout::hash::Split;
use underpass_layout::tables::TABLES;

use crate::placed::{Placed, Seed, Shadow, TableFull};
use crate::plan::Step;

/// One command of a change, to be carried out after the one before it is done.
#[derive(Clone)]
pub enum Command {
    /// Fill a column of the hash words of a lookup from a seed.
    FillColumn {
        /// The table.
        table: u32,
        /// Its group of ways: the bank of `route_bank`, else 0.
        group: usize,
        /// The column, which no way uses.
        column: u8,
        /// The way that will use it.
        way: u8,
        /// The next seed.
        seed: Seed,
    },
    /// Write a row.
    WriteRow(Step),
    /// Say how a lookup chooses its rows.
    WriteSplit {
        /// The table.
        table: u32,
        /// Its group of ways.
        group: usize,
        /// What is to hold from now on.
        split: Split,
    },
}

/// `fill    flow[0]  column=4 way=0`, `split   flow[0]  way=0 pointer=17`; a row reads as in a plan.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |table: u32| TABLES[table as usize].name;
        match self {
            Command::FillColumn {
                table,
                group,
                column,
                way,
                ..
            } => {
                let table = name(*table);
                write!(f, "fill    {table}[{group}]  column={column} way={way}")
            }
            Command::WriteSplit {
                table,
                group,
                split,
            } => {
                let (table, columns) = (name(*table), split.columns());
                write!(
                    f,
                    "split   {table}[{group}]  columns={columns:?} spare={} way={} pointer={}",
                    split.spare, split.way, split.pointer
                )
            }
            Command::WriteRow(step) => step.fmt(f),
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a seed does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReseedError {
    /// There is no such lookup.
    #[error("table {table} has no group {group} of ways that are searched by key")]
    NoGroup {
        /// The table's id.
        table: u32,
        /// The group.
        group: usize,
    },
    /// One change at a time.
    #[error("the seed of table {table} changes already")]
    UnderWay {
        /// The table.
        table: &'static str,
    },
    /// An entry found no place in another way. Nothing has changed; it can go on when some entries have gone.
    #[error(transparent)]
    Full(#[from] TableFull),
}

/// Starts a change. Nothing is to be done on the card yet.
///
/// # Errors
/// There is no such group of ways, or its seed changes already.
pub fn begin(
    placed: &mut Placed,
    table: u32,
    group: usize,
    seed: &Seed,
) -> Result<(), ReseedError> {
    let shadow = group_of(placed, table, group)?;
    if shadow.is_changing() {
        let table = shadow.table().name;
        return Err(ReseedError::UnderWay { table });
    }
    shadow.begin(seed.clone());
    Ok(())
}

/// Appends the next commands of a change, and says whether there are more to come.
///
/// # Errors
/// There is no such group of ways, or an entry found no place; then nothing has changed.
pub fn advance(
    placed: &mut Placed,
    table: u32,
    group: usize,
    commands: &mut Vec<Command>,
) -> Result<bool, ReseedError> {
    let shadow = group_of(placed, table, group)?;
    let write = |split| Command::WriteSplit {
        table,
        group,
        split,
    };
    if let Some(seed) = shadow.take_unfilled() {
        let Split { spare, way, .. } = shadow.split();
        commands.push(Command::FillColumn {
            table,
            group,
            column: spare,
            way,
            seed,
        });
        let first = shadow.next_to_leave(0);
        commands.push(write(shadow.advance(first)));
    } else if shadow.is_changing() {
        let row = shadow.split().pointer;
        if row == shadow.rows_of_a_way() {
            commands.push(write(shadow.finish_way()));
        } else {
            let mut writes = Vec::new();
            shadow.copy_away(row, &mut writes)?;
            let copies = writes.len();
            let behind = shadow.advance(shadow.next_to_leave(row + 1));
            shadow.clear_left(row, &mut writes);
            let mut steps = writes.into_iter().map(|write| Step::new(table, write));
            commands.extend(steps.by_ref().take(copies).map(Command::WriteRow));
            commands.push(write(behind));
            commands.extend(steps.map(Command::WriteRow));
        }
    }
    Ok(shadow.is_changing())
}

fn group_of(placed: &mut Placed, table: u32, group: usize) -> Result<&mut Shadow, ReseedError> {
    let none = ReseedError::NoGroup { table, group };
    placed.group_mut(table, group).ok_or(none)
}
