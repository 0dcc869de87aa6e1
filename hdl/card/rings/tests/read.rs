//! Both rings read from host memory.

use super::Part;
use crate::card::rings::fetch::{fetch, BUFFER};
use crate::stream::frames::{bytes, Noise};
use underpass_bench::{AxiRam, AxiSlave, AxiTiming, Channel, Dut, Stalls};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

const NAMES: [&str; 2] = ["command", "inject"];
const BASES: [u64; 2] = [0x1_0000_f000, 0xffff_0000_0000_1000];

struct Bench {
    part: Part,
    host: AxiSlave<usize, AxiRam>,
    log2: [u32; 2],
    producers: [u32; 2],
    /// What came: the number in the beat, or nothing for a bad one.
    came: [Vec<Option<u32>>; 2],
    /// Beats of the inject ring that the engine has not done with.
    held: usize,
    credit: Noise,
    faults: [u32; 2],
}

impl Bench {
    fn new(log2: [u32; 2], timing: AxiTiming) -> Self {
        let sim = Sim::new(&build("fetch", Ports::Fields, Blocks::Inline, || {
            let made = fetch(
                input("command_ring"),
                input("inject_ring"),
                input("credit"),
                input("axi_in"),
            );
            output("axi", made.axi);
            output("command", made.command);
            output("inject", made.inject);
            output("command_condition", made.command_condition);
            output("inject_condition", made.inject_condition);
        }));
        let part = Part::new(sim, |name| {
            (name.starts_with('r') || name.starts_with("ar"))
                && !["arsize", "arburst"].contains(&name)
        });
        let mut ram = AxiRam::new();
        for ring in 0..2 {
            let beats = 1u64 << log2[ring];
            ram.allow(BASES[ring]..BASES[ring] + 64 * beats);
            let mut sim = part.sim.borrow_mut();
            let name = NAMES[ring];
            sim.set_int(&format!("{name}_ring_page"), (BASES[ring] >> 12).into());
            sim.set_int(&format!("{name}_ring_mask"), (beats - 1).into());
            sim.set_int(&format!("{name}_ring_runs"), 1);
        }
        Bench {
            host: AxiSlave::new(&part, "m_axi", ram, timing).expect("the ports"),
            part,
            log2,
            producers: [0; 2],
            came: [vec![], vec![]],
            held: 0,
            credit: Noise(3),
            faults: [0; 2],
        }
    }

    /// Fills so many beats of a ring with their numbers.
    fn fill(&mut self, ring: usize, beats: u32) {
        for _ in 0..beats {
            let number = self.producers[ring];
            let place = u64::from(number & ((1 << self.log2[ring]) - 1));
            let mut beat = [ring as u8; 64];
            beat[..4].copy_from_slice(&number.to_le_bytes());
            self.host.memory_mut().put(BASES[ring] + 64 * place, beat);
            self.producers[ring] += 1;
        }
    }

    fn clock(&mut self, credits: usize) {
        let credit = self.held > 0 && self.credit.below(100) < credits;
        self.held -= usize::from(credit);
        {
            let mut sim = self.part.sim.borrow_mut();
            for (name, producer) in NAMES.into_iter().zip(self.producers) {
                sim.set_int(&format!("{name}_ring_producer"), producer.into());
            }
            sim.set_int("credit", u128::from(credit));
        }
        Channel::drive(&mut self.host, &mut self.part);
        Channel::sample(&mut self.host, &self.part).expect("the rules of the bus are kept");
        let mut sim = self.part.sim.borrow_mut();
        assert_eq!(sim.get_int("axi_rready"), 1);
        for (ring, name) in NAMES.into_iter().enumerate() {
            self.faults[ring] += sim.get_int(&format!("{name}_condition_fault")) as u32;
            if sim.get_int(&format!("{name}_valid")) == 0 {
                continue;
            }
            let beat = bytes(&sim.get(&format!("{name}_data")));
            let good = sim.get_int(&format!("{name}_bad")) == 0;
            assert!(!good || beat[4..].iter().all(|byte| *byte == ring as u8));
            let number = u32::from_le_bytes([beat[0], beat[1], beat[2], beat[3]]);
            self.came[ring].push(good.then_some(number));
            self.held += ring;
        }
        assert!(self.held <= 1 << BUFFER, "more than there is room for");
        drop(sim);
        self.part.tick();
    }

