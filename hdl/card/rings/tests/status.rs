//! When statuses are written and interrupts go.

use crate::card::rings::status::status;
use underpass_layout::rings::{ring, FAULT_VECTOR, STATUS_EVERY};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

struct Bench {
    sim: Sim,
    now: u64,
    /// Clocks until a status is taken, and from there to its answer.
    pace: [u64; 2],
    waits: [Option<u64>; 3],
    answers: [Option<u64>; 3],
    good: bool,
    index: [u32; 3],
    moved: [bool; 3],
    /// What was written, in order: clock and index.
    written: [Vec<(u64, u32)>; 3],
    interrupts: Vec<(u64, u32)>,
}

impl Bench {
    fn new(moderation: u32) -> Self {
        let mut sim = Sim::new(&build("status", Ports::Fields, Blocks::Inline, || {
            let (offers, busy, irq) = status(
                ring::NAMES.map(|name| input(name)),
                ring::NAMES.map(|name| input(&format!("{name}_written"))),
                input("failed"),
            );
            for (name, offer) in ring::NAMES.into_iter().zip(offers) {
                output(&format!("{name}_offer"), offer);
            }
            output("busy", busy);
            output("irq", irq);
        }));
        for name in ring::NAMES {
            sim.set_int(&format!("{name}_runs"), 1);
            sim.set_int(&format!("{name}_moderation"), moderation.into());
        }
        Bench {
            sim,
            now: 0,
            pace: [2, 10],
            waits: [None; 3],
            answers: [None; 3],
            good: true,
            index: [0; 3],
            moved: [false; 3],
            written: [vec![], vec![], vec![]],
            interrupts: vec![],
        }
    }

    fn clock(&mut self, idle: bool) {
        let sim = &mut self.sim;
        for (number, name) in ring::NAMES.into_iter().enumerate() {
            sim.set_int(&format!("{name}_idle"), u128::from(idle));
            sim.set_int(&format!("{name}_index"), self.index[number].into());
            sim.set_int(&format!("{name}_moved"), self.moved[number].into());
            self.moved[number] = false;
        }
        for (number, name) in ring::NAMES.into_iter().enumerate() {
            let offered = sim.get_int(&format!("{name}_offer_valid")) == 1;
            let since = offered.then(|| *self.waits[number].get_or_insert(self.now));
            let taken = since.is_some_and(|since| self.now >= since + self.pace[0]);
            sim.set_int(&format!("{name}_written_taken"), u128::from(taken));
            let answered = self.answers[number] == Some(self.now);
            sim.set_int(&format!("{name}_written_answered"), u128::from(answered));
            sim.set_int(&format!("{name}_written_good"), u128::from(self.good));
            if answered {
                self.answers[number] = None;
            }
            if taken {
                assert_eq!(self.answers[number], None, "two of one ring under way");
                self.answers[number] = Some(self.now + self.pace[1]);
                self.waits[number] = None;
                let index = sim.get_int(&format!("{name}_offer_index")) as u32;
                self.written[number].push((self.now, index));
            }
        }
        let irq = sim.get_int("irq") as u32;
        let now = self.now;
        let raised = (0..8).filter(|vector| irq >> vector & 1 == 1);
        self.interrupts.extend(raised.map(|vector| (now, vector)));
        sim.step();
        self.now += 1;
    }

    fn clocks(&mut self, count: u64) {
        (0..count).for_each(|_| self.clock(true));
    }

    fn moves(&mut self, number: u32, by: u32) {
        self.index[number as usize] += by;
        self.moved[number as usize] = true;
    }

    fn pulses(&self, vector: u32) -> Vec<u64> {
        let of = self.interrupts.iter().filter(|(_, of)| *of == vector);
        of.map(|(at, _)| *at).collect()
    }
}

