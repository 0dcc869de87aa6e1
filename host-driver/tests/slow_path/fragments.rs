//! Parts of packets, which have their flow's ports from the first one.

use std::time::Duration;

use etherparse::PacketBuilder;
use underpass_host_driver::summary::Summary;
use underpass_layout::{DropReason, PuntReason};

use crate::six::ip6;
use crate::support::*;

/// A datagram in parts of 64 bytes of data, with this identification.
fn parts(from: Guest, mac: [u8; 6], to: [u8; 4], ports: (u16, u16), id: u16) -> Vec<Vec<u8>> {
    let mut whole = Vec::new();
    PacketBuilder::ethernet2(from.mac, mac)
        .ipv4(from.ip, to, 64)
        .udp(ports.0, ports.1)
        .write(&mut whole, &[9; 150])
        .unwrap();
    whole[18..20].copy_from_slice(&id.to_be_bytes());
    let data = whole.split_off(34);
    let count = data.len().div_ceil(64);
    let part = |(number, data): (usize, &[u8])| {
        let more = if number + 1 < count { 0x2000 } else { 0 };
        let mut part = [&whole[..], data].concat();
        part[16..18].copy_from_slice(&(20 + data.len() as u16).to_be_bytes());
        part[20..22].copy_from_slice(&((8 * number) as u16 | more).to_be_bytes());
        part[24..26].fill(0);
        let sum = underpass_model::headers::checksum::checksum(&part[14..34]);
        part[24..26].copy_from_slice(&sum.to_be_bytes());
        part
    };
    data.chunks(64).enumerate().map(part).collect()
}

fn to_red2(id: u16) -> Vec<Vec<u8>> {
    parts(RED1, RED2.mac, RED2.ip, (7, 53), id)
}

#[test]
fn all_parts_are_of_the_flow_of_the_first() {
    let mut card = card();
    for part in to_red2(1) {
        let outcome = card.send(RED1.port, &part).unwrap();
        assert_eq!(outcome.punts[0], PuntReason::Fragment);
        assert_eq!(left(&outcome), (RED2.port, &part[..]));
    }
    let summary = Summary::read(&mut card).unwrap();
    let flow = &summary.flows[0];
    assert_eq!((flow.key.sport, flow.key.dport, flow.packets), (7, 53, 3));
    assert_eq!((summary.flows.len(), summary.software.fragments), (2, 3));
    // A whole packet of the flow is none of theirs to ask about.
    let whole = udp(RED1, RED2.mac, RED2.ip, (7, 53));
    assert_eq!(card.send(RED1.port, &whole).unwrap().punts, []);
}

#[test]
fn parts_that_come_at_once_meet_the_new_flow_all_the_same() {
    let mut card = card();
    let parts = to_red2(1);
    for part in &parts {
        card.push(RED1.port, part).unwrap();
    }
    let outcome = card.serve().unwrap();
    assert_eq!(outcome.drops, []);
    let frames: Vec<_> = outcome
        .departures
        .iter()
        .map(|(_, frame)| frame.clone())
        .collect();
    assert_eq!(frames, parts);
}

#[test]
fn parts_before_the_first_wait_and_go_behind_it() {
    let mut card = card();
    let parts = to_red2(1);
    for part in [&parts[2], &parts[1]] {
        let outcome = card.send(RED1.port, part).unwrap();
        assert_eq!((outcome.departures.len(), outcome.drops.len()), (0, 0));
    }
    let outcome = card.send(RED1.port, &parts[0]).unwrap();
    let frames: Vec<_> = outcome
        .departures
        .iter()
        .map(|(_, frame)| frame.clone())
        .collect();
    assert_eq!(
        frames,
        [parts[0].clone(), parts[2].clone(), parts[1].clone()]
    );
}

#[test]
fn without_a_first_part_they_end_after_two_seconds() {
    let mut card = card();
    card.send(RED1.port, &to_red2(1)[1]).unwrap();
    card.advance(Duration::from_millis(1999)).unwrap();
    assert!(card.software_drops().is_empty());
    card.advance(Duration::from_secs(2)).unwrap();
    let drops: Vec<_> = card
        .software_drops()
        .iter()
        .map(|((_, why), n)| (*why, *n))
        .collect();
    assert_eq!(drops, [(DropReason::Fragments, 1)]);
    // Its first part alone goes, and what else comes then.
    for (number, goes) in [(0, true), (2, true)] {
        let outcome = card.send(RED1.port, &to_red2(1)[number]).unwrap();
        assert_eq!(!outcome.departures.is_empty(), goes);
    }
}

