//! What becomes several packets with the slow path's help: ARP for other nodes, rules that mirror, groups of the
//! underlay; and STT, which comes in as one and goes on as another.

use std::time::Duration;

use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};

use crate::support::*;

/// Red's frames for many go to the other node too.
const FLOOD: &str = r#"
  - {network: red, flood: true, kind: evpn, next_hops: [{address: 192.168.0.2, encapsulation: vxlan, vni: 5001}]}
"#;

#[test]
fn arp_that_nobody_here_answers_goes_to_other_nodes_as_well() {
    let mut card = card_with(FLOOD);
    let asks = who_has(RED1, [10, 1, 0, 77]);
    let outcome = card.send(RED1.port, &asks).unwrap();
    assert_eq!(outcome.punts, []);
    assert_eq!(ports(&outcome), [RED2.port, WIRE0]);
    let (_, packet) = &outcome.departures[1];
    assert_eq!(packet[packet.len() - asks.len()..], asks);
    // What comes from there is for the guests here alone.
    let asks = who_has(RED9, [10, 1, 0, 77]);
    let outcome = card.send(WIRE0, &vxlan(5001, &asks)).unwrap();
    assert_eq!(ports(&outcome), [RED1.port, RED2.port]);
}

/// Blue's TCP to port 80 of red is copied for an analyzer that is red2, and so is what red may not send.
fn card_that_mirrors() -> Card {
    let analyzer =
        "\nanalyzers:\n  - {name: tap, network: red, address: 10.1.0.12, udp_port: 8097}\n";
    let text = NETWORK.replace(
        "{action: pass, protocol: tcp, destination_ports: [80]}",
        "{action: pass, protocol: tcp, destination_ports: [80], mirror: tap}, {action: deny, mirror: tap}",
    );
    card_of(&format!("{text}{analyzer}"))
}

/// The frame in a copy, behind its metadata, and the metadata.
fn copied(copy: &[u8]) -> (&[u8], &[u8]) {
    let payload = &copy[14 + 20 + 8..];
    let end = payload.windows(2).position(|two| two == [0xff, 0]);
    let end = end.expect("metadata end") + 2;
    (&payload[end..], &payload[..end])
}

#[test]
fn a_rule_that_mirrors_has_both_directions_copied() {
    let mut card = card_that_mirrors();
    let syn = tcp(BLUE1, ROUTER, RED1.ip, (1000, 80));
    for _ in 0..2 {
        let outcome = card.send(BLUE1.port, &syn).unwrap();
        assert_eq!(ports(&outcome), [RED2.port, RED1.port]);
        let (frame, metadata) = copied(&outcome.departures[0].1);
        assert_eq!(frame, syn);
        let node = [1, 4, 192, 168, 0, 1, 2, 4, 0x40, 0, 0, 0];
        assert_eq!(
            metadata,
            [&node[..], &[3, 4], b"blue", &[4, 3], b"red", &[0xff, 0]].concat()
        );
    }
    let answer = segment(RED1, ROUTER, BLUE1.ip, (80, 1000), ("SA", 5, 2));
    let outcome = card.send(RED1.port, &answer).unwrap();
    assert_eq!(
        (outcome.punts.len(), ports(&outcome)),
        (0, vec![RED2.port, BLUE1.port])
    );
    let (frame, metadata) = copied(&outcome.departures[0].1);
    assert_eq!(frame, answer);
    assert_eq!(
        metadata[12..],
        [&[3, 3][..], b"red", &[4, 4], b"blue", &[0xff, 0]].concat()
    );
}

#[test]
fn a_rule_that_denies_may_mirror_too() {
    let mut card = card_that_mirrors();
    let syn = tcp(BLUE1, ROUTER, RED1.ip, (1000, 81));
    for _ in 0..2 {
        let outcome = card.send(BLUE1.port, &syn).unwrap();
        assert_eq!(ports(&outcome), [RED2.port]);
        assert_eq!(copied(&outcome.departures[0].1).0, syn);
        assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    }
    let flows = card.slow_path().flows();
    assert!(flows.iter().all(|flow| flow.denied.is_some()), "{flows:?}");
}

#[test]
fn rows_of_mirrors_come_and_go_with_their_flows() {
    let mut card = card_that_mirrors();
    let rows = |card: &Card| card.slow_path().placed().rows().count();
    let before = rows(&card);
    card.send(BLUE1.port, &tcp(BLUE1, ROUTER, RED1.ip, (1000, 80)))
        .unwrap();
    assert!(rows(&card) > before);
    card.advance(Duration::from_secs(1000)).unwrap();
    assert_eq!(card.slow_path().flows().len(), 0);
    assert_eq!(rows(&card), before);
}

/// `frame` in STT from the other node.
fn stt(context: u32, frame: &[u8]) -> Vec<u8> {
    let mut payload = vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    payload.extend(context.to_be_bytes());
    payload.extend([0, 0]);
    payload.extend(frame);
    let sequence = (payload.len() as u32) << 16;
    let mut packet = Vec::new();
    etherparse::PacketBuilder::ethernet2(FAR_NODE, NODE)
        .ipv4([192, 168, 0, 2], [192, 168, 0, 1], 64)
        .tcp(50000, 7471, sequence, 1000)
        .write(&mut packet, &payload)
        .unwrap();
    packet
}

#[test]
fn stt_from_another_node_is_taken_off() {
    let frame = echo(RED9, RED2.mac, RED2.ip, 1);
    let outcome = card().send(WIRE0, &stt(5001, &frame)).unwrap();
    assert_eq!(outcome.punts.first(), Some(&PuntReason::Stt));
    assert_eq!(outcome.departures, [(RED2.port, frame.clone())]);
    let outcome = card().send(WIRE0, &stt(5002, &frame)).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidVnid]);
}

#[test]
fn groups_of_the_underlay_are_joined() {
    let text = NETWORK.replace(
        "vni: 5001, subnets",
        "vni: 5001, multicast_group: 239.1.2.3, subnets",
    );
    let mut card = card_of(&text);
    card.advance(Duration::from_secs(1)).unwrap();
    let outcome = card.serve().unwrap();
    let (port, report) = left(&outcome);
    assert_eq!((port, &report[..6]), (WIRE0, &[1, 0, 0x5e, 1, 2, 3][..]));
    // A frame for many goes to the group, once.
    let hello = [&BROADCAST[..], &RED1.mac, &[0x88, 0xb5], b"experiment"].concat();
    let outcome = card.send(RED1.port, &hello).unwrap();
    assert_eq!(ports(&outcome), [RED2.port, WIRE0]);
    let (_, packet) = &outcome.departures[1];
    assert_eq!(
        (&packet[..6], &packet[30..34]),
        (&[1, 0, 0x5e, 1, 2, 3][..], &[239, 1, 2, 3][..])
    );
}
