//! Guests that leave by a gateway under its address: out, back, errors, ports that are taken and come back.
//!
//! ```text
//!   in1 10.1.0.11 ─┐
//!   in2 10.1.0.12 ─┼─ network `in` ═ policy ═ network `out` ── wire1 ─┬─ 198.51.100.1  the router ── elsewhere
//!   in9, far away ─┘    10.1.0.0/24           198.51.100.0/24         └─ 198.51.100.9
//!                                             out1 198.51.100.30
//!                                             203.0.113.5 for all that leave
//! ```

use etherparse::PacketBuilder;
use underpass_host_driver::describe;
use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};

use crate::floating::ends;
use crate::support::*;

const NETWORKS: &str = r#"
node: {name: one}
underlay:
  port: wire0
  mac: "0c:c4:7a:00:00:01"
  address: 192.168.0.1/24
  neighbors: {192.168.0.2: "0c:c4:7a:00:00:02"}
networks:
  - {name: in, vrf: 1, vni: 5001, subnets: [{prefix: 10.1.0.0/24, gateway: 10.1.0.1}]}
  - {name: out, vrf: 2, mode: l3, subnets: [{prefix: 198.51.100.0/24}]}
  - {name: away, vrf: 3, mode: l3, subnets: [{prefix: 10.3.0.0/24, gateway: 10.3.0.1}]}
interfaces:
  - {name: in1, port: vf0, network: in, mac: "02:00:00:00:01:01", addresses: [10.1.0.11], label: 21}
  - {name: in2, port: vf1, network: in, mac: "02:00:00:00:01:02", addresses: [10.1.0.12]}
  - {name: out1, port: vf2, network: out, mac: "02:00:00:00:02:01", addresses: [198.51.100.30]}
  - {name: away1, port: vf3, network: away, mac: "02:00:00:00:03:01", addresses: [10.3.0.11]}
gateways:
  - name: uplink
    port: wire1
    network: out
    mac: "0c:c4:7a:00:01:01"
    addresses: [198.51.100.2]
    routers: [198.51.100.1]
    neighbors: {198.51.100.1: "02:00:00:00:00:99", 198.51.100.9: "02:00:00:00:00:98"}
    snat: 203.0.113.5
policies:
  - name: out
    networks: [in, out]
    rules: [{action: deny, protocol: tcp, destination_ports: [25]}, {action: pass}]
remote:
  - {network: in, mac: "02:00:00:00:01:09", addresses: [10.1.0.19], next_hops: [{address: 192.168.0.2, encapsulation: vxlan, vni: 5001}]}
"#;

const FLOATING: &str = r#"
floating_ips:
  - {interface: in1, address: 198.51.100.100, network: out}
  - {interface: away1, address: 198.51.100.103, network: out}
"#;

const IN1: Guest = RED1;
const IN2: Guest = RED2;
const IN9: Guest = RED9;
const OUT1: Guest = Guest {
    port: BLUE1.port,
    mac: BLUE1.mac,
    ip: [198, 51, 100, 30],
};
const AWAY1: Guest = Guest {
    port: BLUE2.port,
    mac: GREEN1.mac,
    ip: [10, 3, 0, 11],
};
const WIRE1: u16 = WIRE0 + 1;
/// The node on the wire.
const GATEWAY: [u8; 6] = [0x0c, 0xc4, 0x7a, 0, 1, 1];
/// What is behind the router, and comes by it.
const REMOTE: Guest = Guest {
    port: WIRE1,
    mac: [2, 0, 0, 0, 0, 0x99],
    ip: [192, 0, 2, 7],
};
const NEIGHBOR: Guest = Guest {
    port: WIRE1,
    mac: [2, 0, 0, 0, 0, 0x98],
    ip: [198, 51, 100, 9],
};
const ROUTER_OF_WIRE: [u8; 4] = [198, 51, 100, 1];
const NODE_THERE: [u8; 4] = [203, 0, 113, 5];

fn networks() -> Card {
    card_of(NETWORKS)
}

/// What leaves of a frame that a guest sends to the wire.
fn out(card: &mut Card, port: u16, frame: &[u8]) -> Vec<u8> {
    let outcome = card.send(port, frame).unwrap();
    let (port, frame) = left(&outcome);
    assert_eq!(port, WIRE1);
    assert_eq!(frame[6..12], GATEWAY);
    frame.to_vec()
}

