//! One address on several guests: each flow keeps to one of them, and moves with it.

use underpass_layout::{DropReason, PuntReason};

use crate::support::*;

const SHARED: [u8; 4] = [10, 2, 0, 200];

/// blue1 and blue2 share an address; red1 talks to it, and blue3 forges it.
fn card_with_two() -> Card {
    let pair = r#"allowed_address_pairs: [{address: 10.2.0.200/32, mode: active-active}]"#;
    let text = NETWORK
        .replace(
            r#""2001:db8:2::11"], label: 31}"#,
            &format!(r#""2001:db8:2::11"], label: 31, {pair}}}"#),
        )
        .replace(
            r#""2001:db8:2::12"], mode: packet}"#,
            &format!(r#""2001:db8:2::12"], {pair}}}"#),
        )
        .replace(
            "{name: green1, port: vf4, network: green,",
            "{name: green1, port: vf4, network: blue, addresses: [10.2.0.13],",
        );
    card_of(&text)
}

fn to(card: &mut Card, port: u16) -> u16 {
    let outcome = card
        .send(RED1.port, &tcp(RED1, ROUTER, SHARED, (port, 80)))
        .unwrap();
    left(&outcome).0
}

fn answer(member: Guest, port: u16) -> Vec<u8> {
    let shared = Guest {
        ip: SHARED,
        ..member
    };
    tcp(shared, ROUTER, RED1.ip, (80, port))
}

#[test]
fn flows_spread_and_each_keeps_to_its_member() {
    let mut card = card_with_two();
    let chosen: Vec<u16> = (0..16).map(|flow| to(&mut card, 1000 + flow)).collect();
    let first = chosen.iter().filter(|port| **port == BLUE1.port).count();
    assert!((3..=13).contains(&first), "{chosen:?}");
    let again: Vec<u16> = (0..16).map(|flow| to(&mut card, 1000 + flow)).collect();
    assert_eq!(chosen, again);
    for (flow, port) in (0..).zip(chosen) {
        let member = if port == BLUE1.port { BLUE1 } else { BLUE2 };
        let outcome = card.send(port, &answer(member, 1000 + flow)).unwrap();
        assert_eq!((outcome.punts.len(), left(&outcome).0), (0, RED1.port));
    }
    let indexes: Vec<Option<u32>> = card
        .slow_path()
        .flows()
        .iter()
        .map(|flow| flow.side.ecmp_index)
        .collect();
    assert!(indexes.contains(&Some(0)) && indexes.contains(&Some(1)));
}

#[test]
fn a_flow_from_a_shared_address_is_answered_where_it_came_from() {
    let mut card = card_with_two();
    for member in [BLUE1, BLUE2] {
        let shared = Guest {
            ip: SHARED,
            ..member
        };
        let first = tcp(shared, ROUTER, RED1.ip, (member.port, 80));
        let outcome = card.send(member.port, &first).unwrap();
        assert_eq!(left(&outcome).0, RED1.port);
        let outcome = card
            .send(RED1.port, &tcp(RED1, ROUTER, SHARED, (80, member.port)))
            .unwrap();
        assert_eq!((outcome.punts.len(), left(&outcome).0), (0, member.port));
    }
}

#[test]
fn who_else_claims_a_shared_address_is_caught() {
    let mut card = card_with_two();
    let thief = Guest {
        ip: SHARED,
        ..GREEN1
    };
    let outcome = card
        .send(GREEN1.port, &tcp(thief, ROUTER, RED1.ip, (5, 80)))
        .unwrap();
    assert_eq!(
        outcome.punts,
        [PuntReason::FlowMiss, PuntReason::SourceMoved]
    );
    assert_eq!(outcome.drops, [DropReason::InvalidSource]);
}

/// A prefix of red is behind two nodes.
const TWO_NODES: &str = r#"
  - {network: red, prefix: 172.17.0.0/16, next_hops: [{address: 192.168.0.2, encapsulation: mpls-udp, label: 98}, {address: 192.168.0.2, encapsulation: mpls-gre, label: 97}]}
"#;

#[test]
fn flows_to_several_nodes_keep_to_one_each() {
    let mut card = card_with(TWO_NODES);
    let mut to = |port: u16| {
        let outcome = card
            .send(RED1.port, &tcp(RED1, ROUTER, [172, 17, 0, 9], (port, 80)))
            .unwrap();
        let (_, frame) = left(&outcome);
        // The IP protocol tells which.
        frame[23]
    };
    let chosen: Vec<u8> = (1000..1016).map(&mut to).collect();
    let gre = chosen.iter().filter(|protocol| **protocol == 47).count();
    assert!((3..=13).contains(&gre), "{chosen:?}");
    let again: Vec<u8> = (1000..1016).map(&mut to).collect();
    assert_eq!(chosen, again);
    let flows = card.slow_path().flows();
    let index = |gre: bool| Some(u32::from(gre));
    for (flow, protocol) in flows.iter().step_by(2).zip(chosen) {
        assert_eq!(flow.side.ecmp_index, index(protocol == 47));
    }
}
