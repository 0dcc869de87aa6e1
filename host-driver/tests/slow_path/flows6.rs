//! IPv6 flows: set up as those of IPv4 are, in entries of their own; echo; what the card cannot look into.

use std::net::Ipv6Addr;

use underpass_host_driver::describe;
use underpass_host_driver::summary::Summary;
use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};
use underpass_table_compiler::objects::FlowAction;

use crate::six::*;
use crate::support::*;

/// K(nh), source port, S(nh) and action of each flow.
fn flows(card: &Card) -> Vec<(u32, u16, u32, FlowAction)> {
    let flows = card.slow_path().flows();
    let words = flows.iter().map(|flow| {
        let side = &flow.side;
        (side.key_nh, side.sport, side.rpf_nh, side.action)
    });
    words.collect()
}

#[test]
fn both_directions_are_set_up_by_the_first_packet() {
    let mut card = card();
    let there = tcp6(RED1, RED2.mac, ip6(RED2), (1000, 80));
    let outcome = card.send(RED1.port, &there).unwrap();
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
    assert_eq!(outcome.departures, [(RED2.port, there)]);
    // red1's nexthops are 6 and 7, red2's 8 and 9.
    let forward = FlowAction::Forward;
    assert_eq!(flows(&card), [(6, 1000, 6, forward), (8, 80, 8, forward)]);
    let back = tcp6(RED2, RED1.mac, ip6(RED1), (80, 1000));
    let outcome = card.send(RED2.port, &back).unwrap();
    assert_eq!(outcome.punts, []);
    assert_eq!(outcome.departures, [(RED1.port, back)]);
}

#[test]
fn an_echo_has_its_identifier_in_both_directions() {
    let mut card = card();
    let there = echo6(RED1, RED2.mac, ip6(RED2), 1);
    assert_eq!(ports(&card.send(RED1.port, &there).unwrap()), [RED2.port]);
    let back = echo_reply6(RED2, RED1.mac, ip6(RED1), 1);
    let outcome = card.send(RED2.port, &back).unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![RED1.port]));
    let summary = Summary::read(&mut card).unwrap();
    assert_eq!(
        serde_json::to_value(&summary.flows[0].key).unwrap(),
        serde_json::json!({"nh": 6, "sip": "2001:db8:1::11", "sport": 7, "dip": "2001:db8:1::12", "dport": 129, "proto": 58})
    );
}

#[test]
fn a_policy_lets_some_flows_start_and_their_answers_pass() {
    let mut card = card();
    for (there, back) in [
        (
            tcp6(RED1, ROUTER, ip6(BLUE1), (1000, 80)),
            tcp6(BLUE1, ROUTER, ip6(RED1), (80, 1000)),
        ),
        // The rule says icmp.
        (
            echo6(RED1, ROUTER, ip6(BLUE1), 1),
            echo_reply6(BLUE1, ROUTER, ip6(RED1), 1),
        ),
    ] {
        let outcome = card.send(RED1.port, &there).unwrap();
        assert_eq!(ports(&outcome), [BLUE1.port]);
        let arrived = &outcome.departures[0].1;
        assert_eq!(arrived[..12], [BLUE1.mac, ROUTER].concat());
        assert_eq!(
            arrived[12..],
            there[12..],
            "the hop limit stays, as the peer leaves it"
        );
        let outcome = card.send(BLUE1.port, &back).unwrap();
        assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![RED1.port]));
    }
}

#[test]
fn what_no_rule_lets_pass_is_dropped_by_the_card_from_then_on() {
    let mut card = card();
    let frame = tcp6(RED1, ROUTER, ip6(BLUE1), (1000, 81));
    for punts in [1, 0] {
        let outcome = card.send(RED1.port, &frame).unwrap();
        assert_eq!(outcome.punts.len(), punts);
        assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    }
    assert_eq!(card.slow_path().flows()[0].denied.unwrap().name(), "Policy");
}

