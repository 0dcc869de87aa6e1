//! A network whose subnets lie on a wire: who is asked for there, who is answered for, and who is announced.

use std::net::Ipv6Addr;

use underpass_host_driver::describe;
use underpass_host_driver::session::Outcome;
use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};

use crate::six::*;
use crate::support::*;

/// The second wire.
const WIRE1: u16 = WIRE0 + 1;
/// Guests 10.4.0.11 and 10.4.0.12 of `routed`, whose subnets are on wire1; 10.4.0.3 is the way to everything else.
const ROUTED: &str = r#"
node: {name: one}
underlay: {port: wire0, mac: "0c:c4:7a:00:00:01", address: 192.168.0.1/24}
networks:
  - {name: routed, mode: l3, encapsulations: [], subnets: [{prefix: 10.4.0.0/24, gateway: 10.4.0.1}, {prefix: "2001:db8:4::/64", gateway: "2001:db8:4::1"}]}
gateways:
  - name: uplink
    port: wire1
    network: routed
    mac: "0c:c4:7a:00:00:04"
    addresses: [10.4.0.254, "2001:db8:4::fe"]
    routers: [10.4.0.3]
interfaces:
  - {name: a, port: vf0, network: routed, mac: "02:00:00:00:04:01", addresses: [10.4.0.11, "2001:db8:4::11"]}
  - {name: b, port: vf1, network: routed, mac: "02:00:00:00:04:02", addresses: [10.4.0.12, "2001:db8:4::12"]}
"#;

const UPLINK: [u8; 6] = [0x0c, 0xc4, 0x7a, 0, 0, 4];
const A: Guest = Guest {
    port: RED1.port,
    mac: [2, 0, 0, 0, 4, 1],
    ip: [10, 4, 0, 11],
};
/// The node on the wire.
const NODE_THERE: Guest = Guest {
    port: WIRE1,
    mac: UPLINK,
    ip: [10, 4, 0, 254],
};

/// Somebody on the wire.
const fn there(host: u8) -> Guest {
    Guest {
        port: WIRE1,
        mac: [2, 0, 0, 0, 9, host],
        ip: [10, 4, 0, host],
    }
}

fn said(outcome: &Outcome) -> Vec<(u16, String)> {
    let departures = outcome.departures.iter();
    departures
        .map(|(port, frame)| (*port, describe::frame(frame)))
        .collect()
}

#[test]
fn a_neighbour_on_the_wire_is_asked_for_and_then_known() {
    let mut card = card_of(ROUTED);
    let neighbor = there(77);
    let first = card
        .send(A.port, &udp(A, ROUTER, neighbor.ip, (7, 8)))
        .unwrap();
    assert_eq!(first.punts, [PuntReason::FlowMiss, PuntReason::Resolve]);
    assert_eq!(
        said(&first),
        [(WIRE1, "ARP who has 10.4.0.77? tell 10.4.0.254".to_owned())]
    );
    assert_eq!(first.departures[0].1[6..12], UPLINK);
    let answered = card.send(WIRE1, &is_at(neighbor, NODE_THERE)).unwrap();
    let (port, frame) = left(&answered);
    assert_eq!(port, WIRE1);
    assert_eq!(
        (&frame[..6], &frame[6..12]),
        (&neighbor.mac[..], &UPLINK[..])
    );
    assert_eq!(frame[30..34], neighbor.ip);
    let next = card
        .send(A.port, &udp(A, ROUTER, neighbor.ip, (7, 8)))
        .unwrap();
    assert_eq!((ports(&next), next.punts), (vec![WIRE1], vec![]));
    // And back.
    let back = card
        .send(WIRE1, &udp(neighbor, UPLINK, A.ip, (8, 7)))
        .unwrap();
    assert_eq!(left(&back).0, A.port);
}

