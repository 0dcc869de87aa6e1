//! ICMP errors about tunnels: what is sent to that end is shorter for a while.

use std::time::Duration;

use etherparse::PacketBuilder;
use underpass_layout::port::WIRE0;
use underpass_layout::PuntReason;

use crate::six::ip6;
use crate::support::*;

/// "Fragmentation needed" about a VXLAN packet of ours to an end.
pub fn needed(end: [u8; 4], mtu: u16) -> Vec<u8> {
    let mut quoted = Vec::new();
    PacketBuilder::ipv4([192, 168, 0, 1], end, 64)
        .udp(50_000, 4789)
        .write(&mut quoted, &[0; 1472])
        .unwrap();
    let [high, low] = mtu.to_be_bytes();
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(FAR_NODE, NODE)
        .ipv4([10, 9, 9, 9], [192, 168, 0, 1], 60)
        .icmpv4_raw(3, 4, [0, 0, high, low])
        .write(&mut frame, &quoted[..28])
        .unwrap();
    frame
}

/// What a guest is told that a tunnel leaves it; none if its packet goes.
fn room(card: &mut Card) -> Option<u16> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(RED1.mac, RED9.mac)
        .ipv4(RED1.ip, RED9.ip, 64)
        .udp(1000, 53)
        .write(&mut frame, &[7; 1372])
        .unwrap();
    let outcome = card.send(RED1.port, &frame).unwrap();
    let (port, answer) = left(&outcome);
    (port == RED1.port).then(|| u16::from_be_bytes([answer[40], answer[41]]))
}

#[test]
fn the_tunnels_to_that_end_carry_less_for_ten_minutes() {
    let mut card = card();
    assert_eq!(room(&mut card), None);
    let outcome = card.send(WIRE0, &needed([192, 168, 0, 2], 1400)).unwrap();
    assert_eq!(outcome.punts, [PuntReason::TunnelError]);
    assert_eq!((outcome.drops.len(), outcome.consumed), (0, 1));
    assert_eq!(room(&mut card), Some(1400 - 50));
    card.advance(Duration::from_secs(599)).unwrap();
    assert_eq!(room(&mut card), Some(1400 - 50));
    card.advance(Duration::from_secs(600)).unwrap();
    assert_eq!(room(&mut card), None);
}

#[test]
fn what_is_said_at_once_changes_tunnels_once() {
    let mut card = card();
    for mtu in [1400, 1390, 1380] {
        card.send(WIRE0, &needed([192, 168, 0, 2], mtu)).unwrap();
    }
    assert_eq!(room(&mut card), Some(1400 - 50));
    card.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(room(&mut card), Some(1380 - 50));
}

/// What is shorter than 1280 bytes no host of IPv6 believes (RFC 8201 section 4): it would go on sending what never gets
/// through.
#[test]
fn no_error_leaves_ipv6_less_than_every_link_has() {
    let mut card = card();
    card.send(WIRE0, &needed([192, 168, 0, 2], 576)).unwrap();
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(RED1.mac, RED9.mac)
        .ipv6(ip6(RED1).octets(), ip6(RED9).octets(), 64)
        .udp(1000, 53)
        .write(&mut frame, &[7; 1280 - 48])
        .unwrap();
    let outcome = card.send(RED1.port, &frame).unwrap();
    assert_eq!(ports(&outcome), [WIRE0], "{outcome:?}");
}

#[test]
fn an_error_about_another_end_changes_nothing() {
    let mut card = card();
    card.send(WIRE0, &needed([192, 168, 0, 77], 1400)).unwrap();
    assert_eq!(room(&mut card), None);
}

#[test]
fn a_host_gets_it_too() {
    let text = NETWORK.replace("  port: wire0\n", "  port: wire0\n  host_port: host0\n");
    let mut card = card_of(&text);
    let error = needed([192, 168, 0, 2], 1400);
    let outcome = card.send(WIRE0, &error).unwrap();
    assert_eq!(left(&outcome).1, error);
    assert_eq!(room(&mut card), Some(1350));
}
