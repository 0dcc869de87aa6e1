//! The lookups on their own: filled over the host's bus, asked one key a clock.

use super::counter::{count, Event};
use super::{direct, exact, Place};
use crate::card::host_bus::HostBus;
use crate::hardware::{BridgeEntry, FlowEntry, SourceEntry, TrafficCounter};
use std::collections::HashMap;
use underpass_layout::hash::{row, Tabulation, PIECES, PIECE_WORDS};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{self, id, TABLES};
use underpass_layout::{Record, Writer};
use underpass_wires::{build, input, output, Bit, Blocks, Ports, Sim, U};

/// Random numbers, the same every time (xorshift64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A lookup with the bus that fills it; `A` bits are asked, the answer is `hit` and `entry`.
fn asked<E: underpass_wires::Bundle, const A: usize>(
    lookup: impl FnOnce(U<A>, HostBus) -> (Bit, E, HostBus),
) -> Sim {
    Sim::new(&build("lookup", Ports::Packed, Blocks::Inline, || {
        let (hit, entry, bus) = lookup(input("key"), input("bus"));
        output("answer", (hit, entry));
        output("returned", bus);
    }))
}

/// One access over the bus: bit 0 of the bundle is `request`, and so on in the order of its fields.
fn access(sim: &mut Sim, write: bool, table: u32, row: usize, data: &[u32]) -> Vec<u64> {
    let mut words = [0u32; 32];
    let mut bus = Writer::new(&mut words);
    bus.put(1, 1);
    bus.put(u128::from(write), 1);
    bus.put(u128::from(table), 5);
    bus.put(row as u128, 24);
    for i in 0..16 {
        bus.put(u128::from(data.get(i).copied().unwrap_or(0)), 32);
    }
    set(sim, "bus", &words, 1 + 1 + 5 + 24 + 512 + 1 + 86);
    sim.step();
    set(sim, "bus", &[0; 32], 1 + 1 + 5 + 24 + 512 + 1 + 86);
    for _ in 0..40 {
        let returned = sim.get("returned");
        if returned[0] & 1 == 1 {
            return returned;
        }
        sim.step();
    }
    panic!("the access to table {table} never came back");
}

fn set(sim: &mut Sim, name: &str, words: &[u32], width: usize) {
    let mut long: Vec<u64> = words
        .chunks(2)
        .map(|two| u64::from(two[0]) | u64::from(two[1]) << 32)
        .collect();
    long.truncate(width.div_ceil(64));
    sim.set(name, &long);
}

/// Bits `lo..lo + width` of words.
fn bits(words: &[u64], lo: usize, width: usize) -> u128 {
    (0..width).fold(0, |value, i| {
        value | u128::from(words[(lo + i) / 64] >> ((lo + i) % 64) & 1) << i
    })
}

fn seed(sim: &mut Sim, tabulation: &Tabulation) {
    const SEED_AT: usize = 1 + 1 + 5 + 24 + 512 + 1;
    for piece in 0..PIECES {
        for index in 0..PIECE_WORDS {
            let mut words = [0u32; 32];
            let mut bus = Writer::new(&mut words);
            (0..SEED_AT).for_each(|_| bus.put(0, 1));
            bus.put(1, 1);
            bus.put(piece as u128, 4);
            bus.put(index as u128, 9);
            bus.put(tabulation.word(piece, index), 72);
            set(sim, "bus", &words, SEED_AT + 86);
            sim.step();
        }
    }
    set(sim, "bus", &[0; 32], SEED_AT + 86);
}

#[test]
fn a_direct_table_answers_by_index_and_reads_back() {
    let place = Place::of(&SIM, id::SOURCE);
    let mut sim = asked::<SourceEntry, 20>(|index, bus| {
        let (entry, bus) = direct::direct::<SourceEntry, 20>(&place, index, bus);
        (underpass_wires::k(1), entry, bus)
    });
    let mut noise = Noise(5);
    let mut rows = HashMap::new();
    for _ in 0..100 {
        let (row, value) = (noise.below(1024) as usize, noise.next() & ((1 << 47) - 1));
        rows.insert(row, value);
        access(
            &mut sim,
            true,
            id::SOURCE,
            row,
            &[value as u32, (value >> 32) as u32],
        );
    }
    for (row, value) in &rows {
        let back = access(&mut sim, false, id::SOURCE, *row, &[]);
        assert_eq!(
            bits(&back, 31, 47),
            u128::from(*value),
            "row {row} read back"
        );
        // Beyond the table, the low bits count.
        sim.set_int("key", (*row + 1024) as u128);
        (0..direct::LATENCY).for_each(|_| sim.step());
        assert_eq!(
            bits(&sim.get("answer"), 1, 47),
            u128::from(*value),
            "row {row}"
        );
    }
}

#[test]
fn another_tables_access_passes_untouched() {
    let place = Place::of(&SIM, id::SOURCE);
    let mut sim = asked::<SourceEntry, 20>(|index, bus| {
        let (entry, bus) = direct::direct::<SourceEntry, 20>(&place, index, bus);
        (underpass_wires::k(1), entry, bus)
    });
    let returned = access(&mut sim, false, id::VIF, 3, &[0xabcd]);
    assert_eq!(
        bits(&returned, 31, 32),
        0xabcd,
        "the data of an access to another table"
    );
    assert_eq!(bits(&returned, 543, 1), 0, "done");
}

