//! Gather, deliver and rounds joined in a ring, with plain Rust where the stages are.
//!
//! ```text
//!   s ─▶ gather ─ header ─▶ [ 50 clocks, Rust ] ─ edit ─▶ deliver ─▶ m
//!          ^ '───────────────── body ───────────────────▶  |
//!          |                         | errand               |
//!          '──────── copies ─── rounds ◀────────────────────'
//! ```
//! A packet says in its first bytes what is done with it: how many copies, a mirror.

use super::bench::{self, slot};
use super::reference::Mirror;
use crate::rounds::{rounds, ROUND_CLOCKS};
use crate::stream::deliver::{deliver, DELIVER_CLOCKS};
use crate::stream::frames::{beats, offer, offered, Noise, PlainBeat};
use crate::stream::gather::{gather, HEADER_CLOCKS};
use std::collections::VecDeque;
use underpass_layout::meta::{Arrival, Edit, Errand, Round, RoundKind};
use underpass_layout::port;
use underpass_layout::profile::SIM;
use underpass_layout::registers::{ROUND_BEATS, ROUND_PACKETS_MAX};
use underpass_layout::tables::MirrorKind;
use underpass_layout::{Reader, Record};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// Clocks that the stages take here.
const STAGES: usize = 50;

struct Ring {
    gather: Sim,
    deliver: Sim,
    rounds: Sim,
    /// Headers on their way through the stages.
    stages: VecDeque<Option<Arrival>>,
    /// First bytes of those headers: copies, mirror.
    wants: VecDeque<[u8; 2]>,
    /// Beats and packets that may still go round.
    beats: usize,
    packets: usize,
    now: u64,
    /// Clocks of edits with an errand, and of headers that came round.
    turned: Vec<u64>,
    returned: Vec<u64>,
}

/// Records next to each other as the words of a wire.
fn record<T: Record>(words: &[u64], from: usize) -> T {
    let words: Vec<u32> = words
        .iter()
        .flat_map(|word| [*word as u32, (*word >> 32) as u32])
        .collect();
    let mut reader = Reader::new(&words);
    for _ in 0..from {
        reader.take(1);
    }
    T::take(&mut reader, T::WIDTH).expect("codes that exist")
}

impl Ring {
    fn new() -> Self {
        let gather = build("gather", Ports::Fields, Blocks::Modules, || {
            let (s, enable) = (input("s"), input("enable"));
            let out = gather(s, enable, input("rounds"), input("held"), input("credit"));
            output("ready", out.ready);
            output("rounds_ready", out.rounds_ready);
            output("header_valid", out.header.valid);
            output("arrival", out.header.arrival);
            output("window", out.header.window);
            output("body", out.body);
            output("in_flight", out.in_flight);
        });
        let deliver = build("deliver", Ports::Fields, Blocks::Modules, || {
            let out = deliver(input("body"), input("edit"), input("m_ready"));
            output("m", out.m);
            output("round", out.round);
            output("credit", out.credit);
        });
        let rounds = build("rounds", Ports::Fields, Blocks::Modules, || {
            let (errand, beat) = (input("errand"), input("beat"));
            let (rounds, host) = rounds(&SIM, errand, beat, input("ready"), input("bus"));
            output("offer", rounds.offer);
            output("freed", rounds.credit.valid);
            output("freed_beats", rounds.credit.beats);
            output("held", rounds.held);
            output("host", host);
        });
        let mut ring = Ring {
            gather: Sim::new(&gather),
            deliver: Sim::new(&deliver),
            rounds: Sim::new(&rounds),
            stages: (0..STAGES).map(|_| None).collect(),
            wants: VecDeque::new(),
            beats: ROUND_BEATS,
            packets: ROUND_PACKETS_MAX,
            now: 0,
            turned: Vec::new(),
            returned: Vec::new(),
        };
        ring.gather.set_int("enable", 1);
        ring
    }

    /// What the stages decide over a packet: it goes round where it wants copies and there is room, else out by a port
    /// that says as what it came.
    fn decide(&mut self, arrival: Arrival, [members, mirror]: [u8; 2]) -> Edit {
        let length = arrival.length;
        let beats = usize::from(length).div_ceil(64);
        let room = self.beats >= beats && self.packets > 0;
        if arrival.round.kind != RoundKind::First || members == 0 || !room {
            return Edit {
                port: leaves_by(&arrival.round),
                length,
                ..Edit::default()
            };
        }
        (self.beats, self.packets) = (self.beats - beats, self.packets - 1);
        Edit {
            port: port::ROUND,
            length,
            errand: Errand {
                on: true,
                mirror: mirror.into(),
                members: members.into(),
                round: Round {
                    kind: RoundKind::Member,
                    ..Default::default()
                },
                ..Default::default()
            },
            ..Edit::default()
        }
    }

