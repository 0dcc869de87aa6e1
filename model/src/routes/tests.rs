use super::*;
use crate::testing::{put, tables};
use underpass_layout::tables::{id, RouteEntry, RouteKey};

const BANK_ROWS: usize = 256;

fn route_entry(prefix: u128, length: u8, nexthop: u32) -> RouteEntry {
    RouteEntry {
        valid: true,
        key: RouteKey {
            vrf: 2,
            v6: prefix > u32::MAX.into(),
            length,
            prefix,
        },
        nexthop,
        label: nexthop + 1000,
        ..RouteEntry::default()
    }
}

/// VRF 2: 10.1.1.9/32, 10.1.1.0/24, 10.1.0.0/16 and a default; VRF 3 is punted, VRF 4 has no routes.
pub(crate) fn network() -> Tables {
    let mut tables = tables();
    let word = VrfEntry {
        valid: true,
        default_valid: true,
        default_nexthop: 1,
        default_label: 1001,
        ..VrfEntry::default()
    };
    let banks = [(0, 24, 0x0a01_0100, 24), (3, 16, 0x0a01_0000, 16)];
    for (bank, length, prefix, nexthop) in banks {
        let entry = route_entry(prefix, length, nexthop);
        put(&mut tables, id::ROUTE_BANK, bank * BANK_ROWS, &entry);
    }
    put(
        &mut tables,
        id::ROUTE_HOST,
        0,
        &route_entry(0x0a01_0109, 32, 32),
    );
    put(
        &mut tables,
        id::VRF,
        2,
        &word.with_lengths([24, 0, 0, 16, 0, 0]),
    );
    let punted = VrfEntry {
        punt_all: true,
        ..word
    };
    put(&mut tables, id::VRF, 3, &punted);
    let empty = VrfEntry {
        valid: true,
        ..VrfEntry::default()
    };
    put(&mut tables, id::VRF, 4, &empty);
    tables
}

/// Where a packet of TTL 64 is routed to.
fn routed(tables: &Tables, vrf: u16, dst: u128) -> Result<Target, Verdict> {
    route(tables, vrf, dst > u32::MAX.into(), dst, 64, &UNKNOWN)
}

fn target(nexthop: u32) -> Result<Target, Verdict> {
    Ok(Target {
        nexthop,
        label: nexthop + 1000,
        arp: ArpAnswer::Flood,
        trap: false,
    })
}

const UNKNOWN: Known = Known {
    ports: false,
    src_port: 0,
    dst_port: 0,
    routed: false,
    nexthop: 0,
    label: 0,
};

const DISCARD: Result<Target, Verdict> = Err(Verdict::Drop(DropReason::Discard));

#[test]
fn the_longest_prefix_wins() {
    for (dst, nexthop) in [
        (0x0a01_0109, 32),
        (0x0a01_0108, 24),
        (0x0a01_0209, 16),
        (0x0a02_0109, 1),
    ] {
        assert_eq!(routed(&network(), 2, dst), target(nexthop));
    }
}

const NET6: u128 = 0x2001_0db8 << 96;

/// As [`network`], and in VRF 2 also 2001:db8::9/128, 2001:db8::/64 beside the IPv4 /24, 2001:db8::/32 and a default.
fn network6() -> Tables {
    let mut tables = network();
    for (bank, row, length, nexthop) in [(0, 1, 64, 164), (5, 0, 32, 132)] {
        let entry = route_entry(NET6, length, nexthop);
        put(&mut tables, id::ROUTE_BANK, bank * BANK_ROWS + row, &entry);
    }
    put(
        &mut tables,
        id::ROUTE_HOST,
        1,
        &route_entry(NET6 | 9, 128, 228),
    );
    let word = VrfEntry {
        default6_valid: true,
        default6_nexthop: 101,
        default6_label: 1101,
        ..*tables.vrf(2)
    };
    put(
        &mut tables,
        id::VRF,
        2,
        &word.with_v6_lengths([64, 0, 0, 0, 0, 32]),
    );
    tables
}

#[test]
fn the_longest_prefix_of_ipv6_wins() {
    for (dst, nexthop) in [
        (NET6 | 9, 228),
        (NET6 | 8, 164),
        (NET6 | 9 << 64, 132),
        (NET6 | 1 << 127, 101),
        (0x0a01_0109, 32),
        (0x0a01_0209, 16),
    ] {
        assert_eq!(routed(&network6(), 2, dst), target(nexthop));
    }
}

