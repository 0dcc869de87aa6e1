//! The command ring.

use crate::harness::{write_row, Beat, Card, Noise, Pace, Place};
use underpass_layout::hash::Split;
use underpass_layout::registers::rings::PRODUCER;
use underpass_layout::registers::TABLE_DATA;
use underpass_layout::rings::{ring, CommandKind, RingCommand};
use underpass_layout::tables::{id, TABLES};

/// Clocks from the doorbell for so many commands to the status that says that they are done.
fn clocks_for(commands: u32) -> u64 {
    let mut card = Card::new(Pace::default());
    let place = Place::of(ring::COMMAND, 12);
    card.enable(ring::COMMAND, place);
    for i in 0..commands {
        card.put_command(
            place,
            2 * i,
            write_row(id::NEXTHOP, i % 1024),
            [i as u8; 64],
        );
    }
    card.ring_write(ring::COMMAND, PRODUCER, 2 * commands);
    let start = card.now();
    card.until("the status", |card| {
        card.status(place).index == 2 * commands
    });
    card.now() - start
}

#[test]
fn a_row_takes_two_clocks() {
    let (few, many) = (clocks_for(256), clocks_for(1280));
    println!("256 rows in {few} clocks, 1280 in {many}");
    assert_eq!(many - few, 2 * (1280 - 256));
}

#[test]
fn a_command_writes_its_row() {
    let mut card = Card::new(Pace::default());
    let place = Place::of(ring::COMMAND, 6);
    card.enable(ring::COMMAND, place);
    let data: Beat = std::array::from_fn(|i| i as u8 + 1);
    card.put_command(place, 0, write_row(id::NEXTHOP, 77), data);
    card.ring_write(ring::COMMAND, PRODUCER, 2);
    let start = card.now();
    card.until("the status", |card| card.status(place).index == 2);
    println!("one row in {} clocks", card.now() - start);
    card.settle();
    assert_eq!(card.counts(ring::COMMAND), [2, 2, 0, 0]);
    assert_eq!(card.interrupts_of(ring::COMMAND).len(), 1);
    let row = card.row(id::NEXTHOP, 77).expect("there is such a row");
    assert_eq!(row[..8], data[..8]);
    card.finish();
}

#[test]
fn the_ring_goes_round_under_stalls() {
    for seed in 1..6 {
        let mut noise = Noise(seed * 77);
        let mut card = Card::new(Pace::rough(seed));
        let place = Place::of(ring::COMMAND, 6);
        card.enable(ring::COMMAND, place);
        let rows: Vec<u64> = (0..600).map(|_| noise.below(u64::MAX)).collect();
        let mut written = 0;
        while written < 600 {
            let done = card.status(place).index / 2;
            let room = 32 - (written - done);
            let more = room.min(600 - written).min(1 + noise.below(32) as u32);
            if more == 0 {
                card.clock();
                continue;
            }
            for i in written..written + more {
                let mut data = [0; 64];
                data[..8].copy_from_slice(&rows[i as usize].to_le_bytes());
                card.put_command(place, 2 * i, write_row(id::NEXTHOP, i), data);
            }
            written += more;
            card.ring_write(ring::COMMAND, PRODUCER, 2 * written);
        }
        card.until("the last status", |card| card.status(place).index == 1200);
        assert_eq!(card.counts(ring::COMMAND), [1200, 1200, 0, 0]);
        for i in (0..600).step_by(17) {
            let row = card.row(id::NEXTHOP, i).expect("there is such a row");
            assert_eq!(row[..8], rows[i as usize].to_le_bytes(), "row {i}");
        }
        card.finish();
    }
}