#[test]
fn everything_else_goes_to_the_router() {
    let mut card = card_of(ROUTED);
    let afar = [198, 51, 100, 7];
    let first = card.send(A.port, &udp(A, ROUTER, afar, (7, 8))).unwrap();
    assert_eq!(
        said(&first),
        [(WIRE1, "ARP who has 10.4.0.3? tell 10.4.0.254".to_owned())]
    );
    let answered = card.send(WIRE1, &is_at(there(3), NODE_THERE)).unwrap();
    let (port, frame) = left(&answered);
    assert_eq!(
        (port, &frame[..6], &frame[30..34]),
        (WIRE1, &there(3).mac[..], &afar[..])
    );
}

#[test]
fn only_who_is_waited_for_is_heard_and_only_from_there() {
    let mut card = card_of(ROUTED);
    let neighbor = there(77);
    let unasked = card.send(WIRE1, &is_at(neighbor, NODE_THERE)).unwrap();
    assert_eq!((unasked.consumed, unasked.departures.len()), (1, 0));
    let frame = udp(A, ROUTER, neighbor.ip, (7, 8));
    assert_eq!(
        card.send(A.port, &frame).unwrap().punts.last(),
        Some(&PuntReason::Resolve)
    );
    // The underlay knows nobody of this network.
    let elsewhere = Guest {
        port: WIRE0,
        ..neighbor
    };
    let told = card
        .send(
            WIRE0,
            &is_at(
                elsewhere,
                Guest {
                    mac: NODE,
                    ip: [192, 168, 0, 1],
                    ..NODE_THERE
                },
            ),
        )
        .unwrap();
    assert_eq!(told.departures, []);
    let told = card.send(WIRE1, &is_at(neighbor, NODE_THERE)).unwrap();
    assert_eq!(ports(&told), [WIRE1]);
    // It has another MAC now.
    let moved = Guest {
        mac: [2, 0, 0, 0, 9, 0x78],
        ..neighbor
    };
    card.send(WIRE1, &is_at(moved, NODE_THERE)).unwrap();
    assert_eq!(left(&card.send(A.port, &frame).unwrap()).1[..6], moved.mac);
}

#[test]
fn who_falls_silent_is_asked_again_and_then_forgotten() {
    let mut card = card_of(ROUTED);
    let neighbor = there(77);
    let frame = udp(A, ROUTER, neighbor.ip, (7, 8));
    send_at(&mut card, 0, A.port, &frame);
    send_at(&mut card, 10, WIRE1, &is_at(neighbor, NODE_THERE));
    let asks = "ARP who has 10.4.0.77? tell 10.4.0.254";
    let says = |outcome: &Outcome| said(outcome).iter().any(|(_, words)| words == asks);
    assert!(!says(&send_at(&mut card, 60_000, A.port, &frame)));
    assert!(says(&send_at(&mut card, 60_010, A.port, &frame)));
    // It answers, from another MAC.
    let moved = Guest {
        mac: [2, 0, 0, 0, 9, 0x78],
        ..neighbor
    };
    send_at(&mut card, 60_020, WIRE1, &is_at(moved, NODE_THERE));
    let next = send_at(&mut card, 60_030, A.port, &frame);
    assert_eq!(
        (left(&next).1[..6].to_vec(), next.punts),
        (moved.mac.to_vec(), vec![])
    );
    // It answers no more.
    for second in [121, 122, 123] {
        let next = send_at(&mut card, second * 1000, A.port, &frame);
        assert!(says(&next), "{second}");
        assert_eq!(next.punts, []);
    }
    let next = send_at(&mut card, 124_000, A.port, &frame);
    assert_eq!(next.punts, [PuntReason::Resolve]);
}

#[test]
fn nobody_is_asked_for_all_of_a_subnet() {
    let mut card = card_of(ROUTED);
    for host in [0, 255] {
        let outcome = card
            .send(A.port, &udp(A, ROUTER, [10, 4, 0, host], (7, 8)))
            .unwrap();
        assert_eq!(outcome.departures, [], "{host}");
        assert_eq!(outcome.drops, [DropReason::NexthopUnresolved], "{host}");
    }
}

