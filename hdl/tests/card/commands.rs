//! The command ring.

use crate::harness::{write_row, Card, Pace, Place};
use underpass_layout::registers::rings::PRODUCER;
use underpass_layout::rings::ring;
use underpass_layout::tables::id;

#[test]
fn a_command_writes_its_row() {
    let mut card = Card::new(Pace::default());
    let place = Place::of(ring::COMMAND, 6);
    card.enable(ring::COMMAND, place);
    let data: [u8; 64] = std::array::from_fn(|i| i as u8 + 1);
    card.put_command(place, 0, write_row(id::NEXTHOP, 77), data);
    card.ring_write(ring::COMMAND, PRODUCER, 2);
    card.until("the status", |card| card.status(place).index == 2);
    card.settle();
    assert_eq!(card.counts(ring::COMMAND), [2, 2, 0, 0]);
    assert_eq!(card.interrupts_of(ring::COMMAND).len(), 1);
    let row = card.row(id::NEXTHOP, 77).expect("there is such a row");
    assert_eq!(row[..8], data[..8]);
    card.finish();
}
