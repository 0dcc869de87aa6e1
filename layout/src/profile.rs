//! How large the tables of a build are. A card says which profile it is and how many rows each table has; the driver
//! reads both and assumes neither.

use crate::tables::{TableSpec, TABLES};

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
    ],
};

/// An Alveo U250: the peer's own limits (629,760 flows, 262,144 MACs, 4,096 VRFs, 4,355 interfaces).
pub const U250: Profile = Profile {
    name: "u250",
    rows: [
        1024,
        8192,
        5120,
        2048,
        1 << 17,
        4096,
        1 << 15,
        2048,
        1 << 16,
        1 << 17,
        1 << 16,
        8192,
        8192,
        8192 * 128,
        1 << 20,
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

    /// Rows that the host can address: those of all ways.
    pub const fn addresses(&self, table: &TableSpec) -> usize {
        self.rows(table) * table.ways()
    }

    /// Entries that fit if all could be placed.
    pub const fn entries(&self, table: &TableSpec) -> usize {
        self.addresses(table) * table.slots()
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
    fn exact_tables_have_a_power_of_two_of_rows() {
        for profile in PROFILES {
            for table in TABLES {
                if let Lookup::Exact { .. } = table.lookup {
                    assert!(
                        profile.rows(table).is_power_of_two(),
                        "{} {}",
                        profile.name,
                        table.name
                    );
                    assert!(
                        profile.rows(table) <= 1 << crate::hash::ROW_BITS,
                        "{} {}",
                        profile.name,
                        table.name
                    );
                }
            }
        }
    }

    #[test]
    fn the_code_reads_as_the_name() {
        assert_eq!(SIM.code().to_le_bytes(), *b"sim ");
        assert_eq!(U250.code().to_le_bytes(), *b"u250");
    }
}