#[test]
fn a_neighbour_is_solicited_likewise() {
    let mut card = card_of(ROUTED);
    let neighbor = there(77);
    let first = card
        .send(A.port, &udp6(A, ROUTER, ip6(neighbor), (7, 8)))
        .unwrap();
    assert_eq!(first.punts.last(), Some(&PuntReason::Resolve));
    let (port, question) = left(&first);
    assert_eq!(port, WIRE1);
    let own = Ipv6Addr::new(0x2001, 0xdb8, 4, 0, 0, 0, 0, 0xfe);
    assert_eq!(question, solicitation(UPLINK, own, ip6(neighbor)).frame());
    let told = advertisement(neighbor.mac, ip6(neighbor), UPLINK, own).frame();
    let answered = card.send(WIRE1, &told).unwrap();
    let (port, frame) = left(&answered);
    assert_eq!(
        (port, &frame[..6], &frame[6..12]),
        (WIRE1, &neighbor.mac[..], &UPLINK[..])
    );
}

#[test]
fn the_wire_is_answered_for_guests_with_the_gateways_mac() {
    let mut card = card_of(ROUTED);
    for (target, punts) in [(A.ip, vec![]), (NODE_THERE.ip, vec![])] {
        let outcome = card.send(WIRE1, &who_has(there(77), target)).unwrap();
        let (port, frame) = left(&outcome);
        assert_eq!(
            (port, &frame[..6], &frame[22..28]),
            (WIRE1, &there(77).mac[..], &UPLINK[..])
        );
        assert_eq!(outcome.punts, punts);
    }
    for target in [ip6(A), Ipv6Addr::new(0x2001, 0xdb8, 4, 0, 0, 0, 0, 0xfe)] {
        let outcome = card.send(WIRE1, &solicit(there(77), target)).unwrap();
        let (port, frame) = left(&outcome);
        assert_eq!(
            (port, &frame[..6], &frame[6..12]),
            (WIRE1, &there(77).mac[..], &UPLINK[..])
        );
    }
    // Who is on the wire answers for itself.
    for frame in [
        who_has(there(77), there(78).ip),
        solicit(there(77), ip6(there(78))),
    ] {
        assert_eq!(card.send(WIRE1, &frame).unwrap().departures, []);
    }
}

#[test]
fn the_wire_hears_who_is_here_once() {
    let mut card = card_of(ROUTED);
    let frame = udp(A, ROUTER, [10, 4, 0, 12], (7, 8));
    let first = send_at(&mut card, 0, A.port, &frame);
    let told: Vec<String> = said(&first)
        .into_iter()
        .filter_map(|(port, words)| (port == WIRE1).then_some(words))
        .collect();
    let mac = "0c:c4:7a:00:00:04";
    let arp = |address: &str| format!("ARP announces {address}");
    let nd = |address: &str| format!("ND {address} is at {mac}");
    assert_eq!(
        told,
        [
            arp("10.4.0.254"),
            nd("2001:db8:4::fe"),
            arp("10.4.0.11"),
            nd("2001:db8:4::11"),
            arp("10.4.0.12"),
            nd("2001:db8:4::12"),
        ]
    );
    let next = send_at(&mut card, 10, A.port, &frame);
    assert!(!ports(&next).contains(&WIRE1));
}

#[test]
fn a_guest_that_asks_for_everybody_waits_for_some_and_leaves_room_for_others() {
    let mut card = card_of(ROUTED);
    let mut asked = 0;
    for number in 0..1000u16 {
        let nobody = Ipv6Addr::new(0x2001, 0xdb8, 4, 0, 0, 0, 1, number);
        let outcome = send_at(
            &mut card,
            number.into(),
            A.port,
            &udp6(A, ROUTER, nobody, (7, 8)),
        );
        let departures = outcome.departures.iter();
        let questions =
            departures.filter(|(port, frame)| *port == WIRE1 && frame.get(54) == Some(&135));
        asked += questions.count();
    }
    assert!(asked <= 256, "{asked}");
    let b = Guest {
        port: RED2.port,
        mac: [2, 0, 0, 0, 4, 2],
        ip: [10, 4, 0, 12],
    };
    let frame = udp(b, ROUTER, there(77).ip, (7, 8));
    let outcome = send_at(&mut card, 1000, b.port, &frame);
    let asks = "ARP who has 10.4.0.77? tell 10.4.0.254".to_owned();
    assert_eq!(said(&outcome), [(WIRE1, asks)]);
    let answered = card.send(WIRE1, &is_at(there(77), NODE_THERE)).unwrap();
    assert_eq!(ports(&answered), [WIRE1]);
}

