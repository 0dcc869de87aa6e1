//! A driver that writes anything anywhere: nothing outside the rings' memory is touched, and the card lives on.
//!
//! ```text
//!   random registers, doorbells, starts and stops · memory that reads as half-sensible noise · frames · broken pages
//! ```

use crate::harness::{beat, transmit, write_row, Beat, Card, Noise, Pace, Place};
use underpass_layout::port::{SLOW, WIRE0};
use underpass_layout::registers::rings::{
    BASE_HIGH, BASE_LOW, CONSUMER, CONTROL, ENABLE, MODERATION, PRODUCER, SIZE, STATUS_HIGH,
    STATUS_LOW, STRIDE,
};
use underpass_layout::rings::{ring, FAULT_VECTOR};
use underpass_layout::tables::id;

/// What memory reads: often a command or a shim that could be right, by address.
fn wild(address: u64) -> Beat {
    let mut noise = Noise(address.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    match noise.below(4) {
        0 => beat(&write_row(noise.below(17) as u32, noise.below(5000) as u32)),
        1 => {
            let mut shim: Beat = transmit(WIRE0, &[])[..].try_into().expect("a beat");
            shim[6..8].copy_from_slice(&(noise.below(1200) as u16).to_le_bytes());
            shim
        }
        _ => noise.bytes(64).try_into().expect("a beat"),
    }
}

/// What a ring would be, from its registers.
#[derive(Clone, Copy)]
struct Said {
    base: u64,
    status: u64,
    size: u32,
}

impl Said {
    fn of(card: &mut Card, number: u32) -> Said {
        let mut pair = |low, high| {
            u64::from(card.ring_read(number, low)) | u64::from(card.ring_read(number, high)) << 32
        };
        Said {
            base: pair(BASE_LOW, BASE_HIGH),
            status: pair(STATUS_LOW, STATUS_HIGH),
            size: card.ring_read(number, SIZE),
        }
    }

    fn possible(&self) -> bool {
        self.base.is_multiple_of(4096)
            && self.status.is_multiple_of(64)
            && (6..=20).contains(&self.size)
    }

    /// Allows what belongs to it, over the end of memory where it lies so.
    fn allow(&self, card: &mut Card) {
        let ram = card.ram();
        let bytes = 64u64 << self.size;
        match self.base.checked_add(bytes) {
            Some(end) => ram.allow(self.base..end),
            None => {
                ram.allow(self.base..u64::MAX);
                ram.allow(0..self.base.wrapping_add(bytes));
            }
        }
        ram.allow(self.status..self.status.saturating_add(64));
    }
}

struct Driver {
    card: Card,
    noise: Noise,
    /// Where each ring lies that was started and not stopped.
    runs: [Option<Said>; 3],
    starts: u32,
}

impl Driver {
    fn new(seed: u64) -> Driver {
        let mut card = Card::new(Pace::rough(seed));
        card.host.memory_mut().wild = Some(wild);
        Driver {
            card,
            noise: Noise(seed.wrapping_mul(0x1234_5678_9abc_def1) | 1),
            runs: [None; 3],
            starts: 0,
        }
    }

    /// A number that is sometimes near what makes sense.
    fn value(&mut self, register: u32) -> u32 {
        let any = self.noise.below(1 << 32) as u32;
        match (register, self.noise.below(4)) {
            (BASE_LOW, 1..) => any & 0xffff_f000,
            (BASE_HIGH | STATUS_HIGH, 0) => u32::MAX,
            (STATUS_LOW, 1..) => any & 0xffff_ffc0,
            (SIZE, 1..) => 6 + any % 5,
            (MODERATION, 1..) => any % 300,
            _ => any,
        }
    }

    fn step(&mut self) {
        let number = self.noise.below(3) as u32;
        let runs = self.runs[number as usize].is_some();
        match self.noise.below(14) {
            0 | 1 if !runs => self.start(number),
            0 if runs && self.noise.below(3) == 0 => self.stop(number),
            0..=3 => {
                let all = [
                    BASE_LOW,
                    BASE_HIGH,
                    SIZE,
                    STATUS_LOW,
                    STATUS_HIGH,
                    MODERATION,
                ];
                let register = all[self.noise.below(6) as usize];
                let value = self.value(register);
                self.card.ring_write(number, register, value);
            }
            4..=8 => self.ring_bell(number),
            9 => {
                let length = 1 + self.noise.below(900) as usize;
                let payload = self.noise.bytes(length);
                let port = [SLOW, WIRE0][self.noise.below(2) as usize];
                self.card.send(transmit(port, &payload), SLOW);
            }
            10 => {
                let offset = 0x2000 + 4 * self.noise.below(3 * u64::from(STRIDE) / 4 + 16) as u32;
                let register = (offset - 0x2000) % STRIDE + 0x2000;
                if register != CONTROL {
                    let value = self.noise.below(1 << 32) as u32;
                    self.card.write(offset, value);
                }
            }
            11 if runs && self.noise.below(4) == 0 => {
                let said = Said::of(&mut self.card, number);
                let place = said.base & !4095;
                self.card.ram().break_down(place..place.saturating_add(256));
            }
            _ => {
                let clocks = self.noise.below(200);
                self.card.clocks(clocks);
            }
        }
        let trespasses = self.card.ram().trespasses();
        assert!(trespasses.is_empty(), "trespasses: {trespasses:x?}");
    }

    fn start(&mut self, number: u32) {
        let said = Said::of(&mut self.card, number);
        if said.possible() {
            said.allow(&mut self.card);
        }
        self.card.ring_write(number, CONTROL, ENABLE);
        let runs = self.card.ring_read(number, CONTROL) & ENABLE != 0;
        assert_eq!(runs, said.possible(), "ring {number}");
        self.starts += u32::from(runs);
        self.runs[number as usize] = runs.then_some(said);
    }

    /// Stops a ring; what belonged to it, and to no other, must not be touched from then on.
    fn stop(&mut self, number: u32) {
        self.card.ring_write(number, CONTROL, 0);
        self.card.until("the ring rests", |card| {
            card.ring_read(number, CONTROL) & ENABLE == 0
        });
        self.runs[number as usize] = None;
        self.card.ram().forbid_all();
        self.card.ram().mend();
        for said in self.runs.into_iter().flatten() {
            said.allow(&mut self.card);
        }
    }

    fn ring_bell(&mut self, number: u32) {
        let (own, bell) = match number {
            ring::PUNT => (PRODUCER, CONSUMER),
            _ => (CONSUMER, PRODUCER),
        };
        let own = self.card.ring_read(number, own);
        let near = self.noise.below(150) as u32;
        let value = match self.noise.below(4) {
            0 => self.noise.below(1 << 32) as u32,
            1 if number == ring::PUNT => own,
            _ if number == ring::PUNT => own.wrapping_sub(near),
            _ => own.wrapping_add(near & !1),
        };
        self.card.ring_write(number, bell, value);
    }
}

#[test]
fn nothing_but_the_rings_is_touched_and_the_card_lives_on() {
    let (mut starts, mut faults, mut beats) = (0, 0, [0; 2]);
    for seed in 1..=12 {
        let mut driver = Driver::new(seed);
        for _ in 0..600 {
            driver.step();
        }
        for number in 0..3 {
            driver.stop(number);
        }
        starts += driver.starts;
        let mut card = driver.card;
        faults += card.interrupts_of(FAULT_VECTOR).len();
        let totals = card.host.totals();
        beats[0] += totals.read_beats;
        beats[1] += totals.write_beats;
        card.ram().forbid_all();
        card.settle();
        let place = Place::of(ring::COMMAND, 6);
        card.host.memory_mut().wild = None;
        card.enable(ring::COMMAND, place);
        card.put_command(place, 0, write_row(id::NEXTHOP, 77), [seed as u8; 64]);
        card.ring_write(ring::COMMAND, PRODUCER, 2);
        card.until("the command", |card| card.status(place).index == 2);
        let row = card.row(id::NEXTHOP, 77).expect("a row");
        assert_eq!(row[..8], [seed as u8; 8]);
        card.finish();
    }
    // A driver that never gets anything to run would prove nothing.
    println!("{starts} starts, {faults} faults, {beats:?} beats read and written");
    assert!(starts > 60 && faults > 5 && beats[0] > 5_000 && beats[1] > 1_000);
}