#[test]
fn what_cannot_be_is_refused_and_the_next_command_goes_on() {
    let command = |kind: u8, table: u32, row: u32| RingCommand {
        kind,
        table: table as u8,
        row,
        ..RingCommand::default()
    };
    let write = CommandKind::WriteRow.code() as u8;
    let split = CommandKind::WriteSplit.code() as u8;
    let refused = [
        command(0, id::NEXTHOP, 1),
        command(2, id::NEXTHOP, 1),
        command(0xff, id::NEXTHOP, 1),
        command(write, TABLES.len() as u32, 0),
        command(write, 32 + id::NEXTHOP, 1),
        command(write, id::NEXTHOP, 1024),
        command(write, id::NEXTHOP, 1 << 24 | 1),
        command(write, id::COUNTER_RX, 1),
        command(write, id::COUNTER_FLOW, 1),
        command(split, id::PORT, 0),
        command(split, 200, 0),
        command(split, id::FLOW, 1 << 24),
    ];
    let mut card = Card::new(Pace::rough(3));
    let place = Place::of(ring::COMMAND, 7);
    card.enable(ring::COMMAND, place);
    let mut count = 0;
    for (i, command) in refused.into_iter().enumerate() {
        card.put_command(place, count, command, [0xaa; 64]);
        let next = write_row(id::NEXTHOP, 500 + i as u32);
        card.put_command(place, count + 2, next, [i as u8 + 1; 64]);
        count += 4;
    }
    card.ring_write(ring::COMMAND, PRODUCER, count);
    card.until("the status", |card| card.status(place).index == count);
    assert_eq!(card.status(place).refused, refused.len() as u32);
    assert_eq!(
        card.counts(ring::COMMAND),
        [count, count, refused.len() as u32, 0]
    );
    for i in 0..refused.len() {
        let row = card.row(id::NEXTHOP, 500 + i as u32).expect("a row");
        assert_eq!(row[..8], [i as u8 + 1; 8]);
    }
    let row = card.row(id::NEXTHOP, 1).expect("a row");
    assert_eq!(row[..8], [0; 8]);
    card.finish();
}

#[test]
fn registers_and_ring_write_rows_at_the_same_time() {
    let mut card = Card::new(Pace::default());
    let place = Place::of(ring::COMMAND, 12);
    card.enable(ring::COMMAND, place);
    for i in 0..2000 {
        let row = write_row(id::NEXTHOP, i % 512);
        card.put_command(place, 2 * i, row, [(i / 512) as u8 + 1; 64]);
    }
    card.ring_write(ring::COMMAND, PRODUCER, 4000);
    for i in 0..60 {
        card.write(TABLE_DATA, 0x100 + i);
        card.write_by_registers(id::NEXTHOP, 512 + i);
    }
    card.until("the status", |card| card.status(place).index == 4000);
    for i in 0..60 {
        let row = card.row(id::NEXTHOP, 512 + i).expect("a row");
        assert_eq!(row[..4], (0x100 + i).to_le_bytes());
        let row = card.row(id::NEXTHOP, i * 8).expect("a row");
        let last = if i * 8 < 2000 - 1536 { 4 } else { 3 };
        assert_eq!(row[..8], [last; 8], "row {}", i * 8);
    }
    assert_eq!(card.counts(ring::COMMAND), [4000, 4000, 0, 0]);
    card.finish();
}

#[test]
fn splits_go_to_lookups_alone() {
    let mut card = Card::new(Pace::default());
    let place = Place::of(ring::COMMAND, 7);
    card.enable(ring::COMMAND, place);
    let words = Split::RESET.pack();
    let mut data = [0; 64];
    for (bytes, word) in data.chunks_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let mut count = 0;
    for table in TABLES {
        let split = RingCommand {
            kind: CommandKind::WriteSplit.code() as u8,
            table: table.id as u8,
            ..RingCommand::default()
        };
        card.put_command(place, count, split, data);
        count += 2;
    }
    card.ring_write(ring::COMMAND, PRODUCER, count);
    card.until("the status", |card| card.status(place).index == count);
    let without = TABLES.iter().filter(|one| one.hash_width() == 0).count();
    assert_eq!(card.status(place).refused, without as u32);
    card.finish();
}
