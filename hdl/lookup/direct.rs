//! A table that is searched by index.
//!
//! ```text
//!   index ─▶ [ memory ] ─▶ [ reg ] ─▶ entry          2 clocks
//! ```

use super::host::{self, Chain};
use super::Place;
use underpass_wires::{k, low, memory, only, Bundle, BundleExt, U};

/// Clocks from index to entry.
pub const LATENCY: usize = 2;

/// The entry at `index`, of which only as many low bits count as address the table's rows, rounded up to a power of two;
/// behind the last row lie entries of zeros.
#[track_caller]
pub fn direct<E: Bundle, const A: usize>(
    place: &Place,
    index: U<A>,
    bus: impl Into<Chain>,
) -> (E, Chain) {
    let mut chain = bus.into();
    let name = place.table.name;
    let rows = memory::<E>(&place.memory_name(0), place.rows, place.ram());
    host::ways(place, 0, &[rows], index, &mut chain);
    let entry = rows.read(&format!("{name}_row"), low(index));
    let entry = if place.rows.is_power_of_two() {
        entry
    } else {
        let within = (index & (place.depth() - 1)).lt(k(place.rows));
        only(within.reg(&format!("{name}_within")), entry)
    };
    (entry.reg(name), chain)
}

/// A part of the entry at `index`, in a memory of its own: the host's writes reach it with those of the table, which
/// answers for it.
#[track_caller]
pub fn part<E: Bundle, P: Bundle, const A: usize>(
    place: &Place,
    index: U<A>,
    bus: impl Into<Chain>,
    of: impl Fn(E) -> P,
) -> (P, Chain) {
    let mut chain = bus.into();
    let name = format!("{}_part", place.table.name);
    let rows = memory::<P>(&format!("{name}_rows"), place.rows, place.ram());
    let written = host::writing::<E, _>(place, index, &mut chain);
    rows.write(written.here, low(written.row), of(written.entry));
    let part = rows.read(&format!("{name}_row"), low(index));
    let part = if place.rows.is_power_of_two() {
        part
    } else {
        let within = (index & (place.depth() - 1)).lt(k(place.rows));
        only(within.reg(&format!("{name}_within")), part)
    };
    (part.reg(&name), chain)
}
