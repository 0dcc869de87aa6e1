//! The buffer with what it is joined to: errands long before their bytes, a gather that is ready when it likes, the host.

use crate::rounds::rounds;
use crate::stream::frames::{self, bytes, words, Noise};
use std::collections::VecDeque;
use underpass_layout::meta::{Errand, Round};
use underpass_layout::profile::SIM;
use underpass_layout::registers::{ROUND_BEATS, ROUND_PACKETS_MAX};
use underpass_layout::tables::{id, MirrorEntry, MirrorTextEntry, MIRROR_TEXT_WAYS};
use underpass_layout::{words_for, Record, Writer};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// A packet with its errand.
#[derive(Clone, Debug)]
pub struct Case {
    pub bytes: Vec<u8>,
    pub errand: Errand,
}

impl Case {
    pub fn beats(&self) -> usize {
        self.bytes.len().div_ceil(64)
    }
}

/// A copy that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    pub bytes: Vec<u8>,
    pub round: Round,
}

/// What was seen of a run.
#[derive(Default, Debug)]
pub struct Seen {
    pub copies: Vec<Copy>,
    /// The clock in which each beat was taken.
    pub beats: Vec<u64>,
    /// The clock in which each packet's last beat was put in.
    pub stored: Vec<u64>,
    /// Beats that became free, packet by packet.
    pub freed: Vec<usize>,
}

/// How often out of eight each side moves.
#[derive(Clone, Copy)]
pub struct Pace {
    pub beats: usize,
    pub ready: usize,
}

impl Pace {
    pub const FULL: Pace = Pace { beats: 8, ready: 8 };
}

pub struct Bench {
    pub sim: Sim,
    noise: Noise,
    pub now: u64,
}

impl Bench {
    pub fn new() -> Self {
        let design = build("rounds", Ports::Fields, Blocks::Modules, || {
            let (errand, beat) = (input("errand"), input("beat"));
            let (rounds, host) = rounds(&SIM, errand, beat, input("ready"), input("bus"));
            output("valid", rounds.offer.valid);
            output("data", rounds.offer.data);
            output("last", rounds.offer.last);
            output("length", rounds.offer.length);
            output("round", rounds.offer.round);
            output("freed", rounds.credit.valid);
            output("freed_beats", rounds.credit.beats);
            output("held", rounds.held);
            output("host", host);
        });
        Bench {
            sim: Sim::new(&design),
            noise: Noise(0x9e37_79b9_7f4a_7c15),
            now: 0,
        }
    }

    /// Writes a mirror, its text first.
    pub fn mirror(&mut self, row: usize, entry: &MirrorEntry, text: &[u8]) {
        mirror(&mut self.sim, row, entry, text);
    }

    pub fn step(&mut self) {
        self.sim.step();
        self.now += 1;
    }

    /// Sends the packets through within the room that there is. Ends when nothing has moved for 100 clocks.
    pub fn run(&mut self, cases: &[Case], pace: Pace) -> Seen {
        let mut seen = Seen::default();
        let mut errands = cases.iter();
        let mut coming: VecDeque<(bool, Vec<u8>)> = VecDeque::new();
        let (mut beats, mut packets) = (0, 0);
        let mut copy: Option<Copy> = None;
        let mut held: Option<Vec<u64>> = None;
        let mut quiet = 0;
        let mut next = errands.next();
        while quiet < 100 {
            let fits =
                |case: &&Case| beats + case.beats() <= ROUND_BEATS && packets < ROUND_PACKETS_MAX;
            let starting = next.filter(fits);
            self.sim
                .set_int("errand_valid", u128::from(starting.is_some()));
            if let Some(case) = starting {
                let slot = slot(&case.errand, case.bytes.len() as u128, 16);
                self.sim.set("errand", &slot);
                (beats, packets) = (beats + case.beats(), packets + 1);
                let chunks = case.bytes.chunks(64);
                let last = case.beats() - 1;
                coming.extend(
                    chunks
                        .enumerate()
                        .map(|(i, chunk)| (i == last, chunk.to_vec())),
                );
                next = errands.next();
            }
            // Its bytes come later than an errand.
            let sends = self.noise.below(8) < pace.beats && starting.is_none();
            let beat = coming.pop_front_if(|_| sends);
            self.sim.set_int("beat_valid", u128::from(beat.is_some()));
            if let Some((last, chunk)) = &beat {
                let mut data = [0; 64];
                data[..chunk.len()].copy_from_slice(chunk);
                self.sim.set("beat_data", &words(&data));
                self.sim.set_int("beat_last", u128::from(*last));
                if *last {
                    seen.stored.push(self.now);
                }
            }
            let ready = self.noise.below(8) < pace.ready;
            self.sim.set_int("ready", u128::from(ready));
            let offer = self.offered();
            if held.is_some() {
                assert_eq!(offer, held, "an offer changed before it was taken");
            }
            held = offer.clone().filter(|_| !ready);
            if offer.is_some() && ready {
                seen.beats.push(self.now);
                self.take(&mut copy, &mut seen.copies);
            }
            if self.sim.get_int("freed") == 1 {
                let freed = self.sim.get_int("freed_beats") as usize;
                seen.freed.push(freed);
                (beats, packets) = (beats - freed, packets - 1);
            }
            let moved = starting.is_some() || beat.is_some() || offer.is_some();
            let done = next.is_none() && coming.is_empty();
            quiet = if moved || !done { 0 } else { quiet + 1 };
            self.step();
        }
        assert!(copy.is_none(), "a copy has no end");
        assert_eq!(
            (beats, packets),
            (0, 0),
            "beats and packets that never became free"
        );
        assert_eq!(self.sim.get_int("held"), 0, "packets that are still here");
        seen
    }

