//! Whether a table has a row: what is asked of every address before an access leaves for the stages.
//!
//! ```text
//!   row:  | way       | row of the way |        way < ways, row of the way < rows
//!          31       d  d-1            0         d: the power of two that the rows are rounded up to
//! ```

use underpass_layout::profile::Profile;
use underpass_layout::tables::TABLES;
use underpass_wires::{any_of, k, Bit, BundleExt, U};

/// Clocks from address to answer.
pub const LATENCY: usize = 2;

/// Whether `table` has a row at `row`, the address over all ways.
#[track_caller]
pub fn within(profile: &Profile, table: U<8>, row: U<32>) -> Bit {
    let cases: Vec<Bit> = TABLES
        .iter()
        .map(|one| {
            let depth = profile.depth(one);
            let way = row.shr(depth.trailing_zeros() as usize);
            let of_way = row & (depth - 1);
            let here = way.lt(one.ways()) & of_way.lt(k(profile.rows(one)));
            (table.eq(one.id) & here).reg(&format!("within_{}", one.name))
        })
        .collect();
    any_of(&cases).reg("within")
}
