//! An IPv6 underlay: tunnels over it, its neighbours, and our own address on it.

use std::net::Ipv6Addr;

use etherparse::PacketBuilder;
use underpass_host_driver::describe;
use underpass_layout::port::{HOST0, WIRE0};
use underpass_layout::{DropReason, PuntReason};

use crate::six::*;
use crate::support::*;

const US: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1);
const FAR: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2);
/// A router whose MAC is not known; 2001:db8:ffff::/48 is behind it.
const GATEWAY: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 3);
const GATEWAY_MAC: [u8; 6] = [0x0c, 0xc4, 0x7a, 0, 0, 3];
const CLOUD: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1);

fn network() -> String {
    NETWORK
        .replace("192.168.0.1/24", "\"fd00::1/64\"")
        .replace("{192.168.0.2: ", "{\"fd00::2\": ")
        .replace("192.168.0.2", "\"fd00::2\"")
        .replace("192.168.0.3", "\"fd00::3\"")
}

fn to_cloud(card: &mut Card, millis: u64, seq: u16) -> underpass_host_driver::session::Outcome {
    send_at(card, millis, RED1.port, &echo6(RED1, ROUTER, CLOUD, seq))
}

/// A packet in a tunnel of the other node.
fn from_far(port: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(FAR_NODE, NODE)
        .ipv6(FAR.octets(), US.octets(), 64)
        .udp(50000, port)
        .write(&mut frame, payload)
        .unwrap();
    frame
}

#[test]
fn both_families_travel_over_it() {
    let mut card = card_of(&network());
    for (frame, inner) in [
        (
            echo6(RED1, RED9.mac, ip6(RED9), 1),
            "ICMPv6 echo request 2001:db8:1::11 > 2001:db8:1::19 id 7 seq 1",
        ),
        (
            echo(RED1, RED9.mac, RED9.ip, 1),
            "ICMP echo request 10.1.0.11 > 10.1.0.19 id 7 seq 1",
        ),
    ] {
        let outcome = card.send(RED1.port, &frame).unwrap();
        assert_eq!(ports(&outcome), [WIRE0]);
        assert_eq!(
            describe::frame(&outcome.departures[0].1),
            format!("VXLAN fd00::1 > fd00::2 vni 5001 | {inner}")
        );
    }
    let header = [8, 0, 0, 0, 0, 0x13, 0x89, 0];
    let reply = echo_reply6(RED9, RED1.mac, ip6(RED1), 1);
    let frame = from_far(4789, &[&header[..], &reply].concat());
    let outcome = card.send(WIRE0, &frame).unwrap();
    assert_eq!(outcome.punts, []);
    assert_eq!(outcome.departures, [(RED1.port, reply)]);
    // The source check knows the other end.
    let mut forged = frame;
    forged[37] = 9;
    let outcome = card.send(WIRE0, &forged).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidSource]);
}

#[test]
fn packets_wait_for_the_answer_and_leave_in_order() {
    let mut card = card_of(&network());
    let outcome = to_cloud(&mut card, 0, 1);
    assert_eq!(outcome.punts, [PuntReason::FlowMiss, PuntReason::Resolve]);
    let [(WIRE0, question)] = &outcome.departures[..] else {
        panic!("{outcome:?}");
    };
    assert_eq!(
        describe::frame(question),
        "ND who has fd00::3? tell fd00::1"
    );
    assert_eq!(question[..12], [[0x33, 0x33, 0xff, 0, 0, 3], NODE].concat());
    assert_eq!(question[38..54], solicited_node(GATEWAY).octets());
    assert_eq!((question[21], checksum6(&question[14..])), (255, 0));
    assert_eq!(question[78..], mac_option(1, NODE));
    for seq in 2..=3 {
        assert_eq!(to_cloud(&mut card, 10, seq).departures, []);
    }
    assert_eq!(
        to_cloud(&mut card, 20, 4).drops,
        [DropReason::NexthopUnresolved]
    );
    let answer = advertisement(GATEWAY_MAC, GATEWAY, NODE, US).frame();
    let outcome = send_at(&mut card, 30, WIRE0, &answer);
    assert_eq!(outcome.punts[0], PuntReason::NeighborDiscovery);
    let left: Vec<String> = outcome
        .departures
        .iter()
        .map(|(_, frame)| describe::frame(frame))
        .collect();
    let expected = [1, 2, 3].map(|seq| format!("MPLSoUDP fd00::1 > fd00::3 label 99 | ICMPv6 echo request 2001:db8:1::11 > 2001:db8:ffff::1 id 7 seq {seq}"));
    assert_eq!(left, expected);
    assert_eq!(outcome.departures[0].1[..6], GATEWAY_MAC);
    let outcome = to_cloud(&mut card, 40, 5);
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![WIRE0]));
}

