//! What guests say of themselves in ARP and neighbour discovery: the truth works as ever, a lie reaches nobody.

use std::net::Ipv6Addr;

use etherparse::ArpOperation;
use underpass_host_driver::session::Outcome;
use underpass_host_driver::summary::Summary;
use underpass_layout::{DropReason, PuntReason};

use crate::six::*;
use crate::support::*;

const GATEWAY: [u8; 4] = [10, 1, 0, 1];
const PAIR_MAC: [u8; 6] = [0, 0, 0x5e, 0, 1, 1];
const PAIR_IP: [u8; 4] = [10, 1, 0, 254];

/// Red1 and red2 may both have 10.1.0.254 and 2001:db8:1::99; red2 has been heard.
fn card_with_pairs() -> Card {
    let pairs = r#"allowed_address_pairs: [
        {address: 10.1.0.254/32, mac: "00:00:5e:00:01:01", mode: active-standby},
        {address: "2001:db8:1::99/128", mac: "00:00:5e:00:01:01", mode: active-standby}]"#;
    let pairs = pairs.replace('\n', "");
    let text = NETWORK
        .replace(
            "label: 21, l2_label: 22",
            &format!("label: 21, l2_label: 22, {pairs}"),
        )
        .replace(
            r#""2001:db8:1::12"]}"#,
            &format!(r#""2001:db8:1::12"], {pairs}}}"#),
        );
    card_of(&text)
}

fn with(guest: Guest, ip: [u8; 4], mac: [u8; 6]) -> Guest {
    Guest { ip, mac, ..guest }
}

/// Nobody gets the frame or an answer to it, and nothing has moved.
fn refused(what: &str, outcome: &Outcome) {
    assert_eq!(outcome.drops, [DropReason::InvalidArp], "{what}");
    assert_eq!(outcome.departures, [], "{what}");
}

#[test]
fn who_asks_with_an_address_of_somebody_else_is_not_answered() {
    let mut card = card();
    for (whose, ip) in [
        ("a neighbour's", RED2.ip),
        ("a neighbour's elsewhere", RED9.ip),
        ("the gateway's", GATEWAY),
        ("the DNS server's", [10, 1, 0, 2]),
        ("nobody's", [10, 1, 0, 77]),
        ("another network's", BLUE1.ip),
        ("a group's", [224, 0, 0, 1]),
    ] {
        let liar = with(RED1, ip, RED1.mac);
        let asked = card
            .send(RED1.port, &who_has(liar, [10, 1, 0, 12]))
            .unwrap();
        refused(whose, &asked);
        assert_eq!(asked.punts, [PuntReason::Arp]);
        let announced = card.send(RED1.port, &who_has(liar, ip)).unwrap();
        refused(whose, &announced);
        let told = arp(ArpOperation::REPLY, RED2.mac, liar, RED2.ip);
        refused(whose, &card.send(RED1.port, &told).unwrap());
        let told = arp(ArpOperation::REPLY, BROADCAST, liar, ip);
        refused(whose, &card.send(RED1.port, &told).unwrap());
        let told = arp(ArpOperation::REPLY, ROUTER, liar, GATEWAY);
        refused(whose, &card.send(RED1.port, &told).unwrap());
    }
}

#[test]
fn the_truth_takes_no_slow_path() {
    let mut card = card();
    for frame in [who_has(RED1, RED2.ip), who_has(RED1, RED1.ip)] {
        let outcome = card.send(RED1.port, &frame).unwrap();
        assert_eq!((outcome.punts, outcome.drops), (vec![], vec![]));
        assert_eq!(outcome.departures.len(), 1);
    }
    // So does a probe, which says nothing of its sender yet (RFC 5227).
    let probe = who_has(with(RED1, [0; 4], RED1.mac), [10, 1, 0, 77]);
    let outcome = card.send(RED1.port, &probe).unwrap();
    assert_eq!(
        (outcome.punts, outcome.departures),
        (vec![], vec![(RED2.port, probe)])
    );
}