#[test]
fn rules_have_prefixes_of_either_family() {
    let rule = r#"{action: pass, protocol: udp, source: "2001:db8:1::11/128", destination: "2001:db8:2::/64", destination_ports: [53]}, {action: pass, protocol: icmp}"#;
    let text = NETWORK.replace("{action: pass, protocol: icmp}", rule);
    let mut card = card_of(&text);
    let outcome = card
        .send(RED1.port, &udp6(RED1, ROUTER, ip6(BLUE1), (9, 53)))
        .unwrap();
    assert_eq!(ports(&outcome), [BLUE1.port]);
    let outcome = card
        .send(RED2.port, &udp6(RED2, ROUTER, ip6(BLUE1), (9, 53)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
}

#[test]
fn a_borrowed_address_goes_nowhere() {
    let mut card = card();
    let first = tcp_from(ip6(RED2), RED1, RED9.mac, ip6(RED9), (1, 2));
    let outcome = card.send(RED1.port, &first).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidSource]);
}

#[test]
fn a_flow_from_a_tunnel_is_bound_to_that_tunnel() {
    let mut card = card();
    let first = mpls(21, &tcp6(RED9, ROUTER, ip6(RED1), (1000, 22)));
    let outcome = card.send(WIRE0, &first).unwrap();
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
    assert_eq!(ports(&outcome), [RED1.port]);
    assert_eq!(outcome.departures[0].1[12..14], [0x86, 0xdd]);
    // The same flow from another node.
    let mut forged = first.clone();
    forged[29] = 5;
    forged[25] -= 3;
    let outcome = card.send(WIRE0, &forged).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidSource]);
    let answer = tcp6(RED1, RED9.mac, ip6(RED9), (22, 1000));
    let outcome = card.send(RED1.port, &answer).unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![WIRE0]));
    assert_eq!(
        describe::frame(&outcome.departures[0].1),
        "VXLAN 192.168.0.1 > 192.168.0.2 vni 5001 | TCP [2001:db8:1::11]:22 > [2001:db8:1::19]:1000 SYN"
    );
}

#[test]
fn three_packets_wait_for_the_decision_and_leave_in_order() {
    let mut card = card();
    for seq in 1..=5 {
        card.push(RED1.port, &echo6(RED1, RED2.mac, ip6(RED2), seq))
            .unwrap();
    }
    let outcome = card.serve().unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowQueueLimitExceeded; 2]);
    let departures = outcome.departures.iter();
    let sequences: Vec<u8> = departures.map(|(_, frame)| frame[61]).collect();
    assert_eq!(sequences, [1, 2, 3]);
    assert_eq!(card.driver().flow(0).unwrap().packets, 3);
}

#[test]
fn the_same_ports_of_both_families_are_flows_apart() {
    let mut card = card();
    card.send(RED1.port, &tcp(RED1, RED2.mac, RED2.ip, (1, 2)))
        .unwrap();
    let outcome = card
        .send(RED1.port, &tcp6(RED1, RED2.mac, ip6(RED2), (1, 2)))
        .unwrap();
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
    assert_eq!(card.slow_path().flows().len(), 4);
}

#[test]
fn an_idle_flow_goes_with_its_answers() {
    let mut card = card();
    let there = tcp6(RED1, RED2.mac, ip6(RED2), (1, 2));
    let back = tcp6(RED2, RED1.mac, ip6(RED1), (2, 1));
    let second = 1000;
    assert_eq!(send_at(&mut card, 0, RED1.port, &there).punts.len(), 1);
    for time in [100, 270, 440] {
        let outcome = send_at(&mut card, time * second, RED2.port, &back);
        assert_eq!(outcome.punts, [], "after {time} s");
    }
    let outcome = send_at(&mut card, 620 * second, RED1.port, &there);
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
    let summary = Summary::read(&mut card).unwrap();
    let packets: Vec<u64> = summary.flows.iter().map(|flow| flow.packets).collect();
    assert_eq!(packets, [1, 0]);
}

