//! Packets that are too long for the tunnel that they are to go through.

use etherparse::{Ipv4Slice, PacketBuilder};
use underpass_host_driver::summary::Summary;
use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};

use crate::six::{gateway6, ip6};
use crate::support::*;

/// Behind the other node, in MPLS over UDP: 20 + 8 + 4 bytes in front of a routed packet.
const FAR: [u8; 4] = [172, 16, 0, 9];
const ROOM: usize = 1500 - 32;

/// The tunnel to 172.16.0.0/16 has a MAC.
fn card() -> Card {
    card_of(&NETWORK.replace("address: 192.168.0.3", "address: 192.168.0.2"))
}

fn long(to: ([u8; 6], [u8; 4]), data: usize, may_cut: bool) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(RED1.mac, to.0)
        .ipv4(RED1.ip, to.1, 64)
        .udp(1000, 53)
        .write(&mut frame, &vec![7; data])
        .unwrap();
    frame[14 + 6] = if may_cut { 0 } else { 0x40 };
    frame[14 + 4..14 + 6].copy_from_slice(&[0xab, 0xcd]);
    fix(&mut frame[14..]);
    frame
}

fn fix(ip: &mut [u8]) {
    let header = Ipv4Slice::from_slice(ip).unwrap().header().to_header();
    ip[10..12].copy_from_slice(&header.calc_header_checksum().to_be_bytes());
}

#[test]
fn who_may_not_be_cut_hears_what_the_tunnel_leaves() {
    let mut card = card();
    let fits = long((ROUTER, FAR), ROOM - 28, false);
    let outcome = card.send(RED1.port, &fits).unwrap();
    assert_eq!(left(&outcome).0, WIRE0);
    let frame = long((ROUTER, FAR), ROOM - 27, false);
    let outcome = card.send(RED1.port, &frame).unwrap();
    assert_eq!(outcome.punts, [PuntReason::TooBig]);
    assert_eq!(outcome.drops, [DropReason::TooBig]);
    let (port, answer) = left(&outcome);
    assert_eq!(port, RED1.port);
    assert_eq!(answer[26..34], [[10, 1, 0, 1], RED1.ip].concat());
    assert_eq!((answer[34], answer[35]), (3, 4));
    assert_eq!(answer[40..42], u16::to_be_bytes(ROOM as u16));
    assert_eq!(answer.len(), 14 + 576);
}

#[test]
fn an_ipv6_packet_is_never_cut() {
    let mut card = card();
    let mut frame = Vec::new();
    let far = "2001:db8:ffff::9".parse::<std::net::Ipv6Addr>().unwrap();
    PacketBuilder::ethernet2(RED1.mac, ROUTER)
        .ipv6(ip6(RED1).octets(), far.octets(), 64)
        .udp(1000, 53)
        .write(&mut frame, &[7; 1440])
        .unwrap();
    let outcome = card.send(RED1.port, &frame).unwrap();
    let (port, answer) = left(&outcome);
    assert_eq!((port, answer.len()), (RED1.port, 14 + 1280));
    assert_eq!(answer[22..38], gateway6(RED1).octets());
    assert_eq!((answer[54], answer[55]), (2, 0));
    assert_eq!(answer[58..62], u32::to_be_bytes(ROOM as u32));
}

#[test]
fn of_a_bridged_frame_the_ethernet_header_counts_too() {
    let mut card = card();
    // VXLAN: 20 + 8 + 8 bytes and the frame's own 14.
    let frame = long((RED9.mac, RED9.ip), 1450, false);
    let outcome = card.send(RED1.port, &frame).unwrap();
    let (port, answer) = left(&outcome);
    assert_eq!(port, RED1.port);
    assert_eq!(answer[..12], [RED1.mac, ROUTER].concat());
    assert_eq!(answer[40..42], u16::to_be_bytes(1450));
}

#[test]
fn a_network_without_a_router_tells_nobody() {
    let text = format!(
        "{}{}",
        NETWORK.replace(
            "name: green, vrf: 3, mode: l2}",
            "name: green, vrf: 3, vni: 5003, mode: l2}"
        ),
        r#"  - {network: green, mac: "02:00:00:00:03:09", next_hops: [{address: 192.168.0.2, encapsulation: vxlan, vni: 5003}]}
"#
    );
    let mut card = card_of(&text);
    let far = [2, 0, 0, 0, 3, 9];
    let mut frame = long((far, [10, 3, 0, 19]), 1460, false);
    frame[6..12].copy_from_slice(&GREEN1.mac);
    let outcome = card.send(GREEN1.port, &frame).unwrap();
    assert_eq!(outcome.departures, []);
    assert_eq!(outcome.drops, [DropReason::TooBig]);
}

