//! A card with packets on it, back to back, whatever else is done to it.
//!
//! ```text
//!   aim ─▶ probes ─▶ s ┌──────┐ m ─▶ fates ─▶ passed        a packet each time there is room for one
//!                      │ card │ ─▶ punt ring ─▶ fates
//!   put ─▶ ring ─▶ ····│      │                             put, ring, read, write: packets go on meanwhile
//!                      └──────┘
//! ```

use underpass_bench::Frame;
use underpass_layout::hash::SeedTarget;
use underpass_layout::registers::rings::{DROPPED, REFUSED, STRIDE};
use underpass_layout::registers::{
    ADDRESS_ROW_BITS, COMMAND_READ, CONTROL, CONTROL_ENABLE, CONTROL_SEED, SEED, SEED_TARGET,
    STATUS_BUSY, STATUS_REFUSED, TABLE_ADDRESS, TABLE_COMMAND, TABLE_DATA, TABLE_STATUS,
};
use underpass_layout::rings::ring;
use underpass_layout::tables::{id, FlowCounter, TableSpec, TABLES};
use underpass_layout::{words_for, Record};
use underpass_table_compiler::reseed::Command;
use underpass_verilator::Library;

use super::card::Card;
use super::history::Passed;
use super::probe::{self, Fate, Probe};

/// Clocks within which anything must have happened.
const PATIENCE: u64 = 400_000;
/// Packets that wait at the input, so that there always is one.
const AHEAD: usize = 2;
/// Beats taken out of the punt ring before the card is told.
const TELL: u32 = 64;
/// Clocks after which whatever was under way has left: more than the pipeline and both rings take.
const DRAIN: u64 = 2_000;

/// What chooses the packets.
pub trait Aim {
    /// The next one; none is the end of the stream.
    fn next(&mut self) -> Option<Probe>;
}

/// Just these packets.
impl Aim for std::vec::IntoIter<Probe> {
    fn next(&mut self) -> Option<Probe> {
        Iterator::next(self)
    }
}

/// A card, its packets, and what became of them.
pub struct Live {
    card: Card,
    aim: Option<Box<dyn Aim>>,
    passed: Vec<Passed>,
    /// When packets were taken and left, first beats; for who counts clocks.
    pub times: Times,
    /// Of `passed`, those that the card has taken.
    taken: usize,
    /// Of `passed`, those that had gone when the stream was last stopped.
    stopped: usize,
    /// Beats of the punt ring of which the card has been told that they are free.
    told: u32,
}

/// Clocks at which packets moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// First beats in.
    pub taken: Vec<u64>,
    /// Last beats out.
    pub left: Vec<u64>,
}

impl Live {
    /// A card that has been seeded and takes packets; none are sent yet.
    pub fn new(library: &Library, seed: u128) -> Live {
        let mut live = Live {
            card: Card::new(library),
            aim: None,
            passed: Vec::new(),
            times: Times::default(),
            taken: 0,
            stopped: 0,
            told: 0,
        };
        live.seed(seed, SeedTarget::default());
        live
    }

    /// Clocks since the start.
    pub fn now(&self) -> u64 {
        self.card.now()
    }

    /// The commands.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// One clock, with its packet.
    pub fn clock(&mut self) {
        while self.card.s.queued() < AHEAD {
            let Some(probe) = self.aim.as_mut().and_then(|aim| aim.next()) else {
                self.aim = None;
                break;
            };
            let packet = probe.packet(self.passed.len() as u32);
            self.card.s.push(Frame::new(packet.bytes, packet.port));
            self.passed.push(Passed {
                probe,
                done: 0,
                seen: None,
            });
        }
        // What the card had told before this clock was done before this clock's packet.
        let done = self.card.done();
        self.card.clock();
        while (self.taken as u64) < self.card.s.sent_total() {
            let sent = self.card.s.sent_at(self.taken as u64);
            self.times
                .taken
                .push(sent.expect("just taken").first_beat_at);
            self.passed[self.taken].done = done;
            self.taken += 1;
        }
        while let Some(frame) = self.card.m.collect() {
            self.times.left.push(frame.last_beat_at);
            let (number, fate) = probe::left(frame.port, &frame.bytes);
            self.see(number, fate);
        }
        while let Some(punted) = self.card.punted() {
            let (number, fate) = probe::punted(&punted);
            self.see(number, fate);
        }
        if self.card.punt_beats() - self.told >= TELL {
            self.told = self.card.punt_beats();
            self.card.tell_punts();
        }
    }

    fn see(&mut self, number: u32, fate: Fate) {
        let rung = self.card.rung();
        let before = self.passed[number as usize].seen.replace((fate, rung));
        assert_eq!(before, None, "packet {number} comes twice");
    }

    /// So many clocks.
    pub fn clocks(&mut self, count: u64) {
        (0..count).for_each(|_| self.clock());
    }

