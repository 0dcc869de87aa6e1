//! Next hops whose MAC is not known: packets wait, the underlay is asked, they go or they end.

use etherparse::ArpOperation;
use underpass_host_driver::describe;
use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};

use crate::support::*;

const CLOUD: [u8; 4] = [172, 16, 0, 1];
/// The router behind which [`CLOUD`] is.
const GATEWAY: Guest = Guest {
    port: WIRE0,
    mac: [0x0c, 0xc4, 0x7a, 0, 0, 3],
    ip: [192, 168, 0, 3],
};
const NODE_AS_GUEST: Guest = Guest {
    port: WIRE0,
    mac: NODE,
    ip: [192, 168, 0, 1],
};

fn to_cloud(card: &mut Card, millis: u64, seq: u16) -> underpass_host_driver::session::Outcome {
    send_at(card, millis, RED1.port, &echo(RED1, ROUTER, CLOUD, seq))
}

#[test]
fn packets_wait_for_the_answer_and_leave_in_order() {
    let mut card = card();
    let outcome = to_cloud(&mut card, 0, 1);
    assert_eq!(outcome.punts, [PuntReason::FlowMiss, PuntReason::Resolve]);
    assert_eq!(ports(&outcome), [WIRE0]);
    assert_eq!(
        describe::frame(&outcome.departures[0].1),
        "ARP who has 192.168.0.3? tell 192.168.0.1"
    );
    for seq in 2..=3 {
        assert_eq!(to_cloud(&mut card, 10, seq).departures, []);
    }
    let outcome = to_cloud(&mut card, 20, 4);
    assert_eq!(outcome.drops, [DropReason::NexthopUnresolved]);

    let outcome = send_at(&mut card, 30, WIRE0, &is_at(GATEWAY, NODE_AS_GUEST));
    let left: Vec<String> = outcome
        .departures
        .iter()
        .map(|(_, frame)| describe::frame(frame))
        .collect();
    let expected = [1, 2, 3].map(|seq| format!("MPLSoUDP 192.168.0.1 > 192.168.0.3 label 99 | ICMP echo request 10.1.0.11 > 172.16.0.1 id 7 seq {seq}"));
    assert_eq!(left, expected);
    assert_eq!(outcome.departures[0].1[..6], GATEWAY.mac);

    let outcome = to_cloud(&mut card, 40, 5);
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![WIRE0]));
}

#[test]
fn without_an_answer_they_end() {
    let mut card = card();
    to_cloud(&mut card, 0, 1);
    assert_eq!(card.software_drops().len(), 0);
    // The question is repeated by the next packet.
    assert_eq!(ports(&to_cloud(&mut card, 1000, 2)), [WIRE0]);
    card.advance(std::time::Duration::from_millis(3000))
        .unwrap();
    let drops: Vec<_> = card.software_drops().values().collect();
    assert_eq!(drops, [&2]);
    // From then on it starts again.
    assert_eq!(ports(&to_cloud(&mut card, 3001, 3)), [WIRE0]);
    assert_eq!(
        card.finish().unwrap().drops,
        [DropReason::NexthopUnresolved]
    );
}

#[test]
fn a_learned_neighbour_may_move_and_a_configured_one_may_not() {
    let mut card = card();
    to_cloud(&mut card, 0, 1);
    send_at(&mut card, 1, WIRE0, &is_at(GATEWAY, NODE_AS_GUEST));
    let moved = Guest {
        mac: [0x0c, 0xc4, 0x7a, 0, 0, 0x33],
        ..GATEWAY
    };
    send_at(
        &mut card,
        2,
        WIRE0,
        &arp(ArpOperation::REQUEST, BROADCAST, moved, moved.ip),
    );
    let outcome = to_cloud(&mut card, 3, 2);
    assert_eq!(outcome.departures[0].1[..6], moved.mac);

    let forged = Guest {
        ip: [192, 168, 0, 2],
        ..moved
    };
    send_at(&mut card, 4, WIRE0, &is_at(forged, NODE_AS_GUEST));
    let outcome = send_at(&mut card, 5, RED1.port, &echo(RED1, RED9.mac, RED9.ip, 1));
    assert_eq!(outcome.departures[0].1[..6], FAR_NODE);
}

#[test]
fn flows_outlive_a_change_of_the_network() {
    let mut card = card();
    card.send(RED1.port, &tcp(RED1, RED2.mac, RED2.ip, (1, 2)))
        .unwrap();
    to_cloud(&mut card, 0, 1);
    send_at(&mut card, 1, WIRE0, &is_at(GATEWAY, NODE_AS_GUEST));
    let outcome = send_at(
        &mut card,
        2,
        RED2.port,
        &tcp(RED2, RED1.mac, RED1.ip, (2, 1)),
    );
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![RED1.port]));
}