#[test]
fn who_asks_for_us_tells_where_it_is() {
    let mut card = card_of(&network());
    to_cloud(&mut card, 0, 1);
    let asks = solicitation(GATEWAY_MAC, GATEWAY, US).frame();
    let outcome = send_at(&mut card, 1, WIRE0, &asks);
    let words: Vec<String> = outcome
        .departures
        .iter()
        .map(|(_, frame)| describe::frame(frame))
        .collect();
    // Our answer, and the packet that waited.
    assert_eq!(words.len(), 2);
    assert!(
        words
            .iter()
            .any(|word| word == "ND fd00::1 is at 0c:c4:7a:00:00:01"),
        "{words:?}"
    );
}

#[test]
fn an_answer_that_breaks_a_rule_teaches_nothing() {
    let mut card = card_of(&network());
    to_cloud(&mut card, 0, 1);
    let mut forged = advertisement(GATEWAY_MAC, GATEWAY, NODE, US);
    forged.hop_limit = 254;
    let outcome = send_at(&mut card, 1, WIRE0, &forged.frame());
    assert_eq!(outcome.drops, [DropReason::InvalidArp]);
    let mut without = advertisement(GATEWAY_MAC, GATEWAY, NODE, US);
    without.payload.truncate(16);
    let outcome = send_at(&mut card, 2, WIRE0, &without.frame());
    assert_eq!((outcome.departures.len(), outcome.consumed), (0, 1));
    assert_eq!(
        card.finish().unwrap().drops,
        [DropReason::NexthopUnresolved]
    );
}

#[test]
fn a_learned_neighbour_may_move_and_a_configured_one_may_not() {
    let mut card = card_of(&network());
    to_cloud(&mut card, 0, 1);
    let tell = |mac, target| advertisement(mac, target, group_mac(ALL_NODES), ALL_NODES).frame();
    send_at(&mut card, 1, WIRE0, &tell(GATEWAY_MAC, GATEWAY));
    let moved = [0x0c, 0xc4, 0x7a, 0, 0, 0x33];
    send_at(&mut card, 2, WIRE0, &tell(moved, GATEWAY));
    assert_eq!(to_cloud(&mut card, 3, 2).departures[0].1[..6], moved);
    send_at(&mut card, 4, WIRE0, &tell(moved, FAR));
    let frame = echo6(RED1, RED9.mac, ip6(RED9), 1);
    let outcome = send_at(&mut card, 5, RED1.port, &frame);
    assert_eq!(outcome.departures[0].1[..6], FAR_NODE);
}

#[test]
fn the_tunnel_address_is_answered_for() {
    let mut card = card_of(&network());
    let outcome = card
        .send(WIRE0, &solicitation(FAR_NODE, FAR, US).frame())
        .unwrap();
    let [(WIRE0, frame)] = &outcome.departures[..] else {
        panic!("{outcome:?}");
    };
    assert_eq!(
        (describe::frame(frame).as_str(), frame[58]),
        ("ND fd00::1 is at 0c:c4:7a:00:00:01", SOLICITED | OVERRIDE)
    );
    assert_eq!(frame[..6], FAR_NODE);
    // And defended.
    let mut probe = solicitation(FAR_NODE, Ipv6Addr::UNSPECIFIED, US);
    probe.payload.truncate(16);
    let outcome = card.send(WIRE0, &probe.frame()).unwrap();
    let frame = &outcome.departures[0].1;
    assert_eq!(
        (&frame[..6], frame[58]),
        (&group_mac(ALL_NODES)[..], OVERRIDE)
    );
    let outcome = card
        .send(WIRE0, &solicitation(FAR_NODE, FAR, GATEWAY).frame())
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidArp]);
}

#[test]
fn the_host_behind_the_tunnel_address_answers_itself() {
    let text = network().replace("  port: wire0\n", "  port: wire0\n  host_port: host0\n");
    let mut card = card_of(&text);
    let request = solicitation(FAR_NODE, FAR, US).frame();
    let outcome = card.send(WIRE0, &request).unwrap();
    assert_eq!(outcome.departures, [(HOST0, request.clone())]);
    let outcome = card.send(HOST0, &request).unwrap();
    assert_eq!(outcome.departures, [(WIRE0, request)]);
}