    fn offered(&mut self) -> Option<Vec<u64>> {
        (self.sim.get_int("valid") == 1).then(|| {
            let names = ["data", "last", "length", "round"];
            names.iter().flat_map(|name| self.sim.get(name)).collect()
        })
    }

    fn take(&mut self, copy: &mut Option<Copy>, copies: &mut Vec<Copy>) {
        assert!(
            self.sim.get_int("held") > 0,
            "a copy of a packet that is not here"
        );
        let round = self.sim.get("round");
        let round: Vec<u32> = round
            .iter()
            .flat_map(|word| [*word as u32, (*word >> 32) as u32])
            .collect();
        let round = Round::unpack(&round).expect("codes that exist");
        let length = self.sim.get_int("length") as usize;
        let copy_now = copy.get_or_insert(Copy {
            bytes: Vec::new(),
            round,
        });
        assert_eq!(copy_now.round, round, "the same in all beats");
        copy_now.bytes.extend(bytes(&self.sim.get("data")));
        if self.sim.get_int("last") == 1 {
            let mut whole = copy.take().expect("begun");
            assert_eq!(
                whole.bytes.len(),
                length.next_multiple_of(64),
                "beats of {length} bytes"
            );
            let behind = whole.bytes.split_off(length);
            assert!(behind.iter().all(|byte| *byte == 0), "zeros behind the end");
            copies.push(whole);
        }
    }
}

/// Writes a mirror by the bus of this buffer, its text first.
pub fn mirror(sim: &mut Sim, row: usize, entry: &MirrorEntry, text: &[u8]) {
    for way in 0..MIRROR_TEXT_WAYS {
        let mut bytes = [0xee; 64];
        let part = text.iter().skip(64 * way).take(64);
        part.zip(&mut bytes).for_each(|(from, to)| *to = *from);
        let depth = SIM.rows[id::MIRROR_TEXT as usize].next_power_of_two();
        let entry = MirrorTextEntry { bytes };
        access(sim, id::MIRROR_TEXT, way * depth + row, true, &entry.pack());
    }
    access(sim, id::MIRROR, row, true, &entry.pack());
}

/// An access of the host, and the row that comes back; it must be done.
pub fn access(sim: &mut Sim, table: u32, row: usize, write: bool, data: &[u32]) -> Vec<u64> {
    sim.set_int("bus_request", 1);
    sim.set_int("bus_write", u128::from(write));
    sim.set_int("bus_table", table.into());
    sim.set_int("bus_row", row as u128);
    let bytes: Vec<u8> = data.iter().flat_map(|word| word.to_le_bytes()).collect();
    sim.set("bus_data", &words(&bytes));
    sim.step();
    sim.set_int("bus_request", 0);
    for _ in 0..40 {
        if sim.get_int("host_request") == 1 {
            assert_eq!(sim.get_int("host_done"), 1, "table {table} row {row}");
            return sim.get("host_data");
        }
        sim.step();
    }
    panic!("the access to table {table} never came back");
}

/// The words of a slot: valid, a number of so many bits, a record.
pub fn slot<T: Record>(record: &T, number: u128, bits: usize) -> Vec<u64> {
    let mut words = vec![0; words_for(1 + bits + T::WIDTH)];
    let mut to = Writer::new(&mut words);
    to.put(1, 1);
    to.put(number, bits);
    record.put(&mut to, T::WIDTH);
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    frames::words(&bytes)
}
