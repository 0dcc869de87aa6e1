//! IPv6 for a group: copies to the guests of the network, and what the node answers instead.

use std::net::Ipv6Addr;

use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};

use crate::six::*;
use crate::support::*;

#[test]
fn a_group_is_every_other_guest_of_the_network() {
    let mut card = card();
    let group = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 0x1234);
    let frame = udp6(GREEN2, group_mac(group), group, (1, 2));
    let outcome = card.send(GREEN2.port, &frame).unwrap();
    assert_eq!(outcome.punts, []);
    assert_eq!(
        outcome.departures,
        [(GREEN1.port, frame.clone()), (GREEN3.port, frame)]
    );
    let frame = udp6(RED9, group_mac(group), group, (1, 2));
    let outcome = card.send(WIRE0, &vxlan(5001, &frame)).unwrap();
    assert_eq!(
        outcome.departures,
        [(RED1.port, frame.clone()), (RED2.port, frame)]
    );
}

#[test]
fn who_joins_a_group_says_so_to_all() {
    let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);
    let report = Icmp {
        mac: RED1.mac,
        to: group_mac(group),
        src: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
        dst: group,
        hop_limit: 1,
        kind: etherparse::Icmpv6Type::Unknown {
            type_u8: 143,
            code_u8: 0,
            bytes5to8: [0; 4],
        },
        payload: Vec::new(),
    };
    // Behind hop-by-hop options with a router alert, as RFC 3810 wants it.
    let frame = extended(&report.frame(), 0, &[58, 0, 5, 2, 0, 0, 1, 0]);
    let outcome = card().send(RED1.port, &frame).unwrap();
    assert_eq!(outcome.punts, []);
    assert_eq!(outcome.departures, [(RED2.port, frame)]);
}

#[test]
fn dhcp_is_counted_where_the_node_would_answer() {
    let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
    let frame = udp6(RED1, group_mac(group), group, (546, 547));
    let outcome = card().send(RED1.port, &frame).unwrap();
    assert_eq!(outcome.departures, [(RED2.port, frame.clone())]);
    let text = NETWORK.replace(
        "gateway: \"2001:db8:1::1\",",
        "gateway: \"2001:db8:1::1\", dhcp: true,",
    );
    let outcome = card_of(&text).send(RED1.port, &frame).unwrap();
    assert_eq!(outcome.punts, [PuntReason::L3Protocol]);
    assert_eq!(outcome.drops, [DropReason::TrapNoInterface]);
    assert_eq!(outcome.departures, []);
}
