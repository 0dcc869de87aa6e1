//! An access happens between two packets, for every table at once.

use super::*;
use crate::hardware::{BridgeEntry, SourceEntry};
use crate::lookup::host::waited;
use crate::lookup::{direct, exact};
use std::collections::VecDeque;
use underpass_layout::hash::{row, row_of, Split};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{self, id};

const KEY: usize = 60;

fn bridge(place: Place) -> Bench {
    Bench::new::<BridgeEntry, KEY>(|key, bus| {
        exact::exact::<BridgeEntry, KEY, 1>(&place, 0, key, bus)
    })
}

/// An entry of key 0.
fn entry(nexthop: u32) -> Vec<u32> {
    let entry = tables::BridgeEntry {
        valid: true,
        nexthop,
        ..Default::default()
    };
    entry.pack().to_vec()
}

/// What was found, clock by clock, for the packets that came in the clocks of `script`, where clock `i` has access
/// `script[i]` on the bus.
fn played(
    bench: &mut Bench,
    script: &[Option<Access>],
    latency: usize,
    lo: usize,
) -> Vec<Option<u128>> {
    let mut seen = Vec::new();
    for clock in 0..script.len() + latency {
        bench.put(script.get(clock).and_then(|access| access.as_ref()));
        if clock >= latency {
            seen.push(bench.found(lo, 20));
        }
        bench.step();
    }
    seen
}

#[test]
fn a_key_that_moves_is_never_missed() {
    let place = Place::of(&SIM, id::BRIDGE);
    let mut bench = bridge(place);
    let tabulation = Tabulation::new(5);
    bench.seed(&place, &tabulation, SeedTarget::default());
    let at = |way: usize| way * 256 + row(tabulation.hash(&[], KEY), way, 256);
    assert!(
        bench
            .access(&Access::write(id::BRIDGE, at(0), &entry(1)))
            .done
    );
    let mut noise = Noise(8);
    let mut way = 0;
    let mut script = Vec::new();
    for _ in 0..500 {
        // Copied to another way; a clock later what lay in the first one is gone.
        let next = (way + 1 + noise.below(3) as usize) % 4;
        script.push(Some(Access::write(id::BRIDGE, at(next), &entry(1))));
        script.push(Some(Access::write(id::BRIDGE, at(way), &[])));
        script.extend((0..noise.below(3)).map(|_| None));
        way = next;
    }
    let seen = played(&mut bench, &script, exact::LATENCY, 1 + KEY + 1);
    assert!(
        seen.iter().all(|found| *found == Some(1)),
        "the key was missed"
    );
}

#[test]
fn packets_behind_a_write_see_it_and_those_before_do_not() {
    let place = Place::of(&SIM, id::BRIDGE);
    let mut bench = bridge(place);
    let tabulation = Tabulation::new(5);
    bench.seed(&place, &tabulation, SeedTarget::default());
    let at = 512 + row(tabulation.hash(&[], KEY), 2, 256);
    let script: Vec<_> = (1..200)
        .map(|i| (i % 3 > 0).then(|| Access::write(id::BRIDGE, at, &entry(i))))
        .collect();
    let mut now = None;
    let seen = played(&mut bench, &script, exact::LATENCY, 1 + KEY + 1);
    for (clock, (found, access)) in seen.iter().zip(&script).enumerate() {
        assert_eq!(*found, now, "packet of clock {clock}");
        if access.is_some() {
            now = Some(clock as u128 + 1);
        }
    }
}

