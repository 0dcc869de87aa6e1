//! Punted frames and statuses, from the core's stream into host memory.

use super::Part;
use crate::card::rings::punt::{punt, WriteBeat};
use crate::card::rings::write::{write, BurstOffer, Written};
use crate::stream::frames::{beats, offer, Noise, PlainBeat};
use std::collections::VecDeque;
use underpass_bench::{AxiRam, AxiSlave, AxiTiming, Channel, Stalls};
use underpass_layout::port::SLOW;
use underpass_layout::registers::slow::PUNT_BEATS;
use underpass_wires::{build, input, output, Blocks, Bundle, Ports, Sim};

const BASE: u64 = 0x7_1234_5000;
const STATUS: u64 = 0x9000_0040;

/// Copies a bundle from one part to another, field by field.
fn carry<T: Bundle>(from: &mut Sim, output: &str, to: &mut Sim, input: &str) {
    for field in underpass_wires::fields::<T>() {
        let name = |port: &str| match field.path.as_str() {
            "" => port.to_string(),
            path => format!("{port}_{path}"),
        };
        to.set(&name(input), &from.get(&name(output)));
    }
}

struct Bench {
    punt: Sim,
    write: Part,
    host: AxiSlave<usize, AxiRam>,
    core: VecDeque<PlainBeat>,
    mask: u32,
    producer: u32,
    consumer: u32,
    dropped: u32,
    faults: u32,
    /// Statuses that are on offer, and those that were answered.
    offers: [bool; 3],
    answered: [u32; 3],
    /// Beats that have left, by clock.
    moved: Vec<u64>,
}

impl Bench {
    fn new(log2: u32, timing: AxiTiming) -> Self {
        let mut engine = Sim::new(&build("punt", Ports::Fields, Blocks::Inline, || {
            let made = punt(
                input("ring"),
                input("offer"),
                input("burst_taken"),
                input("beat_taken"),
                input("written"),
            );
            output("burst", made.burst);
            output("beat", made.beat);
            output("progress", made.progress);
        }));
        let channels = Sim::new(&build("write", Ports::Fields, Blocks::Inline, || {
            let statuses = ["command", "punt", "inject"].map(|name| input(name));
            let made = write(statuses, input("burst"), input("beat"), input("axi_in"));
            output("axi", made.axi);
            output("burst_taken", made.burst_taken);
            output("beat_taken", made.beat_taken);
            output("written", made.written);
            for (name, status) in ["command", "punt", "inject"].into_iter().zip(made.statuses) {
                output(&format!("{name}_written"), status);
            }
            output("faults", made.faults);
        }));
        let write = Part::new(channels, |name| {
            name.starts_with(['a', 'w', 'b'])
                && !name.starts_with("ar")
                && !["awsize", "awburst", "wstrb"].contains(&name)
        });
        let host = AxiSlave::new(&write, "m_axi", AxiRam::new(), timing).expect("the ports");
        engine.set_int("ring_page", u128::from(BASE >> 12));
        engine.set_int("ring_mask", (1 << log2) - 1);
        let mut bench = Bench {
            punt: engine,
            write,
            host,
            core: VecDeque::new(),
            mask: (1 << log2) - 1,
            producer: 0,
            consumer: 0,
            dropped: 0,
            faults: 0,
            offers: [false; 3],
            answered: [0; 3],
            moved: vec![],
        };
        let ram = bench.host.memory_mut();
        ram.allow(BASE..BASE + (64 << log2));
        ram.allow(STATUS..STATUS + 3 * 0x1000);
        bench.clock();
        bench.punt.set_int("ring_runs", 1);
        bench
    }

    fn clock(&mut self) {
        offer(&mut self.punt, "offer", self.core.pop_front().as_ref());
        self.punt.set_int("ring_consumer", self.consumer.into());
        let mut write = self.write.sim.borrow_mut();
        for (number, name) in ["command", "punt", "inject"].into_iter().enumerate() {
            write.set_int(&format!("{name}_valid"), self.offers[number].into());
            let address = STATUS + 0x1000 * number as u64;
            write.set_int(&format!("{name}_address"), u128::from(address >> 6));
            write.set_int(&format!("{name}_index"), self.answered[number].into());
        }
        carry::<BurstOffer>(&mut self.punt, "burst", &mut write, "burst");
        carry::<WriteBeat>(&mut self.punt, "beat", &mut write, "beat");
        drop(write);
        Channel::drive(&mut self.host, &mut self.write);
        Channel::sample(&mut self.host, &self.write).expect("the rules of the bus are kept");
        let mut write = self.write.sim.borrow_mut();
        for name in ["burst_taken", "beat_taken"] {
            self.punt.set(name, &write.get(name));
        }
        if write.get_int("beat_taken") == 1 {
            self.moved.push(underpass_bench::Dut::cycle(&self.write));
        }
        carry::<Written>(&mut write, "written", &mut self.punt, "written");
        for (number, name) in ["command", "punt", "inject"].into_iter().enumerate() {
            self.offers[number] &= write.get_int(&format!("{name}_written_taken")) == 0;
            self.answered[number] += write.get_int(&format!("{name}_written_answered")) as u32;
            self.faults += write.get_int(&format!("faults_{number}")) as u32;
        }
        drop(write);
        self.producer += self.punt.get_int("progress_beats") as u32;
        self.dropped += self.punt.get_int("progress_dropped") as u32;
        self.punt.step();
        underpass_bench::Dut::tick(&mut self.write);
    }

