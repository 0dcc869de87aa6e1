//! Link-local addresses mean something in their network alone.

use std::net::Ipv6Addr;

use underpass_layout::{DropReason, PuntReason};

use crate::six::*;
use crate::support::*;

/// The address that a guest makes for itself.
fn link_local(guest: Guest) -> Ipv6Addr {
    let host = ip6(guest).segments()[7];
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, host)
}

/// A network whose traffic to anywhere goes to another node.
fn card_with_default() -> Card {
    card_with(
        r#"  - {network: red, prefix: "::/0", next_hops: [{address: 192.168.0.2, encapsulation: mpls-udp, label: 98}]}
"#,
    )
}

#[test]
fn nobody_is_answered_for() {
    let mut card = card_with_default();
    let request = solicit(RED1, link_local(RED2));
    let outcome = card.send(RED1.port, &request).unwrap();
    assert_eq!(outcome.departures, [(RED2.port, request)]);
    // Where frames are not bridged there is nobody to ask.
    let request = solicit(BLUE1, link_local(BLUE2));
    let outcome = card.send(BLUE1.port, &request).unwrap();
    assert_eq!(outcome.drops, [DropReason::L2NoRoute]);
}

#[test]
fn guests_of_one_network_talk() {
    let mut card = card_with_default();
    let there = tcp_from(link_local(RED1), RED1, RED2.mac, link_local(RED2), (1, 2));
    let back = tcp_from(link_local(RED2), RED2, RED1.mac, link_local(RED1), (2, 1));
    let outcome = card.send(RED1.port, &there).unwrap();
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
    assert_eq!(ports(&outcome), [RED2.port]);
    let outcome = card.send(RED2.port, &back).unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![RED1.port]));
}

#[test]
fn nothing_is_routed_from_or_to_them() {
    let mut card = card_with_default();
    for (src, dst, why) in [
        (link_local(RED1), ip6(BLUE1), "NoSrcRt"),
        (ip6(RED1), link_local(BLUE1), "NoDstRt"),
    ] {
        let frame = tcp_from(src, RED1, ROUTER, dst, (1, 80));
        let outcome = card.send(RED1.port, &frame).unwrap();
        assert_eq!(outcome.drops, [DropReason::FlowActionDrop], "{why}");
        let flows = card.slow_path().flows();
        let flow = flows.iter().find(|flow| flow.side.sip == src).unwrap();
        assert_eq!(flow.denied.unwrap().name(), why);
    }
}