#[test]
fn an_address_of_a_pair_is_its_members_with_its_mac() {
    let mut card = card_with_pairs();
    let standby = with(RED1, PAIR_IP, PAIR_MAC);
    // It asks before anybody was heard: this says that it has the address, and it is answered.
    let outcome = card.send(RED1.port, &who_has(standby, RED2.ip)).unwrap();
    assert_eq!(outcome.punts, [PuntReason::Arp]);
    let (port, answer) = left(&outcome);
    assert_eq!(
        (port, &answer[..6], &answer[22..28]),
        (RED1.port, &PAIR_MAC[..], &RED2.mac[..])
    );
    assert_eq!(Summary::read(&mut card).unwrap().events.len(), 1);
    for (whose, guest, mac) in [
        ("its own MAC", RED2, RED2.mac),
        ("the router's MAC", RED2, ROUTER),
        ("no member", BLUE1, PAIR_MAC),
    ] {
        let [_, network, ..] = guest.ip;
        let liar = with(guest, PAIR_IP, mac);
        let asked = who_has(liar, [10, network, 0, 1]);
        refused(whose, &card.send(liar.port, &asked).unwrap());
    }
    assert_eq!(Summary::read(&mut card).unwrap().events.len(), 1);
    let takes_over = with(RED2, PAIR_IP, PAIR_MAC);
    let outcome = card.send(RED2.port, &who_has(takes_over, PAIR_IP)).unwrap();
    assert_eq!(ports(&outcome), [RED1.port]);
    assert_eq!(Summary::read(&mut card).unwrap().events.len(), 2);
}

#[test]
fn nobody_is_checked_where_nobody_routes() {
    let mut card = card();
    let liar = with(GREEN1, [10, 3, 0, 99], ROUTER);
    let frame = who_has(liar, GREEN2.ip);
    let outcome = card.send(GREEN1.port, &frame).unwrap();
    assert_eq!(
        (ports(&outcome), outcome.punts),
        (vec![GREEN2.port, GREEN3.port], vec![])
    );
}

/// A frame of red1, after something in it was changed.
fn changed(mut icmp: Icmp, change: impl FnOnce(&mut Icmp)) -> Vec<u8> {
    change(&mut icmp);
    icmp.frame()
}

#[test]
fn discovery_with_an_address_of_somebody_else_is_not_answered() {
    let mut card = card();
    let own = ip6(RED1);
    for (whose, address) in [
        ("a neighbour's", ip6(RED2)),
        ("a neighbour's elsewhere", ip6(RED9)),
        ("the gateway's", gateway6(RED1)),
        (
            "nobody's",
            Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x77),
        ),
        ("another network's", ip6(BLUE1)),
    ] {
        let asks = solicitation(
            RED1.mac,
            address,
            Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 2),
        );
        refused(whose, &card.send(RED1.port, &asks.frame()).unwrap());
        let tells_all = advertisement(RED1.mac, address, group_mac(ALL_NODES), ALL_NODES);
        refused(whose, &card.send(RED1.port, &tells_all.frame()).unwrap());
        let tells_one = advertisement(RED1.mac, address, RED2.mac, ip6(RED2));
        refused(whose, &card.send(RED1.port, &tells_one.frame()).unwrap());
        // From its own address, of another.
        let of_another = changed(
            advertisement(RED1.mac, address, RED2.mac, ip6(RED2)),
            |icmp| icmp.src = own,
        );
        refused(whose, &card.send(RED1.port, &of_another).unwrap());
    }
    // A link-local address is as good as any.
    let local = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x11);
    let asks = solicitation(RED1.mac, local, ip6(RED2)).frame();
    assert_eq!(ports(&card.send(RED1.port, &asks).unwrap()), [RED1.port]);
}

