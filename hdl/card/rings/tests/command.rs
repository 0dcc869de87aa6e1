//! Commands from beats to accesses.

use super::beat;
use crate::card::rings::command::command;
use crate::stream::frames::{words, Noise};
use std::collections::VecDeque;
use underpass_layout::profile::SIM;
use underpass_layout::rings::{CommandKind, RingCommand};
use underpass_layout::tables::{id, TABLES};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// Clocks that the core keeps an access.
const CHAIN: u64 = 25;

/// An access as it leaves: split, table, row, data.
type Access = (bool, u32, u32, Vec<u64>);

struct Bench {
    sim: Sim,
    now: u64,
    /// Beats to come: bytes, and whether they are bad.
    beats: VecDeque<([u8; 64], bool)>,
    accesses: Vec<(u64, Access)>,
    /// When each comes back, and whether it was done.
    back: VecDeque<(u64, bool)>,
    consumed: u32,
    refused: u32,
    /// The registers make an access of their own in one of so many clocks.
    conflicts: Option<(Noise, usize)>,
    gaps: Option<Noise>,
}

impl Bench {
    fn new() -> Self {
        let mut sim = Sim::new(&build("command", Ports::Fields, Blocks::Inline, || {
            let made = command(
                &SIM,
                input("runs"),
                input("beat"),
                input("taken"),
                input("answer"),
            );
            output("access", made.access);
            output("progress", made.progress);
        }));
        sim.set_int("runs", 1);
        Bench {
            sim,
            now: 0,
            beats: VecDeque::new(),
            accesses: vec![],
            back: VecDeque::new(),
            consumed: 0,
            refused: 0,
            conflicts: None,
            gaps: None,
        }
    }

    fn clock(&mut self) {
        let sim = &mut self.sim;
        let offers = sim.get_int("access_request") == 1;
        let conflicts = &mut self.conflicts;
        let free = conflicts
            .as_mut()
            .is_none_or(|(noise, of)| noise.below(*of) > 0);
        sim.set_int("taken", u128::from(offers && free));
        if offers && free {
            assert_eq!(sim.get_int("access_write"), 1);
            let table = sim.get_int("access_table") as u32;
            let access = (
                sim.get_int("access_split") == 1,
                table,
                sim.get_int("access_row") as u32,
                sim.get("access_data"),
            );
            self.accesses.push((self.now, access));
            let done = table < id::COUNTER_RX;
            self.back.push_back((self.now + CHAIN, done));
        }
        let answer = self.back.front().filter(|back| back.0 == self.now).copied();
        sim.set_int("answer_request", u128::from(answer.is_some()));
        if let Some((_, done)) = answer {
            sim.set_int("answer_done", u128::from(done));
            self.back.pop_front();
        }
        let gap = self.gaps.as_mut().is_some_and(|noise| noise.below(3) == 0);
        let next = match gap {
            true => None,
            false => self.beats.pop_front(),
        };
        sim.set_int("beat_valid", u128::from(next.is_some()));
        if let Some((bytes, bad)) = next {
            sim.set("beat_data", &words(&bytes));
            sim.set_int("beat_bad", u128::from(bad));
        }
        self.consumed += sim.get_int("progress_beats") as u32;
        self.refused += sim.get_int("progress_refused") as u32;
        sim.step();
        self.now += 1;
    }

    fn push(&mut self, command: &RingCommand, data: [u8; 64]) {
        self.beats.push_back((beat(command), false));
        self.beats.push_back((data, false));
    }

    fn run(&mut self) {
        while !self.beats.is_empty() {
            self.clock();
        }
        (0..CHAIN + 20).for_each(|_| self.clock());
        assert_eq!(self.sim.get_int("progress_busy"), 0);
    }
}

fn of(kind: u8, table: u8, row: u32) -> RingCommand {
    RingCommand {
        kind,
        table,
        row,
        reserved: 0xffff,
        padding: [0xff; 56],
    }
}

