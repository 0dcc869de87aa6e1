//! Three tenants on one card: one that sends nothing but what the slow path is asked about, one that asks now and then, and
//! one whose packets hit their flow.
//!
//! ```text
//!   VM 1 ─ questions, as many as it is told ──────┐    ┌──────┐ m ─▶ VM 2 ◀─ packets of the flow
//!   VM 2 ─ a question each ASKED clocks ──────────┼─ s │ card │
//!   VM 3 ─ a packet of its flow each HIT clocks ──┘    └──────┘ ─▶ punt ring ─▶ slow path: one each SERVED clocks
//! ```
//! VM 1 and VM 3 take turns at the input, as ports of a switch would: what one has to wait for, the other does too.
//!
//! The slow path takes punts in their order and frees their beats then, so a ring that is full stays full until it has caught
//! up.

use std::collections::{BTreeMap, VecDeque};

use underpass_bench::{AxilOp, Frame};
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::port::VF0;
use underpass_layout::profile::SIM;
use underpass_layout::registers::rings::{CONSUMER, DROPPED, STRIDE};
use underpass_layout::registers::{
    ADDRESS_ROW_BITS, COMMAND_WRITE, CONTROL, CONTROL_ENABLE, CONTROL_SEED, PUNT_WINDOW, SEED,
    STATUS_BUSY, STATUS_REFUSED, TABLE_ADDRESS, TABLE_COMMAND, TABLE_DATA, TABLE_STATUS,
};
use underpass_layout::rings::ring;
use underpass_layout::PuntReason;
use underpass_verilator::Library;

use super::card::Card;
use crate::paths::punts::{limits, number, question, vif};
use crate::paths::{rows, Path, SEED as HASHES};
use crate::tables::Row;

/// From one packet of the flow to the next, clocks.
pub const HIT: u64 = 2;
/// From one question of VM 2 to the next, clocks.
pub const ASKED: u64 = 5_000;
/// The slow path's time for a punt, clocks: 200,000 a second at 250 MHz.
pub const SERVED: u64 = 1_250;
/// Bytes of each packet.
pub const BYTES: usize = 64;
/// Packets that wait at the input.
const AHEAD: usize = 2;
/// Clocks in which a register is read.
const PATIENCE: u64 = 1_000_000;

/// What is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// From one question of VM 1 to the next, clocks, if the input takes them; none: it asks nothing.
    pub storm: Option<u64>,
    /// Packets that an interface may hand over for a reason in a window; 0: any number.
    pub quota: u16,
    /// Clocks of a window.
    pub window: u32,
    /// Clocks that are counted.
    pub clocks: u64,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Questions of VM 1 that were taken in.
    pub storm: u64,
    /// Those that the slow path was given.
    pub storm_punted: u64,
    /// Questions of VM 2.
    pub asked: u64,
    /// Clocks from the first beat in until each of them was in the ring, of those that got there.
    pub to_ring: Vec<u64>,
    /// And until the slow path had taken it, of those that it got to.
    pub to_slow_path: Vec<u64>,
    /// Punts for which the ring had no room.
    pub dropped: u32,
    /// Clocks from the first beat in to the first beat out of each packet of the flow.
    pub hits: Vec<u64>,
    /// Clocks from the first of them that left to the last.
    pub hit_clocks: u64,
}

/// Runs the card for so long, and then until what VM 2 asked has arrived or cannot any more.
pub fn run(library: &Library, setting: Setting) -> Seen {
    let mut run = Run::new(library, setting);
    let start = run.card.now();
    while run.card.now() < start + setting.clocks {
        run.send(setting.storm, run.card.now() - start);
        run.clock();
    }
    // What is within the card comes out; the slow path needs no more time for what has been counted.
    let end = run.card.now() + SERVED * 4;
    while run.card.now() < end {
        run.clock();
    }
    run.seen.dropped = run.read(DROPPED + STRIDE * ring::PUNT);
    run.seen
}

/// Whose packet was sent.
#[derive(Clone, Copy)]
enum Sender {
    Storm,
    Asks(u32),
    Flow,
}

/// A punt in the ring.
struct Waiting {
    beats: u32,
    asked_at: Option<u64>,
}

struct Run {
    card: Card,
    flow: &'static Path,
    seen: Seen,
    /// Who sent the packets that wait at the input, with the number of the first.
    sent: VecDeque<Sender>,
    taken: u64,
    /// When questions of VM 2 were taken in.
    asked: BTreeMap<u32, u64>,
    /// When packets of the flow were taken in that have not left.
    under_way: VecDeque<u64>,
    waiting: VecDeque<Waiting>,
    /// When the slow path has done with the first of these.
    serves_until: u64,
    /// Beats of the ring that it has freed.
    freed: u32,
    next_storm: u64,
    next_hit: u64,
    next_question: u64,
    questions: u32,
    /// The last packet was the storm's: the others' turn.
    stormed: bool,
    first_hit: Option<u64>,
}

