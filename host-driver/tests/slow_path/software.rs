//! What the card has no room for: the slow path forwards it, and the card gets it when there is room.

use std::time::Duration;

use underpass_host_driver::summary::Summary;
use underpass_layout::port::WIRE0;
use underpass_layout::{DropReason, PuntReason};

use crate::support::*;

/// The flow with this number from red1 to red2.
fn frame(number: u16) -> Vec<u8> {
    udp(RED1, RED2.mac, RED2.ip, (number, 53))
}

/// Starts flows until the card has no room for one more; gives the first that it has none for. One a millisecond: an
/// interface may not start many more.
fn fill(card: &mut Card) -> u16 {
    let first = (1..5000).find(|number| {
        let outcome = send_at(card, u64::from(*number), RED1.port, &frame(*number));
        assert_eq!(left(&outcome).0, RED2.port);
        !card.slow_path().software_flows().is_empty()
    });
    first.unwrap()
}

#[test]
fn a_flow_that_finds_no_room_is_forwarded_and_counted_until_there_is_some() {
    let mut card = card();
    let number = fill(&mut card);
    // It is answered, too, and its packets are as the card would send them.
    let outcome = send_at(&mut card, 170_000, RED1.port, &frame(number));
    assert_eq!(outcome.punts, [PuntReason::FlowMiss]);
    assert_eq!(left(&outcome), (RED2.port, &frame(number)[..]));
    let answer = udp(RED2, RED1.mac, RED1.ip, (53, number));
    let outcome = card.send(RED2.port, &answer).unwrap();
    assert_eq!(left(&outcome), (RED1.port, &answer[..]));
    let summary = Summary::read(&mut card).unwrap();
    let kept_here: Vec<_> = summary.flows.iter().filter(|flow| flow.software).collect();
    assert_eq!([kept_here[0].packets, kept_here[1].packets], [2, 1]);
    assert_eq!(summary.software.flows, 3);
    // The others become idle.
    card.advance(Duration::from_secs(185)).unwrap();
    card.advance(Duration::from_secs(186)).unwrap();
    assert!(card.slow_path().software_flows().is_empty());
    let outcome = card.send(RED1.port, &frame(number)).unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![RED2.port]));
    let flows = card.flows().unwrap();
    let flow = flows.iter().find(|flow| flow.flow.side.sport == number);
    assert_eq!(flow.unwrap().traffic.packets, 3);
}

#[test]
fn one_that_waits_for_rows_is_not_in_the_way_of_those_that_need_none() {
    let text = NETWORK
        .replace(
            "policies:",
            "floating_ips:\n  - {interface: red1, address: 10.2.0.100, network: blue}\npolicies:",
        )
        .replace("networks: [red, blue]", "networks: [red, green]");
    let mut card = card_of(&text);
    let kept_here = |card: &Card| -> Vec<u16> {
        let flows = card.slow_path().software_flows().into_iter();
        let first = flows.map(|flow| flow.side.sport);
        first.filter(|port| *port != 53).collect()
    };
    for number in 1..=600_u16 {
        send_at(&mut card, number.into(), RED1.port, &frame(number));
    }
    // Those that have addresses replaced take all rows of `onward`, and one more is busy here.
    let mut millis = 100_000;
    let nat = |number: u16| udp(RED1, ROUTER, BLUE2.ip, (number, 53));
    let waits = (10_000..).find(|number| {
        millis += 1;
        send_at(&mut card, millis, RED1.port, &nat(*number));
        !kept_here(&card).is_empty()
    });
    let waits = waits.unwrap();
    for _ in 0..3 {
        card.send(RED1.port, &nat(waits)).unwrap();
    }
    let plain = (1000..5000).find(|number| {
        millis += 1;
        send_at(&mut card, millis, RED1.port, &frame(*number));
        kept_here(&card).len() > 1
    });
    let plain = plain.unwrap();
    assert_eq!(kept_here(&card), [waits, plain]);
    // The first ones become idle.
    for seconds in [185, 186] {
        card.advance(Duration::from_secs(seconds)).unwrap();
    }
    assert_eq!(kept_here(&card), [waits]);
    let outcome = card.send(RED1.port, &frame(plain)).unwrap();
    assert_eq!((outcome.punts.len(), ports(&outcome)), (0, vec![RED2.port]));
}

