//! Host memory that does not answer, and doorbells that lie.

use crate::harness::{transmit, write_row, Card, Pace, Place};
use underpass_layout::port::{SLOW, WIRE0};
use underpass_layout::registers::rings::{
    BASE_LOW, CONSUMER, CONTROL, ENABLE, FAULT, PRODUCER, REFUSED, SIZE, STATUS_LOW,
};
use underpass_layout::registers::slow::PUNT_STATUS;
use underpass_layout::rings::{ring, FAULT_VECTOR};
use underpass_layout::tables::id;

/// A card with all rings enabled.
fn all(pace: Pace) -> (Card, [Place; 3]) {
    let mut card = Card::new(pace);
    let places = [0, 1, 2].map(|number| Place::of(number, 7));
    for (number, place) in places.into_iter().enumerate() {
        card.enable(number as u32, place);
    }
    (card, places)
}

/// Every ring does its work.
fn works(card: &mut Card, places: [Place; 3], row: u32) {
    let [command, punt, inject] = places;
    let starts = places.map(|place| card.status(place).index);
    card.put_command(command, starts[0], write_row(id::NEXTHOP, row), [8; 64]);
    card.ring_write(ring::COMMAND, PRODUCER, starts[0] + 2);
    card.send(transmit(SLOW, &[row as u8; 90]), SLOW);
    let end = card.put_frame(inject, starts[2], &transmit(WIRE0, &[row as u8; 80]));
    card.ring_write(ring::INJECT, PRODUCER, end);
    card.until("the command", |card| {
        card.status(command).index == starts[0] + 2
    });
    card.until("the punt", |card| card.status(punt).index == starts[1] + 2);
    card.until("the injected frame", |card| {
        card.status(inject).index == end
    });
    card.settle();
    assert_eq!(card.take_frame(punt, starts[1], 90), [row as u8; 90]);
    assert_eq!(
        card.left.last().map(|one| one.frame.bytes.clone()),
        Some(vec![row as u8; 80])
    );
    let row = card.row(id::NEXTHOP, row).expect("a row");
    assert_eq!(row[..8], [8; 8]);
}

/// A ring has stopped by a fault, the others run.
fn stopped(card: &mut Card, number: u32) {
    card.until("the fault", |card| {
        card.interrupts_of(FAULT_VECTOR).len() == 1
    });
    for other in 0..3 {
        let expected = if other == number { FAULT } else { ENABLE };
        assert_eq!(card.ring_read(other, CONTROL), expected, "ring {other}");
    }
}

/// Starts a ring anew at the same place, as a driver does that forgets what it has seen.
fn again(card: &mut Card, number: u32, place: Place) {
    card.ram().mend();
    card.ram().put(place.status, [0; 64]);
    card.ring_write(number, CONTROL, ENABLE);
    assert_eq!(card.ring_read(number, CONTROL), ENABLE);
}

#[test]
fn a_command_ring_that_cannot_be_read_stops() {
    for broken in [0, 1, 5, 64, 77] {
        let (mut card, places) = all(Pace::default());
        let place = places[0];
        card.ram()
            .break_down(place.at(broken)..place.at(broken) + 64);
        for i in 0..64 {
            card.put_command(place, 2 * i, write_row(id::NEXTHOP, 100 + i), [1; 64]);
        }
        card.ring_write(ring::COMMAND, PRODUCER, 128);
        stopped(&mut card, ring::COMMAND);
        // What is whole before it has been carried out, and nothing behind.
        assert_eq!(card.counts(ring::COMMAND), [128, broken & !1, 0, 0]);
        for i in 0..64 {
            let row = card.row(id::NEXTHOP, 100 + i).expect("a row");
            assert_eq!(row[0], u8::from(i < broken / 2), "row {i}, broken {broken}");
        }
        again(&mut card, ring::COMMAND, place);
        works(&mut card, places, 5);
        card.finish();
    }
}

#[test]
fn an_inject_ring_that_cannot_be_read_stops() {
    let (mut card, places) = all(Pace::rough(2));
    let place = places[2];
    let end = card.put_frame(place, 0, &transmit(WIRE0, &[1; 100]));
    let end = card.put_frame(place, end, &transmit(WIRE0, &[2; 1000]));
    card.ram().break_down(place.at(9)..place.at(10));
    card.ring_write(ring::INJECT, PRODUCER, end);
    stopped(&mut card, ring::INJECT);
    card.settle();
    assert!(card.left.len() <= 1);
    card.left.clear();
    again(&mut card, ring::INJECT, place);
    works(&mut card, places, 6);
    card.finish();
}

