//! Flows: both directions, policy, the source check, held packets.

use underpass_host_driver::summary::Summary;
use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};
use underpass_table_compiler::objects::FlowAction;

use crate::support::*;

/// Key nexthop, source port, S(nh) and action of each flow.
fn flows(card: &Card) -> Vec<(u32, u16, u32, FlowAction)> {
    let flows = card.slow_path().flows();
    flows
        .iter()
        .map(|flow| {
            let side = &flow.side;
            (side.key_nh, side.sport, side.rpf_nh, side.action)
        })
        .collect()
}

#[test]
fn both_directions_are_set_up_by_the_first_packet() {
    let mut card = card();
    let outcome = card
        .send(RED1.port, &tcp(RED1, RED2.mac, RED2.ip, (1000, 80)))
        .unwrap();
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
    assert_eq!(ports(&outcome), [RED2.port]);
    // red1's nexthops are 6 and 7, red2's 8 and 9.
    let forward = FlowAction::Forward;
    assert_eq!(flows(&card), [(6, 1000, 6, forward), (8, 80, 8, forward)]);

    let outcome = card
        .send(RED2.port, &tcp(RED2, RED1.mac, RED1.ip, (80, 1000)))
        .unwrap();
    assert_eq!(outcome.punts, []);
    assert_eq!(ports(&outcome), [RED1.port]);
}

#[test]
fn an_echo_has_its_identifier_in_both_directions() {
    let mut card = card();
    let outcome = card
        .send(RED1.port, &echo(RED1, RED2.mac, RED2.ip, 1))
        .unwrap();
    assert_eq!(ports(&outcome), [RED2.port]);
    let outcome = card
        .send(RED2.port, &echo_reply(RED2, RED1.mac, RED1.ip, 1))
        .unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![RED1.port]));
}

#[test]
fn who_forges_a_source_takes_no_flow_from_its_owner() {
    let mut card = card();
    let syn = tcp(RED1, ROUTER, BLUE1.ip, (1000, 80));
    assert_eq!(ports(&card.send(RED1.port, &syn).unwrap()), [BLUE1.port]);
    let before = flows(&card);
    assert_eq!(before.len(), 2);

    // The same five fields from red2's interface would have the same answers.
    let forged = Guest {
        ip: RED1.ip,
        ..RED2
    };
    let forged = tcp(forged, ROUTER, BLUE1.ip, (1000, 80));
    for punts in [1, 0] {
        let outcome = card.send(RED2.port, &forged).unwrap();
        assert_eq!(outcome.punts.len(), punts, "it is decided once");
        assert_eq!(outcome.drops, [DropReason::InvalidSource]);
    }
    // Its own entry has red1's S(nh).
    let (forged, kept): (Vec<_>, Vec<_>) = flows(&card).into_iter().partition(|flow| flow.0 == 8);
    assert_eq!(kept, before);
    assert_eq!(forged, [(8, 1000, 6, FlowAction::Forward)]);
    assert_eq!(card.send(RED1.port, &syn).unwrap().punts, []);
    let answer = tcp(BLUE1, ROUTER, RED1.ip, (80, 1000));
    assert_eq!(card.send(BLUE1.port, &answer).unwrap().punts, []);
}

#[test]
fn a_policy_lets_some_flows_start_and_their_answers_pass() {
    let mut card = card();
    let outcome = card
        .send(RED1.port, &tcp(RED1, ROUTER, BLUE1.ip, (1000, 80)))
        .unwrap();
    assert_eq!(ports(&outcome), [BLUE1.port]);
    let outcome = card
        .send(BLUE1.port, &tcp(BLUE1, ROUTER, RED1.ip, (80, 1000)))
        .unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![RED1.port]));
}

