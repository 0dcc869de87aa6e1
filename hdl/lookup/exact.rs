//! A table that is searched by key: four ways, each with its own row for a key; all slots of the four rows are
//! compared at once.
//!
//! ```text
//!   key ─▶ [ tabulation 2 ] ─▶ [ way 0..3: row ] ─▶ [ compare ] ─▶ [ choose ] ─▶ hit, entry      5 clocks
//!      └───────────────── delay 3 ───────────────────▲
//! ```
//! A key may be in two slots with one value while the host moves it; the lowest way wins.

use super::{host, tabulation, Place};
use crate::card::host_bus::HostBus;
use underpass_layout::hash::ROW_BITS;
use underpass_layout::tables::WAYS;
use underpass_wires::{any_of, first, low, memory, zero, Bit, Bundle, BundleExt, Mem, Ram, U};

/// Clocks from key to entry.
pub const LATENCY: usize = tabulation::LATENCY + 3;

/// An entry with a valid bit and a key.
pub trait Keyed<const K: usize>: Bundle {
    /// The entry is in use.
    fn valid(self) -> Bit;
    /// What it is found by.
    fn key(self) -> U<K>;
}

/// Looks `key` up in the four ways that start at `first_way`; a row holds `SLOTS` entries.
pub fn exact<E: Keyed<K>, const K: usize, const SLOTS: usize>(
    place: &Place,
    first_way: usize,
    key: U<K>,
    bus: HostBus,
) -> (Bit, E, HostBus) {
    assert_eq!(
        SLOTS,
        place.table.slots(),
        "entries in a row of table {}",
        place.table.name
    );
    let name = match first_way {
        0 => place.table.name.to_string(),
        _ => format!("{}{}", place.table.name, first_way / WAYS),
    };
    let hash = tabulation::tabulate(&name, key, bus.seed);
    let key = key.delay(&format!("{name}_key"), tabulation::LATENCY + 1);
    let ways: [Mem<[E; SLOTS]>; WAYS] = std::array::from_fn(|way| {
        memory(
            &place.memory_name(first_way + way),
            place.depth(),
            Ram::Block,
        )
    });
    let bus = host::ways(place, first_way, &ways, bus);

    let mut found: Vec<(Bit, E)> = Vec::new();
    for (way, memory) in ways.iter().enumerate() {
        let way_name = place.memory_name(first_way + way);
        let row = memory.read(
            &format!("{way_name}_row"),
            low(hash.slice::<ROW_BITS>(ROW_BITS * way)),
        );
        for (slot, entry) in row.into_iter().enumerate() {
            let hit = entry.valid() & entry.key().eq(key);
            found.push((
                hit.reg(&format!("{way_name}_hit{slot}")),
                entry.reg(&format!("{way_name}_entry{slot}")),
            ));
        }
    }
    let hits: Vec<Bit> = found.iter().map(|(hit, _)| *hit).collect();
    let hit = any_of(&hits).reg(&format!("{name}_hit"));
    (
        hit,
        first(&found, zero()).reg(&format!("{name}_entry")),
        bus,
    )
}

/// Says where an entry's valid bit and key are.
macro_rules! keyed {
    ($($Entry:ident, $Key:ident;)*) => {$(
        impl Keyed<{ <underpass_layout::tables::$Key as underpass_layout::Record>::WIDTH }>
            for crate::hardware::$Entry
        {
            fn valid(self) -> Bit { self.valid }
            fn key(self) -> U<{ <underpass_layout::tables::$Key as underpass_layout::Record>::WIDTH }> {
                self.key.pack()
            }
        }
    )*};
}
keyed! {
    VxlanEntry, VxlanKey;
    BridgeEntry, BridgeKey;
    RouteEntry, RouteKey;
    FlowEntry, FlowKey;
}
