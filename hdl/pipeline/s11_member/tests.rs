//! The choice of members against the layout's hash, and every rule that says which copies are none.

use super::{member, LATENCY};
use crate::pipeline::bench::Bench;
use crate::stream::frames::Noise;
use underpass_layout::hash::{fold48, spread};
use underpass_layout::meta::{Inner, Member, Meta, Round, RoundKind};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{
    id, GroupEntry, GroupKind, Leg, MemberEntry, OriginEntry, OriginKey,
};
use underpass_layout::{DropReason, Verdict};

fn bench() -> Bench {
    Bench::new(LATENCY, |slot, bus| member(&SIM, slot, bus))
}

fn address(noise: &mut Noise, v6: bool) -> u128 {
    let bytes = noise.bytes(16).try_into().expect("16 bytes");
    u128::from_be_bytes(bytes) >> if v6 { 0 } else { 96 }
}

/// A packet of random ends: IPv4, IPv6, a fragment, or a frame without IP.
fn random(noise: &mut Noise) -> Meta {
    let family = noise.below(4);
    let v6 = family == 1;
    let inner = Inner {
        ipv4: family == 0 || family == 2,
        ipv6: v6,
        fragment: family == 2,
        protocol: noise.below(256) as u8,
        src: address(noise, v6),
        dst: address(noise, v6),
        src_port: noise.below(1 << 16) as u16,
        dst_port: noise.below(1 << 16) as u16,
        src_mac: address(noise, true) as u64 >> 16,
        dst_mac: address(noise, true) as u64 >> 16,
        ..Default::default()
    };
    Meta {
        inner,
        ..Default::default()
    }
}

/// What the layout's hash makes of it.
fn expected(group: &GroupEntry, inner: &Inner) -> u16 {
    let hash = if inner.ipv4 || inner.ipv6 {
        let ports = !inner.fragment;
        spread(
            if group.protocol { inner.protocol } else { 0 },
            if group.src_port && ports {
                inner.src_port
            } else {
                0
            },
            if group.dst_port && ports {
                inner.dst_port
            } else {
                0
            },
            if group.src { fold48(inner.src) } else { 0 },
            if group.dst { fold48(inner.dst) } else { 0 },
        )
    } else {
        spread(0, 0, 0, inner.src_mac, inner.dst_mac)
    };
    hash % (1 << group.count)
}

#[test]
fn one_of_several_is_the_one_that_the_layouts_hash_names() {
    let mut bench = bench();
    let groups: Vec<GroupEntry> = (0..32u16)
        .map(|flags| GroupEntry {
            kind: GroupKind::Ecmp,
            first: 16 * flags,
            count: flags % 5,
            protocol: flags & 1 != 0,
            src: flags & 2 != 0,
            src_port: flags & 4 != 0,
            dst: flags & 8 != 0,
            dst_port: flags & 16 != 0,
            validate: false,
        })
        .collect();
    for (number, group) in groups.iter().enumerate() {
        bench.write(id::GROUP, 100 + number, group);
    }
    for row in 0..512 {
        let entry = MemberEntry {
            nexthop: 5000 + row,
            label_valid: row % 3 == 0,
            label: 70_000 + row,
            ..Default::default()
        };
        bench.write(id::MEMBER, row as usize, &entry);
    }
    let mut noise = Noise(21);
    let packets: Vec<Meta> = (0..2000)
        .map(|i| {
            let mut meta = random(&mut noise);
            meta.route.nexthop = 100 + i % 32;
            meta.route.label = 9;
            meta
        })
        .collect();
    for (meta, out) in packets.iter().zip(bench.run(&packets)) {
        let group = &groups[meta.route.nexthop as usize - 100];
        let row = u32::from(group.first + expected(group, &meta.inner));
        let label = if row.is_multiple_of(3) {
            70_000 + row
        } else {
            9
        };
        assert_eq!(
            (out.route.nexthop, out.route.label),
            (5000 + row, label),
            "{meta:?}"
        );
        assert_eq!(out.member, Member::default());
        assert_eq!(Verdict::from(out.verdict), Verdict::Continue);
    }
}

#[test]
fn what_is_decided_or_leads_to_one_nexthop_stays_as_it_is() {
    let mut bench = bench();
    let group = GroupEntry {
        kind: GroupKind::Ecmp,
        ..Default::default()
    };
    bench.write(id::GROUP, 7, &group);
    let mut decided = Meta::default();
    decided.route.nexthop = 7;
    decided.verdict = Verdict::Drop(DropReason::Discard).bits();
    let mut copy = decided;
    copy.arrival.round.kind = RoundKind::Member;
    let mut plain = Meta::default();
    plain.route.nexthop = 8;
    let packets = [decided, copy, plain];
    assert_eq!(bench.run(&packets), packets);
}

#[test]
fn an_answer_to_arp_is_for_nobody_else() {
    let mut bench = bench();
    let group = GroupEntry {
        kind: GroupKind::List,
        count: 3,
        ..Default::default()
    };
    bench.write(id::GROUP, 0, &group);
    let mut answered = Meta::default();
    answered.answer.on = true;
    let mut copy = answered;
    copy.arrival.round.kind = RoundKind::Member;
    assert_eq!(bench.run(&[answered, copy]), [answered, copy]);
}

