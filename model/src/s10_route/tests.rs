use super::*;
use crate::testing::{put, tables, verdict};
use underpass_layout::tables::{id, RouteEntry, RouteKey};
use underpass_layout::Verdict;

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
    }
}

/// VRF 2: 10.1.1.9/32, 10.1.1.0/24, 10.1.0.0/16 and a default; VRF 3 is punted, VRF 4 has no routes.
fn network() -> Tables {
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

fn packet(vrf: u16, dst: u128) -> Meta {
    let mut meta = Meta::default();
    meta.bridge.l3 = true;
    meta.decap.vrf = vrf;
    meta.inner.dst = dst;
    meta.inner.ipv6 = dst > u32::MAX.into();
    meta.inner.ipv4 = !meta.inner.ipv6;
    meta.inner.ttl = 64;
    meta
}

fn routed(tables: &Tables, mut meta: Meta) -> Meta {
    route(tables, &mut meta);
    meta
}

#[test]
fn the_longest_prefix_wins() {
    for (dst, nexthop) in [
        (0x0a01_0109, 32),
        (0x0a01_0108, 24),
        (0x0a01_0209, 16),
        (0x0a02_0109, 1),
    ] {
        let meta = routed(&network(), packet(2, dst));
        let expected = Route {
            routed: true,
            nexthop,
            label: nexthop + 1000,
        };
        assert_eq!((meta.route, verdict(&meta)), (expected, Verdict::Continue));
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
        let meta = routed(&network6(), packet(2, dst));
        let expected = Route {
            routed: true,
            nexthop,
            label: nexthop + 1000,
        };
        assert_eq!((meta.route, verdict(&meta)), (expected, Verdict::Continue));
    }
}

#[test]
fn families_share_no_route() {
    let mut as_ipv6 = packet(2, 0x0a01_0109);
    (as_ipv6.inner.ipv4, as_ipv6.inner.ipv6) = (false, true);
    let meta = routed(&network6(), as_ipv6);
    assert_eq!(meta.route.nexthop, 101, "::10.1.1.9 is not 10.1.1.9");
    let meta = routed(&network(), packet(2, NET6 | 9));
    let discard = Verdict::Drop(DropReason::Discard);
    assert_eq!(verdict(&meta), discard, "the default is of IPv4");
    let mut tables = network6();
    let word = VrfEntry {
        default_valid: false,
        ..tables.vrf(2).with_lengths([0; 6])
    };
    put(&mut tables, id::VRF, 2, &word);
    let meta = routed(&tables, packet(2, 0x0a02_0109));
    assert_eq!(verdict(&meta), discard, "the default is of IPv6");
}

#[test]
fn what_ends_an_ipv4_packet_ends_an_ipv6_packet() {
    let with_hop_limit = |vrf, ttl| {
        let mut meta = packet(vrf, NET6 | 9);
        meta.inner.ttl = ttl;
        verdict(&routed(&network6(), meta))
    };
    assert_eq!(with_hop_limit(2, 1), Verdict::Continue);
    assert_eq!(with_hop_limit(2, 0), Verdict::Drop(DropReason::TtlExceeded));
    let in_software = Verdict::Punt(PuntReason::VrfInSoftware);
    assert_eq!(with_hop_limit(3, 0), in_software);
    assert_eq!(with_hop_limit(5, 64), Verdict::Drop(DropReason::Discard));
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
    assert_eq!(routed(&tables, packet(2, 0x0a01_0209)).route.nexthop, 16);
    assert_eq!(routed(&tables, packet(2, 0x0a03_0209)).route.nexthop, 8);
}

#[test]
fn a_bank_whose_length_is_not_named_is_not_searched() {
    let mut tables = network();
    let word = tables.vrf(2).with_lengths([0; 6]);
    put(&mut tables, id::VRF, 2, &word);
    put(&mut tables, id::ROUTE_BANK, 0, &route_entry(0, 0, 99));
    assert_eq!(routed(&tables, packet(2, 0x0a01_0108)).route.nexthop, 1);
}

#[test]
fn what_has_no_route_is_dropped() {
    let discard = Verdict::Drop(DropReason::Discard);
    assert_eq!(
        verdict(&routed(&network(), packet(4, 0x0a01_0109))),
        discard
    );
    assert_eq!(
        verdict(&routed(&network(), packet(5, 0x0a01_0109))),
        discard,
        "no VRF"
    );
}

#[test]
fn a_vrf_in_software_is_punted_before_the_ttl_is_looked_at() {
    let mut meta = packet(3, 0x0a01_0109);
    meta.inner.ttl = 0;
    let meta = routed(&network(), meta);
    assert_eq!(verdict(&meta), Verdict::Punt(PuntReason::VrfInSoftware));
    assert_eq!(meta.route.nexthop, 0);
}

#[test]
fn ttl_0_ends_here_whether_there_is_a_route_or_not() {
    for (vrf, expected) in [
        (2, DropReason::TtlExceeded),
        (4, DropReason::TtlExceeded),
        (5, DropReason::Discard),
    ] {
        let mut meta = packet(vrf, 0x0a01_0109);
        meta.inner.ttl = 0;
        assert_eq!(verdict(&routed(&network(), meta)), Verdict::Drop(expected));
    }
}

#[test]
fn what_is_bridged_or_labelled_keeps_its_nexthop() {
    let mut bridged = packet(2, 0x0a01_0109);
    bridged.bridge.l3 = false;
    let mut labelled = packet(2, 0x0a01_0109);
    labelled.decap.direct = true;
    for mut meta in [bridged, labelled] {
        meta.bridge.nexthop = 124;
        meta.bridge.label = 128;
        meta.inner.ttl = 0;
        let meta = routed(&network(), meta);
        let expected = Route {
            routed: false,
            nexthop: 124,
            label: 128,
        };
        assert_eq!((meta.route, verdict(&meta)), (expected, Verdict::Continue));
    }
}