#[test]
fn what_no_rule_lets_pass_is_dropped_by_the_card_from_then_on() {
    let mut card = card();
    let frame = tcp(RED1, ROUTER, BLUE1.ip, (1000, 81));
    let outcome = card.send(RED1.port, &frame).unwrap();
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    let outcome = card.send(RED1.port, &frame).unwrap();
    assert_eq!(outcome.punts, []);
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    assert_eq!(flows(&card), [(6, 1000, 0, FlowAction::Drop)]);
    assert_eq!(card.slow_path().flows()[0].denied.unwrap().name(), "Policy");
}

#[test]
fn a_denied_flow_does_not_forbid_its_other_direction() {
    let mut card = card();
    // Port 80 is the source here: no rule lets this start, but it may answer.
    let answer = tcp(BLUE1, ROUTER, RED1.ip, (80, 1000));
    let outcome = card.send(BLUE1.port, &answer).unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    let outcome = card
        .send(RED1.port, &tcp(RED1, ROUTER, BLUE1.ip, (1000, 80)))
        .unwrap();
    assert_eq!(ports(&outcome), [BLUE1.port]);
    let outcome = card.send(BLUE1.port, &answer).unwrap();
    assert_eq!(ports(&outcome), [RED1.port]);
}

#[test]
fn no_route_no_flow() {
    let mut card = card();
    let outcome = card
        .send(RED1.port, &tcp(RED1, ROUTER, [9, 9, 9, 9], (1, 2)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    assert_eq!(
        card.slow_path().flows()[0].denied.unwrap().name(),
        "NoDstRt"
    );
}

#[test]
fn a_borrowed_source_address_is_caught() {
    let mut card = card();
    let thief = Guest {
        ip: RED2.ip,
        ..RED1
    };
    let outcome = card
        .send(RED1.port, &tcp(thief, ROUTER, BLUE1.ip, (1, 80)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidSource]);
    let nobody = Guest {
        ip: [10, 9, 9, 9],
        ..RED1
    };
    let outcome = card
        .send(RED1.port, &tcp(nobody, ROUTER, BLUE1.ip, (1, 80)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    assert_eq!(
        card.slow_path()
            .flows()
            .last()
            .unwrap()
            .denied
            .unwrap()
            .name(),
        "NoSrcRt"
    );
}

#[test]
fn a_guest_without_flows_is_reached_under_the_senders_key() {
    let mut card = card();
    // blue2 is in packet mode: what it sends is looked up where it leaves, under blue1's key.
    let outcome = card
        .send(BLUE1.port, &echo(BLUE1, ROUTER, BLUE2.ip, 1))
        .unwrap();
    assert_eq!(ports(&outcome), [BLUE2.port]);
    let outcome = card
        .send(BLUE2.port, &echo_reply(BLUE2, ROUTER, BLUE1.ip, 1))
        .unwrap();
    assert_eq!(
        (outcome.punts.len(), ports(&outcome)),
        (0, vec![BLUE1.port])
    );
    let outcome = card
        .send(BLUE2.port, &tcp(BLUE2, ROUTER, BLUE1.ip, (5, 6)))
        .unwrap();
    assert_eq!(ports(&outcome), [BLUE1.port]);
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
}

#[test]
fn a_flow_from_a_tunnel_is_bound_to_that_tunnel() {
    let mut card = card();
    let first = mpls(21, &tcp(RED9, ROUTER, RED1.ip, (1000, 22)));
    let outcome = card.send(WIRE0, &first).unwrap();
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
    assert_eq!(ports(&outcome), [RED1.port]);
    // The same flow from another node.
    let mut forged = first.clone();
    forged[29] = 5;
    forged[25] -= 3;
    let outcome = card.send(WIRE0, &forged).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidSource]);
    // The answer goes back into a tunnel without another miss.
    let outcome = card
        .send(RED1.port, &tcp(RED1, RED9.mac, RED9.ip, (22, 1000)))
        .unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![WIRE0]));
}

#[test]
fn three_packets_wait_for_the_decision_and_leave_in_order() {
    let mut card = card();
    for seq in 1..=5 {
        card.push(RED1.port, &echo(RED1, RED2.mac, RED2.ip, seq))
            .unwrap();
    }
    let outcome = card.serve().unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowQueueLimitExceeded; 2]);
    let sequences: Vec<u8> = outcome
        .departures
        .iter()
        .map(|(_, frame)| frame[41])
        .collect();
    assert_eq!(sequences, [1, 2, 3]);
    assert_eq!(card.driver().flow(0).unwrap().packets, 3);
}