#[test]
fn who_is_one_too_many_takes_the_place_of_who_was_heard_first() {
    let second = r#"
  - {name: second, port: wire2, network: other, mac: "0c:c4:7a:00:00:05", addresses: [10.5.0.254]}
interfaces:
  - {name: c, port: vf2, network: other, mac: "02:00:00:00:05:01", addresses: [10.5.0.11]}"#;
    let other = r#"
  - {name: other, mode: l3, encapsulations: [], subnets: [{prefix: 10.5.0.0/24, gateway: 10.5.0.1}]}
gateways:"#;
    let text = ROUTED
        .replace("10.4.0.0/24", "10.4.0.0/16")
        .replace("\ngateways:", other)
        .replace("\ninterfaces:", second);
    let mut card = card_of(&text);
    let neighbor = |number: u16| {
        let [high, low] = number.to_be_bytes();
        Guest {
            port: WIRE1,
            mac: [2, 0, 0, 1, high, low],
            ip: [10, 4, 1 + high, low],
        }
    };
    let reaches = |card: &mut Card, millis: u64, number: u16| {
        let to = neighbor(number);
        send_at(card, millis, A.port, &udp(A, ROUTER, to.ip, (7, 8)));
        let outcome = send_at(card, millis, WIRE1, &is_at(to, NODE_THERE));
        assert_eq!(ports(&outcome), [WIRE1], "{number}");
        assert_eq!(outcome.departures[0].1[..6], to.mac);
    };
    for number in 0..300 {
        reaches(&mut card, number.into(), number);
    }
    // The latest stays.
    let frame = udp(A, ROUTER, neighbor(299).ip, (7, 8));
    assert_eq!(send_at(&mut card, 300, A.port, &frame).punts, []);
    // Another network's wire is none the worse.
    let c = Guest {
        port: BLUE1.port,
        mac: [2, 0, 0, 0, 5, 1],
        ip: [10, 5, 0, 11],
    };
    let there = Guest {
        port: WIRE1 + 1,
        mac: [2, 0, 0, 0, 9, 77],
        ip: [10, 5, 0, 77],
    };
    let node = Guest {
        port: WIRE1 + 1,
        mac: [0x0c, 0xc4, 0x7a, 0, 0, 5],
        ip: [10, 5, 0, 254],
    };
    send_at(&mut card, 301, c.port, &udp(c, ROUTER, there.ip, (7, 8)));
    let outcome = send_at(&mut card, 301, there.port, &is_at(there, node));
    assert_eq!(ports(&outcome), [there.port]);
}

