//! Frames of the inject ring, from beats to the stream.

use super::beat;
use crate::card::rings::fetch::BUFFER;
use crate::card::rings::inject::inject;
use crate::stream::frames::{beats, offered, words, Noise, PlainBeat};
use std::collections::VecDeque;
use underpass_layout::port::SLOW;
use underpass_layout::registers::slow::INJECT_MAX_BYTES;
use underpass_layout::shim::InjectShim;
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

struct Bench {
    sim: Sim,
    /// Beats that memory will give.
    beats: VecDeque<([u8; 64], bool)>,
    /// Beats given that the engine has not done with.
    reserved: i64,
    sent: Vec<PlainBeat>,
    held: Option<PlainBeat>,
    consumed: u32,
    refused: u32,
    producer: u32,
    /// One in so many clocks memory gives nothing, or the core takes nothing.
    noise: Option<Noise>,
    /// A beat was offered in a clock, for each clock.
    offered: Vec<bool>,
}

impl Bench {
    fn new() -> Self {
        let mut sim = Sim::new(&build("inject", Ports::Fields, Blocks::Inline, || {
            let made = inject(
                input("runs"),
                input("producer"),
                input("beat"),
                input("ready"),
            );
            output("offer", made.offer);
            output("progress", made.progress);
            output("credit", made.credit);
        }));
        sim.set_int("runs", 1);
        Bench {
            sim,
            beats: VecDeque::new(),
            reserved: 0,
            sent: vec![],
            held: None,
            consumed: 0,
            refused: 0,
            producer: 0,
            noise: None,
            offered: vec![],
        }
    }

    fn clock(&mut self) {
        let sim = &mut self.sim;
        let mut stalls = || self.noise.as_mut().is_some_and(|noise| noise.below(3) == 0);
        let (ready, gap) = (!stalls(), stalls());
        sim.set_int("ready", u128::from(ready));
        sim.set_int("producer", u128::from(self.producer));
        let room = self.reserved < 1 << BUFFER;
        let next = match gap || !room {
            true => None,
            false => self.beats.pop_front(),
        };
        sim.set_int("beat_valid", u128::from(next.is_some()));
        if let Some((bytes, bad)) = next {
            sim.set("beat_data", &words(&bytes));
            sim.set_int("beat_bad", u128::from(bad));
            self.reserved += 1;
        }
        let beat = offered(sim, "offer").map(|mut beat| {
            beat.bytes[beat.count..].fill(0);
            beat
        });
        self.offered.push(beat.is_some());
        if self.held.is_some() {
            assert_eq!(beat, self.held, "an offer changed before it was taken");
        }
        self.held = beat.clone().filter(|_| !ready);
        self.sent.extend(beat.filter(|_| ready));
        self.reserved -= sim.get_int("credit") as i64;
        self.consumed += sim.get_int("progress_beats") as u32;
        self.refused += sim.get_int("progress_refused") as u32;
        sim.step();
    }

    fn clocks(&mut self, count: usize) {
        (0..count).for_each(|_| self.clock());
    }

    /// Fills the ring with a frame of so many bytes, shim included, that says it has `length`; without the doorbell.
    fn fill(&mut self, noise: &mut Noise, bytes: usize, length: u16) -> Vec<u8> {
        let shim = InjectShim {
            length,
            vif: 3,
            ..InjectShim::default()
        };
        let mut frame = beat(&shim).to_vec();
        frame.extend(noise.bytes(bytes - 64));
        for chunk in frame.chunks(64) {
            let mut beat = [0xee; 64];
            beat[..chunk.len()].copy_from_slice(chunk);
            self.beats.push_back((beat, false));
        }
        frame
    }
}

