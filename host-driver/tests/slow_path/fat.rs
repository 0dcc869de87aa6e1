//! Fat flows: one entry for many flows, both ways, and policies that judge them together.

use std::net::IpAddr;

use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};

use crate::support::*;

/// Source with port, destination with port, packets of each flow.
fn flows(card: &mut Card) -> Vec<(String, String, u64)> {
    let end = |address: IpAddr, port: u16| format!("{address}:{port}");
    let states = card.flows().unwrap().into_iter();
    states
        .map(|state| {
            let side = &state.flow.side;
            (
                end(side.sip, side.sport),
                end(side.dip, side.dport),
                state.traffic.packets,
            )
        })
        .collect()
}

fn fat(rules: &str) -> Card {
    let text = NETWORK.replace(
        "label: 21, l2_label: 22",
        &format!("label: 21, l2_label: 22, fat_flows: [{rules}]"),
    );
    card_of(&text)
}

/// red1 opens a connection to a server on the other node, who answers.
fn talk(card: &mut Card, port: u16, server: u16) -> [usize; 2] {
    let there = tcp(RED1, RED9.mac, RED9.ip, (port, server));
    let back = tcp(RED9, RED1.mac, RED1.ip, (server, port));
    let there = card.send(RED1.port, &there).unwrap();
    assert_eq!(ports(&there), [WIRE0]);
    let back = card.send(WIRE0, &vxlan(5001, &back)).unwrap();
    assert_eq!(ports(&back), [RED1.port]);
    [there.punts.len(), back.punts.len()]
}

#[test]
fn the_six_combinations_of_port_and_side_have_the_peers_keys() {
    let (own, other) = ("10.1.0.11", "10.1.0.19");
    for (rule, from, to, telnet_shares) in [
        ("port: 0", format!("{own}:0"), format!("{other}:0"), true),
        ("port: 22", format!("{own}:0"), format!("{other}:22"), false),
        (
            "port: 0, ignore: source",
            "0.0.0.0:0".into(),
            format!("{other}:0"),
            true,
        ),
        (
            "port: 22, ignore: source",
            "0.0.0.0:0".into(),
            format!("{other}:22"),
            false,
        ),
        (
            "port: 0, ignore: destination",
            format!("{own}:0"),
            "0.0.0.0:0".into(),
            true,
        ),
        (
            "port: 22, ignore: destination",
            format!("{own}:0"),
            "0.0.0.0:22".into(),
            false,
        ),
    ] {
        let mut card = fat(&format!("{{protocol: tcp, {rule}}}"));
        assert_eq!(talk(&mut card, 40001, 22), [1, 0], "{rule}");
        assert_eq!(talk(&mut card, 40002, 22), [0, 0], "{rule}");
        assert_eq!(
            flows(&mut card),
            [(from.clone(), to.clone(), 2), (to, from, 2)],
            "{rule}"
        );
        let missed = usize::from(!telnet_shares);
        assert_eq!(talk(&mut card, 40003, 23), [missed, 0], "{rule}");
        // No TCP state is kept of what many connections share.
        assert!(card.flows().unwrap()[0].tcp.is_empty());
    }
}

#[test]
fn a_fat_flow_may_begin_outside() {
    let mut card = fat("{protocol: tcp, port: 22, ignore: source}");
    let first = tcp(RED9, RED1.mac, RED1.ip, (40001, 22));
    let outcome = card.send(WIRE0, &vxlan(5001, &first)).unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (1, vec![RED1.port]));
    let answer = tcp(RED1, RED9.mac, RED9.ip, (22, 40009));
    let outcome = card.send(RED1.port, &answer).unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![WIRE0]));
    let (from, to) = ("10.1.0.19:0".to_owned(), "0.0.0.0:22".to_owned());
    assert_eq!(
        flows(&mut card),
        [(from.clone(), to.clone(), 1), (to, from, 1)]
    );
}

#[test]
fn answers_of_a_guest_here_are_looked_up_by_its_own_rules() {
    let mut card = fat("{protocol: tcp, port: 22}");
    let there = |port| tcp(RED1, RED2.mac, RED2.ip, (port, 22));
    let back = |port| tcp(RED2, RED1.mac, RED1.ip, (22, port));
    for (port, misses) in [(40001, [1, 0]), (40002, [0, 1])] {
        let there = card.send(RED1.port, &there(port)).unwrap();
        let back = card.send(RED2.port, &back(port)).unwrap();
        assert_eq!([there.punts.len(), back.punts.len()], misses);
        assert_eq!([ports(&there), ports(&back)], [[RED2.port], [RED1.port]]);
    }
}

#[test]
fn held_packets_of_a_fat_flow_wait_in_one_queue() {
    let mut card = fat("{protocol: udp, port: 0}");
    for port in 1..=5 {
        card.push(RED1.port, &udp(RED1, RED2.mac, RED2.ip, (port, 7)))
            .unwrap();
    }
    let outcome = card.serve().unwrap();
    assert_eq!(outcome.punts, [PuntReason::FlowMiss; 5]);
    assert_eq!(outcome.drops, [DropReason::FlowQueueLimitExceeded; 2]);
    assert_eq!(outcome.departures.len(), 3);
}

#[test]
fn a_policy_lets_a_fat_flow_pass_only_as_a_whole() {
    let to_blue = |card: &mut Card, port| {
        card.send(RED1.port, &tcp(RED1, ROUTER, BLUE1.ip, (40000, port)))
            .unwrap()
    };
    // Port 80 may pass, and nothing but port 80 shares this entry.
    let mut card = fat("{protocol: tcp, port: 80}");
    assert_eq!(ports(&to_blue(&mut card, 80)), [BLUE1.port]);
    // Here everything would.
    let mut card = fat("{protocol: tcp, port: 0}");
    assert_eq!(to_blue(&mut card, 80).drops, [DropReason::FlowActionDrop]);
    assert_eq!(card.slow_path().flows()[0].denied.unwrap().name(), "Policy");
}
