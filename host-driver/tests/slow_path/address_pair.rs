//! An address that one of two guests has (VRRP): who is heard has it, flows follow, both are asked.

use etherparse::ArpOperation;
use underpass_host_driver::summary::Summary;
use underpass_layout::DropReason;

use crate::six::{self, ip6};
use crate::support::*;

const VIP: [u8; 4] = [10, 1, 0, 254];
const VIP_MAC: [u8; 6] = [0, 0, 0x5e, 0, 1, 1];
/// A third guest of red, in the place of green1.
const CLIENT: Guest = Guest {
    port: GREEN1.port,
    mac: GREEN1.mac,
    ip: [10, 1, 0, 13],
};

/// red1 and red2 may have 10.1.0.254.
fn card_with_pair() -> Card {
    let pair = r#"allowed_address_pairs: [{address: 10.1.0.254/32, mac: "00:00:5e:00:01:01", mode: active-standby}]"#;
    let text = NETWORK
        .replace(
            "label: 21, l2_label: 22",
            &format!("label: 21, l2_label: 22, {pair}"),
        )
        .replace(
            r#""2001:db8:1::12"]}"#,
            &format!(r#""2001:db8:1::12"], {pair}}}"#),
        )
        .replace(
            "{name: green1, port: vf4, network: green,",
            "{name: green1, port: vf4, network: red, addresses: [10.1.0.13],",
        );
    card_of(&text)
}

fn master(guest: Guest) -> Guest {
    Guest {
        mac: VIP_MAC,
        ip: VIP,
        ..guest
    }
}

/// A guest says that it has the address.
fn announce(card: &mut Card, guest: Guest) {
    let outcome = card
        .send(
            guest.port,
            &arp(ArpOperation::REQUEST, BROADCAST, master(guest), VIP),
        )
        .unwrap();
    assert_eq!((outcome.drops, outcome.lost), (vec![], 0));
}

/// Where a packet of the client to the address arrives.
fn reaches(card: &mut Card, port: u16) -> u16 {
    let outcome = card
        .send(CLIENT.port, &tcp(CLIENT, VIP_MAC, VIP, (port, 22)))
        .unwrap();
    left(&outcome).0
}

#[test]
fn the_address_is_where_it_was_announced_last() {
    let mut card = card_with_pair();
    for (guest, port) in [(RED1, 1), (RED2, 2), (RED1, 3)] {
        announce(&mut card, guest);
        assert_eq!(reaches(&mut card, port), guest.port);
        let outcome = card.send(CLIENT.port, &who_has(CLIENT, VIP)).unwrap();
        let (to, answer) = left(&outcome);
        assert_eq!((to, &answer[22..28]), (CLIENT.port, &VIP_MAC[..]));
        // Its answers are its own.
        let back = tcp(master(guest), CLIENT.mac, CLIENT.ip, (22, port));
        let outcome = card.send(guest.port, &back).unwrap();
        assert_eq!((outcome.punts.len(), left(&outcome).0), (0, CLIENT.port));
    }
}

#[test]
fn flows_follow_the_address() {
    let mut card = card_with_pair();
    announce(&mut card, RED1);
    let unrelated = udp(RED1, RED2.mac, RED2.ip, (7, 8));
    card.send(RED1.port, &unrelated).unwrap();
    assert_eq!(reaches(&mut card, 1), RED1.port);
    assert_eq!(card.slow_path().flows().len(), 4);
    announce(&mut card, RED2);
    assert_eq!(card.slow_path().flows().len(), 2, "the other flow stays");
    assert_eq!(reaches(&mut card, 1), RED2.port);
    // Who has lost it may not use it.
    let late = tcp(master(RED1), CLIENT.mac, CLIENT.ip, (22, 1));
    let outcome = card.send(RED1.port, &late).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidSource]);
    assert_eq!(card.send(RED1.port, &unrelated).unwrap().punts, []);
}

#[test]
fn it_moves_where_nobody_else_hears_of_it() {
    let pair = r#"allowed_address_pairs: [{address: 10.2.0.99/32, mac: "00:00:5e:00:01:01", mode: active-standby}]"#;
    let text = NETWORK
        .replace("label: 31}", &format!("label: 31, {pair}}}"))
        .replace("mode: packet}", &format!("mode: packet, {pair}}}"));
    for operation in [ArpOperation::REQUEST, ArpOperation::REPLY] {
        let mut card = card_of(&text);
        for (guest, name) in [(BLUE1, "blue1"), (BLUE2, "blue2"), (BLUE1, "blue1")] {
            let master = Guest {
                mac: VIP_MAC,
                ip: [10, 2, 0, 99],
                ..guest
            };
            // Frames of a network of mode l3 reach no other guest.
            let tells = arp(operation, BROADCAST, master, master.ip);
            let outcome = card.send(guest.port, &tells).unwrap();
            assert_eq!((outcome.departures.len(), outcome.lost), (0, 0));
            let moves = Summary::read(&mut card).unwrap().events;
            let last = serde_json::to_value(moves.last().unwrap()).unwrap();
            assert_eq!(last["to"], name);
        }
    }
}