#[test]
fn a_change_is_written_once_and_told_once() {
    let mut bench = Bench::new(1);
    bench.clocks(20);
    for number in 0..3 {
        bench.moves(number, 2);
    }
    bench.clocks(40);
    for number in 0..3 {
        assert_eq!(bench.written[number].len(), 1);
        assert_eq!(bench.written[number][0].1, 2);
        assert_eq!(bench.pulses(number as u32).len(), 1);
    }
    assert_eq!(bench.pulses(FAULT_VECTOR), [0u64; 0]);
}

#[test]
fn what_changes_under_way_is_in_one_more() {
    for second in 0..40 {
        let mut bench = Bench::new(1);
        bench.moves(ring::PUNT, 3);
        for clock in 0..100 {
            if clock == second {
                bench.moves(ring::PUNT, 4);
            }
            bench.clock(true);
        }
        let written = &bench.written[ring::PUNT as usize];
        assert_eq!(
            written.last().map(|last| last.1),
            Some(7),
            "second at {second}"
        );
        assert!(written.len() <= 2);
    }
}

#[test]
fn a_busy_command_ring_speaks_now_and_then() {
    let mut bench = Bench::new(1);
    for clock in 0..2000 {
        if clock % 2 == 0 {
            bench.moves(ring::COMMAND, 2);
        }
        bench.clock(false);
    }
    let said: Vec<u32> = bench.written[0].iter().map(|(_, index)| *index).collect();
    for pair in said.windows(2) {
        let commands = (pair[1] - pair[0]) / 2;
        assert!(
            (STATUS_EVERY..STATUS_EVERY + 10).contains(&commands),
            "{commands}"
        );
    }
    assert!(said.len() >= 14, "{}", said.len());
    bench.clocks(40);
    assert_eq!(bench.written[0].last().map(|last| last.1), Some(2000));
}

#[test]
fn interrupts_keep_their_distance() {
    for moderation in [1, 2, 13, 14, 30, 500] {
        let mut bench = Bench::new(moderation);
        for _ in 0..2000 {
            bench.moves(ring::INJECT, 1);
            bench.clock(true);
        }
        let pulses = bench.pulses(ring::INJECT);
        let closest = pulses.windows(2).map(|pair| pair[1] - pair[0]).min();
        let natural = 14;
        assert!(closest >= Some(u64::from(moderation)), "{closest:?}");
        let most = u64::from(moderation).div_ceil(natural) * natural;
        assert!(
            closest <= Some(most.max(natural)),
            "{moderation}: {closest:?}"
        );
        bench.clocks(600);
        let last = bench.written[2].last().expect("written").0;
        assert!(
            bench.pulses(ring::INJECT).last() > Some(&last),
            "{moderation}"
        );
    }
}

#[test]
fn without_moderation_there_are_none() {
    let mut bench = Bench::new(0);
    for _ in 0..200 {
        bench.moves(ring::PUNT, 1);
        bench.clock(true);
    }
    assert!(bench.interrupts.is_empty());
    bench.clocks(40);
    bench.sim.set_int("punt_moderation", 1);
    bench.clocks(100);
    assert!(bench.interrupts.is_empty(), "told later after all");
    bench.moves(ring::PUNT, 1);
    bench.clocks(100);
    assert_eq!(bench.pulses(ring::PUNT).len(), 1);
}

#[test]
fn a_ring_that_does_not_run_says_nothing() {
    let mut bench = Bench::new(1);
    bench.sim.set_int("inject_runs", 0);
    bench.moves(ring::INJECT, 5);
    bench.clocks(30);
    bench.sim.set_int("inject_runs", 1);
    bench.clocks(30);
    assert!(bench.written[2].is_empty() && bench.interrupts.is_empty());
}

#[test]
fn a_status_that_failed_is_not_told_and_a_fault_is() {
    let mut bench = Bench::new(1);
    bench.good = false;
    bench.moves(ring::PUNT, 1);
    bench.clocks(30);
    assert!(bench.interrupts.is_empty());
    bench.sim.set_int("failed", 1);
    bench.clock(true);
    bench.sim.set_int("failed", 0);
    bench.clocks(5);
    assert_eq!(bench.pulses(FAULT_VECTOR).len(), 1);
}
