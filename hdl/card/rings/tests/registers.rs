//! Registers of the rings against what the contract says of them.

use crate::card::rings::registers::registers;
use crate::stream::frames::Noise;
use underpass_layout::registers::rings::{
    BASE_HIGH, BASE_LOW, CONSUMER, CONTROL, DROPPED, ENABLE, FAULT, MODERATION, PRODUCER, REFUSED,
    SIZE, STATUS_HIGH, STATUS_LOW, STRIDE,
};
use underpass_layout::rings::ring;
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

struct Bench {
    sim: Sim,
    failed: u32,
}

impl Bench {
    fn new() -> Self {
        let sim = Sim::new(&build("registers", Ports::Fields, Blocks::Inline, || {
            let made = registers(
                input("request"),
                ring::NAMES.map(|name| input(name)),
                ring::NAMES.map(|name| input(&format!("{name}_condition"))),
            );
            output("response", made.response);
            for (name, ring) in ring::NAMES.into_iter().zip(made.rings) {
                output(&format!("{name}_runs"), ring.runs);
                output(&format!("{name}_page"), ring.page);
                output(&format!("{name}_mask"), ring.mask);
                output(&format!("{name}_telling"), ring.telling);
            }
            output("failed", made.failed);
        }));
        Bench { sim, failed: 0 }
    }

    fn clock(&mut self) {
        self.failed += self.sim.get_int("failed") as u32;
        self.sim.step();
    }

    fn clocks(&mut self, count: usize) {
        (0..count).for_each(|_| self.clock());
    }

    fn access(&mut self, write: bool, address: u32, data: u32) -> u32 {
        self.sim.set_int("request_valid", 1);
        self.sim.set_int("request_write", u128::from(write));
        self.sim.set_int("request_address", u128::from(address));
        self.sim.set_int("request_data", u128::from(data));
        self.clock();
        self.sim.set_int("request_valid", 0);
        self.sim.set_int("request_address", 0xffff);
        for _ in 0..10 {
            if self.sim.get_int("response_valid") == 1 {
                return self.sim.get_int("response_data") as u32;
            }
            self.clock();
        }
        panic!("no answer")
    }

    fn read(&mut self, number: u32, register: u32) -> u32 {
        self.access(false, register + STRIDE * number, 0)
    }

    fn write(&mut self, number: u32, register: u32, value: u32) {
        self.access(true, register + STRIDE * number, value);
    }

    fn enable(&mut self, number: u32, size: u32) {
        self.write(number, SIZE, size);
        self.write(number, CONTROL, ENABLE);
    }

    /// An engine's event, for a clock.
    fn event(&mut self, number: u32, what: &str, value: u32) {
        let name = format!("{}_{what}", ring::NAMES[number as usize]);
        self.sim.set_int(&name, value.into());
        self.clock();
        self.sim.set_int(&name, 0);
    }

    fn counts(&mut self, number: u32) -> [u32; 4] {
        [PRODUCER, CONSUMER, REFUSED, DROPPED].map(|register| self.read(number, register))
    }
}

#[test]
fn only_what_a_ring_can_be_is_enabled() {
    for (base, status, size, possible) in [
        (0x1000u64, 0x40u64, 6, true),
        (0xffff_ffff_ffff_f000, 0xffff_ffff_ffff_ffc0, 20, true),
        (0, 0, 13, true),
        (0x1800, 0x40, 6, false),
        (0x1001, 0x40, 6, false),
        (0x1000, 0x41, 6, false),
        (0x1000, 0x60, 6, false),
        (0x1000, 0x40, 5, false),
        (0x1000, 0x40, 21, false),
        (0x1000, 0x40, 0, false),
        (0x1000, 0x40, 6 + 32, false),
        (0x1000, 0x40, 1 << 31 | 6, false),
    ] {
        let mut bench = Bench::new();
        for number in 0..3 {
            for (register, value) in [
                (BASE_LOW, base as u32),
                (BASE_HIGH, (base >> 32) as u32),
                (STATUS_LOW, status as u32),
                (STATUS_HIGH, (status >> 32) as u32),
            ] {
                bench.write(number, register, value);
                assert_eq!(bench.read(number, register), value);
            }
            bench.enable(number, size);
            assert_eq!(bench.read(number, CONTROL), u32::from(possible));
            assert_eq!(bench.read(number, REFUSED), u32::from(!possible));
            let name = ring::NAMES[number as usize];
            assert_eq!(bench.sim.get_int(&format!("{name}_runs")), possible.into());
            if possible {
                let mut get = |what: &str| bench.sim.get_int(&format!("{name}_{what}"));
                assert_eq!(get("page"), (base >> 12).into());
                assert_eq!(get("mask"), (1 << size) - 1);
                assert_eq!(get("telling_address"), (status >> 6).into());
            }
        }
    }
}