/// The same for what comes by the wire and has a flow.
fn back(card: &mut Card, frame: &[u8]) -> (u16, Vec<u8>) {
    let outcome = card.send(WIRE1, frame).unwrap();
    assert_eq!(outcome.punts, []);
    let (port, frame) = left(&outcome);
    (port, frame.to_vec())
}

/// The source port that a frame has by now.
fn source_port(frame: &[u8]) -> u16 {
    u16::from_be_bytes([frame[34], frame[35]])
}

#[test]
fn guests_leave_under_the_address_and_answers_find_them() {
    let mut card = networks();
    for make in [tcp, udp] {
        for remote in [REMOTE, NEIGHBOR] {
            let to = remote.ip.map(|byte| byte.to_string()).join(".");
            let sent = out(
                &mut card,
                IN1.port,
                &make(IN1, ROUTER, remote.ip, (1000, 53)),
            );
            assert_eq!(ends(&sent), format!("203.0.113.5:1000 > {to}:53"));
            assert_eq!(sent[..6], remote.mac);
            let (port, answer) = back(&mut card, &make(remote, GATEWAY, NODE_THERE, (53, 1000)));
            assert_eq!(port, IN1.port);
            assert_eq!(ends(&answer), format!("{to}:53 > 10.1.0.11:1000"));
            assert_eq!(answer[..12], [IN1.mac, ROUTER].concat());
        }
    }
    // The next one is the card's.
    let outcome = card
        .send(IN1.port, &udp(IN1, ROUTER, REMOTE.ip, (1000, 53)))
        .unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![WIRE1]));
}

#[test]
fn a_guest_of_the_gateways_own_network_leaves_alike() {
    let mut card = networks();
    let sent = out(&mut card, OUT1.port, &udp(OUT1, ROUTER, REMOTE.ip, (7, 53)));
    assert_eq!(ends(&sent), "203.0.113.5:7 > 192.0.2.7:53");
    let (port, answer) = back(&mut card, &udp(REMOTE, GATEWAY, NODE_THERE, (53, 7)));
    assert_eq!(port, OUT1.port);
    assert_eq!(ends(&answer), "192.0.2.7:53 > 198.51.100.30:7");
    // What begins on the wire goes to the guest's own address, and answers come from it.
    let outcome = card
        .send(WIRE1, &tcp(REMOTE, GATEWAY, OUT1.ip, (999, 80)))
        .unwrap();
    assert_eq!(ends(left(&outcome).1), "192.0.2.7:999 > 198.51.100.30:80");
    let outcome = card
        .send(OUT1.port, &tcp(OUT1, ROUTER, REMOTE.ip, (80, 999)))
        .unwrap();
    assert_eq!(outcome.punts, []);
    assert_eq!(ends(left(&outcome).1), "198.51.100.30:80 > 192.0.2.7:999");
}

#[test]
fn two_guests_with_one_port_are_told_apart() {
    let mut card = networks();
    for make in [tcp, udp] {
        let ports = [IN1, IN2].map(|guest| {
            let frame = make(guest, ROUTER, REMOTE.ip, (1000, 53));
            source_port(&out(&mut card, guest.port, &frame))
        });
        assert_eq!(ports[0], 1000);
        assert!(ports[1] >= 1024, "{ports:?}");
        for (guest, port) in [(IN1, ports[0]), (IN2, ports[1])] {
            let answer = make(REMOTE, GATEWAY, NODE_THERE, (53, port));
            let (to, answer) = back(&mut card, &answer);
            let own = guest.ip[3];
            assert_eq!(to, guest.port);
            assert_eq!(ends(&answer), format!("192.0.2.7:53 > 10.1.0.{own}:1000"));
        }
        // Another remote has ports of its own.
        let frame = make(IN2, ROUTER, NEIGHBOR.ip, (1000, 53));
        assert_eq!(source_port(&out(&mut card, IN2.port, &frame)), 1000);
    }
}

