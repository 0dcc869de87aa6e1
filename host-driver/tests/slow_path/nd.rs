//! Neighbour discovery in every mode of a network, and through a tunnel: who is answered for, and who is not.

use std::net::Ipv6Addr;

use underpass_host_driver::describe;
use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};

use crate::six::*;
use crate::support::*;

/// What was answered to the only guest that got something, and the flags of the answer.
fn answer(card: &mut Card, from: Guest, target: Ipv6Addr) -> (String, u8) {
    let outcome = card.send(from.port, &solicit(from, target)).unwrap();
    assert_eq!(outcome.punts, [PuntReason::NeighborDiscovery]);
    let [(port, frame)] = &outcome.departures[..] else {
        panic!("{outcome:?}");
    };
    assert_eq!(*port, from.port);
    assert_eq!(frame[..6], from.mac);
    assert_eq!(frame.len(), 14 + 40 + 24 + 8);
    assert_eq!(frame[21], 255, "hop limit");
    assert_eq!(frame[38..54], ip6(from).octets(), "to who asked");
    assert_eq!(checksum6(&frame[14..]), 0);
    (describe::frame(frame), frame[58])
}

#[test]
fn the_answer_is_the_peers_byte_for_byte() {
    // Recorded from the peer: 2001:db8::3 asks for 2001:db8::4.
    const ASKED: &str = "3333ff00000402000000001186dd6000000000203aff20010db8000000000000000000000003ff0200000000000000000001ff00000487001c110000000020010db80000000000000000000000040101020000000011";
    const ANSWERED: &str = "02000000001102000000001286dd6000000000203aff20010db800000000000000000000000420010db80000000000000000000000038800aa5b4000000020010db80000000000000000000000040201020000000012";
    let bytes = |hex: &str| -> Vec<u8> {
        let pairs = (0..hex.len()).step_by(2);
        pairs
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    };
    let mut card = card_of(
        r#"
node: {name: one}
underlay: {port: wire0, mac: "0c:c4:7a:00:00:01", address: 192.168.0.1/24}
networks:
  - {name: six, subnets: [{prefix: "2001:db8::/64", gateway: "2001:db8::1"}]}
interfaces:
  - {name: a, port: vf0, network: six, mac: "02:00:00:00:00:11", addresses: ["2001:db8::3"]}
  - {name: b, port: vf1, network: six, mac: "02:00:00:00:00:12", addresses: ["2001:db8::4"]}
"#,
    );
    let outcome = card.send(RED1.port, &bytes(ASKED)).unwrap();
    assert_eq!(outcome.departures, [(RED1.port, bytes(ANSWERED))]);
}

#[test]
fn a_bridged_and_routed_network_answers_with_the_guests_mac() {
    let mut card = card();
    for (guest, words) in [
        (RED2, "ND 2001:db8:1::12 is at 02:00:00:00:01:02"),
        (RED9, "ND 2001:db8:1::19 is at 02:00:00:00:01:09"),
    ] {
        let (told, flags) = answer(&mut card, RED1, ip6(guest));
        assert_eq!((told.as_str(), flags), (words, SOLICITED));
    }
    for (host, words) in [
        (1, "ND 2001:db8:1::1 is at 00:00:5e:00:01:00"),
        (2, "ND 2001:db8:1::2 is at 00:00:5e:00:01:00"),
    ] {
        let target = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, host);
        let (told, flags) = answer(&mut card, RED1, target);
        assert_eq!((told.as_str(), flags), (words, SOLICITED | ROUTER_FLAG));
    }
}

#[test]
fn who_asks_one_neighbour_alone_is_answered_too() {
    let mut alone = solicitation(RED1.mac, ip6(RED1), ip6(RED2));
    (alone.to, alone.dst) = (RED2.mac, ip6(RED2));
    alone.payload.truncate(16);
    let outcome = card().send(RED1.port, &alone.frame()).unwrap();
    assert_eq!(ports(&outcome), [RED1.port]);
    assert_eq!(outcome.departures[0].1[..6], RED1.mac);
}

#[test]
fn an_unknown_address_of_the_subnet_is_asked_for_among_the_guests() {
    let unknown = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x77);
    let request = solicit(RED1, unknown);
    let outcome = card().send(RED1.port, &request).unwrap();
    assert_eq!(outcome.departures, [(RED2.port, request)]);
    assert_eq!(outcome.drops, []);
}

#[test]
fn a_routed_network_answers_everything_with_the_routers_mac() {
    let mut card = card();
    let unknown = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 0x77);
    for target in [ip6(BLUE2), gateway6(BLUE1), unknown] {
        let (told, flags) = answer(&mut card, BLUE1, target);
        assert!(told.ends_with("is at 00:00:5e:00:01:00"), "{told}");
        assert_eq!(flags, SOLICITED | ROUTER_FLAG);
    }
}

