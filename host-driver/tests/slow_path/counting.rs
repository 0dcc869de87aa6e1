//! Echo, flooding, what nobody takes, and that every packet is accounted for.

use underpass_host_driver::access::CardAccess;
use underpass_host_driver::describe;
use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};

use crate::support::*;

#[test]
fn gateways_and_dns_servers_answer_echo() {
    let mut card = card();
    for target in [[10, 1, 0, 1], [10, 1, 0, 2]] {
        let outcome = card
            .send(RED1.port, &echo(RED1, ROUTER, target, 3))
            .unwrap();
        assert_eq!(outcome.punts, [PuntReason::FlowMiss, PuntReason::Receive]);
        let [(port, frame)] = &outcome.departures[..] else {
            panic!("{outcome:?}");
        };
        assert_eq!(*port, RED1.port);
        assert_eq!(frame[..12], [RED1.mac, ROUTER].concat());
        let target = std::net::Ipv4Addr::from(target);
        assert_eq!(
            describe::frame(frame),
            format!("ICMP echo reply {target} > 10.1.0.11 id 7 seq 3")
        );
        assert_eq!(checksum(&frame[14..34]), 0, "IP header");
        assert_eq!(checksum(&frame[34..]), 0, "ICMP");
        assert_eq!(frame[42..], *b"payload!");
    }
}

/// The ones' complement sum, 0 over data that carries its checksum.
fn checksum(bytes: &[u8]) -> u16 {
    let sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)))
        .sum();
    !((sum & 0xffff) + (sum >> 16)) as u16
}

#[test]
fn the_gateway_has_no_services() {
    let mut card = card();
    let outcome = card
        .send(RED1.port, &tcp(RED1, ROUTER, [10, 1, 0, 1], (1, 80)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::TrapNoInterface]);
    let mut damaged = echo(RED1, ROUTER, [10, 1, 0, 1], 3);
    *damaged.last_mut().unwrap() ^= 1;
    let outcome = card.send(RED1.port, &damaged).unwrap();
    assert_eq!(outcome.drops, [DropReason::TrapNoInterface]);
}

#[test]
fn broadcasts_reach_every_other_guest_of_the_network() {
    let mut card = card();
    let frame = tcp(GREEN2, BROADCAST, [255; 4], (1, 2));
    let outcome = card.send(GREEN2.port, &frame).unwrap();
    assert_eq!(
        outcome.departures,
        [(GREEN1.port, frame.clone()), (GREEN3.port, frame)]
    );
    let frame = tcp(BLUE1, BROADCAST, [255; 4], (1, 2));
    assert_eq!(
        card.send(BLUE1.port, &frame).unwrap().drops,
        [DropReason::L2NoRoute]
    );
    let frame = tcp(RED9, BROADCAST, [255; 4], (1, 2));
    let outcome = card.send(WIRE0, &vxlan(5001, &frame)).unwrap();
    assert_eq!(
        outcome.departures,
        [(RED1.port, frame.clone()), (RED2.port, frame)]
    );
}

#[test]
fn what_nobody_takes_ends_with_a_reason() {
    let mut card = card();
    let mut expired = echo(RED1, ROUTER, BLUE1.ip, 1);
    expired[22] = 1;
    expired[24] += 63;
    let outcome = card.send(RED1.port, &expired).unwrap();
    assert_eq!(outcome.drops, [DropReason::TtlExceeded]);
    let mut fragment = echo(RED1, RED2.mac, RED2.ip, 1);
    fragment[21] = 0x20;
    fragment[25] -= 0x20;
    let outcome = card.send(RED1.port, &fragment).unwrap();
    assert_eq!(outcome.drops, []);
    let outcome = card.send(RED1.port, &[0; 10]).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidPacket]);
    // Its first part never came.
    assert_eq!(card.finish().unwrap().drops, [DropReason::Fragments]);
}

#[test]
fn no_frame_is_lost_whatever_is_in_it() {
    let mut card = card();
    let frames = [
        (RED1.port, echo(RED1, RED2.mac, RED2.ip, 1)),
        (RED1.port, who_has(RED1, RED2.ip)),
        (BLUE1.port, tcp(BLUE1, ROUTER, RED1.ip, (1, 80))),
        (GREEN1.port, tcp(GREEN1, BROADCAST, [255; 4], (1, 2))),
        (WIRE0, vxlan(5001, &tcp(RED9, RED1.mac, RED1.ip, (1, 2)))),
        (WIRE0, mpls(21, &echo(RED9, ROUTER, RED1.ip, 1))),
    ];
    // One byte after the other is changed, and the frame cut behind it every third time.
    let mut sent = 0;
    for (port, frame) in &frames {
        for place in 0..frame.len() {
            let mut changed = frame.clone();
            changed[place] ^= 1 << (place % 8);
            if place % 3 == 0 {
                changed.truncate(place + 1);
            }
            let outcome = card.send(*port, &changed).unwrap();
            assert_eq!(outcome.lost, 0, "byte {place}: {outcome:?}");
            sent += 1;
        }
    }
    let [received, ..] = totals(&mut card);
    assert_eq!(received, sent);
}

/// Sum over the interfaces: received, sent, dropped and punted.
fn totals(card: &mut Card) -> [u64; 4] {
    let mut totals = [0; 4];
    let last = card.driver().profile().no_vif();
    for vif in (0..10).chain([last]) {
        let driver = card.driver();
        totals[0] += driver.received(vif).unwrap().packets;
        totals[1] += driver.sent(vif).unwrap().packets;
        totals[2] += driver
            .drops(vif)
            .unwrap()
            .iter()
            .map(|(_, n)| n)
            .sum::<u64>();
        totals[3] += driver
            .punts(vif)
            .unwrap()
            .iter()
            .map(|(_, n)| n)
            .sum::<u64>();
    }
    totals
}

#[test]
fn every_packet_is_accounted_for() {
    let mut card = card();
    let frames = [
        (RED1.port, echo(RED1, RED2.mac, RED2.ip, 1)),
        (RED1.port, who_has(RED1, RED2.ip)),
        (RED1.port, who_has(RED1, [10, 1, 0, 77])),
        (BLUE1.port, tcp(BLUE1, ROUTER, RED1.ip, (1, 81))),
        (RED2.port, echo(RED2, ROUTER, [10, 1, 0, 1], 1)),
        (RED2.port, echo(RED2, ROUTER, [172, 16, 0, 1], 1)),
        (WIRE0 + 1, echo(RED2, ROUTER, RED1.ip, 1)),
        (WIRE0, vxlan(5001, &tcp(RED9, BROADCAST, [255; 4], (1, 2)))),
    ];
    let (mut departures, mut punts, mut drops) = (0, 0, 0);
    for (port, frame) in &frames {
        let outcome = card.send(*port, frame).unwrap();
        departures += outcome.departures.len() as u64;
        punts += outcome.punts.len() as u64;
        drops += outcome.drops.len() as u64;
        assert_eq!(outcome.lost, 0);
    }
    let software: u64 = card.software_drops().values().sum();
    assert_eq!(
        totals(&mut card),
        [frames.len() as u64, departures, drops - software, punts]
    );
    // The rest waits: one packet for its next hop.
    assert_eq!(
        card.finish().unwrap().drops,
        [DropReason::NexthopUnresolved]
    );
    assert_eq!(card.driver().punts_lost().unwrap(), 0);
    assert_eq!(
        card.driver().card().read(0).unwrap(),
        u32::from_le_bytes(*b"UNDP")
    );
}