#[test]
fn an_exact_table_finds_what_the_layouts_hash_placed() {
    let place = Place::of(&SIM, id::BRIDGE);
    let mut sim = asked::<BridgeEntry, 60>(|key, bus| {
        exact::exact::<BridgeEntry, 60, 1>(&place, 0, key, bus)
    });
    let tabulation = Tabulation::new(77);
    seed(&mut sim, &tabulation);
    let mut noise = Noise(9);
    let (mut taken, mut placed) = (HashMap::new(), Vec::new());
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
        };
        let packed = entry.pack();
        let number = (u128::from(packed[0]) | u128::from(packed[1]) << 32) >> 1 & ((1 << 60) - 1);
        let hash = tabulation.hash(number, 60);
        let way = (noise.below(4) as usize..8)
            .map(|way| way % 4)
            .find(|way| !taken.contains_key(&(*way, row(hash, *way, 256))));
        let Some(way) = way else { continue };
        taken.insert((way, row(hash, way, 256)), ());
        access(
            &mut sim,
            true,
            id::BRIDGE,
            way * 256 + row(hash, way, 256),
            &packed,
        );
        placed.push((number, i));
    }
    assert!(placed.len() > 250, "{} entries were placed", placed.len());
    // One key a clock, known and unknown in turn.
    let mut asked = Vec::new();
    for (turn, (key, value)) in placed.iter().enumerate() {
        asked.push((*key, Some(*value)));
        asked.push((key ^ 1 << (turn % 60), None));
    }
    for clock in 0..asked.len() + exact::LATENCY {
        if let Some((key, _)) = asked.get(clock) {
            sim.set_int("key", *key);
        }
        if let Some(before) = clock.checked_sub(exact::LATENCY) {
            let answer = sim.get("answer");
            let hit = (bits(&answer, 0, 1) == 1).then(|| bits(&answer, 1 + 1 + 60 + 1, 20) as u64);
            assert_eq!(hit, asked[before].1, "key {:#x}", asked[before].0);
        }
        sim.step();
    }
}

#[test]
fn both_slots_of_a_flow_row_are_compared() {
    let place = Place::of(&SIM, id::FLOW);
    let mut sim =
        asked::<FlowEntry, 124>(|key, bus| exact::exact::<FlowEntry, 124, 2>(&place, 0, key, bus));
    let tabulation = Tabulation::new(3);
    seed(&mut sim, &tabulation);
    for slot in 0..2 {
        let entry = tables::FlowEntry {
            valid: true,
            flow_id: 40 + slot,
            ..Default::default()
        };
        let mut words = [0u32; 14];
        let mut to = Writer::new(&mut words);
        (0..slot * 216).for_each(|_| to.put(0, 1));
        underpass_layout::Field::put(&entry, &mut to, tables::FlowEntry::WIDTH);
        let way = 2;
        access(
            &mut sim,
            true,
            id::FLOW,
            way * 512 + row(tabulation.hash(0, 124), way, 512),
            &words,
        );
        sim.set_int("key", 0);
        (0..exact::LATENCY).for_each(|_| sim.step());
        let answer = sim.get("answer");
        assert_eq!(
            (bits(&answer, 0, 1), bits(&answer, 1 + 1 + 124 + 2, 20)),
            (1, u128::from(40 + slot)),
            "slot {slot}"
        );
    }
}

#[test]
fn counters_are_exact_however_close_their_events() {
    let place = Place::of(&SIM, id::COUNTER_TX);
    let mut sim = Sim::new(&build("counter", Ports::Packed, Blocks::Inline, || {
        let bus = count::<TrafficCounter>(&place, input::<Event>("event"), input("bus"));
        output("returned", bus);
    }));
    let mut noise = Noise(21);
    let mut expected: HashMap<u64, (u64, u64)> = HashMap::new();
    for clock in 0..4000u64 {
        // One row, two in turn, a few, all: with and without gaps.
        let rows = [1, 2, 3, 4, 64][clock as usize / 800];
        let (valid, row, bytes) = (noise.below(4) > 0, noise.below(rows), noise.below(1 << 16));
        sim.set_int(
            "event",
            u128::from(valid) | u128::from(row) << 1 | u128::from(bytes) << 21,
        );
        sim.step();
        if valid {
            let sum = expected.entry(row).or_default();
            *sum = (sum.0 + 1, sum.1 + bytes);
        }
    }
    sim.set_int("event", 0);
    (0..8).for_each(|_| sim.step());
    for row in 0..64 {
        let back = access(&mut sim, false, id::COUNTER_TX, row as usize, &[]);
        let (packets, bytes) = expected.get(&row).copied().unwrap_or_default();
        assert_eq!(
            bits(&back, 31, 40),
            u128::from(packets),
            "packets of row {row}"
        );
        assert_eq!(bits(&back, 71, 48), u128::from(bytes), "bytes of row {row}");
    }
    let refused = access(&mut sim, true, id::COUNTER_TX, 0, &[9]);
    assert_eq!(bits(&refused, 543, 1), 0, "a counter takes no writes");
    assert_eq!(TABLES[id::COUNTER_TX as usize].name, "counter_tx");
}
