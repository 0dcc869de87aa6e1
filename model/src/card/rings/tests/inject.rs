//! The inject ring.

use super::*;

#[test]
fn frames_enter_in_order_round_and_round() {
    let mut host = Host::new();
    for round in 0..30_u8 {
        host.inject(round, 1);
        host.inject(round + 100, 64 * 7);
        host.inject(round + 200, 64 * 20 + 3);
        host.bell(INJECT);
        assert_eq!(host.run(), [INJECT]);
        for (mark, length) in [(round, 1), (round + 100, 448), (round + 200, 1283)] {
            // One byte is no frame: it is dropped and counted as such.
            if length > 1 {
                let expected = (port::HOST0, vec![mark; length]);
                assert_eq!(host.card.receive(), Some(expected));
            }
        }
        assert_eq!(host.card.receive(), None);
        let done = host.mine[INJECT as usize];
        assert_eq!(host.get(INJECT, CONSUMER), done);
        assert_eq!(host.status(INJECT).index, done);
    }
    assert_eq!(host.status(INJECT).refused, 0);
}

#[test]
fn a_length_that_can_not_be_refuses_all_that_waits() {
    for (length, good) in [
        (0, false),
        (63, false),
        (64, false),
        // Behind the two beats of a frame of one byte come zeros, which are no shim.
        (65, false),
        (256, true),
        (257, false),
        (16 * 1024, false),
        (16 * 1024 + 1, false),
        (u16::MAX, false),
    ] {
        let mut host = Host::new();
        let shim = InjectShim {
            command: InjectCommand::Transmit,
            vif: 1,
            port: port::HOST0,
            length,
            ..InjectShim::default()
        };
        let mut four_beats = bytes(&shim.pack());
        four_beats.resize(256, 0);
        host.fill(INJECT, &four_beats);
        host.bell(INJECT);
        assert_eq!(host.run(), [INJECT]);
        let status = host.status(INJECT);
        let expected = (4, u32::from(!good));
        assert_eq!((status.index, status.refused), expected, "length {length}");
        assert_eq!(host.card.receive().is_some(), good);
        host.inject(9, 100);
        host.bell(INJECT);
        host.run();
        let next = (port::HOST0, vec![9; 100]);
        assert_eq!(host.card.receive(), Some(next), "length {length}");
    }
}

#[test]
fn the_longest_frame_fits() {
    let mut host = Host::new();
    host.set(INJECT, CONTROL, 0);
    host.set(INJECT, SIZE, 9);
    host.set(INJECT, CONTROL, ENABLE);
    let shim = InjectShim {
        command: InjectCommand::Transmit,
        vif: 1,
        port: port::HOST0,
        length: 16 * 1024,
        ..InjectShim::default()
    };
    let beat = bytes(&shim.pack()).try_into().unwrap();
    host.memory.beats.insert(base(INJECT), beat);
    host.set(INJECT, PRODUCER, 256);
    assert_eq!(host.run(), [INJECT]);
    let (_, frame) = host.card.receive().unwrap();
    assert_eq!(frame, vec![0xcc; 16 * 1024 - 64]);
}

#[test]
fn frames_wait_until_packets_are_accepted() {
    let mut host = Host::new();
    host.card.write(registers::CONTROL, 0);
    host.inject(4, 100);
    host.bell(INJECT);
    assert_eq!(host.card.run(&mut host.memory), []);
    assert!(!host.card.quiet());
    assert_eq!(host.get(INJECT, CONSUMER), 0);
    host.card.write(registers::CONTROL, CONTROL_ENABLE);
    assert_eq!(host.run(), [INJECT]);
    assert_eq!(host.card.receive(), Some((port::HOST0, vec![4; 100])));
}

#[test]
fn memory_that_does_not_answer_stops_the_ring_there() {
    for beat in [2, 3] {
        let mut host = Host::new();
        host.inject(1, 64);
        host.inject(2, 128);
        host.memory.silent.push(base(INJECT) + 64 * beat);
        host.bell(INJECT);
        assert_eq!(host.run(), [FAULT_VECTOR]);
        assert_eq!(host.card.receive(), Some((port::HOST0, vec![1; 64])));
        assert_eq!(host.card.receive(), None, "no part of a frame");
        assert_eq!(host.get(INJECT, CONTROL), FAULT);
    }
}