    fn busy(&self, ring: usize) -> bool {
        let mut sim = self.part.sim.borrow_mut();
        sim.get_int(&format!("{}_condition_busy", NAMES[ring])) == 1
    }
}

#[test]
fn every_beat_comes_once_and_in_order() {
    for (latency, percent) in [(1, 0), (200, 0), (20, 50)] {
        let timing = AxiTiming {
            read_latency: latency,
            write_latency: 1,
            stalls: Stalls::Random { seed: 4, percent },
        };
        let mut noise = Noise(latency);
        let mut bench = Bench::new([7, 9], timing);
        for clock in 0..6000 {
            for ring in 0..2 {
                let waits = bench.producers[ring] - bench.came[ring].len() as u32;
                let room = (1 << bench.log2[ring]) - waits;
                if noise.below(20) == 0 && clock < 5000 {
                    let beats = noise.below(room as usize + 1) as u32;
                    bench.fill(ring, beats);
                }
            }
            bench.clock([5, 100, 60][clock / 100 % 3]);
        }
        (0..2000).for_each(|_| bench.clock(100));
        for ring in 0..2 {
            let expected: Vec<_> = (0..bench.producers[ring]).map(Some).collect();
            assert!(expected.len() > 400, "{} beats", expected.len());
            assert_eq!(bench.came[ring], expected);
            assert!(!bench.busy(ring));
        }
        assert_eq!(bench.host.memory().trespasses(), [0u64; 0]);
        assert_eq!(bench.faults, [0; 2]);
    }
}

#[test]
fn a_full_ring_comes_in_pages_without_a_gap() {
    let mut bench = Bench::new([10, 6], AxiTiming::default());
    bench.fill(0, 1024);
    let mut clocks = 0;
    while bench.came[0].len() < 1024 {
        bench.clock(100);
        clocks += 1;
    }
    assert_eq!(bench.host.totals().read_bursts, 16);
    assert!(clocks <= 1024 + 10, "{clocks} clocks");
}

#[test]
fn behind_a_bad_beat_all_are_bad_until_the_ring_has_stopped() {
    let timing = AxiTiming {
        read_latency: 9,
        ..AxiTiming::default()
    };
    let mut bench = Bench::new([8, 8], timing);
    let broken = BASES[0] + 64 * 70;
    bench.host.memory_mut().break_down(broken..broken + 64);
    bench.fill(0, 200);
    bench.fill(1, 200);
    (0..800).for_each(|_| bench.clock(100));
    let good: Vec<_> = (0..70).map(Some).collect();
    assert_eq!(bench.came[0][..70], good);
    assert!(bench.came[0][70..].iter().all(Option::is_none));
    assert_eq!(bench.came[1], (0..200).map(Some).collect::<Vec<_>>());
    assert_eq!(bench.faults, [1, 0]);

    bench.part.sim.borrow_mut().set_int("command_ring_runs", 0);
    (0..300).for_each(|_| bench.clock(100));
    assert!(!bench.busy(0));
    bench.host.memory_mut().mend();
    bench.came[0].clear();
    bench.producers[0] = 0;
    bench.clock(0);
    bench.clock(0);
    bench.part.sim.borrow_mut().set_int("command_ring_runs", 1);
    bench.fill(0, 10);
    (0..100).for_each(|_| bench.clock(100));
    assert_eq!(bench.came[0], (0..10).map(Some).collect::<Vec<_>>());
}

#[test]
fn a_ring_that_stops_asks_for_nothing_more() {
    for stop in 0..30 {
        let mut bench = Bench::new([12, 8], AxiTiming::default());
        bench.fill(0, 4096);
        (0..stop).for_each(|_| bench.clock(100));
        bench.part.sim.borrow_mut().set_int("command_ring_runs", 0);
        let before = bench.came[0].len();
        (0..1000).for_each(|_| bench.clock(100));
        let after = bench.came[0].len() - before;
        assert!(after <= 1 << BUFFER, "{after} beats after a stop at {stop}");
        assert!(!bench.busy(0));
    }
}