#[test]
fn a_split_moves_a_packets_rows_in_one_clock() {
    let place = Place::of(&SIM, id::BRIDGE);
    let mut bench = bridge(place);
    let seeds = [Tabulation::new(5), Tabulation::new(6)];
    bench.seed(&place, &seeds[0], SeedTarget::default());
    let target = SeedTarget {
        one: true,
        table: id::BRIDGE as u8,
        column: 4,
        way: 1,
        ..SeedTarget::default()
    };
    bench.seed(&place, &seeds[1], target);
    let [old, new] = seeds
        .each_ref()
        .map(|seed| row(seed.hash(&[], KEY), 1, 256));
    assert_ne!(old, new, "the two seeds differ in the row of this key");
    assert_eq!(row_of(old as u32, 256), old);
    for (row, value) in [(old, 1), (new, 2)] {
        assert!(
            bench
                .access(&Access::write(id::BRIDGE, 256 + row, &entry(value)))
                .done
        );
    }
    let splits = [
        Split::RESET,
        Split {
            way: 1,
            pointer: old as u32,
            ..Split::RESET
        },
        Split {
            way: 1,
            pointer: old as u32 + 1,
            ..Split::RESET
        },
        Split {
            way: 1,
            pointer: 256,
            ..Split::RESET
        }
        .finished(),
        Split {
            way: 0,
            pointer: 256,
            ..Split::RESET
        },
    ];
    let value = |split: &Split| match split {
        _ if split.columns()[1] == 4 => 2,
        _ if split.way == 1 && old < split.pointer as usize => 2,
        _ => 1,
    };
    let mut noise = Noise(2);
    let mut now = Split::RESET;
    let mut expected = Vec::new();
    let script: Vec<Option<Access>> = (0..600)
        .map(|_| {
            expected.push(Some(value(&now)));
            let next = splits[noise.below(5) as usize];
            (noise.below(2) == 0).then(|| {
                now = next;
                Access {
                    split: true,
                    ..Access::write(id::BRIDGE, 0, &next.pack())
                }
            })
        })
        .collect();
    assert_eq!(
        played(&mut bench, &script, exact::LATENCY, 1 + KEY + 1),
        expected
    );
}

/// A stage with two tables, asked at different times: the one of the first clock counts writes of the other one, so a packet
/// that sees one write of a pair and not the other shows as a difference.
#[test]
fn tables_that_are_asked_one_after_the_other_change_together() {
    let (source, bridge) = (Place::of(&SIM, id::SOURCE), Place::of(&SIM, id::BRIDGE));
    let mut bench = Bench::new::<(U<32>, BridgeEntry), KEY>(|key, bus| {
        let (first, chain) = direct::direct::<SourceEntry, 20>(&source, key.trunc(), bus);
        let first = first.pack_ext::<512>().trunc::<32>();
        let asked = key.delay("asked", direct::LATENCY + 3);
        let (hit, entry, chain) = exact::exact::<BridgeEntry, KEY, 1>(&bridge, 0, asked, chain);
        let first = first.delay("first", 3 + exact::LATENCY);
        (hit, (first, entry), chain)
    });
    let latency = direct::LATENCY + 3 + exact::LATENCY;
    let tabulation = Tabulation::new(5);
    bench.seed(&bridge, &tabulation, SeedTarget::default());
    let at = row(tabulation.hash(&[], KEY), 0, 256);
    let mut noise = Noise(12);
    let (mut now, mut expected) = ((0, None), Vec::new());
    let script: Vec<Option<Access>> = (1..400u32)
        .map(|i| {
            expected.push(now);
            match noise.below(3) {
                0 => {
                    now.0 = u128::from(i);
                    Some(Access::write(id::SOURCE, 0, &[i]))
                }
                1 => {
                    now.1 = Some(u128::from(i));
                    Some(Access::write(id::BRIDGE, at, &entry(i)))
                }
                _ => None,
            }
        })
        .collect();
    for clock in 0..script.len() + latency {
        bench.put(script.get(clock).and_then(|access| access.as_ref()));
        if clock >= latency {
            let entry = bench.0.get("entry");
            let found = (bits(&entry, 0, 32), bench.found(32 + 1 + KEY + 1, 20));
            assert_eq!(
                found,
                expected[clock - latency],
                "packet of clock {}",
                clock - latency
            );
        }
        bench.step();
    }
}

#[test]
fn a_wait_is_a_delay_however_close_the_accesses() {
    for clocks in [5, 6, 8, 9, 17, 33] {
        let mut sim = Sim::new(&build("wait", Ports::Fields, Blocks::Inline, || {
            output("returned", waited(input::<HostBus>("bus"), clocks));
        }));
        let mut noise = Noise(6);
        let mut under_way = VecDeque::from(vec![None; clocks as usize]);
        for _ in 0..400 {
            let now = (noise.below(3) > 0).then(|| u128::from(noise.next() >> 48));
            sim.set_int("bus_request", u128::from(now.is_some()));
            sim.set_int("bus_data", now.unwrap_or(1));
            sim.set_int("bus_row", now.unwrap_or(1));
            under_way.push_back(now);
            let before = under_way.pop_front().expect("never empty");
            assert_eq!(
                sim.get_int("returned_request"),
                u128::from(before.is_some())
            );
            if let Some(before) = before {
                assert_eq!(
                    [sim.get_int("returned_data"), sim.get_int("returned_row")],
                    [before; 2]
                );
            }
            sim.step();
        }
    }
}
