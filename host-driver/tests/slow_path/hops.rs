//! Packets that may not take another hop: who sent them hears of it from the gateway.

use std::net::Ipv6Addr;

use etherparse::PacketBuilder;
use underpass_host_driver::describe;
use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};

use crate::six::{gateway6, ip6};
use crate::support::*;

/// Towards a router, as traceroute sends it.
fn probe(from: Guest, mac: [u8; 6], to: [u8; 4], ttl: u8) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, mac)
        .ipv4(from.ip, to, ttl)
        .udp(40_000, 33_434)
        .write(&mut frame, b"payload!")
        .unwrap();
    frame
}

fn probe6(from: Guest, to: Ipv6Addr, hop_limit: u8) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, ROUTER)
        .ipv6(ip6(from).octets(), to.octets(), hop_limit)
        .udp(40_000, 33_434)
        .write(&mut frame, b"payload!")
        .unwrap();
    frame
}

/// A network whose policy lets everything pass.
fn open() -> Card {
    card_of(&NETWORK.replace("protocol: tcp, destination_ports: [80]", "protocol: udp"))
}

#[test]
fn a_guest_hears_from_its_gateway() {
    let mut card = open();
    let frame = probe(RED1, ROUTER, BLUE1.ip, 1);
    let outcome = card.send(RED1.port, &frame).unwrap();
    assert_eq!(outcome.punts.last(), Some(&PuntReason::ZeroTtl));
    assert_eq!(outcome.drops, [DropReason::TtlExceeded]);
    let (port, answer) = left(&outcome);
    assert_eq!(port, RED1.port);
    assert_eq!(answer[..14], [&RED1.mac[..], &ROUTER, &[8, 0]].concat());
    assert_eq!(answer[26..34], [[10, 1, 0, 1], RED1.ip].concat());
    assert_eq!((answer[23], answer[34], answer[35]), (1, 11, 0));
    assert_eq!(answer[42..], frame[14..]);
    // One hop more is enough.
    let outcome = card
        .send(RED1.port, &probe(RED1, ROUTER, BLUE1.ip, 2))
        .unwrap();
    assert_eq!(left(&outcome).0, BLUE1.port);
}

#[test]
fn of_ipv6_where_the_node_counts_hops() {
    let text = NETWORK
        .replace("protocol: tcp, destination_ports: [80]", "protocol: udp")
        .replace(
            "node: {name: one}",
            "node: {name: one, decrement_hop_limit: true}",
        );
    let mut card = card_of(&text);
    let frame = probe6(RED1, ip6(BLUE1), 1);
    let outcome = card.send(RED1.port, &frame).unwrap();
    let (port, answer) = left(&outcome);
    assert_eq!(port, RED1.port);
    assert_eq!(answer[22..38], gateway6(RED1).octets());
    assert_eq!(answer[38..54], ip6(RED1).octets());
    assert_eq!((answer[20], answer[54], answer[55]), (58, 3, 0));
    assert_eq!(answer[62..], frame[14..]);
}

#[test]
fn an_error_of_a_guest_is_not_answered() {
    let mut card = card();
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(RED1.mac, ROUTER)
        .ipv4(RED1.ip, BLUE1.ip, 1)
        .icmpv4_raw(3, 3, [0; 4])
        .write(&mut frame, &udp(BLUE1, ROUTER, RED1.ip, (7, 53))[14..])
        .unwrap();
    let outcome = card.send(RED1.port, &frame).unwrap();
    assert_eq!(outcome.departures, []);
}

#[test]
fn a_guest_causes_so_many_errors_and_no_more_until_time_passes() {
    let mut card = open();
    let frame = probe(RED1, ROUTER, BLUE1.ip, 1);
    let told = |card: &mut Card, count: usize| -> usize {
        let mut told = 0;
        for _ in 0..count {
            told += card.send(RED1.port, &frame).unwrap().departures.len();
        }
        told
    };
    assert_eq!(told(&mut card, 60), 50);
    // Others are told all the same.
    let other = probe(RED2, ROUTER, BLUE1.ip, 1);
    assert_eq!(card.send(RED2.port, &other).unwrap().departures.len(), 1);
    card.advance(std::time::Duration::from_millis(100)).unwrap();
    assert_eq!(told(&mut card, 20), 10);
}

#[test]
fn who_is_behind_a_tunnel_hears_through_a_tunnel() {
    // From the other node, routed here into the tunnel to a third one, which has a MAC.
    let text = NETWORK.replace(
        r#"neighbors: {192.168.0.2: "0c:c4:7a:00:00:02"}"#,
        r#"neighbors: {192.168.0.2: "0c:c4:7a:00:00:02", 192.168.0.3: "0c:c4:7a:00:00:03"}"#,
    );
    let mut card = card_of(&text);
    let inner = probe(RED9, ROUTER, [172, 16, 0, 1], 1);
    let outcome = card.send(WIRE0, &vxlan(5001, &inner)).unwrap();
    assert_eq!(outcome.punts, [PuntReason::ZeroTtl], "{outcome:?}");
    let (port, answer) = left(&outcome);
    assert_eq!((port, &answer[..6]), (WIRE0, &FAR_NODE[..]));
    let said = describe::frame(answer);
    assert!(said.contains("10.1.0.1"), "{said}");
    assert!(said.contains("10.1.0.19"), "{said}");
}

/// All that comes out of tunnels comes by one interface.
#[test]
fn guests_elsewhere_take_nothing_from_those_of_other_networks() {
    let text = NETWORK
        .replace(
            r#"neighbors: {192.168.0.2: "0c:c4:7a:00:00:02"}"#,
            r#"neighbors: {192.168.0.2: "0c:c4:7a:00:00:02", 192.168.0.3: "0c:c4:7a:00:00:03"}"#,
        )
        .replace("name: blue, vrf: 2,", "name: blue, vrf: 2, vni: 5002,");
    let remote = |prefix: &str, end: u8, label: u32| {
        format!("  - {{network: blue, prefix: {prefix}, next_hops: [{{address: 192.168.0.{end}, encapsulation: mpls-udp, label: {label}}}]}}\n")
    };
    let more = remote("10.2.0.19/32", 2, 97) + &remote("172.17.0.0/16", 3, 98);
    let mut card = card_of(&(text + &more));
    let flood = vxlan(5001, &probe(RED9, ROUTER, [172, 16, 0, 1], 1));
    let told = (0..60).map(|_| card.send(WIRE0, &flood).unwrap().departures.len());
    assert_eq!(told.sum::<usize>(), 50);
    let blue9 = Guest {
        ip: [10, 2, 0, 19],
        ..RED9
    };
    let other = vxlan(5002, &probe(blue9, ROUTER, [172, 17, 0, 1], 1));
    let outcome = card.send(WIRE0, &other).unwrap();
    assert_eq!(outcome.punts, [PuntReason::ZeroTtl], "{outcome:?}");
    assert_eq!(ports(&outcome), [WIRE0]);
}