    fn clocks(&mut self, count: usize) {
        (0..count).for_each(|_| self.clock());
    }

    fn busy(&mut self) -> bool {
        self.punt.get_int("progress_busy") == 1
    }

    /// What the host finds at its consumer, frame by frame of the lengths given.
    fn take(&mut self, length: usize) -> Vec<u8> {
        let mut frame = vec![];
        for _ in 0..length.div_ceil(64) {
            assert_ne!(self.consumer, self.producer, "the host would wait");
            let place = u64::from(self.consumer & self.mask);
            frame.extend(self.host.memory().beat(BASE + 64 * place));
            self.consumer += 1;
        }
        assert!(frame[length..].iter().all(|byte| *byte == 0), "not zero");
        frame.truncate(length);
        frame
    }
}

fn timing(latency: u64, percent: u8) -> AxiTiming {
    AxiTiming {
        read_latency: 1,
        write_latency: latency,
        stalls: match percent {
            0 => Stalls::None,
            percent => Stalls::Random { seed: 8, percent },
        },
    }
}

#[test]
fn frames_lie_in_the_ring_in_order_each_from_a_new_beat() {
    for (latency, percent) in [(1, 0), (50, 0), (7, 40)] {
        let mut noise = Noise(31);
        let mut bench = Bench::new(8, timing(latency, percent));
        let mut waiting: VecDeque<Vec<u8>> = VecDeque::new();
        for _ in 0..150 {
            let length = [65, 66, 128, 129, 200, 1600, 9064][noise.below(7)];
            let frame = noise.bytes(length);
            while length.div_ceil(64) + waiting.iter().map(|f| f.len().div_ceil(64)).sum::<usize>()
                > 256
            {
                let first: Vec<u8> = waiting.pop_front().expect("some wait");
                while bench.producer - bench.consumer < first.len().div_ceil(64) as u32 {
                    bench.clock();
                }
                assert_eq!(bench.take(first.len()), first);
            }
            bench.clocks(4);
            bench.core.extend(beats(&frame, SLOW));
            bench.clocks(noise.below(40) + length.div_ceil(64));
            waiting.push_back(frame);
        }
        while bench.busy() {
            bench.clock();
        }
        for frame in waiting {
            assert_eq!(bench.take(frame.len()), frame);
        }
        assert_eq!((bench.dropped, bench.producer), (0, bench.consumer));
        assert_eq!(bench.host.memory().trespasses(), [0u64; 0]);
    }
}

#[test]
fn a_frame_without_room_in_the_ring_is_dropped_as_a_whole() {
    let mut noise = Noise(2);
    let mut bench = Bench::new(6, timing(3, 0));
    let frames: Vec<Vec<u8>> = [640, 64 * 40, 64 * 15, 64 * 14, 65, 65]
        .map(|length| noise.bytes(length))
        .into();
    for frame in &frames {
        bench.core.extend(beats(frame, SLOW));
    }
    bench.clocks(300);
    // 10 + 40 beats, 15 find no room in the 14 that are left, 14 fill the ring.
    assert_eq!((bench.producer, bench.dropped), (64, 3));
    for kept in [0, 1, 3] {
        assert_eq!(bench.take(frames[kept].len()), frames[kept]);
    }
    bench.core.extend(beats(&frames[0], SLOW));
    bench.clocks(60);
    assert_eq!(bench.take(640), frames[0]);
}

#[test]
fn the_core_never_waits_for_a_host_that_is_slow() {
    let mut noise = Noise(6);
    let mut bench = Bench::new(12, timing(3, 95));
    let frames: Vec<Vec<u8>> = (0..60).map(|_| noise.bytes(3000)).collect();
    for frame in &frames {
        bench.core.extend(beats(frame, SLOW));
    }
    let all = bench.core.len();
    bench.clocks(all);
    assert!(bench.core.is_empty());
    while bench.busy() {
        bench.clock();
    }
    assert!(bench.dropped > 0);
    assert_eq!(bench.producer / 47 + bench.dropped, 60);
    let kept = PUNT_BEATS / 47;
    for frame in &frames[..kept] {
        assert_eq!(bench.take(3000), *frame);
    }
}

