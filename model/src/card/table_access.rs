//! The registers that reach the rows of the tables: address, data, command, status.

use crate::core::Core;
use underpass_layout::hash::Split;
use underpass_layout::profile::Profile;
use underpass_layout::registers::{
    ADDRESS_ROW_BITS, COMMAND_READ, COMMAND_SPLIT, COMMAND_WRITE, STATUS_REFUSED, TABLE_DATA_WORDS,
};
use underpass_layout::tables::TABLES;
use underpass_layout::Record;

/// Their state.
#[derive(Clone, Default)]
pub(super) struct TableAccess {
    /// Table id and row.
    pub(super) address: u32,
    /// The row that is written or was read.
    pub(super) data: [u32; TABLE_DATA_WORDS],
    refused: bool,
}

impl TableAccess {
    fn table(&self) -> u32 {
        self.address >> ADDRESS_ROW_BITS
    }

    fn row(&self) -> usize {
        (self.address & ((1 << ADDRESS_ROW_BITS) - 1)) as usize
    }

    /// Carries out a command; one that has no meaning does nothing.
    pub(super) fn command(&mut self, core: &mut Core, command: u32) {
        let (table, row) = (self.table(), self.row());
        let outcome = match command {
            COMMAND_WRITE => core.write_row(table, row, &self.data),
            COMMAND_READ => core.read_row(table, row).map(|words| {
                self.data = [0; TABLE_DATA_WORDS];
                self.data[..words.len()].copy_from_slice(&words);
            }),
            COMMAND_SPLIT => {
                let split = Split::unpack(&self.data).unwrap_or(Split::RESET);
                core.tables.write_split(table, row, split)
            }
            _ => return,
        };
        self.refused = outcome.is_err();
    }

    pub(super) fn status(&self) -> u32 {
        if self.refused {
            STATUS_REFUSED
        } else {
            0
        }
    }

    pub(super) fn rows(&self, profile: &Profile) -> u32 {
        let table = TABLES.get(self.table() as usize);
        table.map_or(0, |table| profile.rows(table) as u32)
    }
}