#[test]
fn a_ring_that_runs_keeps_its_place() {
    let mut bench = Bench::new();
    bench.enable(ring::PUNT, 8);
    for register in [BASE_LOW, BASE_HIGH, SIZE, STATUS_LOW, STATUS_HIGH] {
        let before = bench.read(ring::PUNT, register);
        bench.write(ring::PUNT, register, 0xffff_ffff);
        assert_eq!(bench.read(ring::PUNT, register), before);
    }
    bench.write(ring::PUNT, MODERATION, 99);
    assert_eq!(bench.read(ring::PUNT, MODERATION), 99);
    bench.event(ring::PUNT, "beats", 5);
    bench.write(ring::PUNT, CONTROL, ENABLE);
    assert_eq!(bench.counts(ring::PUNT), [5, 0, 1, 0]);
    assert_eq!(bench.read(ring::PUNT, CONTROL), ENABLE);
    assert_eq!(bench.sim.get_int("punt_runs"), 1);
}

#[test]
fn a_ring_is_at_rest_when_nothing_is_under_way() {
    let mut bench = Bench::new();
    bench.enable(ring::COMMAND, 8);
    bench.write(ring::COMMAND, PRODUCER, 8);
    bench.sim.set_int("command_condition_busy", 1);
    bench.write(ring::COMMAND, CONTROL, 0);
    assert_eq!(bench.sim.get_int("command_runs"), 0);
    for _ in 0..10 {
        assert_eq!(bench.read(ring::COMMAND, CONTROL), ENABLE);
        bench.write(ring::COMMAND, CONTROL, ENABLE);
    }
    assert_eq!(bench.counts(ring::COMMAND), [8, 0, 10, 0]);
    bench.event(ring::COMMAND, "beats", 6);
    bench.sim.set_int("command_condition_busy", 0);
    bench.clocks(30);
    assert_eq!(bench.read(ring::COMMAND, CONTROL), 0);
    assert_eq!(bench.counts(ring::COMMAND), [8, 6, 10, 0]);
    bench.write(ring::COMMAND, CONTROL, ENABLE);
    assert_eq!(bench.counts(ring::COMMAND), [0, 0, 10, 0]);
}

#[test]
fn a_fault_stops_its_ring_and_is_told_once_it_rests() {
    let mut bench = Bench::new();
    for number in 0..3 {
        bench.enable(number, 7);
    }
    bench.sim.set_int("inject_busy", 1);
    for _ in 0..3 {
        bench.event(ring::INJECT, "condition_fault", 1);
    }
    assert_eq!(bench.sim.get_int("inject_runs"), 0);
    bench.clocks(40);
    assert_eq!(
        (bench.read(ring::INJECT, CONTROL), bench.failed),
        (ENABLE, 0)
    );
    bench.sim.set_int("inject_busy", 0);
    bench.clocks(40);
    assert_eq!(
        (bench.read(ring::INJECT, CONTROL), bench.failed),
        (FAULT, 1)
    );
    bench.write(ring::INJECT, CONTROL, 0);
    assert_eq!(bench.read(ring::INJECT, CONTROL), FAULT);
    bench.write(ring::INJECT, CONTROL, ENABLE);
    assert_eq!(bench.read(ring::INJECT, CONTROL), ENABLE);
    for number in [ring::COMMAND, ring::PUNT] {
        assert_eq!(bench.read(number, CONTROL), ENABLE);
    }
    assert_eq!(bench.failed, 1);
}

/// A ring's counts as the contract has them.
#[derive(Clone, Copy, Debug, Default)]
struct Model {
    runs: bool,
    producer: u32,
    consumer: u32,
    refused: u32,
    dropped: u32,
}