#[test]
fn the_wire_hears_of_an_address_of_a_pair_when_its_guest_tells() {
    let pairs = r#"allowed_address_pairs: [{address: 10.4.0.99, mac: "00:00:5e:00:01:09"}, {address: "2001:db8:4::99", mac: "00:00:5e:00:01:09"}]}"#;
    let text = ROUTED
        .replace(
            r#"2001:db8:4::11"]}"#,
            &format!(r#"2001:db8:4::11"], {pairs}"#),
        )
        .replace(
            r#"2001:db8:4::12"]}"#,
            &format!(r#"2001:db8:4::12"], {pairs}"#),
        );
    let mut card = card_of(&text);
    let master = Guest {
        mac: [0, 0, 0x5e, 0, 1, 9],
        ip: [10, 4, 0, 99],
        ..A
    };
    card.advance(std::time::Duration::from_millis(1)).unwrap();
    let told = |card: &mut Card, millis: u64, port: u16, frame: &[u8], words: &str| {
        let outcome = send_at(card, millis, port, frame);
        let departures = said(&outcome).into_iter();
        let heard = departures.filter(|(port, told)| *port == WIRE1 && told == words);
        heard.count()
    };
    // Who asks under the address has it from then on.
    let asks = who_has(master, [10, 4, 0, 1]);
    let words = "ARP announces 10.4.0.99";
    let b = A.port + 1;
    for (millis, port, times) in [
        (1000, A.port, 1),
        (3000, A.port, 0),
        (5000, b, 1),
        (7000, A.port, 1),
    ] {
        let count = told(&mut card, millis, port, &asks, words);
        assert_eq!(count, times, "{millis}");
    }
    // Who tells everybody may have got it back from another node.
    let words = "ND 2001:db8:4::99 is at 0c:c4:7a:00:00:04";
    for (millis, port, times) in [
        (21_000, A.port, 1),
        (21_999, A.port, 0),
        (22_000, A.port, 1),
        (24_000, b, 1),
    ] {
        let count = told(&mut card, millis, port, &announce(master), words);
        assert_eq!(count, times, "{millis}");
    }
    // Who is no member is not heard.
    let liar = Guest {
        port: WIRE1,
        ..master
    };
    let count = told(&mut card, 30_000, WIRE1, &announce(liar), words);
    assert_eq!(count, 0);
}

#[test]
fn a_neighbour_that_is_ever_elsewhere_is_followed_a_few_times() {
    let mut card = card_of(ROUTED);
    let neighbor = there(77);
    let frame = udp(A, ROUTER, neighbor.ip, (7, 8));
    send_at(&mut card, 0, A.port, &frame);
    let says = |card: &mut Card, millis: u64, last: u8| {
        let elsewhere = Guest {
            mac: [2, 0, 0, 0, 9, last],
            ..neighbor
        };
        send_at(card, millis, WIRE1, &is_at(elsewhere, NODE_THERE));
        let outcome = card.send(A.port, &frame).unwrap();
        left(&outcome).1[5]
    };
    for last in 100..106 {
        assert_eq!(says(&mut card, 1, last), last);
    }
    assert_eq!(says(&mut card, 1, 106), 105);
    assert_eq!(says(&mut card, 10_001, 107), 107);
}

#[test]
fn who_would_take_an_address_that_somebody_has_hears_so_whichever_side_it_is_on() {
    let mut card = card_of(ROUTED);
    // With the first packet the wire is told who is here.
    card.send(A.port, &who_has(A, A.ip)).unwrap();
    let b = Guest {
        port: RED2.port,
        mac: [2, 0, 0, 0, 4, 2],
        ip: [10, 4, 0, 12],
    };
    for (from, mac) in [(there(77), UPLINK), (A, ROUTER)] {
        let outcome = card.send(from.port, &probe(from, ip6(b))).unwrap();
        let (port, frame) = left(&outcome);
        assert_eq!((port, &frame[..6]), (from.port, &group_mac(ALL_NODES)[..]));
        assert_eq!(frame[6..12], mac);
        // Likewise without IPv6 (RFC 5227).
        let nobody = Guest { ip: [0; 4], ..from };
        let outcome = card.send(from.port, &who_has(nobody, b.ip)).unwrap();
        let (port, frame) = left(&outcome);
        assert_eq!((port, &frame[22..28]), (from.port, &mac[..]));
    }
    // Its own address is nobody else's, and what nobody has is free.
    for (from, target) in [
        (A, ip6(A)),
        (there(77), ip6(there(78))),
        (A, ip6(there(78))),
    ] {
        let outcome = card.send(from.port, &probe(from, target)).unwrap();
        assert_eq!(outcome.departures, [], "{target}");
    }
}