#[test]
fn held_packets_of_a_denied_flow_are_counted_by_the_card() {
    let mut card = card();
    for _ in 0..3 {
        card.push(RED1.port, &tcp(RED1, ROUTER, BLUE1.ip, (1, 81)))
            .unwrap();
    }
    assert_eq!(card.serve().unwrap().drops, [DropReason::FlowActionDrop; 3]);
}

#[test]
fn a_bridged_frame_of_an_unknown_address_is_bound_to_its_mac() {
    let mut card = card();
    let nobody = Guest {
        ip: [10, 1, 0, 77],
        ..RED1
    };
    let frame = tcp(nobody, RED2.mac, RED2.ip, (1, 2));
    assert_eq!(ports(&card.send(RED1.port, &frame).unwrap()), [RED2.port]);
    let frame = tcp(nobody, RED2.mac, RED2.ip, (3, 4));
    let through_tunnel = card.send(WIRE0, &vxlan(5001, &frame)).unwrap();
    assert_eq!(through_tunnel.drops, [DropReason::InvalidSource]);
}

#[test]
fn an_idle_flow_goes_with_its_answers_and_its_counter_starts_again() {
    let mut card = card();
    let there = tcp(RED1, RED2.mac, RED2.ip, (1, 2));
    let back = tcp(RED2, RED1.mac, RED1.ip, (2, 1));
    let second = 1000;
    assert_eq!(send_at(&mut card, 0, RED1.port, &there).punts.len(), 1);
    // One direction in use keeps both.
    for time in [100, 270, 440] {
        let outcome = send_at(&mut card, time * second, RED2.port, &back);
        assert_eq!(outcome.punts, [], "after {time} s");
    }
    assert_eq!(card.slow_path().flows().len(), 2);
    let outcome = send_at(&mut card, 620 * second, RED1.port, &there);
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
    assert_eq!(flows(&card).len(), 2);
    let summary = Summary::read(&mut card).unwrap();
    let packets: Vec<u64> = summary.flows.iter().map(|flow| flow.packets).collect();
    assert_eq!(packets, [1, 0]);
}

#[test]
fn a_network_without_a_source_check_takes_any_source() {
    let text = NETWORK.replace("name: red, vrf: 1,", "name: red, vrf: 1, rpf: false,");
    let network = underpass_table_compiler::parse("test.yaml", &text).unwrap();
    let model = underpass_host_driver::access::Model::new(&underpass_layout::profile::SIM);
    let mut card = underpass_host_driver::session::Session::start(model, network, 1).unwrap();
    let thief = Guest {
        ip: [10, 9, 9, 9],
        ..RED1
    };
    let outcome = card
        .send(RED1.port, &tcp(thief, RED2.mac, RED2.ip, (1, 2)))
        .unwrap();
    assert_eq!(ports(&outcome), [RED2.port]);
    // But not into another network under a borrowed name.
    let thief = Guest {
        ip: BLUE2.ip,
        ..RED1
    };
    let outcome = card
        .send(RED1.port, &tcp(thief, ROUTER, BLUE1.ip, (1, 81)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
}

#[test]
fn flows_of_a_bridged_network_are_bound_to_the_senders_mac() {
    let mut card = card();
    let outcome = card
        .send(GREEN1.port, &tcp(GREEN1, GREEN2.mac, GREEN2.ip, (1, 2)))
        .unwrap();
    assert_eq!(ports(&outcome), [GREEN2.port]);
    let outcome = card
        .send(
            GREEN3.port,
            &tcp(
                Guest {
                    port: GREEN3.port,
                    ..GREEN1
                },
                GREEN2.mac,
                GREEN2.ip,
                (3, 4),
            ),
        )
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidSource]);
}
