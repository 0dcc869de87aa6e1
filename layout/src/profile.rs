//! How large the tables of a build are. A card says which profile it is and how many rows each table has; the driver
//! reads both and assumes neither.

use crate::hash::BLOCK_ROWS;
use crate::tables::{TableSpec, PUNT_REASONS, TABLES};

/// Clocks a second that rates are turned into clocks with: what the pipeline is made for. On a card with another clock they scale.
pub const NOMINAL_HZ: u64 = 250_000_000;

/// Sizes of one build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name, at most four letters.
    pub name: &'static str,
    /// Rows of one way of each table, in the order of [`TABLES`].
    pub rows: [usize; TABLES.len()],
}

/// Small, quick to verilate; every path exists.
pub const SIM: Profile = Profile {
    name: "sim",
    //     port  vif mpls  vxl  brd  vrf   host bank  nh    flow src   rx  tx  outcome    flow
    rows: [
        1024,
        64,
        5120,
        64,
        256,
        4096,
        256,
        64,
        1024,
        512,
        1024,
        64,
        64,
        64 * 128,
        4096,
        //  rules exclude onward tcp   age
        64,
        64,
        1024,
        2048,
        2048,
        // flood learned member origin mirror text qos
        4096,
        64,
        1024,
        64,
        256,
        256,
        1024,
        // group stitched quota punted
        1024,
        256,
        PUNT_REASONS,
        64 * PUNT_REASONS,
    ],
};

/// An Alveo U250: the peer's own limits (629,760 flows, 262,144 MACs, 4,096 VRFs, 4,355 interfaces).
pub const U250: Profile = Profile {
    name: "u250",
    rows: [
        1024,
        4608,
        5120,
        2048,
        18 * BLOCK_ROWS,
        4096,
        9 * BLOCK_ROWS,
        2048,
        1 << 16,
        22 * BLOCK_ROWS,
        1 << 16,
        4608,
        4608,
        4608 * 128,
        154 * BLOCK_ROWS,
        1024,
        1024,
        8 * BLOCK_ROWS,
        77 * BLOCK_ROWS,
        77 * BLOCK_ROWS,
        4096,
        BLOCK_ROWS,
        1 << 14,
        BLOCK_ROWS / 2,
        512,
        512,
        4096,
        1 << 16,
        4 * BLOCK_ROWS,
        PUNT_REASONS,
        4608 * PUNT_REASONS,
    ],
};

/// Every profile.
pub const PROFILES: &[Profile] = &[SIM, U250];

impl Profile {
    /// The profile of that name.
    pub fn by_name(name: &str) -> Option<&'static Profile> {
        PROFILES.iter().find(|profile| profile.name == name)
    }

    /// Its name as a register holds it: four characters, first one lowest, space filled.
    pub const fn code(&self) -> u32 {
        let name = self.name.as_bytes();
        let mut code = 0;
        let mut i = 0;
        while i < 4 {
            let letter = if i < name.len() { name[i] } else { b' ' };
            code |= (letter as u32) << (8 * i);
            i += 1;
        }
        code
    }

    /// Rows of one way of a table.
    pub const fn rows(&self, table: &TableSpec) -> usize {
        self.rows[table.id as usize]
    }

    /// Addresses from one way of a table to the next: its rows, rounded up to a power of two.
    pub const fn depth(&self, table: &TableSpec) -> usize {
        self.rows(table).next_power_of_two()
    }

    /// The address of a row of a way.
    pub const fn address(&self, table: &TableSpec, way: usize, row: usize) -> usize {
        way * self.depth(table) + row
    }

    /// The way and the row at an address, where there is one.
    pub const fn place(&self, table: &TableSpec, address: usize) -> Option<(usize, usize)> {
        let (way, row) = (address / self.depth(table), address % self.depth(table));
        if way < table.ways() && row < self.rows(table) {
            Some((way, row))
        } else {
            None
        }
    }

    /// One more than the last address of a table. With ways that are no power of two deep, not every address below has
    /// a row (see [`Profile::place`]).
    pub const fn addresses(&self, table: &TableSpec) -> usize {
        self.address(table, table.ways() - 1, self.rows(table))
    }

    /// Every address that has a row.
    pub fn every_address(&self, table: &'static TableSpec) -> impl Iterator<Item = usize> {
        let profile = *self;
        (0..table.ways()).flat_map(move |way| {
            (0..profile.rows(table)).map(move |row| profile.address(table, way, row))
        })
    }

    /// Entries that fit if all could be placed.
    pub const fn entries(&self, table: &TableSpec) -> usize {
        self.rows(table) * table.ways() * table.slots()
    }
}

impl Profile {
    /// The row that counts what belongs to no interface: the last one.
    pub const fn no_vif(&self) -> usize {
        self.rows[crate::tables::id::VIF as usize] - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Lookup;

    #[test]
    fn the_hash_can_choose_among_the_rows_of_exact_tables() {
        for profile in PROFILES {
            for table in TABLES {
                if let Lookup::Exact { .. } = table.lookup {
                    assert!(
                        crate::hash::rows_fit(profile.rows(table)),
                        "{} {}",
                        profile.name,
                        table.name
                    );
                }
                assert!(profile.addresses(table) <= 1 << crate::registers::ADDRESS_ROW_BITS);
            }
        }
    }

    #[test]
    fn the_code_reads_as_the_name() {
        assert_eq!(SIM.code().to_le_bytes(), *b"sim ");
        assert_eq!(U250.code().to_le_bytes(), *b"u250");
    }
}
