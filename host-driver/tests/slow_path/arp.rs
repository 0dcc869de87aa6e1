//! ARP in every mode of a network, from the wire, and through a tunnel: what the card answers, and what it hands over.

use underpass_host_driver::describe;
use underpass_layout::port::{HOST0, WIRE0};
use underpass_layout::{DropReason, PuntReason};

use crate::support::*;

/// What the card answered by itself to the only guest that got something.
fn answer(card: &mut Card, from: Guest, target: [u8; 4]) -> String {
    answer_with(card, from, target, &[])
}

/// What was answered by the card, or by the slow path that it was handed to.
fn answer_with(card: &mut Card, from: Guest, target: [u8; 4], punts: &[PuntReason]) -> String {
    let outcome = card.send(from.port, &who_has(from, target)).unwrap();
    assert_eq!(outcome.punts, punts);
    let [(port, frame)] = &outcome.departures[..] else {
        panic!("{outcome:?}");
    };
    assert_eq!(*port, from.port);
    assert_eq!(frame[..6], from.mac);
    assert_eq!(frame.len(), 42);
    describe::frame(frame)
}

#[test]
fn a_bridged_and_routed_network_answers_with_the_guests_mac() {
    let mut card = card();
    assert_eq!(
        answer(&mut card, RED1, RED2.ip),
        "ARP 10.1.0.12 is at 02:00:00:00:01:02"
    );
    assert_eq!(
        answer(&mut card, RED1, RED9.ip),
        "ARP 10.1.0.19 is at 02:00:00:00:01:09"
    );
    assert_eq!(
        answer(&mut card, RED1, [10, 1, 0, 1]),
        "ARP 10.1.0.1 is at 00:00:5e:00:01:00"
    );
    assert_eq!(
        answer(&mut card, RED1, [10, 1, 0, 2]),
        "ARP 10.1.0.2 is at 00:00:5e:00:01:00"
    );
}

#[test]
fn an_unknown_address_of_the_subnet_is_asked_for_among_the_guests() {
    let request = who_has(RED1, [10, 1, 0, 77]);
    let outcome = card().send(RED1.port, &request).unwrap();
    assert_eq!(outcome.departures, [(RED2.port, request)]);
    assert_eq!(outcome.drops, []);
}

#[test]
fn a_routed_network_answers_everything_with_the_routers_mac() {
    let mut card = card();
    for target in [BLUE2.ip, [10, 2, 0, 1], [10, 2, 0, 77]] {
        assert!(answer(&mut card, BLUE1, target).ends_with("is at 00:00:5e:00:01:00"));
    }
}

#[test]
fn a_bridged_network_floods() {
    let mut card = card();
    let request = who_has(GREEN1, GREEN2.ip);
    let outcome = card.send(GREEN1.port, &request).unwrap();
    assert_eq!(
        outcome.departures,
        [(GREEN2.port, request.clone()), (GREEN3.port, request)]
    );
    let reply = is_at(GREEN2, GREEN1);
    let outcome = card.send(GREEN2.port, &reply).unwrap();
    assert_eq!(outcome.departures, [(GREEN1.port, reply)]);
}

#[test]
fn an_announcement_is_flooded_and_nobody_is_told_its_own_address() {
    for mut frame in [who_has(RED1, RED1.ip), who_has(RED1, RED1.ip)] {
        // The second is a probe: it does not say who asks.
        frame[28..32].copy_from_slice(&[0; 4]);
        let outcome = card().send(RED1.port, &frame).unwrap();
        assert_eq!(ports(&outcome), [RED2.port]);
    }
}

#[test]
fn a_tagged_request_is_flooded() {
    let mut request = who_has(RED1, RED2.ip);
    request.splice(12..12, [0x81, 0, 0, 5]);
    let outcome = card().send(RED1.port, &request).unwrap();
    assert_eq!(outcome.departures, [(RED2.port, request)]);
}

#[test]
fn what_is_no_arp_is_dropped() {
    let mut card = card();
    let request = who_has(RED1, RED2.ip);
    let outcome = card.send(RED1.port, &request[..30]).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidArp]);
    let mut odd = request;
    // Addresses of eight bytes.
    odd[18] = 8;
    let outcome = card.send(RED1.port, &odd).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidArp]);
}

#[test]
fn a_mac_for_many_addresses_is_answered_by_the_slow_path() {
    let pair = r#"allowed_address_pairs: [{address: 10.1.0.248/29, mac: "00:00:5e:00:01:01", mode: active-standby}]"#;
    let text = NETWORK.replace(
        "label: 21, l2_label: 22",
        &format!("label: 21, l2_label: 22, {pair}"),
    );
    let mut card = card_of(&text);
    let virtual_mac = [0, 0, 0x5e, 0, 1, 1];
    let master = Guest {
        mac: virtual_mac,
        ip: [10, 1, 0, 250],
        ..RED1
    };
    let announced = card.send(RED1.port, &who_has(master, master.ip)).unwrap();
    assert_eq!(ports(&announced), [RED2.port]);
    for host in [249, 250] {
        assert_eq!(
            answer_with(&mut card, RED2, [10, 1, 0, host], &[PuntReason::Arp]),
            format!("ARP 10.1.0.{host} is at 00:00:5e:00:01:01")
        );
    }
}

