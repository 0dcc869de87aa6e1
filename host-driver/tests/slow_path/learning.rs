//! MACs that guests and other nodes bring along, in a network that learns them.

use std::net::IpAddr;
use std::time::Duration;

use underpass_host_driver::slow_path::Place;
use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};
use underpass_table_compiler::Mac;

use crate::support::*;

/// A MAC that the file does not name.
const STRANGER: [u8; 6] = [2, 0, 0, 0, 0xaa, 1];

fn card_that_learns() -> Card {
    let text = NETWORK
        .replace(
            "{name: red, vrf: 1,",
            "{name: red, vrf: 1, learn_macs: true, flood_unknown_unicast: true,",
        )
        .replace(
            "{name: green, vrf: 3,",
            "{name: green, vrf: 3, learn_macs: true,",
        );
    card_of(&text)
}

fn frame(src: [u8; 6], dst: [u8; 6]) -> Vec<u8> {
    [&dst[..], &src, &[0x88, 0xb5], b"experiment"].concat()
}

fn sent(card: &mut Card, second: u64, port: u16, frame: &[u8]) -> Vec<u16> {
    let outcome = send_at(card, second * 1000, port, frame);
    assert_eq!(outcome.lost, 0, "{outcome:?}");
    ports(&outcome)
}

fn place(card: &Card) -> Option<Place> {
    let mut learned = card.slow_path().learned();
    learned.find_map(|(_, mac, place)| (mac == Mac(STRANGER)).then_some(place))
}

#[test]
fn a_stranger_is_shown_once_and_then_known() {
    let mut card = card_that_learns();
    let hello = frame(STRANGER, BROADCAST);
    let outcome = card.send(GREEN1.port, &hello).unwrap();
    assert_eq!(outcome.punts, [PuntReason::Learn]);
    assert_eq!(ports(&outcome), [GREEN2.port, GREEN3.port]);
    let outcome = card.send(GREEN1.port, &hello).unwrap();
    assert_eq!(outcome.punts, []);
    let back = frame(GREEN2.mac, STRANGER);
    // Green2 itself is shown once too: the card is told where, and nothing else changes.
    let outcome = card.send(GREEN2.port, &back).unwrap();
    assert_eq!(outcome.punts, [PuntReason::Learn]);
    assert_eq!(ports(&outcome), [GREEN1.port]);
    assert_eq!(card.send(GREEN2.port, &back).unwrap().punts, []);
}

#[test]
fn a_stranger_behind_a_tunnel_is_answered_through_it() {
    let mut card = card_that_learns();
    let back = frame(RED1.mac, STRANGER);
    assert_eq!(sent(&mut card, 0, RED1.port, &back), [RED2.port]);
    let outcome = card
        .send(WIRE0, &vxlan(5001, &frame(STRANGER, RED1.mac)))
        .unwrap();
    assert_eq!(outcome.punts, [PuntReason::Learn]);
    assert_eq!(ports(&outcome), [RED1.port]);
    let end: IpAddr = [192, 168, 0, 2].into();
    assert_eq!(place(&card).and_then(|place| place.address), Some(end));
    let outcome = card.send(RED1.port, &back).unwrap();
    let (port, packet) = left(&outcome);
    assert_eq!((port, &packet[..6]), (WIRE0, &FAR_NODE[..]));
    assert_eq!(packet[packet.len() - back.len()..], back);
}

#[test]
fn a_stranger_that_moves_is_followed() {
    let mut card = card_that_learns();
    let hello = frame(STRANGER, BROADCAST);
    let back = frame(GREEN3.mac, STRANGER);
    for (second, port) in [(0, GREEN1.port), (20, GREEN2.port), (40, GREEN1.port)] {
        sent(&mut card, second, port, &hello);
        assert_eq!(sent(&mut card, second, GREEN3.port, &back), [port]);
    }
}

#[test]
fn a_stranger_that_flaps_is_held_down_and_reported() {
    let mut card = card_that_learns();
    let hello = frame(STRANGER, BROADCAST);
    let ports = [GREEN1.port, GREEN2.port];
    for turn in 0..8 {
        send_at(&mut card, turn * 500, ports[turn as usize % 2], &hello);
    }
    let back = frame(GREEN3.mac, STRANGER);
    // The sixth move and those behind it are not believed.
    assert_eq!(sent(&mut card, 4, GREEN3.port, &back), [GREEN2.port]);
    assert_eq!(card.slow_path().flapping().count(), 1);
    sent(&mut card, 40, GREEN1.port, &hello);
    assert_eq!(sent(&mut card, 40, GREEN3.port, &back), [GREEN1.port]);
}

#[test]
fn a_stranger_is_shown_every_quarter_of_its_age_and_forgotten_behind_it() {
    let mut card = card_that_learns();
    let hello = frame(STRANGER, BROADCAST);
    let punts = |card: &mut Card, second: u64| {
        send_at(card, second * 1000, GREEN1.port, &hello)
            .punts
            .len()
    };
    assert_eq!(
        [0, 74, 75, 76].map(|second| punts(&mut card, second)),
        [1, 0, 1, 0]
    );
    card.advance(Duration::from_secs(374)).unwrap();
    assert!(place(&card).is_some());
    card.advance(Duration::from_secs(375)).unwrap();
    assert!(place(&card).is_none());
    let back = frame(GREEN3.mac, STRANGER);
    let outcome = send_at(&mut card, 375_000, GREEN3.port, &back);
    assert_eq!(outcome.drops, [DropReason::L2NoRoute]);
}

#[test]
fn a_mac_that_the_file_places_does_not_move() {
    let mut card = card_that_learns();
    let forged = frame(GREEN1.mac, BROADCAST);
    sent(&mut card, 0, GREEN2.port, &forged);
    let back = frame(GREEN3.mac, GREEN1.mac);
    assert_eq!(sent(&mut card, 0, GREEN3.port, &back), [GREEN1.port]);
}

/// A frame from one of many MACs that nobody has.
fn forged(number: u16) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    frame([2, 0, 0, 0xbb, high, low], BROADCAST)
}

#[test]
fn a_guest_with_ever_new_macs_takes_no_room_of_others() {
    let mut card = card_that_learns();
    for number in 0..2000 {
        let outcome = send_at(&mut card, number.into(), GREEN1.port, &forged(number));
        assert_eq!(ports(&outcome), [GREEN2.port, GREEN3.port], "{number}");
    }
    // Another network learns as ever, and neighbours of the underlay are learned.
    sent(&mut card, 2, RED2.port, &frame(STRANGER, BROADCAST));
    let back = frame(RED1.mac, STRANGER);
    assert_eq!(sent(&mut card, 2, RED1.port, &back), [RED2.port]);
    let far = echo(RED1, ROUTER, [172, 16, 0, 1], 1);
    sent(&mut card, 3, RED1.port, &far);
    let router = Guest {
        port: WIRE0,
        mac: [0x0c, 0xc4, 0x7a, 0, 0, 3],
        ip: [192, 168, 0, 3],
    };
    let node = Guest {
        port: WIRE0,
        mac: NODE,
        ip: [192, 168, 0, 1],
    };
    assert_eq!(sent(&mut card, 3, WIRE0, &is_at(router, node)), [WIRE0]);
    let of_guest = card
        .slow_path()
        .learned()
        .filter(|(_, mac, _)| mac.0[3] == 0xbb);
    assert!(of_guest.count() <= 64);
}