    /// Clocks until `done`, which must come.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&mut Live) -> bool) {
        let start = self.now();
        while !done(self) {
            self.clock();
            assert!(self.now() - start < PATIENCE, "never: {what}");
        }
    }

    /// From now on packets go, back to back, as `aim` chooses them.
    pub fn start(&mut self, aim: impl Aim + 'static) {
        self.aim = Some(Box::new(aim));
    }

    /// No more packets; those under way leave. All that have gone since the last stop.
    pub fn stop(&mut self) -> Vec<Passed> {
        self.aim = None;
        self.until("all are taken", |live| live.card.s.queued() == 0);
        self.clocks(DRAIN);
        let since = std::mem::replace(&mut self.stopped, self.passed.len());
        self.passed[since..].to_vec()
    }

    /// Sends these packets alone; what became of them.
    pub fn ask(&mut self, probes: Vec<Probe>) -> Vec<Passed> {
        self.start(probes.into_iter());
        self.until("all are sent", |live| live.aim.is_none());
        self.stop()
    }

    /// Puts a command into the ring, and waits for room if there is none; its number.
    pub fn put(&mut self, command: &Command) -> u32 {
        if self.card.room() == 0 {
            self.ring(self.card.put());
            self.until("room in the ring", |live| live.card.room() > 0);
        }
        self.card.put_command(command)
    }

    /// Rings for all commands up to this number.
    pub fn ring(&mut self, number: u32) {
        self.card.ring(number);
    }

    /// Rings for all commands, and waits until all are done.
    pub fn finish(&mut self) {
        self.ring(self.card.put());
        self.until("the commands are done", |live| {
            live.card.done() == live.card.put()
        });
    }

    /// Fills hash words from a seed and waits until that is done.
    pub fn seed(&mut self, seed: u128, target: SeedTarget) {
        for i in 0..4 {
            self.write(SEED + 4 * i, (seed >> (32 * i)) as u32);
        }
        self.write(SEED_TARGET, target.pack()[0]);
        self.write(CONTROL, CONTROL_ENABLE | CONTROL_SEED);
        while self.read(CONTROL) & CONTROL_SEED != 0 {}
    }

    /// Carries a command of a change of seed out: by registers, or put into the ring and not rung for.
    pub fn carry_out(&mut self, command: &Command) {
        let Command::FillColumn {
            table,
            group,
            column,
            way,
            seed,
        } = command
        else {
            self.put(command);
            return;
        };
        // The column is free only when the ring has said so to the card.
        self.finish();
        let target = SeedTarget {
            one: true,
            table: *table as u8,
            group: *group as u8,
            column: *column,
            way: *way,
        };
        self.seed(seed.value(), target);
    }

    /// Writes a register.
    pub fn write(&mut self, addr: u32, data: u32) {
        let id = self.card.write(addr, data);
        self.answer(id);
    }

    /// Reads a register.
    pub fn read(&mut self, addr: u32) -> u32 {
        let id = self.card.axil.push(underpass_bench::AxilOp::Read { addr });
        self.answer(id)
    }

    fn answer(&mut self, id: u64) -> u32 {
        let mut data = 0;
        self.until("the answer to a register access", |live| {
            let answers = std::iter::from_fn(|| live.card.axil.collect());
            let answer = answers.filter(|done| done.id == id).last();
            data = answer.as_ref().map_or(0, |done| done.data);
            answer.is_some()
        });
        data
    }

    /// Reads a row by the registers.
    pub fn read_row(&mut self, table: &TableSpec, row: usize) -> Vec<u32> {
        self.write(TABLE_ADDRESS, table.id << ADDRESS_ROW_BITS | row as u32);
        self.write(TABLE_COMMAND, COMMAND_READ);
        let mut status = STATUS_BUSY;
        while status & STATUS_BUSY != 0 {
            status = self.read(TABLE_STATUS);
        }
        assert_eq!(status & STATUS_REFUSED, 0, "{}[{row}]", table.name);
        let words = 0..words_for(table.row_width()) as u32;
        words.map(|word| self.read(TABLE_DATA + 4 * word)).collect()
    }

    /// Packets that the card has counted for a flow id.
    pub fn flow_packets(&mut self, flow_id: u32) -> u64 {
        let table = &TABLES[id::COUNTER_FLOW as usize];
        let words = self.read_row(table, flow_id as usize);
        let counter = FlowCounter::unpack(&words);
        counter.unwrap_or_else(|error| panic!("{error}")).packets
    }

    /// Nothing was refused by a ring, and no punted frame was lost.
    pub fn check_rings(&mut self) {
        for number in [ring::COMMAND, ring::PUNT] {
            for register in [REFUSED, DROPPED] {
                let count = self.read(register + STRIDE * number);
                assert_eq!(count, 0, "register {register:#x} of ring {number}");
            }
        }
    }
}