#[test]
fn a_command_leaves_every_other_clock() {
    let mut bench = Bench::new();
    let mut noise = Noise(3);
    let data: Vec<[u8; 64]> = (0..200)
        .map(|_| noise.bytes(64).try_into().expect("64 bytes"))
        .collect();
    for (row, data) in data.iter().enumerate() {
        bench.push(&of(1, id::NEXTHOP as u8, row as u32), *data);
    }
    bench.run();
    let first = bench.accesses[0].0;
    for (i, (at, access)) in bench.accesses.iter().enumerate() {
        assert_eq!(*at, first + 2 * i as u64);
        let expected = (false, id::NEXTHOP, i as u32, words(&data[i]));
        assert_eq!(*access, expected);
    }
    assert_eq!(
        (bench.accesses.len(), bench.consumed, bench.refused),
        (200, 400, 0)
    );
}

#[test]
fn what_cannot_be_is_refused_and_the_next_command_goes_on() {
    let write = CommandKind::WriteRow.code() as u8;
    let split = CommandKind::WriteSplit.code() as u8;
    let mut cases = vec![
        (of(0, 0, 0), false),
        (of(2, 0, 0), false),
        (of(255, 0, 0), false),
        (of(write, TABLES.len() as u8, 0), false),
        (of(write, 0x20, 0), false),
        (of(write, 255, 0), false),
        (of(split, 0x29, 0), false),
        (of(write, 0, 1 << 24), false),
        (of(split, 9, 1 << 24), false),
        (of(split, 9, 5), true),
    ];
    for table in &TABLES[..id::COUNTER_RX as usize] {
        let rows = SIM.addresses(table) as u32;
        cases.push((of(write, table.id as u8, rows - 1), true));
        cases.push((of(write, table.id as u8, rows), false));
    }
    let mut bench = Bench::new();
    bench.gaps = Some(Noise(9));
    bench.conflicts = Some((Noise(11), 5));
    for (command, _) in &cases {
        bench.push(command, [0x5a; 64]);
        bench.push(&of(write, 1, 3), [0x11; 64]);
    }
    bench.run();
    assert_eq!(bench.consumed, 4 * cases.len() as u32);
    let bad = cases.iter().filter(|(_, possible)| !possible).count() as u32;
    assert_eq!(bench.refused, bad);
    for ((command, possible), pair) in cases.iter().zip(bench.accesses.chunks(2)) {
        let (is_split, table, row, _) = &pair[0].1;
        let known = *table == u32::from(command.table) && *row == command.row;
        assert_eq!(known && *table < 15, *possible, "{command:?}");
        assert!(
            !possible || *is_split == (command.kind == split),
            "{command:?}"
        );
        assert_eq!((pair[1].1 .1, pair[1].1 .2), (1, 3));
    }
}

#[test]
fn a_bad_beat_and_all_behind_it_do_nothing() {
    for bad_from in 0..6 {
        let mut bench = Bench::new();
        for row in 0..3 {
            bench.push(&of(1, 1, row), [row as u8; 64]);
        }
        for (i, beat) in bench.beats.iter_mut().enumerate() {
            beat.1 = i >= bad_from;
        }
        bench.run();
        assert_eq!(bench.accesses.len(), bad_from / 2, "bad from {bad_from}");
    }
}

#[test]
fn a_ring_that_stops_within_a_command_starts_with_a_new_one() {
    let mut bench = Bench::new();
    bench.beats.push_back((beat(&of(1, 1, 7)), false));
    bench.clock();
    bench.sim.set_int("runs", 0);
    bench.push(&of(1, 1, 8), [1; 64]);
    (0..40).for_each(|_| bench.clock());
    assert!(bench.accesses.is_empty());
    bench.sim.set_int("runs", 1);
    bench.push(&of(1, 1, 9), [2; 64]);
    bench.run();
    assert_eq!(bench.accesses.len(), 1);
    assert_eq!(bench.accesses[0].1 .2, 9);
}