/// A server that sends from its port first is denied, and answers all the same once a client asks it.
#[test]
fn what_the_card_denied_before_is_not_in_the_way_of_answers() {
    let mut card = card();
    let answer = |client: u16| tcp(RED1, ROUTER, BLUE1.ip, (80, client));
    let clients = 5000..5020;
    for client in clients.clone() {
        let outcome = card.send(RED1.port, &answer(client)).unwrap();
        assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    }
    let full = fill(&mut card);
    for number in full..full + 500 {
        send_at(&mut card, u64::from(number), RED1.port, &frame(number));
    }
    let kept_here = |card: &Card, client: u16| {
        let flows = card.slow_path().software_flows().into_iter();
        flows.filter(|flow| flow.side.sport == client).count() == 1
    };
    let mut answered = 0;
    for client in clients {
        let asks = tcp(BLUE1, ROUTER, RED1.ip, (client, 80));
        let outcome = card.send(BLUE1.port, &asks).unwrap();
        assert_eq!(ports(&outcome), [RED1.port]);
        if kept_here(&card, client) {
            let outcome = card.send(RED1.port, &answer(client)).unwrap();
            assert_eq!(ports(&outcome), [BLUE1.port], "{outcome:?}");
            answered += 1;
        }
    }
    assert!(answered > 0, "the card had room for all");
}

#[test]
fn its_source_is_checked() {
    let mut card = card();
    let number = fill(&mut card);
    // The answer comes from elsewhere than its address is.
    let forged = vxlan(5001, &udp(RED2, RED1.mac, RED1.ip, (53, number)));
    let outcome = card.send(WIRE0, &forged).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidSource]);
}

/// Packets of red1 to what `public` knows leave with a floating address.
#[test]
fn addresses_are_replaced_as_the_card_does() {
    let text = NETWORK.replace(
        "policies:",
        "floating_ips:\n  - {interface: red1, address: 10.2.0.100, network: blue}\npolicies:",
    );
    let sent = |card: &mut Card, number: u16| {
        let frame = udp(RED1, ROUTER, BLUE2.ip, (number, 53));
        let outcome = card.send(RED1.port, &frame).unwrap();
        let (port, frame) = left(&outcome);
        (port, frame.to_vec())
    };
    let text = text.replace("networks: [red, blue]", "networks: [red, green]");
    let mut with_room = card_of(&text);
    let mut without = card_of(&text);
    fill(&mut without);
    let flows = without.slow_path().software_flows().len();
    let expected = sent(&mut with_room, 4444);
    assert_eq!(expected.1[26..30], [10, 2, 0, 100]);
    assert_eq!(sent(&mut without, 4444), expected);
    assert!(without.slow_path().software_flows().len() > flows);
    // The answer finds its way back as well.
    let answer = udp(BLUE2, ROUTER, [10, 2, 0, 100], (53, 4444));
    let back = |card: &mut Card| {
        let outcome = card.send(BLUE2.port, &answer).unwrap();
        let (port, frame) = left(&outcome);
        (port, frame.to_vec())
    };
    assert_eq!(back(&mut without), back(&mut with_room));
}

/// A frame without what numbers it: identification and checksum of its outer IPv4 header.
fn unnumbered(mut frame: Vec<u8>) -> Vec<u8> {
    frame[18..20].fill(0);
    frame[24..26].fill(0);
    frame
}

#[test]
fn a_flow_keeps_to_one_of_several_nodes_there_too() {
    let text = format!(
        "{NETWORK}  - {{network: red, prefix: 30.0.0.0/8, next_hops: [{{address: 192.168.0.2, encapsulation: mpls-udp, label: 200}}, {{address: 192.168.0.2, encapsulation: mpls-gre, label: 201}}]}}\n"
    );
    let mut with_room = card_of(&text);
    let mut without = card_of(&text);
    fill(&mut without);
    let mut kinds = [0; 2];
    for number in 4000..4020 {
        let frame = udp(RED1, ROUTER, [30, 0, 0, 1], (number, 53));
        let sent = |card: &mut Card| {
            let outcome = card.send(RED1.port, &frame).unwrap();
            let (port, frame) = left(&outcome);
            (port, unnumbered(frame.to_vec()))
        };
        let expected = sent(&mut with_room);
        assert_eq!(sent(&mut without), expected);
        assert_eq!(sent(&mut without), expected);
        kinds[usize::from(expected.1[23] == 47)] += 1;
    }
    // UDP and GRE.
    assert!(kinds.iter().all(|count| *count > 0), "{kinds:?}");
}

