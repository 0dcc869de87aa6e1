//! How flows end: closed by TCP, idle, or idle since before the clock of the card came round.

use underpass_host_driver::summary::Summary;
use underpass_layout::PuntReason;

use crate::support::*;

const PORTS: (u16, u16) = (1136, 500);

fn there(card: &mut Card, what: (&str, u32, u32)) -> usize {
    let frame = segment(RED1, RED2.mac, RED2.ip, PORTS, what);
    card.send(RED1.port, &frame).unwrap().punts.len()
}

fn back(card: &mut Card, what: (&str, u32, u32)) -> usize {
    let frame = segment(RED2, RED1.mac, RED1.ip, (PORTS.1, PORTS.0), what);
    card.send(RED2.port, &frame).unwrap().punts.len()
}

/// The TCP state of each flow, as `summary.json` has it.
fn states(card: &mut Card) -> Vec<Vec<&'static str>> {
    let summary = Summary::read(card).unwrap();
    let flows = summary.flows.into_iter();
    flows.map(|flow| flow.tcp_state).collect()
}

/// A connection that both ends agree on: 1 sends from 1 on, 2 from 100.
fn connected() -> Card {
    let mut card = card();
    assert_eq!(there(&mut card, ("S", 1, 0)), 1);
    assert_eq!(back(&mut card, ("SA", 100, 2)), 0);
    assert_eq!(there(&mut card, ("A", 2, 101)), 0);
    card
}

#[test]
fn a_connection_is_followed_from_its_first_packet_on() {
    let mut card = card();
    there(&mut card, ("S", 1, 0));
    assert_eq!(states(&mut card), [vec!["SYN"], vec!["SYN_R"]]);
    back(&mut card, ("SA", 100, 2));
    let (one, other) = (["SYN", "SYN_R", "EST"], ["SYN", "SYN_R", "EST_R"]);
    assert_eq!(states(&mut card), [one, other]);
    there(&mut card, ("A", 2, 101));
    let both = ["SYN", "SYN_R", "EST", "EST_R"];
    assert_eq!(states(&mut card), [both, both]);
}

#[test]
fn a_reset_ends_a_connection_if_it_fits() {
    let mut card = connected();
    back(&mut card, ("R", 103, 0));
    assert_eq!(card.slow_path().flows().len(), 2);
    back(&mut card, ("R", 101, 0));
    assert_eq!(card.slow_path().flows(), []);
    assert!(card.slow_path().placed().flows().is_empty());
    assert_eq!(there(&mut card, ("S", 900, 0)), 1);
    let flows = card.slow_path().flows();
    assert_ne!(flows[0].pair.number, 0, "the other pairs come first");
    assert_eq!(states(&mut card), [vec!["SYN"], vec!["SYN_R"]]);
}

#[test]
fn a_connection_that_both_ends_closed_is_gone_with_the_last_acknowledgement() {
    let mut card = connected();
    there(&mut card, ("FA", 2, 101));
    back(&mut card, ("FA", 101, 3));
    let states = states(&mut card);
    assert!(
        states[1].contains(&"FIN") && states[1].contains(&"FIN_R"),
        "{states:?}"
    );
    there(&mut card, ("A", 3, 102));
    assert_eq!(card.slow_path().flows(), []);
}

#[test]
fn idle_time_counts_from_the_last_packet_of_either_direction() {
    let mut card = card();
    let frame = udp(RED1, RED2.mac, RED2.ip, (1, 2));
    let second = 1000;
    // A time of day: nothing starts at zero.
    let start = 1_700_000_000 * second;
    send_at(&mut card, start, RED1.port, &frame);
    send_at(&mut card, start + 100 * second, RED1.port, &frame);
    let other = udp(RED1, RED2.mac, RED2.ip, (3, 4));
    assert_eq!(
        send_at(&mut card, start + 279 * second, RED1.port, &other)
            .punts
            .len(),
        1
    );
    assert_eq!(card.slow_path().flows().len(), 4);
    let idle: Vec<u64> = card
        .flows()
        .unwrap()
        .iter()
        .map(|flow| flow.idle.unwrap().as_secs())
        .collect();
    assert_eq!(idle, [179, 179, 0, 0]);
    send_at(&mut card, start + 280 * second, RED1.port, &other);
    let left = card.slow_path().flows();
    assert_eq!((left.len(), left[0].side.sport), (2, 3));
}

#[test]
fn a_clock_that_comes_round_makes_nothing_young() {
    let second = 1000;
    for gap in [(1 << 14) + 5, 40 * (1 << 14) + 5, (1 << 14) - 5, 1 << 13] {
        let mut card = card();
        let frame = udp(RED1, RED2.mac, RED2.ip, (1, 2));
        send_at(&mut card, 7 * second, RED1.port, &frame);
        let outcome = send_at(&mut card, (7 + gap) * second, RED1.port, &frame);
        assert_eq!(outcome.punts, [PuntReason::FlowMiss], "{gap} s");
        assert_eq!(card.slow_path().flows().len(), 2);
    }
}

#[test]
fn more_flows_than_the_card_can_tell_of_at_once_go_together() {
    let mut card = card();
    for port in 0..100 {
        let frame = udp(RED1, RED2.mac, RED2.ip, (1000 + port, 2));
        send_at(&mut card, u64::from(port), RED1.port, &frame);
    }
    assert_eq!(card.slow_path().flows().len(), 200);
    let frame = udp(RED1, RED2.mac, RED2.ip, (1, 2));
    send_at(&mut card, 180_000, RED1.port, &frame);
    assert_eq!(card.slow_path().flows().len(), 2);
}
