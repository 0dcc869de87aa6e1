use super::*;
use crate::stream::frames::{beats, offer, offered, Noise, PlainBeat};
use std::collections::VecDeque;
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::registers::slow::{INJECT_COMMIT, INJECT_DATA, INJECT_MAX_BYTES, PUNT_BEATS};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// The FIFO between a core that is only two lists of beats, and outer streams that are too.
struct Bench {
    sim: Sim,
    core_m: VecDeque<PlainBeat>,
    outer_s: VecDeque<PlainBeat>,
    outer_m: Vec<PlainBeat>,
    core_s: Vec<PlainBeat>,
    /// Clocks in which the core's input was taken.
    taken: Vec<u64>,
    now: u64,
    stalls: Option<Noise>,
    held: [Option<PlainBeat>; 2],
}

impl Bench {
    fn new() -> Self {
        let design = build("slow", Ports::Fields, Blocks::Inline, || {
            let out = slow_fifo(
                input("core_m"),
                input("outer_m_ready"),
                input("outer_s"),
                input("core_s_ready"),
                input("request"),
            );
            output("core_m_ready", out.core_m_ready);
            output("outer_m", out.outer_m);
            output("outer_s_ready", out.outer_s_ready);
            output("core_s", out.core_s);
            output("response", out.response);
        });
        Bench {
            sim: Sim::new(&design),
            core_m: VecDeque::new(),
            outer_s: VecDeque::new(),
            outer_m: vec![],
            core_s: vec![],
            taken: vec![],
            now: 0,
            stalls: None,
            held: [None, None],
        }
    }

    fn clock(&mut self) {
        let sim = &mut self.sim;
        let mut ready = || self.stalls.as_mut().is_none_or(|noise| noise.below(3) > 0);
        let readies = [ready(), ready()];
        sim.set_int("outer_m_ready", u128::from(readies[0]));
        sim.set_int("core_s_ready", u128::from(readies[1]));
        offer(sim, "core_m", self.core_m.front());
        offer(sim, "outer_s", self.outer_s.front());
        for (i, (name, to)) in [("outer_m", &mut self.outer_m), ("core_s", &mut self.core_s)]
            .into_iter()
            .enumerate()
        {
            let mut beat = offered(sim, name);
            if let Some(beat) = &mut beat {
                beat.bytes[beat.count..].fill(0);
            }
            if self.held[i].is_some() {
                assert_eq!(beat, self.held[i], "an offer changed before it was taken");
            }
            self.held[i] = beat.clone().filter(|_| !readies[i]);
            if let Some(beat) = beat.filter(|_| readies[i]) {
                to.push(beat);
                if i == 1 {
                    self.taken.push(self.now);
                }
            }
        }
        if sim.get_int("core_m_ready") == 1 {
            self.core_m.pop_front();
        }
        if sim.get_int("outer_s_ready") == 1 {
            self.outer_s.pop_front();
        }
        sim.step();
        self.now += 1;
    }

    fn access(&mut self, write: bool, address: u32, data: u32) -> u32 {
        self.sim.set_int("request_valid", 1);
        self.sim.set_int("request_write", u128::from(write));
        self.sim.set_int("request_address", u128::from(address));
        self.sim.set_int("request_data", u128::from(data));
        self.clock();
        self.sim.set_int("request_valid", 0);
        assert_eq!(self.sim.get_int("response_valid"), 1);
        let data = self.sim.get_int("response_data") as u32;
        self.clock();
        self.clock();
        data
    }

    fn read(&mut self, address: u32) -> u32 {
        self.access(false, address, 0)
    }

    fn write(&mut self, address: u32, data: u32) {
        self.access(true, address, data);
    }

    fn clocks(&mut self, count: usize) {
        (0..count).for_each(|_| self.clock());
    }

    /// A frame from the core, all of it.
    fn punt(&mut self, frame: &[u8], port: u16) {
        self.core_m.extend(beats(frame, port));
        while !self.core_m.is_empty() {
            self.clock();
        }
    }