impl Run {
    fn new(library: &Library, setting: Setting) -> Run {
        let mut run = Run {
            card: Card::new(library),
            flow: Path::named("VM, flow hit, to VM"),
            seen: Seen::default(),
            sent: VecDeque::new(),
            taken: 0,
            asked: BTreeMap::new(),
            under_way: VecDeque::new(),
            waiting: VecDeque::new(),
            serves_until: 0,
            freed: 0,
            next_storm: 0,
            next_hit: 0,
            next_question: ASKED / 2,
            questions: 0,
            stormed: false,
            first_hit: None,
        };
        for (i, word) in (0..4).map(|i| (i, (HASHES >> (32 * i)) as u32)) {
            run.card.write(SEED + 4 * i, word);
        }
        run.card.write(CONTROL, CONTROL_SEED);
        while run.read(CONTROL) & CONTROL_SEED != 0 {}
        for row in rows(&SIM, HASHES).all() {
            run.put(&row);
        }
        for row in limits(&SIM, &[PuntReason::Arp], setting.quota) {
            run.put(&row);
        }
        run.card.write(PUNT_WINDOW, setting.window);
        run.card.write(CONTROL, CONTROL_ENABLE);
        run.read(CONTROL);
        run
    }

    fn read(&mut self, addr: u32) -> u32 {
        let id = self.card.axil.push(AxilOp::Read { addr });
        for _ in 0..PATIENCE {
            self.clock();
            if let Some(done) = self.card.axil.collect_id(id) {
                return done.data;
            }
        }
        panic!("register {addr:#x} is not read after {PATIENCE} clocks");
    }

    fn put(&mut self, row: &Row) {
        let address = row.table << ADDRESS_ROW_BITS | row.address as u32;
        self.card.write(TABLE_ADDRESS, address);
        for (i, word) in row.words.iter().enumerate() {
            self.card.write(TABLE_DATA + 4 * i as u32, *word);
        }
        self.card.write(TABLE_COMMAND, COMMAND_WRITE);
        let mut status = STATUS_BUSY;
        while status & STATUS_BUSY != 0 {
            status = self.read(TABLE_STATUS);
        }
        assert_eq!(status & STATUS_REFUSED, 0, "row {row:?} is refused");
    }

    /// Keeps the input busy: a question of VM 2 goes first, the flow and the storm in turn where both have something.
    fn send(&mut self, storm: Option<u64>, now: u64) {
        while self.card.s.queued() < AHEAD {
            let storms = storm.filter(|_| now >= self.next_storm);
            let (sender, packet) = if now >= self.next_question {
                self.next_question += ASKED;
                self.questions += 1;
                let packet = question(2, self.questions, BYTES);
                (Sender::Asks(self.questions), packet)
            } else if now >= self.next_hit && (self.stormed || storms.is_none()) {
                self.next_hit += HIT;
                self.stormed = false;
                (Sender::Flow, self.flow.packet(BYTES))
            } else if let Some(clocks) = storms {
                self.next_storm += clocks;
                self.stormed = true;
                (Sender::Storm, question(1, 0, BYTES))
            } else {
                return;
            };
            self.card.s.push(Frame::new(packet.bytes, packet.port));
            self.sent.push_back(sender);
        }
    }

    fn clock(&mut self) {
        self.card.clock();
        while self.taken < self.card.s.sent_total() {
            let sent = self.card.s.sent_at(self.taken).expect("just taken");
            self.taken += 1;
            match self.sent.pop_front().expect("somebody sent it") {
                Sender::Storm => self.seen.storm += 1,
                Sender::Asks(number) => {
                    self.seen.asked += 1;
                    self.asked.insert(number, sent.first_beat_at);
                }
                Sender::Flow => self.under_way.push_back(sent.first_beat_at),
            }
        }
        while let Some(frame) = self.card.m.collect() {
            assert_eq!(frame.port, VF0 + 1, "only packets of the flow leave");
            let taken = self.under_way.pop_front().expect("it was taken in");
            self.seen.hits.push(frame.first_beat_at - taken);
            let first = *self.first_hit.get_or_insert(frame.first_beat_at);
            self.seen.hit_clocks = frame.first_beat_at - first;
        }
        self.take_punts();
        self.serve();
    }

    fn take_punts(&mut self) {
        let now = self.card.now();
        while let Some(punted) = self.card.punted() {
            let of_storm = punted.shim.vif == vif(1);
            self.seen.storm_punted += u64::from(of_storm);
            let number = number(&punted.frame).filter(|_| !of_storm);
            let asked_at = number.and_then(|number| self.asked.remove(&number));
            if let Some(asked_at) = asked_at {
                self.seen.to_ring.push(now - asked_at);
            }
            if self.waiting.is_empty() {
                self.serves_until = now + SERVED;
            }
            self.waiting.push_back(Waiting {
                beats: 1 + punted.frame.len().div_ceil(BEAT_BYTES) as u32,
                asked_at,
            });
        }
    }

    /// The slow path takes the next one, and frees its beats.
    fn serve(&mut self) {
        let now = self.card.now();
        if now < self.serves_until {
            return;
        }
        let Some(done) = self.waiting.pop_front() else {
            return;
        };
        if let Some(asked_at) = done.asked_at {
            self.seen.to_slow_path.push(now - asked_at);
        }
        self.freed += done.beats;
        self.serves_until = now + SERVED;
        self.card.write(CONSUMER + STRIDE * ring::PUNT, self.freed);
    }
}
