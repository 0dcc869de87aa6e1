//! Rows of tables, through the table-access registers.
//!
//! ```text
//!   write:  TABLE_DATA words ─▶ TABLE_ADDRESS ─▶ TABLE_COMMAND write ─▶ TABLE_STATUS until not busy
//!   read:   TABLE_ADDRESS ─▶ TABLE_COMMAND read ─▶ TABLE_STATUS until not busy ─▶ TABLE_DATA words
//! ```
//! Only as many words travel as the table's row has.

use underpass_layout::registers::{
    ADDRESS_ROW_BITS, COMMAND_READ, COMMAND_WRITE, STATUS_BUSY, STATUS_REFUSED, TABLE_ADDRESS,
    TABLE_COMMAND, TABLE_DATA, TABLE_STATUS,
};
use underpass_layout::tables::TableSpec;
use underpass_layout::words_for;

use super::{Driver, DriverError};
use crate::access::CardAccess;

impl<C: CardAccess> Driver<C> {
    /// Writes a row as a whole.
    pub fn write_row(
        &mut self,
        table: &TableSpec,
        row: usize,
        words: &[u32],
    ) -> Result<(), DriverError> {
        let expected = words_for(table.row_width());
        if words.len() != expected {
            return Err(DriverError::WrongWords {
                table: table.name,
                found: words.len(),
                expected,
            });
        }
        for (offset, word) in (TABLE_DATA..).step_by(4).zip(words) {
            self.card.write(offset, *word)?;
        }
        self.command(table, row, COMMAND_WRITE)
    }

    /// Reads a row.
    pub fn read_row(&mut self, table: &TableSpec, row: usize) -> Result<Vec<u32>, DriverError> {
        self.command(table, row, COMMAND_READ)?;
        (TABLE_DATA..)
            .step_by(4)
            .take(words_for(table.row_width()))
            .map(|offset| Ok(self.card.read(offset)?))
            .collect()
    }

    fn command(&mut self, table: &TableSpec, row: usize, command: u32) -> Result<(), DriverError> {
        let rows = self.profile().addresses(table);
        if row >= rows {
            return Err(DriverError::NoSuchRow {
                table: table.name,
                row,
                rows,
            });
        }
        self.card
            .write(TABLE_ADDRESS, table.id << ADDRESS_ROW_BITS | row as u32)?;
        self.card.write(TABLE_COMMAND, command)?;
        let status = self.poll("TABLE_STATUS", TABLE_STATUS, |status| {
            status & STATUS_BUSY == 0
        })?;
        if status & STATUS_REFUSED != 0 {
            return Err(DriverError::Refused {
                table: table.name,
                row,
            });
        }
        Ok(())
    }
}