#[test]
fn a_network_that_the_card_has_no_routes_of_is_answered_alike() {
    // Prefix lengths of IPv6 so many and so far apart that the card cannot look through them at once.
    let more: String = (20..100)
        .step_by(10)
        .map(|length| {
            format!("  - {{network: red, prefix: \"2a00::/{length}\", next_hops: [{{address: 192.168.0.2, encapsulation: mpls-udp, label: 98}}]}}\n")
        })
        .collect();
    let mut card = card_with(&more);
    for (target, mac) in [
        (RED2.ip, "02:00:00:00:01:02"),
        (RED9.ip, "02:00:00:00:01:09"),
        ([10, 1, 0, 1], "00:00:5e:00:01:00"),
    ] {
        let told = answer_with(&mut card, RED1, target, &[PuntReason::Arp]);
        assert!(told.ends_with(mac), "{told}");
    }
    let asked = who_has(RED1, [10, 1, 0, 77]);
    let outcome = card.send(RED1.port, &asked).unwrap();
    assert_eq!(outcome.departures, [(RED2.port, asked)]);
    let gratuitous = who_has(RED1, RED1.ip);
    let outcome = card.send(RED1.port, &gratuitous).unwrap();
    assert_eq!(outcome.departures, [(RED2.port, gratuitous)]);
    // From a tunnel as from a guest, but for the gateway, which is another node's.
    let outcome = card
        .send(WIRE0, &vxlan(5001, &who_has(RED9, RED1.ip)))
        .unwrap();
    assert_eq!(ports(&outcome), [WIRE0]);
    let outcome = card
        .send(WIRE0, &vxlan(5001, &who_has(RED9, [10, 1, 0, 1])))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidArp]);
}

const NEIGHBOR: Guest = Guest {
    port: WIRE0,
    mac: FAR_NODE,
    ip: [192, 168, 0, 2],
};

#[test]
fn the_tunnel_address_is_answered_for() {
    let outcome = card()
        .send(WIRE0, &who_has(NEIGHBOR, [192, 168, 0, 1]))
        .unwrap();
    assert_eq!(ports(&outcome), [WIRE0]);
    assert_eq!(
        describe::frame(&outcome.departures[0].1),
        "ARP 192.168.0.1 is at 0c:c4:7a:00:00:01"
    );
    let outcome = card()
        .send(WIRE0, &who_has(NEIGHBOR, [192, 168, 0, 9]))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidArp]);
}

#[test]
fn the_host_behind_the_tunnel_address_answers_itself() {
    let text = NETWORK.replace("  port: wire0\n", "  port: wire0\n  host_port: host0\n");
    let network = underpass_table_compiler::parse("test.yaml", &text).unwrap();
    let model = underpass_host_driver::access::Model::new(&underpass_layout::profile::SIM);
    let mut card = underpass_host_driver::session::Session::start(model, network, 1).unwrap();
    let request = who_has(NEIGHBOR, [192, 168, 0, 1]);
    let outcome = card.send(WIRE0, &request).unwrap();
    assert_eq!(outcome.departures, [(HOST0, request.clone())]);
    let outcome = card.send(HOST0, &request).unwrap();
    assert_eq!(outcome.departures, [(WIRE0, request)]);
}

#[test]
fn a_guest_elsewhere_is_answered_through_its_tunnel() {
    let request = vxlan(5001, &who_has(RED9, RED1.ip));
    let outcome = card().send(WIRE0, &request).unwrap();
    assert_eq!(ports(&outcome), [WIRE0], "{outcome:?}");
    assert_eq!(
        describe::frame(&outcome.departures[0].1),
        "VXLAN 192.168.0.1 > 192.168.0.2 vni 5001 | ARP 10.1.0.11 is at 02:00:00:00:01:01"
    );
}

#[test]
fn a_guest_elsewhere_has_a_gateway_of_its_own() {
    let request = vxlan(5001, &who_has(RED9, [10, 1, 0, 1]));
    let outcome = card().send(WIRE0, &request).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidArp]);
    let request = who_has(RED9, [10, 1, 0, 77]);
    let outcome = card().send(WIRE0, &vxlan(5001, &request)).unwrap();
    assert_eq!(
        outcome.departures,
        [(RED1.port, request.clone()), (RED2.port, request)]
    );
}