    /// What a host does to get the first frame.
    fn fetch(&mut self) -> Option<Vec<u8>> {
        let status = self.read(PUNT_STATUS);
        if status & 0xffff == 0 {
            assert_eq!(status, 0);
            return None;
        }
        let length = (status >> 16) as usize;
        let mut frame: Vec<u8> = (0..length.div_ceil(4))
            .flat_map(|_| self.read(PUNT_DATA).to_le_bytes())
            .collect();
        frame.truncate(length);
        Some(frame)
    }

    fn inject(&mut self, words: &[u32], length: u32) {
        words.iter().for_each(|word| self.write(INJECT_DATA, *word));
        self.write(INJECT_COMMIT, length);
    }
}

#[test]
fn punted_frames_come_out_word_by_word() {
    let mut noise = Noise(5);
    let mut bench = Bench::new();
    let lengths = [1, 3, 4, 63, 64, 65, 127, 128, 1578, 9000];
    let frames: Vec<Vec<u8>> = lengths.iter().map(|length| noise.bytes(*length)).collect();
    for frame in &frames {
        bench.punt(frame, SLOW);
    }
    bench.clocks(10);
    assert_eq!(bench.read(PUNT_STATUS) & 0xffff, frames.len() as u32);
    for frame in &frames {
        assert_eq!(bench.fetch().as_ref(), Some(frame));
    }
    assert_eq!(bench.fetch(), None);
    assert_eq!(bench.read(PUNT_DATA), 0);
    assert_eq!(bench.read(PUNT_LOST), 0);
    assert!(bench.outer_m.is_empty());
}

#[test]
fn a_frame_that_has_just_come_reads_right_in_every_clock() {
    let mut noise = Noise(8);
    for wait in 0..12 {
        let mut bench = Bench::new();
        let frame = noise.bytes(70);
        bench.core_m.extend(beats(&frame, SLOW));
        bench.clocks(wait);
        let seen = bench
            .fetch()
            .or_else(|| bench.fetch())
            .or_else(|| bench.fetch());
        assert_eq!(seen, Some(frame), "{wait} clocks after");
    }
}

#[test]
fn a_frame_without_room_is_lost_as_a_whole() {
    let mut noise = Noise(6);
    let mut bench = Bench::new();
    let mut kept = VecDeque::new();
    let (mut rows, mut lost) = (0, 0);
    for round in 0..60 {
        let length = 1 + noise.below(4000);
        let frame = noise.bytes(length);
        bench.punt(&frame, SLOW);
        bench.clocks(8);
        if rows + length.div_ceil(BEAT_BYTES) <= PUNT_BEATS {
            rows += length.div_ceil(64);
            kept.push_back(frame);
        } else {
            lost += 1;
        }
        if round > 45 {
            let frame: Vec<u8> = kept.pop_front().expect("some wait");
            rows -= frame.len().div_ceil(64);
            assert_eq!(bench.fetch(), Some(frame));
        }
        assert_eq!(bench.read(PUNT_LOST), lost);
    }
    assert!(lost > 5, "{lost} frames lost");
    for frame in kept {
        assert_eq!(bench.fetch(), Some(frame));
    }
    let most = noise.bytes(65_535);
    bench.punt(&most, SLOW);
    bench.clocks(8);
    assert_eq!(bench.fetch(), Some(most));
}

#[test]
fn a_length_that_lies_harms_only_its_own_frame() {
    let mut noise = Noise(12);
    for said in [1u32, 64, 65, 128, 1000] {
        let mut bench = Bench::new();
        let mut liar = beats(&noise.bytes(300), SLOW);
        liar.iter_mut()
            .for_each(|beat| beat.user = said << 16 | u32::from(SLOW));
        bench.core_m.extend(liar);
        let honest = noise.bytes(200);
        bench.punt(&honest, SLOW);
        bench.clocks(8);
        assert_eq!(bench.fetch().map(|frame| frame.len()), Some(said as usize));
        assert_eq!(bench.fetch(), Some(honest), "said {said}");
    }
}