#[test]
fn parts_of_a_flow_that_is_denied_are_dropped_like_it() {
    let mut card = card();
    let parts = parts(RED1, ROUTER, BLUE1.ip, (7, 53), 1);
    card.send(RED1.port, &parts[1]).unwrap();
    let outcome = card.send(RED1.port, &parts[0]).unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop; 2]);
    let outcome = card.send(RED1.port, &parts[2]).unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
}

#[test]
fn another_guest_with_the_same_addresses_gains_nothing() {
    let mut card = card();
    card.send(RED1.port, &to_red2(1)[0]).unwrap();
    let forged = &to_red2(1)[1];
    let outcome = card.send(RED2.port, forged).unwrap();
    assert_eq!(outcome.departures, []);
}

#[test]
fn a_part_that_would_write_over_the_flags_ends() {
    let mut card = card();
    let mut part = to_red2(1)[1].clone();
    part[14 + 9] = 6;
    part[20..22].copy_from_slice(&1_u16.to_be_bytes());
    part[24..26].fill(0);
    let sum = underpass_model::headers::checksum::checksum(&part[14..34]);
    part[24..26].copy_from_slice(&sum.to_be_bytes());
    let outcome = card.send(RED1.port, &part).unwrap();
    assert_eq!(outcome.drops, [DropReason::Fragments]);
}

#[test]
fn ipv6_parts_likewise() {
    let mut card = card();
    let part = |offset: u16, data: &[u8]| {
        let mut packet = vec![0x60, 0, 0, 0];
        packet.extend((8 + data.len() as u16).to_be_bytes());
        packet.extend([44, 64]);
        packet.extend(ip6(RED1).octets());
        packet.extend(ip6(RED2).octets());
        packet.extend([17, 0]);
        packet.extend(offset.to_be_bytes());
        packet.extend([0, 0, 0, 9]);
        packet.extend(data);
        [&RED2.mac[..], &RED1.mac, &[0x86, 0xdd], &packet].concat()
    };
    let first = part(1, &[0, 7, 0, 53, 0, 32, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1]);
    let last = part(16, &[3; 16]);
    assert!(card.send(RED1.port, &last).unwrap().departures.is_empty());
    let outcome = card.send(RED1.port, &first).unwrap();
    let frames: Vec<_> = outcome
        .departures
        .iter()
        .map(|(_, frame)| frame.clone())
        .collect();
    assert_eq!(frames, [first, last]);
    let key = card.slow_path().flows()[0].key();
    assert_eq!((key.src_port, key.dst_port), (7, 53));
}

/// Between the fragment header and TCP stand options: flows have the number of these as their protocol, and rules about
/// TCP would say nothing.
#[test]
fn a_part_that_hides_its_protocol_from_rules_ends() {
    let rules = "{action: deny, protocol: tcp, destination_ports: [22]}, {action: pass}";
    let mut card = card_of(&NETWORK.replace(
        "{action: pass, protocol: icmp}, {action: pass, protocol: tcp, destination_ports: [80]}",
        rules,
    ));
    let (from, to) = (ip6(RED1).octets(), ip6(BLUE1).octets());
    let mut whole = Vec::new();
    PacketBuilder::ethernet2(RED1.mac, ROUTER)
        .ipv6(from, to, 64)
        .tcp(7, 22, 1, 1000)
        .syn()
        .write(&mut whole, &[])
        .unwrap();
    let denied = card.send(RED1.port, &whole).unwrap();
    assert_eq!(denied.drops, [DropReason::FlowActionDrop]);
    // The only part of its packet.
    let fragment = [60, 0, 0, 0, 0, 0, 0, 9];
    let options = [6, 0, 1, 4, 0, 0, 0, 0];
    let tcp = whole.split_off(54);
    let mut hidden = [&whole[..], &fragment, &options, &tcp].concat();
    hidden[18..20].copy_from_slice(&(16 + tcp.len() as u16).to_be_bytes());
    hidden[20] = 44;
    let outcome = card.send(RED1.port, &hidden).unwrap();
    assert_eq!(outcome.departures, []);
    assert_eq!(outcome.drops, [DropReason::Fragments]);
}