#[test]
fn a_ping_keeps_its_identifier_and_a_second_one_is_refused() {
    let mut card = networks();
    let sent = out(&mut card, IN1.port, &echo(IN1, ROUTER, REMOTE.ip, 3));
    assert_eq!(
        describe::frame(&sent),
        "ICMP echo request 203.0.113.5 > 192.0.2.7 id 7 seq 3"
    );
    let (port, answer) = back(&mut card, &echo_reply(REMOTE, GATEWAY, NODE_THERE, 3));
    assert_eq!(port, IN1.port);
    assert_eq!(
        describe::frame(&answer),
        "ICMP echo reply 192.0.2.7 > 10.1.0.11 id 7 seq 3"
    );
    let outcome = card
        .send(IN2.port, &echo(IN2, ROUTER, REMOTE.ip, 3))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    let flows = card.slow_path().flows();
    let denied = flows.iter().find_map(|flow| flow.denied);
    assert_eq!(denied.unwrap().name(), "LinkSrcNatErr");
    // The first is none the worse.
    back(&mut card, &echo_reply(REMOTE, GATEWAY, NODE_THERE, 4));
}

#[test]
fn a_guest_on_another_node_leaves_here_too() {
    let mut card = networks();
    let frame = vxlan(5001, &udp(IN9, ROUTER, REMOTE.ip, (1000, 53)));
    let sent = out(&mut card, WIRE0, &frame);
    assert_eq!(ends(&sent), "203.0.113.5:1000 > 192.0.2.7:53");
    let outcome = card.send(WIRE0, &frame).unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![WIRE1]));
    let (port, answer) = back(&mut card, &udp(REMOTE, GATEWAY, NODE_THERE, (53, 1000)));
    assert_eq!(port, WIRE0);
    // Behind Ethernet, IPv4, UDP and VXLAN.
    assert_eq!(ends(&answer[50..]), "192.0.2.7:53 > 10.1.0.19:1000");
}

/// An error about a packet that left, from a router on its way.
fn unreachable(about: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(REMOTE.mac, GATEWAY)
        .ipv4(ROUTER_OF_WIRE, NODE_THERE, 64)
        .icmpv4_raw(3, 1, [0; 4])
        .write(&mut frame, &about[14..14 + 28])
        .unwrap();
    frame
}

#[test]
fn an_error_about_a_packet_reaches_who_sent_it() {
    let mut card = networks();
    out(
        &mut card,
        IN1.port,
        &udp(IN1, ROUTER, REMOTE.ip, (1000, 53)),
    );
    let sent = out(
        &mut card,
        IN2.port,
        &udp(IN2, ROUTER, REMOTE.ip, (1000, 53)),
    );
    assert_ne!(source_port(&sent), 1000);
    let (port, error) = back(&mut card, &unreachable(&sent));
    assert_eq!(port, IN2.port);
    let text = describe::frame(&error);
    assert!(text.contains("198.51.100.1 > 10.1.0.12"), "{text}");
    // The quoted packet is the guest's own, but for its time to live.
    let quoted = &error[42..70];
    let original = udp(IN2, ROUTER, REMOTE.ip, (1000, 53));
    assert_eq!(quoted[12..24], original[26..38], "addresses and ports");
    let sum: u32 = quoted[..20]
        .chunks(2)
        .map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])))
        .sum();
    assert_eq!((sum >> 16) + (sum & 0xffff), 0xffff, "header checksum");
    // About a ping likewise.
    let sent = out(&mut card, IN1.port, &echo(IN1, ROUTER, REMOTE.ip, 3));
    let (port, error) = back(&mut card, &unreachable(&sent));
    assert_eq!((port, &error[54..58]), (IN1.port, &IN1.ip[..]));
}

#[test]
fn a_reset_gives_the_port_back() {
    let mut card = networks();
    let sends = |card: &mut Card, guest: Guest, what| {
        let frame = segment(guest, ROUTER, REMOTE.ip, (1000, 80), what);
        source_port(&out(card, guest.port, &frame))
    };
    assert_eq!(sends(&mut card, IN1, ("S", 1, 0)), 1000);
    assert_ne!(sends(&mut card, IN2, ("S", 1, 0)), 1000);
    let (from, ports) = (REMOTE, (80, 1000));
    back(
        &mut card,
        &segment(from, GATEWAY, NODE_THERE, ports, ("SA", 100, 2)),
    );
    assert_eq!(sends(&mut card, IN1, ("A", 2, 101)), 1000);
    back(
        &mut card,
        &segment(from, GATEWAY, NODE_THERE, ports, ("R", 101, 0)),
    );
    assert_eq!(card.slow_path().flows().len(), 2, "that of in2");
    // Nobody waits there now.
    let late = segment(from, GATEWAY, NODE_THERE, ports, ("A", 101, 2));
    let outcome = card.send(WIRE1, &late).unwrap();
    assert_eq!(outcome.drops, [DropReason::TrapNoInterface]);
    let nine = vxlan(5001, &tcp(IN9, ROUTER, REMOTE.ip, (1000, 80)));
    assert_eq!(source_port(&out(&mut card, WIRE0, &nine)), 1000);
}

