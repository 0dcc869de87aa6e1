//! What placement promises: keys fit up to the loads that were measured, whoever chose them, and no write makes a key
//! miss.

mod attacks;
pub(crate) mod card;
pub(crate) mod keys;
mod places;
mod steps;

use underpass_layout::profile::{Profile, SIM};
use underpass_layout::tables::{by_name, id, TableSpec};

use super::{Placed, Shadow};

pub(crate) const SEED: u128 = 0x0f1e_2d3c_4b5a_6978_8796_a5b4_c3d2_e1f0;

pub(crate) fn table(name: &str) -> &'static TableSpec {
    by_name(name).expect("a table of the layout")
}

/// Tables of the simulated card, but for one of them.
pub(crate) fn with_rows(name: &str, rows: usize) -> Profile {
    let mut profile = SIM;
    profile.rows[table(name).id as usize] = rows;
    profile
}

/// A flow table with so many rows in each way.
pub(crate) fn flows(rows: usize, seed: u128) -> Shadow {
    Placed::empty(&with_rows("flow", rows), seed)
        .shadow(id::FLOW, 0)
        .clone()
}
