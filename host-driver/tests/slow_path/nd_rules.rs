//! Neighbour discovery that breaks a rule of RFC 4861, and messages of routers.

use std::net::Ipv6Addr;

use etherparse::icmpv6::{NeighborAdvertisementHeader, RouterAdvertisementHeader};
use etherparse::Icmpv6Type;
use underpass_layout::{DropReason, PuntReason};

use crate::six::*;
use crate::support::*;

const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

fn refused(what: &str, frame: &[u8]) {
    let outcome = card().send(RED1.port, frame).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidArp], "{what}");
    assert_eq!(outcome.departures, [], "{what}");
}

/// A solicitation of red1 for red2 in which something is changed.
fn asked(change: impl FnOnce(&mut Icmp)) -> Vec<u8> {
    let mut icmp = solicitation(RED1.mac, ip6(RED1), ip6(RED2));
    change(&mut icmp);
    icmp.frame()
}

/// An advertisement of red1 to red2 in which something is changed.
fn told(change: impl FnOnce(&mut Icmp)) -> Vec<u8> {
    let mut icmp = advertisement(RED1.mac, ip6(RED1), RED2.mac, ip6(RED2));
    change(&mut icmp);
    icmp.frame()
}

#[test]
fn what_is_damaged_is_dropped() {
    let mut damaged = asked(|_| ());
    *damaged.last_mut().unwrap() ^= 1;
    refused("the checksum", &damaged);
    refused("no target", &asked(|icmp| icmp.payload.truncate(8)));
    refused(
        "an option of no length",
        &asked(|icmp| icmp.payload[17] = 0),
    );
    refused(
        "an option behind the end",
        &asked(|icmp| icmp.payload[17] = 2),
    );
    refused("half an option", &asked(|icmp| icmp.payload.truncate(20)));
    refused(
        "a MAC of fourteen bytes",
        &asked(|icmp| {
            icmp.payload[17] = 2;
            icmp.payload.extend([0; 8]);
        }),
    );
    let unknown = asked(|icmp| icmp.payload.extend([14, 1, 1, 2, 3, 4, 5, 6]));
    let outcome = card().send(RED1.port, &unknown).unwrap();
    assert_eq!(
        ports(&outcome),
        [RED1.port],
        "an option that is not known is no damage"
    );
}

#[test]
fn a_message_from_afar_is_none() {
    let to_router = |icmp: &mut Icmp| {
        (icmp.hop_limit, icmp.to, icmp.dst) = (64, ROUTER, gateway6(RED1));
    };
    refused("the hop limit", &asked(to_router));
    refused("the hop limit", &told(|icmp| icmp.hop_limit = 64));
    // For a group it is a frame like others: who gets it knows that it is none (RFC 4861 section 7.1.1).
    let frame = asked(|icmp| icmp.hop_limit = 254);
    let outcome = card().send(RED1.port, &frame).unwrap();
    assert_eq!((outcome.punts, outcome.drops), (vec![], vec![]));
    assert_eq!(outcome.departures, [(RED2.port, frame)]);
}

#[test]
fn a_solicitation_that_contradicts_itself_is_dropped() {
    let code = Icmpv6Type::Unknown {
        type_u8: 135,
        code_u8: 1,
        bytes5to8: [0; 4],
    };
    refused("a code", &asked(|icmp| icmp.kind = code));
    refused(
        "a group is asked for",
        &asked(|icmp| icmp.payload[..16].copy_from_slice(&ALL_NODES.octets())),
    );
    refused("a group asks", &asked(|icmp| icmp.src = ALL_NODES));
    refused("a MAC of a group", &asked(|icmp| icmp.payload[18] |= 1));
    refused(
        "a probe with a MAC",
        &asked(|icmp| icmp.src = Ipv6Addr::UNSPECIFIED),
    );
    refused(
        "a probe to one",
        &asked(|icmp| {
            (icmp.src, icmp.to, icmp.dst) = (Ipv6Addr::UNSPECIFIED, RED2.mac, ip6(RED2));
            icmp.payload.truncate(16);
        }),
    );
}

#[test]
fn an_advertisement_that_contradicts_itself_is_dropped() {
    refused(
        "a group is told of",
        &told(|icmp| icmp.payload[..16].copy_from_slice(&ALL_NODES.octets())),
    );
    refused("an answer to all", &told(|icmp| icmp.dst = ALL_NODES));
    refused("a MAC of zeros", &told(|icmp| icmp.payload[18..24].fill(0)));
    let flags = NeighborAdvertisementHeader {
        router: false,
        solicited: false,
        r#override: true,
    };
    let unasked = told(|icmp| icmp.kind = Icmpv6Type::NeighborAdvertisement(flags));
    let outcome = card().send(RED1.port, &unasked).unwrap();
    assert_eq!(ports(&outcome), [RED2.port]);
}

fn solicit_router(from: Guest) -> Vec<u8> {
    let icmp = Icmp {
        mac: from.mac,
        to: group_mac(ALL_ROUTERS),
        src: LINK_LOCAL,
        dst: ALL_ROUTERS,
        hop_limit: 255,
        kind: Icmpv6Type::RouterSolicitation,
        payload: mac_option(1, from.mac),
    };
    icmp.frame()
}

fn advertise_router(from: Guest) -> Icmp {
    let header = RouterAdvertisementHeader {
        cur_hop_limit: 64,
        managed_address_config: false,
        other_config: false,
        router_lifetime: 1800,
    };
    Icmp {
        mac: from.mac,
        to: group_mac(ALL_NODES),
        src: LINK_LOCAL,
        dst: ALL_NODES,
        hop_limit: 255,
        kind: Icmpv6Type::RouterAdvertisement(header),
        payload: [&[0; 8][..], &mac_option(1, from.mac)].concat(),
    }
}

#[test]
fn who_looks_for_a_router_is_counted() {
    for guest in [RED1, BLUE1] {
        let outcome = card().send(guest.port, &solicit_router(guest)).unwrap();
        assert_eq!(outcome.punts, [PuntReason::NeighborDiscovery]);
        assert_eq!(outcome.drops, [DropReason::TrapNoInterface]);
    }
}

#[test]
fn no_guest_is_a_router_where_we_are() {
    refused("a router", &advertise_router(RED1).frame());
    let mut from_afar = advertise_router(GREEN1);
    from_afar.src = ip6(GREEN1);
    let outcome = card().send(GREEN1.port, &from_afar.frame()).unwrap();
    assert_eq!(outcome.drops, [DropReason::InvalidArp], "not from the link");
}

#[test]
fn a_bridged_network_may_have_a_router_of_its_own() {
    let mut card = card();
    for frame in [solicit_router(GREEN1), advertise_router(GREEN1).frame()] {
        let outcome = card.send(GREEN1.port, &frame).unwrap();
        assert_eq!(
            outcome.departures,
            [(GREEN2.port, frame.clone()), (GREEN3.port, frame)]
        );
    }
}