/// Nexthop 7 is a list of five rows from 40 on.
fn with_list(validate: bool, count: u16) -> Bench {
    let mut bench = bench();
    let group = GroupEntry {
        kind: GroupKind::List,
        first: 40,
        count,
        validate,
        ..Default::default()
    };
    bench.write(id::GROUP, 7, &group);
    let ends = [
        (1, false, Leg::Tree),
        (2, false, Leg::Evpn),
        (2, true, Leg::Tor),
    ];
    for (way, (address, v6, leg)) in ends.into_iter().enumerate() {
        let key = OriginKey {
            nexthop: 7,
            v6,
            address,
        };
        let entry = OriginEntry {
            valid: true,
            key,
            leg,
        };
        let rows = SIM.rows[id::ORIGIN as usize];
        bench.write(id::ORIGIN, way * rows, &entry);
    }
    bench
}

/// A frame for it: from an interface here, or from this tunnel end.
fn for_list(from: Option<(u128, bool)>) -> Meta {
    let mut meta = Meta::default();
    meta.route.nexthop = 7;
    meta.decap.tunnelled = from.is_some();
    (meta.parse.src, meta.parse.v6) = from.unwrap_or((1, false));
    meta
}

#[test]
fn a_list_knows_from_where_its_packets_come() {
    let ends = [
        (None, Leg::None, true),
        (Some((1, false)), Leg::Tree, true),
        (Some((2, false)), Leg::Evpn, true),
        (Some((2, true)), Leg::Tor, true),
        (Some((1, true)), Leg::Tree, false),
        (Some((3, false)), Leg::Tree, false),
    ];
    let packets = ends.map(|(from, ..)| for_list(from));
    for validate in [false, true] {
        let seen = with_list(validate, 5).run(&packets);
        for ((from, leg, known), out) in ends.iter().zip(seen) {
            let list = Member {
                list: true,
                count: 5,
                first: 40,
                origin: *leg,
                ..Default::default()
            };
            assert_eq!(out.member, list, "{from:?}");
            assert_eq!(out.route.nexthop, 7);
            let verdict = if validate && !known {
                Verdict::Drop(DropReason::InvalidMulticastSource)
            } else {
                Verdict::Continue
            };
            assert_eq!(Verdict::from(out.verdict), verdict, "{from:?}");
        }
    }
}

#[test]
fn a_list_is_for_frames_and_has_members() {
    let mut routed = for_list(Some((9, false)));
    routed.bridge.l3 = true;
    let stranger = for_list(Some((9, false)));
    let verdicts = |bench: &mut Bench| {
        let seen = bench.run(&[routed, stranger]);
        [seen[0].verdict, seen[1].verdict].map(Verdict::from)
    };
    let nexthop = Verdict::Drop(DropReason::InvalidNexthop);
    let stranger = Verdict::Drop(DropReason::InvalidMulticastSource);
    let discard = Verdict::Drop(DropReason::Discard);
    assert_eq!(verdicts(&mut with_list(true, 5)), [nexthop, stranger]);
    assert_eq!(verdicts(&mut with_list(true, 0)), [nexthop, discard]);
}

/// The rules, written out once more: origin `None` is an interface here.
fn no_copy(leg: Leg, origin: Leg, tunnelled: bool, same_vif: bool) -> bool {
    match (leg, origin) {
        (Leg::None, _) => true,
        (Leg::Local, _) => same_vif && !tunnelled,
        (Leg::Tree, Leg::Evpn) => true,
        (Leg::Evpn, Leg::None | Leg::Tor) => false,
        (Leg::Evpn, _) => true,
        (Leg::Tree | Leg::Tor, _) => false,
    }
}

#[test]
fn a_copy_takes_its_member_unless_the_leg_is_not_for_it() {
    let mut bench = bench();
    for (row, leg) in Leg::ALL.iter().enumerate() {
        let entry = MemberEntry {
            leg: *leg,
            nexthop: 500 + row as u32,
            label_valid: row % 2 == 1,
            label: 600,
            vif: 11,
        };
        bench.write(id::MEMBER, 900 + row, &entry);
    }
    // What its list is has no say in a copy.
    let list = GroupEntry {
        kind: GroupKind::List,
        validate: true,
        ..Default::default()
    };
    bench.write(id::GROUP, 7, &list);
    let mut cases = Vec::new();
    for (row, leg) in Leg::ALL.iter().enumerate() {
        for origin in Leg::ALL {
            for (tunnelled, vif) in [(false, 11), (false, 12), (true, 11), (true, 12)] {
                let round = Round {
                    kind: RoundKind::Member,
                    position: 900 + row as u16,
                    origin: *origin,
                    ..Default::default()
                };
                let mut meta = Meta::default();
                meta.arrival.round = round;
                meta.decap.tunnelled = tunnelled;
                meta.classify.vif = vif;
                meta.route.nexthop = 7;
                meta.route.label = 5;
                let skip = no_copy(*leg, *origin, tunnelled, vif == 11);
                cases.push((meta, row, *leg, *origin, skip));
            }
        }
    }
    let packets: Vec<Meta> = cases.iter().map(|case| case.0).collect();
    for ((_, row, leg, origin, skip), out) in cases.iter().zip(bench.run(&packets)) {
        let member = Member {
            origin: *origin,
            leg: *leg,
            skip: *skip,
            ..Default::default()
        };
        assert_eq!(out.member, member);
        let label = if row % 2 == 1 { 600 } else { 5 };
        assert_eq!(
            (out.route.nexthop, out.route.label),
            (500 + *row as u32, label)
        );
        assert_eq!(Verdict::from(out.verdict), Verdict::Continue);
    }
}
