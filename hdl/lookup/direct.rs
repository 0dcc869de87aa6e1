//! A table that is searched by index.
//!
//! ```text
//!   index ─▶ [ memory ] ─▶ [ reg ] ─▶ entry          2 clocks
//! ```

use super::{host, Place};
use crate::card::host_bus::HostBus;
use underpass_wires::{low, memory, Bundle, BundleExt, Ram, U};

/// Clocks from index to entry.
pub const LATENCY: usize = 2;

/// The entry at `index`, of which only as many low bits count as the table has rows.
pub fn direct<E: Bundle, const A: usize>(place: &Place, index: U<A>, bus: HostBus) -> (E, HostBus) {
    let rows = memory::<E>(&place.memory_name(0), place.depth(), Ram::Block);
    let bus = host::ways(place, 0, &[rows], bus);
    let entry = rows.read(&format!("{}_row", place.table.name), low(index));
    (entry.reg(place.table.name), bus)
}