#[test]
fn discovery_names_the_mac_that_the_frame_is_from() {
    let mut card = card();
    let (own, target) = (ip6(RED1), ip6(RED2));
    for (whose, mac) in [("a neighbour's", RED2.mac), ("the router's", ROUTER)] {
        let asks = changed(solicitation(RED1.mac, own, target), |icmp| {
            icmp.payload[18..24].copy_from_slice(&mac);
        });
        refused(whose, &card.send(RED1.port, &asks).unwrap());
        let tells = changed(advertisement(RED1.mac, own, RED2.mac, target), |icmp| {
            icmp.payload[18..24].copy_from_slice(&mac);
        });
        refused(whose, &card.send(RED1.port, &tells).unwrap());
    }
    // The frame too is from the router.
    let asks = solicitation(ROUTER, own, target).frame();
    refused("the router", &card.send(RED1.port, &asks).unwrap());
}

#[test]
fn an_advertisement_of_a_pair_has_its_mac() {
    let mut card = card_with_pairs();
    let address = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x99);
    let tell = |mac| advertisement(mac, address, group_mac(ALL_NODES), ALL_NODES).frame();
    refused(
        "its own MAC",
        &card.send(RED1.port, &tell(RED1.mac)).unwrap(),
    );
    let outcome = card.send(RED1.port, &tell(PAIR_MAC)).unwrap();
    assert_eq!(ports(&outcome), [RED2.port]);
    assert_eq!(Summary::read(&mut card).unwrap().events.len(), 1);
}

#[test]
fn a_pair_of_many_addresses_gives_none_that_somebody_else_has() {
    let pair = "allowed_address_pairs: [{address: 10.1.0.0/24, mode: active-standby}]";
    let text = NETWORK.replace(
        "label: 21, l2_label: 22",
        &format!("label: 21, l2_label: 22, {pair}"),
    );
    let mut card = card_of(&text);
    for (whose, ip) in [
        ("a neighbour's", RED2.ip),
        ("a neighbour's elsewhere", RED9.ip),
        ("the gateway's", GATEWAY),
        ("the DNS server's", [10, 1, 0, 2]),
    ] {
        let liar = with(RED1, ip, RED1.mac);
        refused(whose, &card.send(RED1.port, &who_has(liar, ip)).unwrap());
        let told = arp(ArpOperation::REPLY, RED2.mac, liar, RED2.ip);
        refused(whose, &card.send(RED1.port, &told).unwrap());
    }
    assert_eq!(Summary::read(&mut card).unwrap().events.len(), 0);
    let honest = with(RED1, [10, 1, 0, 77], RED1.mac);
    let outcome = card.send(RED1.port, &who_has(honest, honest.ip)).unwrap();
    assert_eq!(ports(&outcome), [RED2.port]);
    assert_eq!(Summary::read(&mut card).unwrap().events.len(), 1);
}

#[test]
fn a_tag_without_a_vlan_hides_no_lie() {
    let mut card = card();
    let gateway = with(RED1, GATEWAY, RED1.mac);
    let address = gateway6(RED1);
    let lies = [
        is_at(gateway, RED2),
        who_has(gateway, GATEWAY),
        advertisement(RED1.mac, address, RED2.mac, ip6(RED2)).frame(),
        advertisement(RED1.mac, address, group_mac(ALL_NODES), ALL_NODES).frame(),
    ];
    for lie in lies {
        for tag in [[0x81, 0, 0, 0], [0x81, 0, 0xe0, 0]] {
            let mut tagged = lie.clone();
            tagged.splice(12..12, tag);
            let outcome = card.send(RED1.port, &tagged).unwrap();
            refused(&format!("{tagged:02x?}"), &outcome);
        }
        // What guests say in a VLAN of theirs is their own business.
        let mut inside = lie.clone();
        inside.splice(12..12, [0x81, 0, 0, 5]);
        assert_eq!(ports(&card.send(RED1.port, &inside).unwrap()), [RED2.port]);
    }
}
