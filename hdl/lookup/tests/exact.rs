use super::*;
use crate::hardware::{BridgeEntry, RouteEntry};
use crate::lookup::exact;
use std::collections::HashSet;
use underpass_layout::hash::row;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{self, id, WAYS};

#[test]
fn an_exact_table_finds_what_the_layouts_hash_placed() {
    let place = Place::of(&SIM, id::BRIDGE);
    let mut bench = Bench::new::<BridgeEntry, 60>(|key, bus| {
        exact::exact::<BridgeEntry, 60, 1>(&place, 0, key, bus)
    });
    let tabulation = Tabulation::new(77);
    bench.seed(&place, &tabulation, SeedTarget::default());
    let mut noise = Noise(9);
    let (mut taken, mut placed) = (HashSet::new(), Vec::new());
    for i in 0..300u64 {
        let key = tables::BridgeKey {
            vrf: noise.below(4096) as u16,
            mac: noise.next() >> 16,
        };
        let entry = tables::BridgeEntry {
            valid: true,
            key,
            receive: false,
            nexthop: i as u32,
            label: 7,
            control: false,
        };
        let packed = entry.pack();
        let number = (u128::from(packed[0]) | u128::from(packed[1]) << 32) >> 1 & ((1 << 60) - 1);
        let hash = tabulation.hash(&key_words(number, 60), 60);
        let way = (noise.below(4) as usize..8)
            .map(|way| way % 4)
            .find(|way| !taken.contains(&(*way, row(hash, *way, 256))));
        let Some(way) = way else { continue };
        let address = row(hash, way, 256);
        taken.insert((way, address));
        assert!(
            bench
                .access(&Access::write(id::BRIDGE, way * 256 + address, &packed))
                .done
        );
        placed.push((number, i));
    }
    assert!(placed.len() > 250, "{} entries were placed", placed.len());
    // One key a clock, known and unknown in turn.
    let mut asked = Vec::new();
    for (turn, (key, value)) in placed.iter().enumerate() {
        asked.push((*key, Some(u128::from(*value))));
        asked.push((key ^ 1 << (turn % 60), None));
    }
    for clock in 0..asked.len() + exact::LATENCY {
        if let Some((key, _)) = asked.get(clock) {
            bench.0.set_int("key", *key);
        }
        if let Some(before) = clock.checked_sub(exact::LATENCY) {
            let found = bench.found(1 + 60 + 1, 20);
            assert_eq!(found, asked[before].1, "key {:#x}", asked[before].0);
        }
        bench.step();
    }
}

/// Two lookups of one clock, of two groups of the same table: the second one's entry is told, and that both hit.
#[test]
fn each_group_of_ways_is_its_own_lookup() {
    const KEY: usize = <tables::RouteKey as underpass_layout::Record>::WIDTH;
    let place = Place::of(&SIM, id::ROUTE_BANK);
    let mut bench = Bench::new::<RouteEntry, KEY>(|key, bus| {
        let (one, _, chain) = exact::exact::<RouteEntry, KEY, 1>(&place, 0, key, bus);
        let (hit, entry, chain) = exact::exact::<RouteEntry, KEY, 1>(&place, WAYS, key, chain);
        (one & hit, entry, chain)
    });
    let tabulation = Tabulation::new(1234);
    bench.seed(&place, &tabulation, SeedTarget::default());
    let entry = |nexthop| tables::RouteEntry {
        valid: true,
        nexthop,
        ..Default::default()
    };
    let row = |way: usize| way * 64 + row(tabulation.hash(&[], KEY), way, 64);
    let find = |bench: &mut Bench| {
        (0..exact::LATENCY).for_each(|_| bench.step());
        bench.found(1 + KEY, 20)
    };
    for (way, value) in [(1, 5), (6, 9)] {
        assert_eq!(find(&mut bench), None);
        let written = bench.access(&Access::write(
            id::ROUTE_BANK,
            row(way),
            &entry(value).pack(),
        ));
        assert!(written.done, "way {way}");
    }
    assert_eq!(find(&mut bench), Some(9));
    for way in [1, 6] {
        let back = bench.access(&Access::read(id::ROUTE_BANK, row(way)));
        assert_eq!(bits(&back.data, 0, 1), 1, "way {way} reads back");
    }
    assert!(
        !bench.access(&Access::read(id::ROUTE_BANK, 8 * 64)).done,
        "a way of another group"
    );
}
