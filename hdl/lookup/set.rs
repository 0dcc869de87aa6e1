//! A table that gives a set of entries for an index: each way is a memory of its own, all are read at once.
//!
//! ```text
//!             ┌─▶ [ way 0  ] ─▶ [ reg ] ─▶ entry 0
//!   index ────┼─▶ [ way 1  ] ─▶ [ reg ] ─▶ entry 1          2 clocks
//!             └─▶ [ way .. ] ─▶ [ reg ] ─▶ ..
//! ```
//! What the entries are compared with, and which of them counts, is the stage's. The host writes them one by one, so a
//! packet between two writes sees a set that is half old and half new: the compiler fills a set that nobody uses and
//! then names it in the interfaces.

use super::host::{self, Chain};
use super::Place;
use underpass_wires::{k, low, memory, only, Bundle, BundleExt, Mem, U};

/// Clocks from index to entries.
pub const LATENCY: usize = 2;

/// The entries at `index`, way 0 first, of which only as many low bits count as address a way's rows, rounded up to a
/// power of two; behind the last row lie entries of zeros.
#[track_caller]
pub fn set<E: Bundle, const A: usize>(
    place: &Place,
    index: U<A>,
    bus: impl Into<Chain>,
) -> (Vec<E>, Chain) {
    assert_eq!(
        E::W,
        place.table.row_width(),
        "bits of a row of table {}",
        place.table.name
    );
    let mut chain = bus.into();
    let ways: Vec<Mem<E>> = (0..place.table.ways())
        .map(|way| memory(&place.memory_name(way), place.rows, place.ram()))
        .collect();
    host::ways(place, 0, &ways, index, &mut chain);
    let within = (!place.rows.is_power_of_two()).then(|| {
        let within = (index & (place.depth() - 1)).lt(k::<A>(place.rows));
        within.reg(&format!("{}_within", place.table.name))
    });
    let entries = ways
        .iter()
        .enumerate()
        .map(|(way, memory)| {
            let name = place.memory_name(way);
            let entry = memory.read(&format!("{name}_row"), low(index));
            let entry = match within {
                Some(within) => only(within, entry),
                None => entry,
            };
            entry.reg(&format!("{name}_entry"))
        })
        .collect();
    (entries, chain)
}