#[test]
fn other_ports_pass_at_once() {
    let mut noise = Noise(7);
    let mut bench = Bench::new();
    bench.stalls = Some(Noise(3));
    let mut others = vec![];
    let mut slow = vec![];
    for _ in 0..80 {
        let length = 1 + noise.below(400);
        let frame = noise.bytes(length);
        let port = [0, 1, 0x101, SLOW][noise.below(4)];
        bench.core_m.extend(beats(&frame, port));
        match port {
            SLOW => slow.push(frame),
            _ => others.extend(beats(&frame, port)),
        }
    }
    while !bench.core_m.is_empty() {
        bench.clock();
    }
    bench.clocks(8);
    assert_eq!(bench.outer_m, others);
    for frame in slow {
        assert_eq!(bench.fetch(), Some(frame));
    }
}

#[test]
fn an_injected_frame_goes_between_two_others_without_a_bubble() {
    let mut noise = Noise(9);
    let mut bench = Bench::new();
    let outer: Vec<Vec<u8>> = (0..400)
        .map(|i| noise.bytes([60, 200, 64][i % 3]))
        .collect();
    for frame in &outer {
        bench.outer_s.extend(beats(frame, 1));
    }
    let words: Vec<u32> = (0..50).map(|i| 0x0101_0101 * i).collect();
    bench.inject(&words, 198);
    bench.clocks(10);
    assert_eq!(bench.read(INJECT_STATUS) & INJECT_BUSY, 0);
    while !bench.outer_s.is_empty() {
        bench.clock();
    }
    let mut frame: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    frame.truncate(198);
    let injected = beats(&frame, SLOW);
    let at = bench
        .core_s
        .iter()
        .position(|beat| *beat == injected[0])
        .expect("it is there");
    assert_eq!(bench.core_s[at..at + injected.len()], injected);
    assert!(at == 0 || bench.core_s[at - 1].last);
    bench.core_s.drain(at..at + injected.len());
    assert_eq!(
        bench.core_s,
        outer
            .iter()
            .flat_map(|frame| beats(frame, 1))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        bench.taken.last().map(|last| last - bench.taken[0] + 1),
        Some(bench.taken.len() as u64)
    );
}

#[test]
fn what_was_not_written_is_zero_and_what_cannot_go_is_thrown_away() {
    let mut bench = Bench::new();
    let cases: [(usize, u32); 8] = [
        (3, 200),
        (40, 10),
        (0, 64),
        (33, 0),
        (16, 64),
        (5, INJECT_MAX_BYTES as u32 + 1),
        (17, 0x1_0010),
        (4100, 16_384),
    ];
    for (written, length) in cases {
        let words: Vec<u32> = (0..written as u32).map(|i| 0x8000_0001 + i).collect();
        bench.core_s.clear();
        bench.inject(&words, length);
        let mut polls = 0;
        while bench.read(INJECT_STATUS) & INJECT_BUSY != 0 {
            polls += 1;
            assert!(polls < 1000);
        }
        let mut frame: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        frame.resize(length as usize % (1 << 20), 0);
        let expected = match (1..=INJECT_MAX_BYTES).contains(&(length as usize)) {
            true => beats(&frame, SLOW),
            false => vec![],
        };
        assert_eq!(bench.core_s, expected, "{written} words, {length} bytes");
    }
}

#[test]
fn frames_go_in_under_stalls() {
    let mut noise = Noise(10);
    let mut bench = Bench::new();
    bench.stalls = Some(Noise(77));
    let mut injected = vec![];
    for round in 0..30 {
        for _ in 0..4 {
            let length = 1 + noise.below(300);
            bench.outer_s.extend(beats(&noise.bytes(length), 2));
        }
        let words: Vec<u32> = (0..1 + noise.below(60))
            .map(|i| (round << 16 | i) as u32)
            .collect();
        let length = 4 * words.len() - noise.below(4);
        while bench.read(INJECT_STATUS) & INJECT_BUSY != 0 {}
        bench.inject(&words, length as u32);
        let mut frame: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        frame.truncate(length);
        injected.extend(beats(&frame, SLOW));
    }
    bench.clocks(2000);
    let seen: Vec<PlainBeat> = bench
        .core_s
        .iter()
        .filter(|beat| beat.user & 0xffff == u32::from(SLOW))
        .cloned()
        .collect();
    assert_eq!(seen, injected);
    let mut within: Option<u32> = None;
    for beat in &bench.core_s {
        assert!(
            within.is_none_or(|user| user == beat.user),
            "frames are mixed"
        );
        within = (!beat.last).then_some(beat.user);
    }
}