    /// One clock; gives whether `s` was taken, and what left by `m`.
    fn clock(&mut self, s: Option<&PlainBeat>, m_ready: bool) -> (bool, Option<PlainBeat>) {
        let held = self.rounds.get_int("held");
        self.gather.set("rounds", &self.rounds.get("offer"));
        self.gather.set_int("held", held);
        self.gather.set("credit", &self.deliver.get("credit"));
        offer(&mut self.gather, "s", s);
        self.rounds.set("beat", &self.deliver.get("round"));
        self.rounds
            .set_int("ready", self.gather.get_int("rounds_ready"));
        let taken = s.is_some() && self.gather.get_int("ready") == 1;

        let header = (self.gather.get_int("header_valid") == 1).then(|| {
            let window = self.gather.get("window");
            self.wants
                .push_back([window[0] as u8, (window[0] >> 8) as u8]);
            let arrival: Arrival = record(&self.gather.get("arrival"), 0);
            if arrival.round.kind != RoundKind::First {
                self.returned.push(self.now);
            }
            arrival
        });
        self.stages.push_back(header);
        let due = self.stages.pop_front().flatten();
        let edit = due.map(|arrival| {
            let wants = self.wants.pop_front().expect("one for each header");
            self.decide(arrival, wants)
        });
        let errand = edit.filter(|edit| edit.errand.on);
        self.deliver.set("body", &self.gather.get("body"));
        self.deliver.set_int("m_ready", u128::from(m_ready));
        self.deliver
            .set("edit", &edit.map_or(vec![0], |edit| slot(&edit, 0, 0)));
        let words = errand.map_or(vec![0], |edit| slot(&edit.errand, edit.length.into(), 16));
        self.rounds.set("errand", &words);
        if errand.is_some() {
            self.turned.push(self.now);
        }
        if self.rounds.get_int("freed") == 1 {
            self.beats += self.rounds.get_int("freed_beats") as usize;
            self.packets += 1;
        }
        let out = offered(&mut self.deliver, "m").filter(|_| m_ready);
        self.gather.step();
        self.deliver.step();
        self.rounds.step();
        self.now += 1;
        (taken, out)
    }

    /// Sends frames in and gives those that leave, each with its port and the clock of its last beat.
    fn run(
        &mut self,
        frames: &[Vec<u8>],
        mut ready: impl FnMut() -> bool,
    ) -> Vec<(u16, Vec<u8>, u64)> {
        let mut coming: VecDeque<PlainBeat> =
            frames.iter().flat_map(|frame| beats(frame, 3)).collect();
        let (mut out, mut frame) = (Vec::new(), Vec::new());
        let mut quiet = 0;
        let mut rest = false;
        while quiet < 200 {
            let (taken, left) = self.clock(coming.front().cloned().as_ref(), ready());
            if taken {
                coming.pop_front();
            }
            let moved = taken || left.is_some();
            if let Some(beat) = left {
                frame.extend(&beat.bytes[..beat.count]);
                if beat.last {
                    out.push((beat.user as u16, std::mem::take(&mut frame), self.now));
                }
            }
            let in_flight = self.gather.get_int("in_flight");
            assert!(
                !(rest && moved),
                "something leaves when nothing is in flight"
            );
            rest = coming.is_empty() && in_flight == 0;
            quiet = if rest { quiet + 1 } else { 0 };
            assert!(
                self.now < 400_000,
                "{in_flight} packets in flight never leave"
            );
        }
        assert_eq!((self.beats, self.packets), (ROUND_BEATS, ROUND_PACKETS_MAX));
        out
    }
}

/// The port that says as what a packet came.
fn leaves_by(round: &Round) -> u16 {
    match round.kind {
        RoundKind::First => 0x100,
        RoundKind::Member => round.position,
        _ => 0x180,
    }
}

#[test]
fn packets_go_round_and_leave_as_their_copies() {
    let mut noise = Noise(41);
    let mut ring = Ring::new();
    let text = noise.bytes(77);
    let mirror = Mirror::new(MirrorKind::Raw, false, text.clone());
    bench::mirror(&mut ring.rounds, 1, &mirror.entry, &text);
    let frames: Vec<Vec<u8>> = (0..400)
        .map(|_| {
            let length = if noise.below(40) == 0 {
                3_000
            } else {
                8 + noise.below(300)
            };
            let mut frame = noise.bytes(length);
            frame[0] = if noise.below(2) == 0 {
                0
            } else {
                noise.below(6) as u8
            };
            frame[1] = noise.below(2) as u8;
            frame
        })
        .collect();
    let mut pace = Noise(9);
    let out = ring.run(&frames, move || pace.below(8) < 7);
    let by = |port: u16| -> Vec<&[u8]> {
        let mine = out.iter().filter(|(to, ..)| *to == port);
        mine.map(|(_, bytes, _)| bytes.as_slice()).collect()
    };
    // Those that found no room went out at once; of the others there are all copies.
    let whole = by(0x100);
    let rounded: Vec<&Vec<u8>> = frames
        .iter()
        .filter(|frame| !whole.contains(&frame.as_slice()))
        .collect();
    assert!(rounded.len() > 50, "{} went round", rounded.len());
    assert_eq!(whole.len() + rounded.len(), frames.len());
    for position in 0..6 {
        let expected: Vec<&[u8]> = rounded
            .iter()
            .filter(|frame| u16::from(frame[0]) > position)
            .map(|frame| frame.as_slice())
            .collect();
        assert_eq!(by(position), expected, "copies for member {position}");
    }
    let mirrored: Vec<Vec<u8>> = rounded
        .iter()
        .filter(|frame| frame[1] == 1)
        .map(|frame| [&text[..], frame].concat())
        .collect();
    assert_eq!(by(0x180), mirrored, "copies for the analyzer");
}

#[test]
fn copies_of_one_beat_leave_a_clock_each() {
    let mut ring = Ring::new();
    let mut frame = vec![7; 60];
    (frame[0], frame[1]) = (100, 0);
    let out = ring.run(&[frame], || true);
    assert_eq!(out.len(), 100);
    assert_eq!(out[99].2 - out[0].2, 99);
    // From the edit to the header of the first copy: deliver, here, gather.
    let around = ring.returned[0] - ring.turned[0];
    assert_eq!(
        around,
        u64::from(DELIVER_CLOCKS + HEADER_CLOCKS) + u64::from(ROUND_CLOCKS)
    );
}