#[test]
fn what_answers_nobody_starts_nothing() {
    let mut card = networks();
    for make in [tcp, udp] {
        let outcome = card
            .send(WIRE1, &make(REMOTE, GATEWAY, NODE_THERE, (53, 1000)))
            .unwrap();
        assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
        assert_eq!(outcome.drops, [DropReason::TrapNoInterface]);
    }
    // The node answers a ping by itself, and keeps no flow of it.
    let outcome = card
        .send(WIRE1, &echo(REMOTE, GATEWAY, NODE_THERE, 5))
        .unwrap();
    let (port, answer) = left(&outcome);
    assert_eq!(port, WIRE1);
    assert_eq!(
        describe::frame(answer),
        "ICMP echo reply 203.0.113.5 > 192.0.2.7 id 7 seq 5"
    );
    assert_eq!(card.slow_path().flows(), []);
}

#[test]
fn nobody_takes_the_address_for_his_own() {
    let mut card = networks();
    out(
        &mut card,
        IN1.port,
        &udp(IN1, ROUTER, REMOTE.ip, (1000, 53)),
    );
    let liar = Guest {
        ip: NODE_THERE,
        ..IN2
    };
    let outcome = card
        .send(IN2.port, &udp(liar, ROUTER, REMOTE.ip, (1000, 53)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    let (port, _) = back(&mut card, &udp(REMOTE, GATEWAY, NODE_THERE, (53, 1000)));
    assert_eq!(port, IN1.port);
}

#[test]
fn policies_see_the_guest() {
    let mut card = networks();
    let outcome = card
        .send(IN1.port, &tcp(IN1, ROUTER, REMOTE.ip, (1000, 25)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    let flows = card.slow_path().flows();
    assert_eq!(flows[0].denied.unwrap().name(), "Policy");
    // And what begins on the wire.
    let outcome = card
        .send(WIRE1, &tcp(NEIGHBOR, GATEWAY, OUT1.ip, (1000, 25)))
        .unwrap();
    assert_eq!(ports(&outcome), [OUT1.port], "within a network all passes");
}

#[test]
fn without_the_address_flows_of_joined_networks_have_both_directions_at_once() {
    let mut card = card_of(&NETWORKS.replace("    snat: 203.0.113.5\n", ""));
    let sent = out(
        &mut card,
        IN1.port,
        &tcp(IN1, ROUTER, REMOTE.ip, (1000, 80)),
    );
    assert_eq!(ends(&sent), "10.1.0.11:1000 > 192.0.2.7:80");
    let (port, answer) = back(&mut card, &tcp(REMOTE, GATEWAY, IN1.ip, (80, 1000)));
    assert_eq!(port, IN1.port);
    assert_eq!(ends(&answer), "192.0.2.7:80 > 10.1.0.11:1000");
    // And are judged, whichever end begins.
    for (port, frame) in [
        (IN1.port, tcp(IN1, ROUTER, REMOTE.ip, (1000, 25))),
        (WIRE1, tcp(REMOTE, GATEWAY, IN1.ip, (1000, 25))),
    ] {
        let outcome = card.send(port, &frame).unwrap();
        assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    }
}

#[test]
fn a_floating_address_counts_more() {
    let mut card = card_of(&format!("{NETWORKS}{FLOATING}"));
    for (guest, own, floating) in [
        (IN1, "10.1.0.11", [198, 51, 100, 100]),
        (AWAY1, "10.3.0.11", [198, 51, 100, 103]),
    ] {
        let sent = out(
            &mut card,
            guest.port,
            &udp(guest, ROUTER, REMOTE.ip, (1000, 53)),
        );
        let shown = floating.map(|byte: u8| byte.to_string()).join(".");
        assert_eq!(ends(&sent), format!("{shown}:1000 > 192.0.2.7:53"));
        let (port, answer) = back(&mut card, &udp(REMOTE, GATEWAY, floating, (53, 1000)));
        assert_eq!(port, guest.port);
        assert_eq!(ends(&answer), format!("192.0.2.7:53 > {own}:1000"));
        // And it is reached there from the wire.
        let outcome = card
            .send(WIRE1, &tcp(REMOTE, GATEWAY, floating, (999, 80)))
            .unwrap();
        assert_eq!(ends(left(&outcome).1), format!("192.0.2.7:999 > {own}:80"));
        let outcome = card
            .send(guest.port, &tcp(guest, ROUTER, REMOTE.ip, (80, 999)))
            .unwrap();
        assert_eq!(outcome.punts, []);
        assert_eq!(
            ends(left(&outcome).1),
            format!("{shown}:80 > 192.0.2.7:999")
        );
    }
    let sent = out(
        &mut card,
        IN2.port,
        &udp(IN2, ROUTER, REMOTE.ip, (1000, 53)),
    );
    assert_eq!(ends(&sent), "203.0.113.5:1000 > 192.0.2.7:53");
}

#[test]
fn the_slow_path_translates_what_the_card_has_no_room_for() {
    let mut card = networks();
    let in_software = |card: &Card| card.slow_path().software_flows().len();
    // One a millisecond: an interface may not start many more.
    let mut now = 0;
    let mut sent = |card: &mut Card, guest: Guest, number: u16| {
        let frame = udp(guest, ROUTER, REMOTE.ip, (number, 99));
        now += 1;
        // With the first the wire is told who is here.
        let outcome = send_at(card, now, guest.port, &frame);
        source_port(&outcome.departures.last().unwrap().1)
    };
    let full = (2000..7000).find(|number| {
        let before = in_software(&card);
        assert_eq!(sent(&mut card, IN1, *number), *number);
        in_software(&card) > before
    });
    let number = full.unwrap();
    let other = sent(&mut card, IN2, number);
    assert_ne!(other, number);
    assert_eq!(sent(&mut card, IN1, number), number);
    for (guest, port) in [(IN1, number), (IN2, other)] {
        let frame = udp(REMOTE, GATEWAY, NODE_THERE, (99, port));
        let outcome = card.send(WIRE1, &frame).unwrap();
        let (to, answer) = left(&outcome);
        assert_eq!(to, guest.port);
        let own = guest.ip[3];
        let expected = format!("192.0.2.7:99 > 10.1.0.{own}:{number}");
        assert_eq!(ends(answer), expected);
    }
}

#[test]
fn the_wire_hears_of_floating_addresses_too() {
    let mut card = card_of(&format!("{NETWORKS}{FLOATING}"));
    let outcome = send_at(&mut card, 0, IN1.port, &udp(IN1, ROUTER, IN2.ip, (7, 8)));
    let told: Vec<String> = outcome
        .departures
        .iter()
        .filter(|(port, _)| *port == WIRE1)
        .map(|(_, frame)| describe::frame(frame))
        .collect();
    let announced = [
        "198.51.100.2",
        "203.0.113.5",
        "198.51.100.30",
        "198.51.100.100",
        "198.51.100.103",
    ];
    assert_eq!(told, announced.map(|one| format!("ARP announces {one}")));
}

#[test]
fn who_forges_a_source_opens_no_way_to_its_owner() {
    let mut card = networks();
    let liar = Guest { ip: IN1.ip, ..IN2 };
    let outcome = card
        .send(IN2.port, &udp(liar, ROUTER, REMOTE.ip, (1000, 53)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidSource]);
    let outcome = card
        .send(WIRE1, &udp(REMOTE, GATEWAY, NODE_THERE, (53, 1000)))
        .unwrap();
    assert_eq!(outcome.departures, []);
    // Nor does it take the owner's port.
    let sent = out(
        &mut card,
        IN1.port,
        &udp(IN1, ROUTER, REMOTE.ip, (1000, 53)),
    );
    assert_eq!(ends(&sent), "203.0.113.5:1000 > 192.0.2.7:53");
}

#[test]
fn what_comes_by_a_gateway_from_its_wire_forges_nothing() {
    let mut card = card_of(&NETWORKS.replace("    snat: 203.0.113.5\n", ""));
    let there = tcp(IN1, ROUTER, REMOTE.ip, (1000, 25));
    let outcome = card.send(IN1.port, &there).unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    // The other way it may begin, and then it is answered, whatever was refused before.
    let outcome = card
        .send(WIRE1, &tcp(REMOTE, GATEWAY, IN1.ip, (25, 1000)))
        .unwrap();
    assert_eq!(ports(&outcome), [IN1.port]);
    let answer = card.send(IN1.port, &there).unwrap();
    assert_eq!((answer.punts.len(), ports(&answer)), (0, vec![WIRE1]));
}