#[test]
fn moves_are_told() {
    let mut card = card_with_pair();
    card.advance(std::time::Duration::from_secs(5)).unwrap();
    announce(&mut card, RED1);
    announce(&mut card, RED1);
    announce(&mut card, RED2);
    let summary = Summary::read(&mut card).unwrap();
    let event = |from: Option<&str>, to: &str| {
        serde_json::json!({"time_ns": 5_000_000_000_u64, "event": "address moved", "network": "red",
            "address": "10.1.0.254/32", "mac": "00:00:5e:00:01:01", "from": from, "to": to})
    };
    assert_eq!(
        serde_json::to_value(&summary.events).unwrap(),
        serde_json::json!([event(None, "red1"), event(Some("red1"), "red2")])
    );
}

#[test]
fn nobody_moves_an_address_that_is_not_its_own() {
    let mut card = card_with_pair();
    announce(&mut card, RED1);
    for thief in [
        master(CLIENT),
        // The right guest with another MAC.
        Guest { ip: VIP, ..RED2 },
    ] {
        card.send(thief.port, &arp(ArpOperation::REPLY, BROADCAST, thief, VIP))
            .unwrap();
        assert_eq!(Summary::read(&mut card).unwrap().events.len(), 1);
    }
    assert_eq!(reaches(&mut card, 1), RED1.port);
}

#[test]
fn both_are_asked_every_ten_seconds_and_the_one_that_answers_has_it() {
    let mut card = card_with_pair();
    let other = udp(RED1, RED2.mac, RED2.ip, (7, 8));
    assert_eq!(send_at(&mut card, 0, RED1.port, &other).departures.len(), 1);
    assert_eq!(
        send_at(&mut card, 9_999, RED1.port, &other)
            .departures
            .len(),
        1
    );
    let outcome = send_at(&mut card, 10_000, RED1.port, &other);
    let [(first, question), (second, _), _] = &outcome.departures[..] else {
        panic!("{outcome:?}");
    };
    assert_eq!([*first, *second], [RED1.port, RED2.port]);
    let dns = Guest {
        mac: ROUTER,
        ip: [10, 1, 0, 2],
        ..RED1
    };
    assert_eq!(*question, arp(ArpOperation::REQUEST, RED1.mac, dns, VIP));
    let answer = arp(ArpOperation::REPLY, ROUTER, master(RED2), dns.ip);
    card.send(RED2.port, &answer).unwrap();
    assert_eq!(reaches(&mut card, 1), RED2.port);
    assert_eq!(
        send_at(&mut card, 19_999, RED1.port, &other)
            .departures
            .len(),
        1
    );
    assert_eq!(
        send_at(&mut card, 20_000, RED1.port, &other)
            .departures
            .len(),
        3
    );
}

#[test]
fn an_ipv6_address_moves_by_advertisement() {
    let pair = r#"allowed_address_pairs: [{address: "2001:db8:1::99/128", mac: "00:00:5e:00:02:01", mode: active-standby}]"#;
    let text = NETWORK
        .replace(
            "label: 21, l2_label: 22",
            &format!("label: 21, l2_label: 22, {pair}"),
        )
        .replace(
            r#""2001:db8:1::12"]}"#,
            &format!(r#""2001:db8:1::12"], {pair}}}"#),
        )
        .replace(
            "{name: green1, port: vf4, network: green,",
            r#"{name: green1, port: vf4, network: red, addresses: [10.1.0.13, "2001:db8:1::13"],"#,
        );
    let mut card = card_of(&text);
    let mac = [0, 0, 0x5e, 0, 2, 1];
    let master = |guest| Guest {
        mac,
        ip: [10, 1, 0, 99],
        ..guest
    };
    let address = ip6(master(RED1));
    for (guest, port) in [(RED1, 1), (RED2, 2)] {
        card.send(guest.port, &six::announce(master(guest)))
            .unwrap();
        let frame = six::tcp6(CLIENT, mac, address, (port, 22));
        let outcome = card.send(CLIENT.port, &frame).unwrap();
        assert_eq!(left(&outcome).0, guest.port);
        let back = six::tcp6(master(guest), CLIENT.mac, ip6(CLIENT), (22, port));
        let outcome = card.send(guest.port, &back).unwrap();
        assert_eq!((outcome.punts.len(), left(&outcome).0), (0, CLIENT.port));
    }
    assert_eq!(Summary::read(&mut card).unwrap().events.len(), 2);
    let other = udp(RED1, RED2.mac, RED2.ip, (7, 8));
    send_at(&mut card, 0, RED1.port, &other);
    let outcome = send_at(&mut card, 10_000, RED1.port, &other);
    let [(first, question), ..] = &outcome.departures[..] else {
        panic!("{outcome:?}");
    };
    assert_eq!((*first, &question[..6]), (RED1.port, &RED1.mac[..]));
    let dns = "2001:db8:1::2".parse().unwrap();
    let asked = six::solicitation(ROUTER, dns, address).frame();
    assert_eq!(question[6..], asked[6..]);
}

#[test]
fn guests_that_take_turns_move_an_address_a_few_times() {
    let mut card = card_with_pair();
    let mut now = 0;
    let mut events = |card: &mut Card, turns: u64| {
        for guest in [RED1, RED2].into_iter().cycle().take(turns as usize) {
            now += 100;
            let told = arp(ArpOperation::REQUEST, BROADCAST, master(guest), VIP);
            send_at(card, now, guest.port, &told);
        }
        Summary::read(card).unwrap().events.len()
    };
    assert_eq!(events(&mut card, 40), 5);
    // One that is left alone with it has it ten seconds later.
    assert_eq!(events(&mut card, 70), 10);
}