impl Model {
    fn bell(&mut self, number: u32, value: u32, size: u32) {
        let used = self.producer.wrapping_sub(self.consumer);
        let accepted = self.runs
            && match number {
                ring::PUNT => self.producer.wrapping_sub(value) <= used,
                _ => {
                    let to = value.wrapping_sub(self.consumer);
                    to >= used && to <= size && (number == ring::INJECT || value.is_multiple_of(2))
                }
            };
        match (accepted, number) {
            (false, _) => self.refused += 1,
            (true, ring::PUNT) => self.consumer = value,
            (true, _) => self.producer = value,
        }
    }
}

#[test]
fn doorbells_are_believed_when_they_can_be() {
    let mut bench = Bench::new();
    let mut noise = Noise(41);
    let mut model = [Model::default(); 3];
    let size = 64;
    for round in 0..3000 {
        let number = noise.below(3) as u32;
        let now = &mut model[number as usize];
        let (own, bell) = match number {
            ring::PUNT => (PRODUCER, CONSUMER),
            _ => (CONSUMER, PRODUCER),
        };
        let used = now.producer.wrapping_sub(now.consumer);
        match noise.below(12) {
            0 if now.runs && round % 5 == 0 => {
                bench.write(number, CONTROL, 0);
                bench.clocks(20);
                now.runs = false;
            }
            0..=1 if !now.runs => {
                bench.enable(number, 6);
                *now = Model {
                    runs: true,
                    refused: now.refused,
                    dropped: now.dropped,
                    ..Model::default()
                };
            }
            2 => bench.write(number, own, noise.below(1 << 30) as u32),
            3 if now.runs => {
                let most = match number {
                    ring::PUNT => size - used,
                    _ => used,
                };
                let beats = noise.below(most as usize + 1) as u32;
                bench.event(number, "beats", beats);
                match number {
                    ring::PUNT => now.producer = now.producer.wrapping_add(beats),
                    _ => now.consumer = now.consumer.wrapping_add(beats),
                }
            }
            4 => {
                bench.event(number, "refused", 1);
                now.refused += 1;
            }
            5 => {
                let frames = 1 + noise.below(3) as u32;
                bench.event(number, "dropped", frames);
                now.dropped += frames;
            }
            _ => {
                let near = now.consumer.wrapping_add(noise.below(80) as u32);
                let value = [
                    near,
                    near.wrapping_sub(70),
                    noise.below(1 << 32) as u32,
                    now.producer,
                ][noise.below(4)];
                bench.write(number, bell, value);
                now.bell(number, value, size);
            }
        }
        let now = model[number as usize];
        let counts = [now.producer, now.consumer, now.refused, now.dropped];
        assert_eq!(bench.counts(number), counts, "round {round}, ring {number}");
    }
    for model in model {
        assert!(model.refused > 100, "{model:?}");
    }
}

#[test]
fn a_count_wraps_without_a_seam() {
    let mut bench = Bench::new();
    bench.enable(ring::COMMAND, 20);
    let step = 1 << 20;
    let mut at = 0u32;
    for _ in 0..4097 {
        at = at.wrapping_add(step);
        bench.write(ring::COMMAND, PRODUCER, at);
        bench.event(ring::COMMAND, "beats", step);
    }
    assert_eq!(bench.counts(ring::COMMAND), [step, step, 0, 0]);
}

#[test]
fn what_changes_is_news() {
    let mut bench = Bench::new();
    bench.enable(ring::INJECT, 6);
    let news = |bench: &mut Bench| bench.sim.get_int("inject_telling_moved");
    bench.write(ring::INJECT, PRODUCER, 3);
    assert_eq!(news(&mut bench), 0);
    for what in ["beats", "refused", "dropped"] {
        bench.event(ring::INJECT, what, 1);
        assert_eq!(news(&mut bench), 1, "{what}");
        bench.clock();
        assert_eq!(news(&mut bench), 0, "{what}");
    }
    assert_eq!(bench.sim.get_int("inject_telling_index"), 1);
    assert_eq!(bench.sim.get_int("inject_telling_idle"), 0);
}
