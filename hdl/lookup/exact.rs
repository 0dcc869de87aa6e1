//! A table that is searched by key: four ways, each with its own row for a key; all slots of the four rows are
//! compared at once.
//!
//! ```text
//!   key ─▶ [ rows 4 ] ─▶ [ way 0..3: row ] ─▶ [ reg ] ─▶ [ compare ] ─▶ [ choose ] ─▶ hit, entry      8 clocks
//!      └──────── delay 6 ────────────────────────────────▲
//! ```
//! The register behind the memory is the RAM's own; a way of many UltraRAMs needs it to come together from all of them.
//!
//! A key may be in two slots with one value while the host moves it; the lowest way wins. [`exact`] is for tables with
//! one kind of entry, [`exact_wide`] for the flows, where one entry can take a whole row.

use super::host::{self, Chain};
use super::{rows, Place};
use crate::hardware::{FlowEntry, FlowEntry6};
use underpass_layout::tables::{self, WAYS};
use underpass_layout::Record;
use underpass_wires::{
    any_of, bundle, first, low, memory, mux, unpack, zero, Bit, Bundle, BundleExt, Mem, U,
};

/// Clocks from key to entry.
pub const LATENCY: usize = rows::LATENCY + 4;
/// Clocks from key to what is compared with it.
const READ: usize = rows::LATENCY + 2;

/// An entry with a valid bit and a key.
pub trait Keyed<const K: usize>: Bundle {
    /// The entry is in use.
    fn valid(self) -> Bit;
    /// What it is found by.
    fn key(self) -> U<K>;
}

/// Looks `key` up in the four ways that start at `first_way`; a row holds `SLOTS` entries.
#[track_caller]
pub fn exact<E: Keyed<K>, const K: usize, const SLOTS: usize>(
    place: &Place,
    first_way: usize,
    key: U<K>,
    bus: impl Into<Chain>,
) -> (Bit, E, Chain) {
    assert_eq!(
        SLOTS,
        place.table.slots(),
        "entries in a row of table {}",
        place.table.name
    );
    lookup(place, first_way, key, bus.into(), |row: [E; SLOTS], key| {
        row.map(|entry| (entry.valid() & entry.key().eq(key), entry))
            .to_vec()
    })
}

bundle! {
    /// What a flow's entry says, of either kind.
    pub struct FlowValue {
        /// What is done.
        action: U<2>,
        /// The flow's place in `counter_flow`.
        flow_id: U<20>,
        /// S(nh): the source check, an index of table `source`, or with action `Onward` one of table `onward`.
        source: U<16>,
        /// Packets from elsewhere go to the slow path.
        source_moves: Bit,
        /// How often the pair's place was used.
        generation: U<3>,
    }
}

/// Bits of the key of an IPv6 flow.
pub const WIDE_KEY: usize = <tables::FlowKey6 as Record>::WIDTH;
/// Bits of the key of an IPv4 flow, which an IPv6 key starts with as well.
const NARROW_KEY: usize = <tables::FlowKey as Record>::WIDTH;

/// Looks a flow up. `v6` says which kind of key it is and is its first bit as well; the bits of `key` behind a [`FlowKey`]
/// are zero where it is clear.
///
/// [`FlowKey`]: underpass_layout::tables::FlowKey
#[track_caller]
pub fn exact_wide(
    place: &Place,
    key: U<WIDE_KEY>,
    v6: Bit,
    bus: impl Into<Chain>,
) -> (Bit, FlowValue, Chain) {
    let v6 = v6.delay(&format!("{}_v6", place.table.name), READ);
    lookup(
        place,
        0,
        key,
        bus.into(),
        |row: U<{ FlowEntry6::W }>, key| {
            let wide: FlowEntry6 = unpack(row);
            let narrow: [FlowEntry; 2] = unpack(row);
            let start: U<NARROW_KEY> = key.slice(0);
            const REST: usize = WIDE_KEY - NARROW_KEY;
            let rest = wide.key.pack::<WIDE_KEY>().slice::<REST>(NARROW_KEY);
            let starts = narrow.map(|entry| entry.valid & entry.key.pack().eq(start));
            let all = starts[0] & (!v6 | rest.eq(key.slice::<REST>(NARROW_KEY)));
            let of = |entry: FlowEntry| FlowValue {
                action: entry.action,
                flow_id: entry.flow_id,
                source: entry.source,
                source_moves: entry.source_moves,
                generation: entry.generation,
            };
            let of_wide = FlowValue {
                action: wide.action,
                flow_id: wide.flow_id,
                source: wide.source,
                source_moves: wide.source_moves,
                generation: wide.generation,
            };
            vec![
                (all, mux(v6, of_wide, of(narrow[0]))),
                (starts[1] & !narrow[0].key.v6 & !v6, of(narrow[1])),
            ]
        },
    )
}

/// The rows of a key in the ways from `first_way` on, what of them matches, and the first that does.
#[track_caller]
fn lookup<Row: Bundle, E: Bundle, const K: usize>(
    place: &Place,
    first_way: usize,
    key: U<K>,
    mut chain: Chain,
    compare: impl Fn(Row, U<K>) -> Vec<(Bit, E)>,
) -> (Bit, E, Chain) {
    assert_eq!(
        Row::W,
        place.table.row_width(),
        "bits of a row of table {}",
        place.table.name
    );
    let group = first_way / WAYS;
    let name = match group {
        0 => place.table.name.to_string(),
        _ => format!("{}{group}", place.table.name),
    };
    let row = rows::rows(&name, place, group, key, &mut chain);
    let key = key.delay(&format!("{name}_key"), READ);
    let ways: [Mem<Row>; WAYS] = std::array::from_fn(|way| {
        memory(&place.memory_name(first_way + way), place.rows, place.ram())
    });
    host::ways(place, first_way, &ways, row, &mut chain);

    let mut found: Vec<(Bit, E)> = Vec::new();
    for (way, memory) in ways.iter().enumerate() {
        let way_name = place.memory_name(first_way + way);
        let row = memory.read(&format!("{way_name}_row"), low(row[way]));
        let row = row.reg(&format!("{way_name}_out"));
        for (slot, (hit, entry)) in compare(row, key).into_iter().enumerate() {
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
        chain,
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
    LearnedEntry, LearnedKey;
    OriginEntry, OriginKey;
    StitchedEntry, StitchedKey;
    RouteEntry, RouteKey;
}
