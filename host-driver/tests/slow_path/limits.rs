//! How many flows may start, and on which interfaces.

use underpass_layout::{DropReason, PuntReason};

use crate::support::*;

fn limited(option: &str) -> Card {
    let text = NETWORK.replace(
        "label: 21, l2_label: 22",
        &format!("label: 21, l2_label: 22, {option}"),
    );
    card_of(&text)
}

#[test]
fn an_interface_has_as_many_flows_as_it_may() {
    let mut card = limited("flow_limit: 2");
    let frame = |port| udp(RED1, RED2.mac, RED2.ip, (port, 53));
    for port in [1, 2] {
        assert_eq!(
            ports(&card.send(RED1.port, &frame(port)).unwrap()),
            [RED2.port]
        );
    }
    let outcome = card.send(RED1.port, &frame(3)).unwrap();
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
    assert_eq!(outcome.drops, [DropReason::NewFlows]);
    // Those that are there go on, and others are not limited.
    assert_eq!(
        ports(&card.send(RED1.port, &frame(2)).unwrap()),
        [RED2.port]
    );
    let other = udp(RED2, RED9.mac, RED9.ip, (3, 53));
    assert_eq!(card.send(RED2.port, &other).unwrap().drops, []);
    // When one has ended another may start.
    let outcome = send_at(&mut card, 181_000, RED1.port, &frame(3));
    assert_eq!(ports(&outcome), [RED2.port]);
}

#[test]
fn flows_that_wait_count_too() {
    let mut card = limited("flow_limit: 2");
    for port in 1..=4 {
        card.push(RED1.port, &udp(RED1, RED2.mac, RED2.ip, (port, 53)))
            .unwrap();
    }
    let outcome = card.serve().unwrap();
    assert_eq!(outcome.drops, [DropReason::NewFlows; 2]);
    assert_eq!(outcome.departures.len(), 2);
}

#[test]
fn an_interface_that_takes_no_new_flows_may_answer_others() {
    let mut card = limited("drop_new_flows: true");
    let outcome = card
        .send(RED1.port, &udp(RED1, RED2.mac, RED2.ip, (1, 53)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::NewFlows]);
    card.send(RED2.port, &udp(RED2, RED1.mac, RED1.ip, (53, 1)))
        .unwrap();
    let outcome = card
        .send(RED1.port, &udp(RED1, RED2.mac, RED2.ip, (1, 53)))
        .unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![RED2.port]));
}
