//! The punt ring.

use super::*;

/// The frames in the ring from a count on, each behind its shim.
fn frames(host: &Host, mut from: u32, to: u32) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while from != to {
        let beat = |index: u32| host.memory.at(base(PUNT) + u64::from(index % 64) * 64);
        let shim = beat(from);
        let length = usize::from(u16::from_le_bytes([shim[10], shim[11]]));
        let beats = length.div_ceil(64) as u32;
        let rest = (1..=beats).flat_map(|i| beat(from.wrapping_add(i)));
        let mut bytes: Vec<u8> = rest.collect();
        assert!(bytes.split_off(length).iter().all(|byte| *byte == 0));
        frames.push(bytes);
        from = from.wrapping_add(1 + beats);
    }
    frames
}

#[test]
fn the_length_stands_where_these_tests_read_it() {
    let shim = underpass_layout::shim::PuntShim {
        length: 0x1234,
        ..Default::default()
    };
    assert_eq!(bytes(&shim.pack())[10..12], [0x34, 0x12]);
}

#[test]
fn frames_come_in_order_round_and_round() {
    let mut host = Host::new();
    let mut seen = 0;
    for round in 0..30 {
        let sent = [
            host.punt(round, 2),
            host.punt(round, 17),
            host.punt(round, 30),
        ];
        assert!(!host.card.quiet());
        assert_eq!(host.run(), [PUNT]);
        let filled = host.status(PUNT).index;
        assert_eq!(filled, host.get(PUNT, PRODUCER));
        assert_eq!(frames(&host, seen, filled), sent);
        seen = filled;
        host.mine[PUNT as usize] = seen;
        host.bell(PUNT);
    }
    assert_eq!(host.status(PUNT).dropped, 0);
    assert_eq!(host.card.read(PUNT_STATUS), 0, "none by register");
}

#[test]
fn a_frame_that_finds_no_room_is_lost_as_a_whole() {
    let mut host = Host::new();
    let mut sent = vec![host.punt(1, 30)];
    host.run();
    sent.push(host.punt(2, 30));
    host.punt(3, 5);
    sent.push(host.punt(4, 4));
    host.punt(5, 2);
    assert_eq!(host.run(), [PUNT]);
    let status = host.status(PUNT);
    assert_eq!((status.index, status.dropped), (64, 2));
    assert_eq!(host.get(PUNT, DROPPED), 2);
    assert_eq!(frames(&host, 0, 64), sent);
    host.mine[PUNT as usize] = 30;
    host.bell(PUNT);
    host.punt(6, 31);
    let last = host.punt(7, 30);
    host.run();
    assert_eq!(host.status(PUNT).dropped, 3);
    assert_eq!(frames(&host, 64, 94), [last]);
}

#[test]
fn a_ring_that_is_off_leaves_the_frames_to_the_registers() {
    let mut host = Host::new();
    host.punt(1, 3);
    host.set(PUNT, CONTROL, 0);
    assert_eq!(host.get(PUNT, DROPPED), 1, "what waited");
    let later = host.punt(2, 3);
    assert_eq!(host.run(), []);
    assert_eq!(pop(&mut host.card)[64..], later);
    assert_eq!(host.memory.written, []);
    host.set(PUNT, CONTROL, ENABLE);
    host.punt(3, 60);
    assert_eq!(host.run(), [PUNT]);
    assert_eq!(host.status(PUNT).index, 60, "what waited takes no room");
}

#[test]
fn memory_that_does_not_answer_stops_the_ring_there() {
    for beat in [3, 5] {
        let mut host = Host::new();
        let whole = host.punt(1, 3);
        host.punt(2, 3);
        host.punt(3, 3);
        host.memory.silent.push(base(PUNT) + 64 * beat);
        assert_eq!(host.run(), [FAULT_VECTOR]);
        let found = [CONTROL, PRODUCER, DROPPED].map(|register| host.get(PUNT, register));
        assert_eq!(found, [FAULT, 3, 2]);
        assert_eq!(frames(&host, 0, 3), [whole]);
        let behind = host.punt(4, 3);
        assert_eq!(pop(&mut host.card)[64..], behind);
    }
}
