//! Rows of tables, through the table-access registers, or for writing through the command ring where there is one.
//!
//! ```text
//!   write:  TABLE_DATA words ─▶ TABLE_ADDRESS ─▶ TABLE_COMMAND write ─▶ TABLE_STATUS until not busy
//!   read:   TABLE_ADDRESS ─▶ TABLE_COMMAND read ─▶ TABLE_STATUS until not busy ─▶ TABLE_DATA words
//! ```
//! Only as many words travel as the table's row has.

use underpass_layout::registers::{
    ADDRESS_ROW_BITS, COMMAND_READ, COMMAND_WRITE, TABLE_ADDRESS, TABLE_COMMAND, TABLE_DATA,
    TABLE_STATUS,
};
use underpass_layout::tables::TableSpec;
use underpass_layout::words_for;

use super::{Driver, DriverError};
use crate::access::registers::TableStatus;
use crate::access::CardAccess;

impl<C: CardAccess> Driver<C> {
    /// Writes a row as a whole. Where it goes through the command ring it is in the card at the latest behind the next
    /// [`Driver::flush`], which everything does that depends on it: reading a row, injecting a frame, letting packets in.
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
        self.check_row(table, row)?;
        if self.has_rings() {
            return self.queue_row(table, row, words);
        }
        self.write_data(words)?;
        self.command(table, row, COMMAND_WRITE)
    }

    /// Reads a row.
    pub fn read_row(&mut self, table: &TableSpec, row: usize) -> Result<Vec<u32>, DriverError> {
        self.check_row(table, row)?;
        self.flush()?;
        self.command(table, row, COMMAND_READ)?;
        (TABLE_DATA..)
            .step_by(4)
            .take(words_for(table.row_width()))
            .map(|offset| Ok(self.card.read(offset)?))
            .collect()
    }

    /// Fills the data registers.
    pub(super) fn write_data(&mut self, words: &[u32]) -> Result<(), DriverError> {
        for (offset, word) in (TABLE_DATA..).step_by(4).zip(words) {
            self.card.write(offset, *word)?;
        }
        Ok(())
    }

    /// Gives a command and waits until it is done. `row` is what the command says it is.
    pub(super) fn command(
        &mut self,
        table: &TableSpec,
        row: usize,
        command: u32,
    ) -> Result<(), DriverError> {
        self.card
            .write(TABLE_ADDRESS, table.id << ADDRESS_ROW_BITS | row as u32)?;
        self.card.write(TABLE_COMMAND, command)?;
        let status = self.poll("TABLE_STATUS", TABLE_STATUS, |status| {
            !TableStatus(status).busy()
        })?;
        if TableStatus(status).refused() {
            return Err(DriverError::Refused {
                table: table.name,
                row,
            });
        }
        Ok(())
    }

    /// With ways that are no power of two deep there are addresses between them that have no row.
    fn check_row(&self, table: &TableSpec, row: usize) -> Result<(), DriverError> {
        let profile = self.profile();
        match profile.place(table, row) {
            Some(_) => Ok(()),
            None => Err(DriverError::NoSuchRow {
                table: table.name,
                row,
                rows: profile.rows(table),
                depth: profile.depth(table),
                end: profile.addresses(table),
            }),
        }
    }
}