#[test]
fn parts_of_packets_have_their_addresses_replaced_there_too() {
    let text = NETWORK
        .replace(
            "policies:",
            "floating_ips:\n  - {interface: red1, address: 10.2.0.100, network: blue}\npolicies:",
        )
        .replace("networks: [red, blue]", "networks: [red, green]");
    let mut with_room = card_of(&text);
    let mut without = card_of(&text);
    fill(&mut without);
    let parts = in_two(&udp(RED1, ROUTER, BLUE2.ip, (4444, 53)));
    for part in &parts {
        let outcome = with_room.send(RED1.port, part).unwrap();
        let expected = left(&outcome);
        assert_eq!(expected.1[26..30], [10, 2, 0, 100]);
        assert_eq!(left(&without.send(RED1.port, part).unwrap()), expected);
    }
}

/// A datagram of 16 bytes in two parts.
fn in_two(whole: &[u8]) -> [Vec<u8>; 2] {
    [(34..42, 0x2000_u16), (42..50, 1)].map(|(data, flags)| {
        let mut part = [&whole[..34], &whole[data]].concat();
        part[16..18].copy_from_slice(&28_u16.to_be_bytes());
        part[20..22].copy_from_slice(&flags.to_be_bytes());
        part[24..26].fill(0);
        let sum = underpass_model::headers::checksum::checksum(&part[14..34]);
        part[24..26].copy_from_slice(&sum.to_be_bytes());
        part
    })
}

/// Red has more routes of one length than the card can hold, and two more.
fn crowded() -> Card {
    let remote = |prefix: &str, label: u32| {
        format!("  - {{network: red, prefix: {prefix}, next_hops: [{{address: 192.168.0.2, encapsulation: mpls-udp, label: {label}}}]}}\n")
    };
    let many = (0..300).map(|number| format!("21.{}.{}.0/24", number / 256, number % 256));
    let many: String = many.map(|prefix| remote(&prefix, 99)).collect();
    let text = format!(
        "{NETWORK}{}{}{many}",
        remote("20.0.0.0/12", 112),
        remote("20.0.0.0/14", 114)
    );
    card_of(&text)
}

#[test]
fn a_vrf_that_does_not_fit_is_routed_here() {
    let mut card = crowded();
    assert!(card.slow_path().placed().entries().vrfs[&1].punt_all);
    // 20.1.0.1 is in the prefix of 14 bits, the longest; 20.9.0.1 in that of 12.
    for (to, label) in [([20, 1, 0, 1], 114_u32), ([20, 9, 0, 1], 112)] {
        for _ in 0..2 {
            let outcome = card
                .send(RED1.port, &udp(RED1, ROUTER, to, (7, 53)))
                .unwrap();
            let (port, frame) = left(&outcome);
            assert_eq!(port, WIRE0);
            let word = u32::from_be_bytes(frame[42..46].try_into().unwrap());
            assert_eq!(word >> 12, label);
            // One hop less, as by the card.
            assert_eq!(frame[46 + 8], 63);
        }
    }
    let outcome = card
        .send(RED1.port, &udp(RED1, ROUTER, [99, 1, 1, 1], (7, 53)))
        .unwrap();
    assert_eq!(outcome.departures, []);
    assert!(Summary::read(&mut card).unwrap().software.routes >= 4);
}

#[test]
fn parts_of_packets_find_their_way_there_too() {
    let mut card = crowded();
    let [first, last] = in_two(&udp(RED1, ROUTER, [20, 1, 0, 1], (7, 53)));
    assert!(card.send(RED1.port, &last).unwrap().departures.is_empty());
    let outcome = card.send(RED1.port, &first).unwrap();
    assert_eq!(ports(&outcome), [WIRE0; 2], "{outcome:?}");
}
