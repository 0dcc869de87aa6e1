use super::*;
use crate::headers::tcp::{ACK, RST};
use underpass_layout::meta::Edit;
use underpass_layout::profile::{SIM, U250};
use underpass_layout::Record;

/// A TCP packet of a flow.
fn packet(flow_id: u32, generation: u8) -> Meta {
    let mut meta = Meta::default();
    meta.flow.hit = true;
    meta.flow.flow_id = flow_id;
    meta.flow.generation = generation;
    meta.key.protocol = TCP;
    meta.key.src_port = 1000;
    meta.key.dst_port = 80;
    meta.inner.protocol = TCP;
    meta.inner.tcp_flags = ACK;
    meta.inner.tcp_ack = 7;
    meta
}

fn reset(flow_id: u32, generation: u8) -> Meta {
    let mut meta = packet(flow_id, generation);
    meta.inner.tcp_flags = RST;
    meta
}

/// Pairs that any reset closes.
fn pairs() -> Pairs {
    let mut pairs = Pairs::new(&SIM);
    pairs.set_any_reset(true);
    pairs
}

fn events(pairs: &mut Pairs) -> Vec<Event> {
    std::iter::from_fn(|| pairs.take_event()).collect()
}

fn event(dead: bool, generation: u8, pair: u32) -> Event {
    Event {
        dead,
        generation,
        pair,
    }
}

#[test]
fn both_directions_of_a_pair_share_a_row() {
    let mut pairs = pairs();
    pairs.set_now(9);
    pairs.see(&packet(10, 3), &Edit::default());
    pairs.see(&packet(11, 3), &Edit::default());
    let expected = TcpEntry {
        generation: 3,
        forward: underpass_layout::tables::TcpSide {
            ack: 7,
            ..Default::default()
        },
        reverse: underpass_layout::tables::TcpSide {
            ack: 7,
            ..Default::default()
        },
        ..TcpEntry::default()
    };
    assert_eq!(pairs.tcp(5), expected);
    let age = AgeEntry {
        generation: 3,
        reported: false,
        seen: 9,
    };
    assert_eq!(pairs.age(5), age);
    let row = pairs.read_row(id::TCP, 5).unwrap().unwrap();
    assert_eq!(TcpEntry::unpack(&row), Ok(expected));
    let row = pairs.read_row(id::AGE, 5).unwrap().unwrap();
    assert_eq!(AgeEntry::unpack(&row), Ok(age));
    assert!(pairs.read_row(id::TCP, 2048).unwrap().is_err());
    assert!(pairs.read_row(id::FLOW, 5).is_none());
}

#[test]
fn another_generation_starts_anew() {
    let mut pairs = pairs();
    pairs.see(&reset(10, 1), &Edit::default());
    assert!(pairs.tcp(5).dead);
    pairs.see(&packet(10, 2), &Edit::default());
    assert_eq!((pairs.tcp(5).dead, pairs.tcp(5).generation), (false, 2));
    pairs.see(&reset(11, 2), &Edit::default());
    let expected = [event(true, 1, 5), event(true, 2, 5)];
    assert_eq!(events(&mut pairs), expected);
}

#[test]
fn a_connection_dies_once() {
    let mut pairs = pairs();
    pairs.see(&reset(10, 1), &Edit::default());
    pairs.see(&reset(10, 1), &Edit::default());
    assert_eq!(events(&mut pairs), [event(true, 1, 5)]);
}

#[test]
fn only_tcp_of_ones_own_has_a_state() {
    let changes: [fn(&mut Meta); 6] = [
        |meta| meta.flow.hit = false,
        |meta| meta.key.protocol = 17,
        |meta| meta.inner.protocol = 1,
        |meta| meta.quoted.error = true,
        |meta| meta.key.src_port = 0,
        |meta| meta.key.dst_port = 0,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut pairs = pairs();
        let mut meta = packet(10, 1);
        change(&mut meta);
        pairs.see(&meta, &Edit::default());
        assert_eq!(pairs.tcp(5), TcpEntry::default(), "change {i}");
        assert_eq!(pairs.age(5).generation == 1, meta.flow.hit, "change {i}");
    }
}

