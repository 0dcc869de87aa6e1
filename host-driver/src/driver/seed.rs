//! The secret of the hash tables, and which columns of the hash words a lookup uses.
//!
//! ```text
//!   seed:         SEED, SEED_TARGET 0 ─▶ CONTROL ─▶ columns 0 to 3 of every lookup, then Split::RESET for each
//!   fill_column:  SEED, SEED_TARGET   ─▶ CONTROL ─▶ one column of one lookup, beside those in use
//!   write_split:  TABLE_DATA, TABLE_ADDRESS ─▶ TABLE_COMMAND ─▶ which way uses which column, and how far
//! ```
//! Who knows the seed can choose keys that all fall into one row, so a card in service gets a random one. It changes
//! where entries lie and nothing that a packet can see; `replay` takes a fixed one so that two runs are equal in
//! every bit, table dumps included. The last two are how a seed changes under traffic: see
//! [`hash`](underpass_layout::hash).

use underpass_layout::hash::{SeedTarget, Split, COLUMNS};
use underpass_layout::registers::{
    COMMAND_SPLIT, CONTROL, CONTROL_ENABLE, CONTROL_SEED, SEED, SEED_TARGET,
};
use underpass_layout::tables::{Lookup, TableSpec, TABLES, WAYS};

use super::{Driver, DriverError};
use crate::access::CardAccess;

/// The seed of `replay`, `table` and the tests: the first 128 bits of pi's fraction, which nobody chose.
pub const REPLAY_SEED: u128 = 0x243f_6a88_85a3_08d3_1319_8a2e_0370_7344;

/// A seed that nobody can guess.
pub fn random_seed() -> Result<u128, DriverError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(DriverError::NoRandom)?;
    Ok(u128::from_le_bytes(bytes))
}

impl<C: CardAccess> Driver<C> {
    /// Tells the card the seed and waits until it has filled its hash tables, then has every lookup use them as after a
    /// reset. Entries of exact-match tables that were placed with another seed are lost, so this comes before the first
    /// plan.
    pub fn seed(&mut self, seed: u128) -> Result<(), DriverError> {
        self.fill(SeedTarget::default(), seed)?;
        for table in TABLES {
            for group in 0..groups(table) {
                self.write_split(table, group, &Split::RESET)?;
            }
        }
        Ok(())
    }

    /// Fills `column` of one lookup (a group of four ways: the bank of `route_bank`, else 0) with what way `way` gets
    /// from `seed`, and waits until that is done. Packets go on meanwhile, so it must be a column that no way uses.
    pub fn fill_column(
        &mut self,
        table: &TableSpec,
        group: usize,
        column: u8,
        way: usize,
        seed: u128,
    ) -> Result<(), DriverError> {
        let group = checked_group(table, group)?;
        if usize::from(column) >= COLUMNS {
            return Err(DriverError::NoSuchColumn {
                column,
                columns: COLUMNS,
            });
        }
        let target = SeedTarget {
            one: true,
            table: table.id as u8,
            group,
            column,
            way: (way % WAYS) as u8,
        };
        self.fill(target, seed)
    }

    /// Sets which columns the ways of one lookup use. All its ways change in one clock.
    pub fn write_split(
        &mut self,
        table: &TableSpec,
        group: usize,
        split: &Split,
    ) -> Result<(), DriverError> {
        if self.has_rings() {
            return self.queue_split(table, group, split);
        }
        let group = checked_group(table, group)?;
        self.write_data(&split.pack())?;
        self.command(table, usize::from(group), COMMAND_SPLIT)
    }

    fn fill(&mut self, target: SeedTarget, seed: u128) -> Result<(), DriverError> {
        self.flush()?;
        for (at, offset) in (SEED..).step_by(4).take(4).enumerate() {
            self.card.write(offset, (seed >> (32 * at)) as u32)?;
        }
        let [target] = target.pack();
        self.card.write(SEED_TARGET, target)?;
        // Packets that are let in now shall be let in afterwards.
        let enabled = self.card.read(CONTROL)? & CONTROL_ENABLE;
        self.card.write(CONTROL, enabled | CONTROL_SEED)?;
        self.poll("CONTROL", CONTROL, |control| control & CONTROL_SEED == 0)?;
        Ok(())
    }
}

/// Lookups that a table has: one, or one for each bank; none where it is not searched by key.
pub fn groups(table: &TableSpec) -> usize {
    match table.lookup {
        Lookup::Exact { ways, .. } => ways / WAYS,
        Lookup::Direct | Lookup::Set { .. } | Lookup::Counter => 0,
    }
}

pub(super) fn checked_group(table: &TableSpec, group: usize) -> Result<u8, DriverError> {
    let error = DriverError::NoSuchLookup {
        table: table.name,
        group,
        groups: groups(table),
    };
    match u8::try_from(group) {
        Ok(number) if group < groups(table) => Ok(number),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::access::Model;
    use underpass_layout::profile::SIM;
    use underpass_layout::tables::{id, MplsEntry, Table};

    #[test]
    fn a_lookup_that_is_not_there_is_refused() {
        let mut driver = Driver::open(Model::new(&SIM)).unwrap();
        let bank = &TABLES[id::ROUTE_BANK as usize];
        driver.write_split(bank, 5, &Split::RESET).unwrap();
        driver.fill_column(bank, 5, 4, 1, 7).unwrap();
        assert_eq!(
            driver
                .write_split(bank, 6, &Split::RESET)
                .unwrap_err()
                .to_string(),
            "found lookup 6 of table route_bank, expected one below 6"
        );
        assert_eq!(
            driver
                .fill_column(&MplsEntry::TABLE, 0, 4, 1, 7)
                .unwrap_err()
                .to_string(),
            "found lookup 0 of table mpls, expected one below 0"
        );
    }

    #[test]
    fn filling_a_column_lets_packets_in_as_before() {
        let mut driver = Driver::open(Model::new(&SIM)).unwrap();
        let bridge = &TABLES[id::BRIDGE as usize];
        for enabled in [true, false] {
            driver.enable(enabled).unwrap();
            driver.fill_column(bridge, 0, 4, 2, 9).unwrap();
            assert_eq!(
                driver.card().read(CONTROL).unwrap() & CONTROL_ENABLE == 1,
                enabled
            );
        }
    }

    #[test]
    fn two_random_seeds_differ() {
        assert_ne!(random_seed().unwrap(), random_seed().unwrap());
    }
}
