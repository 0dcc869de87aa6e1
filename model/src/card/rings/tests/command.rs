//! The command ring.

use super::*;

#[test]
fn rows_are_written_in_order_round_and_round() {
    let mut host = Host::new();
    for round in 0..20 {
        // Twice the same row: the last one counts.
        for row in 0..10 {
            host.label(row, 99);
            host.label(row, round * 100 + row);
        }
        host.label(round + 100, round);
        host.bell(COMMAND);
        assert_eq!(host.run(), [COMMAND]);
        for row in 0..10 {
            assert_eq!(host.nexthop_of(row), round * 100 + row);
        }
        assert_eq!(host.nexthop_of(round + 100), round);
        let done = (round + 1) * 42;
        assert_eq!(host.get(COMMAND, CONSUMER), done);
        assert_eq!(host.status(COMMAND).index, done);
    }
    assert_eq!(host.status(COMMAND).refused, 0);
}

#[test]
fn counts_wrap_where_32_bits_end() {
    let mut host = Host::new();
    let start = 0_u32.wrapping_sub(4);
    host.mine[COMMAND as usize] = start;
    let ring = &mut host.card.rings.command;
    (ring.producer, ring.consumer) = (start, start);
    for row in 0..5 {
        host.label(row, row + 7);
    }
    host.bell(COMMAND);
    assert_eq!(host.run(), [COMMAND]);
    assert_eq!((0..5).map(|row| host.nexthop_of(row)).sum::<u32>(), 45);
    assert_eq!(host.status(COMMAND).index, 6);
}

#[test]
fn a_split_is_written() {
    let mut host = Host::new();
    let split = Split {
        way: 3,
        pointer: 0x12_3456,
        ..Split::RESET
    };
    let command = RingCommand {
        kind: CommandKind::WriteSplit.code() as u8,
        ..write_row(id::ROUTE_BANK, 5)
    };
    host.command(&command, &split.pack());
    host.bell(COMMAND);
    assert_eq!(host.run(), [COMMAND]);
    assert_eq!(host.card.core().tables.split(id::ROUTE_BANK, 5), Ok(split));
    assert_eq!(host.status(COMMAND).refused, 0);
}

#[test]
fn what_can_not_be_done_is_counted_and_the_next_one_is_done() {
    let of_kind = |kind| RingCommand {
        kind,
        ..write_row(id::MPLS, 0)
    };
    let split = |table, row| RingCommand {
        kind: CommandKind::WriteSplit.code() as u8,
        ..write_row(table, row)
    };
    let refused = [
        of_kind(0),
        of_kind(2),
        of_kind(0x81),
        write_row(TABLES.len() as u32, 0),
        write_row(id::MPLS | 32, 0),
        write_row(id::MPLS, 5120),
        write_row(id::MPLS, 1 << 24),
        write_row(id::COUNTER_FLOW, 0),
        split(id::NEXTHOP, 0),
        split(id::FLOW, 1),
        split(id::ROUTE_BANK, 6),
        split(id::COUNTER_RX, 0),
    ];
    let mut host = Host::new();
    for (row, command) in (0..).zip(&refused) {
        host.command(command, &[u32::MAX; 16]);
        host.label(row, 5);
    }
    host.bell(COMMAND);
    assert_eq!(host.run(), [COMMAND]);
    let status = host.status(COMMAND);
    assert_eq!((status.refused, status.index), (12, 48));
    assert!((0..12).all(|row| host.nexthop_of(row) == 5));
}

#[test]
fn a_long_list_is_told_on_the_way() {
    let mut host = Host::new();
    host.set(COMMAND, CONTROL, 0);
    host.set(COMMAND, SIZE, 9);
    host.set(COMMAND, CONTROL, ENABLE);
    for row in 0..256 {
        let words = write_row(id::MPLS, row).pack();
        let beat = bytes(&words).try_into().unwrap();
        let address = base(COMMAND) + u64::from(row) * 128;
        host.memory.beats.insert(address, beat);
        host.memory.beats.insert(address + 64, [7; 64]);
    }
    host.set(COMMAND, PRODUCER, 512);
    assert_eq!(host.run(), [COMMAND]);
    assert_eq!(host.status(COMMAND).index, 512);
    assert!(host.memory.written.len() >= 256 / STATUS_EVERY as usize);
}

#[test]
fn memory_that_does_not_answer_stops_the_ring_there() {
    for beat in [4, 5] {
        let mut host = Host::new();
        for row in 0..4 {
            host.label(row, 9);
        }
        host.memory.silent.push(base(COMMAND) + 64 * beat);
        host.bell(COMMAND);
        assert_eq!(host.run(), [FAULT_VECTOR]);
        assert_eq!(host.get(COMMAND, CONTROL), FAULT);
        assert_eq!(host.get(COMMAND, CONSUMER), 4);
        assert_eq!((host.nexthop_of(1), host.nexthop_of(2)), (9, 0));
        assert_eq!(host.memory.written, [], "no status of a ring that is off");
        host.memory.silent.clear();
        assert_eq!(host.run(), [], "it stays off");
        host.set(COMMAND, CONTROL, ENABLE);
        assert_eq!(host.get(COMMAND, CONTROL), ENABLE);
    }
}

#[test]
fn a_status_that_can_not_be_written_stops_the_ring() {
    for ring in RINGS {
        let mut host = Host::new();
        host.memory.silent.push(status(ring));
        host.label(1, 8);
        host.bell(COMMAND);
        host.inject(1, 100);
        host.bell(INJECT);
        host.punt(2, 3);
        let others: Vec<u32> = RINGS.into_iter().filter(|other| *other != ring).collect();
        assert_eq!(host.run(), [others[0], others[1], FAULT_VECTOR]);
        for other in RINGS {
            let expected = if other == ring { FAULT } else { ENABLE };
            assert_eq!(host.get(other, CONTROL), expected);
        }
        assert_eq!(host.nexthop_of(1), 8, "it was carried out");
    }
}