#[test]
fn gateways_and_dns_servers_answer_echo() {
    let mut card = card();
    for host in [1, 2] {
        let target = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, host);
        let request = echo6(RED1, ROUTER, target, 3);
        let outcome = card.send(RED1.port, &request).unwrap();
        assert_eq!(outcome.punts, [PuntReason::FlowMiss, PuntReason::Receive]);
        let [(port, frame)] = &outcome.departures[..] else {
            panic!("{outcome:?}");
        };
        assert_eq!(*port, RED1.port);
        assert_eq!(
            frame[..14],
            [&RED1.mac[..], &ROUTER, &[0x86, 0xdd]].concat()
        );
        assert_eq!(
            describe::frame(frame),
            format!("ICMPv6 echo reply {target} > 2001:db8:1::11 id 7 seq 3")
        );
        assert_eq!((frame[21], checksum6(&frame[14..])), (64, 0));
        assert_eq!(frame[62..], *b"payload!");
        let mut damaged = request;
        *damaged.last_mut().unwrap() ^= 1;
        let outcome = card.send(RED1.port, &damaged).unwrap();
        assert_eq!(outcome.drops, [DropReason::TrapNoInterface]);
    }
    let web = tcp6(RED1, ROUTER, gateway6(RED1), (1, 80));
    let outcome = card.send(RED1.port, &web).unwrap();
    assert_eq!(outcome.drops, [DropReason::TrapNoInterface]);
}

#[test]
fn what_the_card_cannot_look_into_ends_with_a_reason() {
    let mut card = card();
    let whole = udp6(RED1, RED2.mac, ip6(RED2), (1, 2));
    // Two headers of options are read over, the third is one too many.
    let options = |next: u8| [next, 0, 1, 4, 0, 0, 0, 0];
    let two = extended(&whole, 60, &[options(60), options(17)].concat());
    let outcome = card.send(RED1.port, &two).unwrap();
    assert_eq!(outcome.departures, [(RED2.port, two)]);
    let three = extended(
        &whole,
        60,
        &[options(60), options(60), options(17)].concat(),
    );
    let outcome = card.send(RED1.port, &three).unwrap();
    assert_eq!(outcome.punts, [PuntReason::Extension]);
    assert_eq!(outcome.drops, [DropReason::InvalidProtocol]);
    let fragment = extended(&whole, 44, &[17, 0, 0, 9, 0, 0, 0, 9]);
    let outcome = card.send(RED1.port, &fragment).unwrap();
    assert_eq!(outcome.punts, [PuntReason::Fragment]);
    assert_eq!(card.finish().unwrap().drops, [DropReason::Fragments]);
    let mut expired = tcp6(RED1, ROUTER, ip6(BLUE1), (1, 80));
    expired[21] = 1;
    let outcome = card.send(RED1.port, &expired).unwrap();
    assert_eq!(outcome.drops, [DropReason::TtlExceeded]);
    let mut cut = whole;
    cut.truncate(50);
    let outcome = card.send(RED1.port, &cut).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidPacket]);
}

#[test]
fn no_frame_is_lost_whatever_is_in_it() {
    let mut card = card();
    let frames = [
        (RED1.port, echo6(RED1, RED2.mac, ip6(RED2), 1)),
        (RED1.port, solicit(RED1, ip6(RED2))),
        (RED2.port, advertise(RED2, RED1)),
        (WIRE0, vxlan(5001, &tcp6(RED9, RED1.mac, ip6(RED1), (1, 2)))),
        (WIRE0, mpls(21, &echo6(RED9, ROUTER, ip6(RED1), 1))),
    ];
    for (port, frame) in &frames {
        for place in 0..frame.len() {
            let mut changed = frame.clone();
            changed[place] ^= 1 << (place % 8);
            if place % 3 == 0 {
                changed.truncate(place + 1);
            }
            let outcome = card.send(*port, &changed).unwrap();
            assert_eq!(outcome.lost, 0, "byte {place}: {outcome:?}");
        }
    }
}