#[test]
fn a_length_that_lies_harms_only_its_own_frame() {
    for said in [1u32, 64, 65, 128, 1000, 65_535] {
        let mut noise = Noise(12);
        let mut bench = Bench::new(11, timing(2, 0));
        for _ in 0..5 {
            let mut liar = beats(&noise.bytes(300), SLOW);
            liar.iter_mut()
                .for_each(|beat| beat.user = said << 16 | u32::from(SLOW));
            bench.core.extend(liar);
            // The longest frame fits only an empty buffer.
            bench.clocks(60);
        }
        let honest = noise.bytes(200);
        bench.core.extend(beats(&honest, SLOW));
        bench.clocks(200);
        let kept = bench.producer - 4;
        assert_eq!(kept, 5 * said.div_ceil(64).min(5), "said {said}");
        bench.consumer = kept;
        assert_eq!(bench.take(200), honest, "said {said}");
        assert!(!bench.busy());
    }
}

#[test]
fn a_ring_that_stops_drops_what_it_holds() {
    for stop in [0, 3, 8, 20, 40, 70, 100, 140] {
        let mut noise = Noise(13);
        let mut bench = Bench::new(10, timing(20, 30));
        for _ in 0..10 {
            bench.core.extend(beats(&noise.bytes(64 * 12), SLOW));
        }
        bench.clocks(stop);
        bench.punt.set_int("ring_runs", 0);
        bench.clocks(600);
        assert!(!bench.busy(), "stopped at {stop}");
        assert_eq!(bench.producer % 12, 0);
        assert_eq!(bench.producer / 12 + bench.dropped, 10, "stopped at {stop}");
        (bench.producer, bench.consumer) = (0, 0);
        bench.clock();
        bench.punt.set_int("ring_runs", 1);
        let frame = noise.bytes(100);
        bench.core.extend(beats(&frame, SLOW));
        bench.clocks(60);
        assert_eq!(bench.take(100), frame);
    }
}

#[test]
fn behind_a_write_that_failed_nothing_counts() {
    for stop in 0..12 {
        let mut noise = Noise(14);
        let mut bench = Bench::new(10, timing(9, 0));
        let frames: Vec<Vec<u8>> = (0..6).map(|_| noise.bytes(64 * 3)).collect();
        let broken = BASE + 64 * 7;
        bench.host.memory_mut().break_down(broken..broken + 64);
        for frame in &frames {
            bench.core.extend(beats(frame, SLOW));
        }
        while bench.faults == 0 {
            bench.clock();
        }
        // The registers stop the ring some clocks later.
        bench.clocks(stop);
        bench.punt.set_int("ring_runs", 0);
        bench.clocks(100);
        assert_eq!((bench.producer, bench.dropped, bench.faults), (6, 4, 1));
        for frame in &frames[..2] {
            assert_eq!(bench.take(192), *frame);
        }
        assert!(!bench.busy());
    }
}

#[test]
fn frames_follow_each_other_closely() {
    let mut noise = Noise(15);
    let mut bench = Bench::new(12, timing(30, 0));
    for _ in 0..100 {
        bench.core.extend(beats(&noise.bytes(124), SLOW));
    }
    bench.clocks(500);
    assert_eq!(bench.producer, 200);
    let clocks = bench.moved[199] - bench.moved[0] + 1;
    assert_eq!(clocks, 99 * 3 + 2, "three clocks for a frame of two beats");
}

#[test]
fn statuses_go_between_the_bursts_of_frames() {
    let mut noise = Noise(16);
    let mut bench = Bench::new(12, timing(5, 20));
    for _ in 0..20 {
        bench.core.extend(beats(&noise.bytes(64 * 50), SLOW));
    }
    let mut asked = [0; 3];
    for clock in 0..3000 {
        if clock % 97 == 0 {
            for (asked, offer) in asked.iter_mut().zip(&mut bench.offers) {
                *asked += u32::from(!*offer);
                *offer = true;
            }
        }
        bench.clock();
    }
    bench.clocks(200);
    assert_eq!(bench.producer, 1000);
    assert_eq!(bench.answered, asked);
    for (number, asked) in asked.into_iter().enumerate() {
        let beat = bench.host.memory().beat(STATUS + 0x1000 * number as u64);
        let index = u32::from_le_bytes([beat[0], beat[1], beat[2], beat[3]]);
        assert!(index + 2 >= asked && beat[4..].iter().all(|byte| *byte == 0));
    }
}