#[test]
fn a_bridged_network_floods() {
    let mut card = card();
    let request = solicit(GREEN1, ip6(GREEN2));
    let outcome = card.send(GREEN1.port, &request).unwrap();
    assert_eq!(
        outcome.departures,
        [(GREEN2.port, request.clone()), (GREEN3.port, request)]
    );
    let reply = advertise(GREEN2, GREEN1);
    let outcome = card.send(GREEN2.port, &reply).unwrap();
    assert_eq!(outcome.departures, [(GREEN1.port, reply)]);
}

#[test]
fn nobody_answers_a_probe_for_somebody_else() {
    for target in [ip6(RED1), ip6(RED2), ip6(RED9)] {
        let frame = probe(RED1, target);
        let outcome = card().send(RED1.port, &frame).unwrap();
        assert_eq!(outcome.departures, [(RED2.port, frame)], "{target}");
    }
    // Who has the address says so to all, as it would without a card between.
    let defence = announce(RED2);
    let outcome = card().send(RED2.port, &defence).unwrap();
    assert_eq!(outcome.departures, [(RED1.port, defence)]);
}

#[test]
fn a_probe_for_an_address_of_ours_is_answered_to_all() {
    let outcome = card()
        .send(RED1.port, &probe(RED1, gateway6(RED1)))
        .unwrap();
    let [(port, frame)] = &outcome.departures[..] else {
        panic!("{outcome:?}");
    };
    assert_eq!(*port, RED1.port);
    assert_eq!(frame[..6], group_mac(ALL_NODES));
    assert_eq!(frame[38..54], ALL_NODES.octets());
    assert_eq!(
        (describe::frame(frame).as_str(), frame[58]),
        (
            "ND 2001:db8:1::1 is at 00:00:5e:00:01:00",
            ROUTER_FLAG | OVERRIDE
        )
    );
    assert_eq!(checksum6(&frame[14..]), 0);
}

#[test]
fn an_advertisement_goes_where_its_mac_says() {
    let mut card = card();
    let outcome = card.send(RED1.port, &announce(RED1)).unwrap();
    assert_eq!(ports(&outcome), [RED2.port]);
    let outcome = card.send(RED1.port, &advertise(RED1, RED2)).unwrap();
    assert_eq!(ports(&outcome), [RED2.port]);
    // To the router, which has no use for it.
    let told = advertisement(RED1.mac, ip6(RED1), ROUTER, gateway6(RED1)).frame();
    let outcome = card.send(RED1.port, &told).unwrap();
    assert_eq!((outcome.departures.len(), outcome.consumed), (0, 1));
    // To a guest on another node.
    let outcome = card.send(RED1.port, &advertise(RED1, RED9)).unwrap();
    assert_eq!(
        describe::frame(&outcome.departures[0].1),
        "VXLAN 192.168.0.1 > 192.168.0.2 vni 5001 | ND 2001:db8:1::11 is at 02:00:00:00:01:01"
    );
}

#[test]
fn a_tagged_solicitation_is_flooded() {
    let mut request = solicit(RED1, ip6(RED2));
    request.splice(12..12, [0x81, 0, 0, 5]);
    let outcome = card().send(RED1.port, &request).unwrap();
    assert_eq!(outcome.departures, [(RED2.port, request)]);
}

#[test]
fn a_guest_elsewhere_is_answered_through_its_tunnel() {
    let request = vxlan(5001, &solicit(RED9, ip6(RED1)));
    let outcome = card().send(WIRE0, &request).unwrap();
    assert_eq!(ports(&outcome), [WIRE0], "{outcome:?}");
    assert_eq!(
        describe::frame(&outcome.departures[0].1),
        "VXLAN 192.168.0.1 > 192.168.0.2 vni 5001 | ND 2001:db8:1::11 is at 02:00:00:00:01:01"
    );
}

#[test]
fn a_guest_elsewhere_has_a_gateway_of_its_own() {
    let mut card = card();
    let request = vxlan(5001, &solicit(RED9, gateway6(RED9)));
    let outcome = card.send(WIRE0, &request).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidArp]);
    let unknown = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x77);
    for request in [solicit(RED9, unknown), probe(RED9, gateway6(RED9))] {
        let outcome = card.send(WIRE0, &vxlan(5001, &request)).unwrap();
        assert_eq!(
            outcome.departures,
            [(RED1.port, request.clone()), (RED2.port, request)]
        );
    }
}