#[test]
fn frames_enter_whole_and_in_order() {
    for stalls in [false, true] {
        let mut noise = Noise(21);
        let mut bench = Bench::new();
        bench.noise = stalls.then_some(Noise(5));
        let mut expected = vec![];
        for bytes in [
            65, 128, 129, 192, 200, 1564, 9064, 16_384, 66, 16_384, 16_383, 65,
        ] {
            let frame = bench.fill(&mut noise, bytes, bytes as u16);
            bench.producer += bytes.div_ceil(64) as u32;
            expected.extend(beats(&frame, SLOW));
        }
        bench.clocks(4000);
        assert_eq!(bench.sent, expected);
        assert_eq!((bench.consumed, bench.refused), (bench.producer, 0));
        assert_eq!((bench.reserved, bench.sim.get_int("progress_busy")), (0, 0));
    }
}

#[test]
fn a_frame_starts_when_all_of_it_is_here_and_then_has_no_gap() {
    let mut noise = Noise(4);
    let mut bench = Bench::new();
    bench.fill(&mut noise, 640, 640);
    bench.producer = 10;
    let late = bench.beats.pop_back().expect("ten beats");
    bench.clocks(200);
    assert!(bench.sent.is_empty());
    bench.beats.push_back(late);
    bench.clocks(40);
    let first = bench.offered.iter().position(|is| *is).expect("it goes");
    assert!(bench.offered[first..first + 10].iter().all(|is| *is));
    assert_eq!(bench.sent.len(), 10);
}

#[test]
fn a_length_that_cannot_be_takes_everything_up_to_the_producer_along() {
    let most = INJECT_MAX_BYTES as u16;
    for length in [0, 1, 63, 64, most + 1, u16::MAX, 65 + 64 * 5] {
        let mut noise = Noise(7);
        let mut bench = Bench::new();
        bench.noise = Some(Noise(u64::from(length) + 1));
        let good = bench.fill(&mut noise, 300, 300);
        bench.fill(&mut noise, 320, length);
        bench.producer = 10;
        bench.clocks(100);
        assert_eq!(bench.sent, beats(&good, SLOW), "length {length}");
        assert_eq!((bench.consumed, bench.refused), (10, 1));
        let next = bench.fill(&mut noise, 130, 130);
        bench.producer = 13;
        bench.clocks(100);
        assert_eq!(bench.sent[5..], beats(&next, SLOW));
        assert_eq!((bench.consumed, bench.refused), (13, 1));
    }
}

#[test]
fn only_a_frame_that_has_started_outlives_its_ring() {
    for stop in 0..60 {
        let mut noise = Noise(9);
        let mut bench = Bench::new();
        let first = beats(&bench.fill(&mut noise, 64 * 20, 64 * 20), SLOW);
        let both = [
            &first[..],
            &beats(&bench.fill(&mut noise, 64 * 30, 64 * 30), SLOW),
        ]
        .concat();
        bench.producer = 50;
        bench.clocks(stop);
        let begun = bench.sent.len();
        bench.sim.set_int("runs", 0);
        bench.clocks(120);
        let whole = bench.sent.len();
        assert!([0, first.len(), both.len()].contains(&whole) && whole >= begun);
        assert!(bench.sent == both[..whole], "stopped at {stop}");
        assert_eq!((bench.reserved, bench.sim.get_int("progress_busy")), (0, 0));
        bench.sent.clear();
        bench.sim.set_int("runs", 1);
        let next = bench.fill(&mut noise, 70, 70);
        bench.producer = 2;
        bench.clocks(30);
        assert_eq!(bench.sent, beats(&next, SLOW), "stopped at {stop}");
    }
}

#[test]
fn bad_beats_never_enter() {
    for bad_from in 0..8 {
        let mut noise = Noise(10);
        let mut bench = Bench::new();
        let first = bench.fill(&mut noise, 256, 256);
        bench.fill(&mut noise, 256, 256);
        for (i, beat) in bench.beats.iter_mut().enumerate() {
            beat.1 = i >= bad_from;
        }
        bench.producer = 8;
        bench.clocks(100);
        let expected = match bad_from < 4 {
            true => vec![],
            false => beats(&first, SLOW),
        };
        assert_eq!(bench.sent, expected, "bad from {bad_from}");
        bench.sim.set_int("runs", 0);
        bench.clocks(30);
        assert_eq!((bench.reserved, bench.sim.get_int("progress_busy")), (0, 0));
    }
}