#[test]
fn what_may_be_cut_goes_in_parts_and_in_order() {
    let mut card = card();
    let frame = long((ROUTER, FAR), 3000, true);
    let outcome = card.send(RED1.port, &frame).unwrap();
    assert_eq!(outcome.drops, []);
    assert_eq!(ports(&outcome), [WIRE0; 3]);
    let mut data = Vec::new();
    for (_, outer) in &outcome.departures {
        assert!(outer.len() <= 14 + 1500);
        let ip = Ipv4Slice::from_slice(&outer[14 + 32..]).unwrap();
        let header = ip.header().to_header();
        assert_eq!((header.time_to_live, header.identification), (63, 0xabcd));
        assert_eq!(header.header_checksum, header.calc_header_checksum());
        assert_eq!(usize::from(header.fragment_offset.value()) * 8, data.len());
        data.extend_from_slice(ip.payload().payload);
    }
    assert_eq!(data, frame[34..]);
    // The card counted the packet before it handed it over.
    let summary = Summary::read(&mut card).unwrap();
    assert_eq!(summary.flows[0].packets, 1);
    assert_eq!(summary.software.fragmented, 1);
}

#[test]
fn what_came_in_parts_is_cut_again() {
    let mut card = card();
    let parts = |mtu: usize| {
        let whole = long((ROUTER, FAR), 4000, true);
        let (mut parts, mut at) = (Vec::new(), 0);
        while at < whole.len() - 34 {
            let end = (at + mtu).min(whole.len() - 34);
            let more = if end < whole.len() - 34 { 0x2000 } else { 0 };
            let mut part = [&whole[..34], &whole[34 + at..34 + end]].concat();
            let length = (part.len() - 14) as u16;
            part[16..18].copy_from_slice(&length.to_be_bytes());
            part[20..22].copy_from_slice(&((at / 8) as u16 | more).to_be_bytes());
            fix(&mut part[14..]);
            parts.push(part);
            at = end;
        }
        (whole, parts)
    };
    let (whole, parts) = parts(1480);
    let mut data = vec![0; whole.len() - 34];
    let mut count = 0;
    for part in &parts {
        let outcome = card.send(RED1.port, part).unwrap();
        assert_eq!(outcome.drops, []);
        for (_, outer) in &outcome.departures {
            let ip = Ipv4Slice::from_slice(&outer[14 + 32..]).unwrap();
            let at = usize::from(ip.header().fragments_offset().value()) * 8;
            let payload = ip.payload().payload;
            data[at..at + payload.len()].copy_from_slice(payload);
            count += 1;
        }
    }
    assert_eq!((data, count), (whole[34..].to_vec(), 5));
}

#[test]
fn what_comes_out_of_a_tunnel_is_cut_for_a_narrower_one() {
    // On the way to 192.168.0.3 a link carries 1400 bytes.
    let text = NETWORK.replace(
        r#"neighbors: {192.168.0.2: "0c:c4:7a:00:00:02"}"#,
        r#"neighbors: {192.168.0.2: "0c:c4:7a:00:00:02", 192.168.0.3: "0c:c4:7a:00:00:03"}"#,
    );
    let mut card = card_of(&text);
    let narrow = crate::tunnel_error::needed([192, 168, 0, 3], 1400);
    card.send(WIRE0, &narrow).unwrap();
    let mut inner = Vec::new();
    PacketBuilder::ethernet2(RED9.mac, ROUTER)
        .ipv4(RED9.ip, FAR, 64)
        .udp(1000, 53)
        .write(&mut inner, &[7; 1390])
        .unwrap();
    inner[14 + 6] = 0;
    fix(&mut inner[14..]);
    let outcome = card.send(WIRE0, &vxlan(5001, &inner)).unwrap();
    assert_eq!(outcome.punts, [PuntReason::TooBig]);
    assert_eq!((outcome.drops.len(), ports(&outcome)), (0, vec![WIRE0; 2]));
    let mut data = Vec::new();
    for (_, outer) in &outcome.departures {
        assert!(outer.len() <= 14 + 1400);
        assert_eq!(outer[..6], [0x0c, 0xc4, 0x7a, 0, 0, 3]);
        let ip = Ipv4Slice::from_slice(&outer[14 + 32..]).unwrap();
        data.extend_from_slice(ip.payload().payload);
    }
    assert_eq!(data, inner[34..]);
}