#[test]
fn families_share_no_route() {
    let as_ipv6 = route(&network6(), 2, true, 0x0a01_0109, 64, &UNKNOWN);
    assert_eq!(as_ipv6, target(101), "::10.1.1.9 is not 10.1.1.9");
    let found = routed(&network(), 2, NET6 | 9);
    assert_eq!(found, DISCARD, "the default is of IPv4");
    let mut tables = network6();
    let word = VrfEntry {
        default_valid: false,
        ..tables.vrf(2).with_lengths([0; 6])
    };
    put(&mut tables, id::VRF, 2, &word);
    let found = routed(&tables, 2, 0x0a02_0109);
    assert_eq!(found, DISCARD, "the default is of IPv6");
}

#[test]
fn what_ends_an_ipv4_packet_ends_an_ipv6_packet() {
    let with_hop_limit = |vrf, ttl| route(&network6(), vrf, true, NET6 | 9, ttl, &UNKNOWN);
    assert_eq!(with_hop_limit(2, 1), target(228));
    let exceeded = Err(Verdict::Drop(DropReason::TtlExceeded));
    assert_eq!(with_hop_limit(2, 0), exceeded);
    let in_software = Err(Verdict::Punt(PuntReason::VrfInSoftware));
    assert_eq!(with_hop_limit(3, 0), in_software);
    assert_eq!(with_hop_limit(5, 64), DISCARD);
}

#[test]
fn the_length_decides_not_the_bank() {
    let mut tables = network();
    let mut word = *tables.vrf(2);
    put(
        &mut tables,
        id::ROUTE_BANK,
        BANK_ROWS,
        &route_entry(0x0a00_0000, 8, 8),
    );
    word.length1 = 8;
    put(&mut tables, id::VRF, 2, &word);
    assert_eq!(routed(&tables, 2, 0x0a01_0209), target(16));
    assert_eq!(routed(&tables, 2, 0x0a03_0209), target(8));
}

#[test]
fn a_bank_whose_length_is_not_named_is_not_searched() {
    let mut tables = network();
    let word = tables.vrf(2).with_lengths([0; 6]);
    put(&mut tables, id::VRF, 2, &word);
    put(&mut tables, id::ROUTE_BANK, 0, &route_entry(0, 0, 99));
    assert_eq!(routed(&tables, 2, 0x0a01_0108), target(1));
}

#[test]
fn what_has_no_route_is_dropped() {
    assert_eq!(routed(&network(), 4, 0x0a01_0109), DISCARD);
    assert_eq!(routed(&network(), 5, 0x0a01_0109), DISCARD, "no VRF");
}

#[test]
fn a_vrf_in_software_is_punted_before_the_ttl_is_looked_at() {
    let in_software = Err(Verdict::Punt(PuntReason::VrfInSoftware));
    assert_eq!(
        route(&network(), 3, false, 0x0a01_0109, 0, &UNKNOWN),
        in_software
    );
}

#[test]
fn ttl_0_ends_here_whether_there_is_a_route_or_not() {
    for (vrf, expected) in [
        (2, DropReason::TtlExceeded),
        (4, DropReason::TtlExceeded),
        (5, DropReason::Discard),
    ] {
        let found = route(&network(), vrf, false, 0x0a01_0109, 0, &UNKNOWN);
        assert_eq!(found, Err(Verdict::Drop(expected)));
    }
}

#[test]
fn what_the_slow_path_knew_holds_where_the_card_has_no_routes() {
    let known = Known {
        routed: true,
        nexthop: 77,
        label: 1077,
        ..UNKNOWN
    };
    let with = |vrf, ttl| route(&network(), vrf, false, 0x0a01_0109, ttl, &known);
    assert_eq!(with(3, 64), target(77));
    let exceeded = Err(Verdict::Drop(DropReason::TtlExceeded));
    assert_eq!(with(3, 0), exceeded, "all the same it may not live on");
    assert_eq!(with(2, 64), target(32), "the card has routes of its own");
    assert_eq!(with(5, 64), DISCARD, "no VRF");
}

#[test]
fn what_a_route_says_of_arp_is_found_with_it() {
    let mut tables = network();
    let entry = RouteEntry {
        arp: ArpAnswer::Ask,
        trap: true,
        ..route_entry(0x0a01_0100, 24, 24)
    };
    put(&mut tables, id::ROUTE_BANK, 0, &entry);
    let word = VrfEntry {
        default_arp: ArpAnswer::Router,
        ..*tables.vrf(2)
    };
    put(&mut tables, id::VRF, 2, &word);
    let found = |address| {
        let target = longest_match(&tables, tables.vrf(2), 2, false, address).unwrap();
        (target.arp, target.trap)
    };
    assert_eq!(found(0x0a01_0108), (ArpAnswer::Ask, true));
    assert_eq!(found(0x0a01_0208), (ArpAnswer::Flood, false));
    assert_eq!(
        found(0x0b00_0001),
        (ArpAnswer::Router, false),
        "the default"
    );
}