#[test]
fn a_punt_ring_that_cannot_be_written_stops() {
    let (mut card, places) = all(Pace::default());
    let place = places[1];
    card.ram().break_down(place.at(3)..place.at(4));
    for i in 0..4 {
        card.send(transmit(SLOW, &[i; 128]), SLOW);
    }
    stopped(&mut card, ring::PUNT);
    card.settle();
    let [producer, _, _, dropped] = card.counts(ring::PUNT);
    let in_fifo = card.read(PUNT_STATUS) & 0xffff;
    assert_eq!((producer, dropped + in_fifo), (2, 3));
    card.send(transmit(SLOW, &[9; 128]), SLOW);
    card.settle();
    assert_eq!(card.read(PUNT_STATUS) & 0xffff, in_fifo + 1);
    again(&mut card, ring::PUNT, place);
    works(&mut card, places, 7);
    card.finish();
}

#[test]
fn a_status_that_cannot_be_written_stops_its_ring() {
    for number in 0..3 {
        let (mut card, places) = all(Pace::default());
        let status = places[number as usize].status;
        card.ram().break_down(status..status + 64);
        // A doorbell that is refused is news.
        let bell = if number == ring::PUNT {
            CONSUMER
        } else {
            PRODUCER
        };
        card.ring_write(number, bell, 0x8000_0000);
        stopped(&mut card, number);
        assert_eq!(card.interrupts_of(number), [0u64; 0]);
        again(&mut card, number, places[number as usize]);
        works(&mut card, places, 8 + number);
        card.finish();
    }
}

#[test]
fn doorbells_that_lie_change_nothing() {
    let (mut card, places) = all(Pace::default());
    works(&mut card, places, 1);
    let before = [0, 1, 2].map(|number| card.counts(number));
    let mut refused = 0;
    for value in [0x8000_0000, 2 + 130, 1, 3, u32::MAX, 2 + 129] {
        card.ring_write(ring::COMMAND, PRODUCER, value);
        refused += 1;
        card.settle();
        assert_eq!(card.status(places[0]).refused, refused);
    }
    for value in [3, u32::MAX, 0x8000_0000] {
        card.ring_write(ring::PUNT, CONSUMER, value);
    }
    for (number, own) in [(0, CONSUMER), (1, PRODUCER), (2, CONSUMER)] {
        card.ring_write(number, own, 77);
    }
    for register in [BASE_LOW, SIZE, STATUS_LOW] {
        card.ring_write(ring::INJECT, register, 0x1234_5000);
    }
    card.settle();
    let mut expected = before;
    expected[0][2] += refused;
    expected[1][2] += 3;
    assert_eq!([0, 1, 2].map(|number| card.counts(number)), expected);
    works(&mut card, places, 2);
    card.finish();
}

#[test]
fn a_ring_can_be_stopped_at_any_time_and_started_anew() {
    let (mut card, places) = all(Pace::default());
    for wait in (0..160).step_by(7) {
        for i in 0..64 {
            let row = write_row(id::NEXTHOP, i);
            card.put_command(places[0], 2 * i, row, [wait as u8; 64]);
        }
        card.ring_write(ring::COMMAND, PRODUCER, 128);
        card.clocks(wait);
        card.ring_write(ring::COMMAND, CONTROL, 0);
        card.until("it rests", |card| {
            card.ring_read(ring::COMMAND, CONTROL) == 0
        });
        let totals = card.host.totals();
        let done = card.ring_read(ring::COMMAND, CONSUMER);
        assert_eq!(done % 2, 0);
        card.clocks(200);
        assert_eq!(
            (card.host.totals(), card.ring_read(ring::COMMAND, CONSUMER)),
            (totals, done)
        );
        for i in [0, done / 2, 63] {
            let row = card.row(id::NEXTHOP, i).expect("a row");
            assert_eq!(
                row[0] == wait as u8 && wait > 0,
                i < done / 2 && wait > 0,
                "row {i}"
            );
        }
        again(&mut card, ring::COMMAND, places[0]);
    }
    assert_eq!(card.ring_read(ring::COMMAND, REFUSED), 0);
    works(&mut card, places, 9);
    card.finish();
}