#[test]
fn a_pair_beyond_the_table_is_its_low_bits_or_none() {
    let mut pairs = pairs();
    pairs.see(&reset(2 * 2048 + 10, 1), &Edit::default());
    assert!(pairs.tcp(5).dead);
    assert_eq!(events(&mut pairs), [event(true, 1, 5)]);
    let mut large = Pairs::new(&U250);
    large.set_any_reset(true);
    large.see(&reset(0xf_ffff, 1), &Edit::default());
    assert_eq!(large.event(), None);
}

#[test]
fn a_pair_is_idle_once_until_its_next_packet() {
    let mut pairs = pairs();
    pairs.set_limit(10);
    pairs.see(&packet(10, 1), &Edit::default());
    pairs.see(&packet(20, 2), &Edit::default());
    pairs.set_now(9);
    assert_eq!(pairs.event(), None);
    pairs.see(&packet(21, 2), &Edit::default());
    pairs.set_now(10);
    assert_eq!(events(&mut pairs), [event(false, 1, 5)]);
    assert!(pairs.age(5).reported);
    pairs.set_now(30);
    assert_eq!(events(&mut pairs), [event(false, 2, 10)]);
    pairs.see(&packet(10, 1), &Edit::default());
    pairs.set_now(41);
    assert_eq!(events(&mut pairs), [event(false, 1, 5)]);
}

#[test]
fn time_wraps() {
    let mut pairs = pairs();
    pairs.set_limit(10);
    pairs.set_now(0x3fff);
    pairs.see(&packet(10, 1), &Edit::default());
    pairs.set_now(0x4000 + 8);
    assert_eq!((pairs.now(), pairs.event()), (8, None));
    pairs.set_now(9);
    assert_eq!(events(&mut pairs), [event(false, 1, 5)]);
}

#[test]
fn a_limit_that_is_lowered_counts_at_once_and_none_is_never() {
    let mut pairs = pairs();
    pairs.see(&packet(10, 1), &Edit::default());
    pairs.set_now(100);
    assert_eq!((pairs.event(), pairs.sweeps), (None, 0));
    pairs.set_limit(100);
    assert_eq!(pairs.event(), Some(event(false, 1, 5)));
    assert_eq!(pairs.limit(), 100);
}

#[test]
fn the_sweep_leaves_room_for_connections_that_close() {
    let mut pairs = pairs();
    for pair in 0..40 {
        pairs.see(&packet(2 * pair, 1), &Edit::default());
    }
    pairs.set_limit(1);
    pairs.set_now(1);
    assert_eq!((pairs.events.len(), pairs.sweeps()), (29, 1));
    for pair in 100..105 {
        pairs.see(&reset(2 * pair, 1), &Edit::default());
    }
    let found = events(&mut pairs);
    assert_eq!(found.len(), 40 + 3, "two that closed found no room");
    assert_eq!(
        found[..29],
        (0..29).map(|p| event(false, 1, p)).collect::<Vec<_>>()
    );
    assert_eq!(found[29..32], [100, 101, 102].map(|p| event(true, 1, p)));
    assert_eq!(found[32], event(false, 1, 29));
    pairs.set_now(2);
    assert_eq!(events(&mut pairs).len(), 5, "found when they are idle");
}

#[test]
fn whoever_asks_for_rounds_sees_them_pass() {
    let mut pairs = pairs();
    assert_eq!(
        (pairs.sweeps(), pairs.sweeps()),
        (0, 0),
        "no limit, no sweep"
    );
    pairs.set_limit(1);
    let first = pairs.sweeps();
    assert_eq!((pairs.sweeps(), pairs.sweeps()), (first + 1, first + 2));
}

#[test]
fn an_event_is_a_word() {
    assert_eq!(event(true, 7, 0x7_ffff).word(), 0xc707_ffff);
    assert_eq!(event(false, 1, 5).word(), 0x8100_0005);
}
