use super::*;
use crate::testing::{from_vif, put, tables, verdict, Change};
use underpass_layout::meta::Round;
use underpass_layout::tables::{id, OriginEntry, OriginKey, VifKind};
use underpass_layout::Verdict;

/// A nexthop that stands for several, and the first row of its members.
const GROUP: u32 = 90;
const FIRST: u16 = 40;
const FAR: u128 = 0x0800_0003;

/// Members 40 to 47 lead to nexthops 140 to 147, the odd ones with a label of their own.
fn network(group: GroupEntry) -> Tables {
    let mut tables = tables();
    put(&mut tables, id::GROUP, GROUP as usize, &group);
    for member in FIRST..FIRST + 8 {
        let entry = MemberEntry {
            leg: Leg::None,
            nexthop: 100 + u32::from(member),
            label_valid: member % 2 == 1,
            label: u32::from(member),
            vif: 0,
        };
        put(&mut tables, id::MEMBER, member.into(), &entry);
    }
    for (row, leg) in [Leg::Tree, Leg::Evpn].into_iter().enumerate() {
        let entry = OriginEntry {
            valid: true,
            key: OriginKey {
                nexthop: GROUP,
                v6: false,
                address: FAR + row as u128,
            },
            leg,
        };
        put(&mut tables, id::ORIGIN, row, &entry);
    }
    tables
}

fn ecmp(count: u16) -> GroupEntry {
    GroupEntry {
        kind: GroupKind::Ecmp,
        first: FIRST,
        count,
        protocol: true,
        src: true,
        src_port: true,
        dst: true,
        dst_port: true,
        validate: false,
    }
}

fn list(count: u16) -> GroupEntry {
    GroupEntry {
        kind: GroupKind::List,
        first: FIRST,
        count,
        ..GroupEntry::default()
    }
}

/// A packet whose route leads to the group.
fn packet() -> Meta {
    let mut meta = from_vif(VifKind::Vm);
    meta.classify.vif = 3;
    meta.route.nexthop = GROUP;
    meta.route.label = 5002;
    meta.inner.ipv4 = true;
    meta.inner.protocol = 17;
    meta.inner.src = 0x0a01_0103;
    meta.inner.dst = 0x0a01_0109;
    (meta.inner.src_port, meta.inner.dst_port) = (1000, 2000);
    (meta.inner.src_mac, meta.inner.dst_mac) = (0x0200_0000_0011, 0x0200_0000_0012);
    meta
}

/// What a group leaves out.
type Without = fn(&mut GroupEntry);

fn chosen_of(group: GroupEntry, mut meta: Meta) -> u32 {
    member(&network(group), &mut meta);
    assert_eq!(meta.member, Member::default());
    assert_eq!(verdict(&meta), Verdict::Continue);
    meta.route.nexthop
}

#[test]
fn a_nexthop_that_stands_for_itself_is_left_alone() {
    let mut meta = packet();
    let before = meta;
    member(&network(GroupEntry::default()), &mut meta);
    assert_eq!(meta, before);
    meta.drop(DropReason::Discard);
    let before = meta;
    member(&network(list(2)), &mut meta);
    assert_eq!(meta, before, "decided");
}

#[test]
fn one_of_several_is_chosen_by_the_packets_ends() {
    assert_eq!(chosen_of(ecmp(0), packet()), 140, "there is but one");
    let mut seen = std::collections::BTreeSet::new();
    for src_port in 0..64 {
        let mut meta = packet();
        meta.inner.src_port = 1031 * src_port;
        seen.insert(chosen_of(ecmp(3), meta));
    }
    assert_eq!(seen, (140..148).collect());
    let spread = spread(17, 1000, 2000, 0x0a01_0103, 0x0a01_0109);
    assert_eq!(chosen_of(ecmp(3), packet()), 140 + u32::from(spread & 7));
}

#[test]
fn what_the_choice_leaves_out_changes_nothing() {
    let changes: [(Without, Change); 5] = [
        (|g| g.protocol = false, |meta| meta.inner.protocol = 6),
        (|g| g.src = false, |meta| meta.inner.src += 77),
        (|g| g.dst = false, |meta| meta.inner.dst += 77),
        (|g| g.src_port = false, |meta| meta.inner.src_port += 77),
        (|g| g.dst_port = false, |meta| meta.inner.dst_port += 77),
    ];
    for (i, (leave_out, change)) in changes.into_iter().enumerate() {
        let mut group = ecmp(3);
        leave_out(&mut group);
        let mut other = packet();
        change(&mut other);
        assert_eq!(chosen_of(group, packet()), chosen_of(group, other), "{i}");
    }
}

#[test]
fn frames_without_ip_are_spread_by_their_macs() {
    let mut meta = packet();
    meta.inner.ipv4 = false;
    let spread = spread(0, 0, 0, meta.inner.src_mac, meta.inner.dst_mac);
    let mut group = ecmp(3);
    (group.src, group.dst) = (false, false);
    assert_eq!(chosen_of(group, meta), 140 + u32::from(spread & 7));
}

#[test]
fn parts_of_a_packet_stay_together() {
    let mut first = packet();
    first.inner.fragment = true;
    let mut second = first;
    (second.inner.src_port, second.inner.dst_port) = (0, 0);
    assert_eq!(chosen_of(ecmp(3), first), chosen_of(ecmp(3), second));
}

#[test]
fn a_members_own_label_counts() {
    for (first, label) in [(40, 5002), (41, 41)] {
        let group = GroupEntry { first, ..ecmp(0) };
        let mut meta = packet();
        member(&network(group), &mut meta);
        assert_eq!(
            (meta.route.nexthop, meta.route.label),
            (100 + u32::from(first), label)
        );
    }
}

fn listed(group: GroupEntry, mut meta: Meta) -> (Member, Verdict) {
    member(&network(group), &mut meta);
    assert_eq!(meta.route, packet().route, "the list is the nexthop still");
    (meta.member, verdict(&meta))
}

#[test]
fn each_of_several_gets_a_copy() {
    let expected = Member {
        list: true,
        count: 3,
        first: FIRST,
        ..Member::default()
    };
    assert_eq!(listed(list(3), packet()), (expected, Verdict::Continue));
    let mut routed = packet();
    routed.bridge.l3 = true;
    let invalid = Verdict::Drop(DropReason::InvalidNexthop);
    assert_eq!(listed(list(3), routed).1, invalid);
    let nobody = Verdict::Drop(DropReason::Discard);
    assert_eq!(listed(list(0), packet()).1, nobody);
}

#[test]
fn the_end_that_sent_it_says_from_where_it_came() {
    let validates = GroupEntry {
        validate: true,
        ..list(3)
    };
    let unknown = Verdict::Drop(DropReason::InvalidMulticastSource);
    for (src, v6, origin, checked) in [
        (FAR, false, Leg::Tree, Verdict::Continue),
        (FAR + 1, false, Leg::Evpn, Verdict::Continue),
        (FAR + 2, false, Leg::Tree, unknown),
        (FAR + 1, true, Leg::Tree, unknown),
    ] {
        let mut meta = packet();
        meta.decap.tunnelled = true;
        (meta.parse.src, meta.parse.v6) = (src, v6);
        let (member, verdict) = listed(list(3), meta);
        assert_eq!((member.origin, verdict), (origin, Verdict::Continue));
        assert_eq!(listed(validates, meta).1, checked);
    }
}

/// The copy of a packet from `origin` for a leg of that kind to interface 3.
fn copied(leg: Leg, origin: Leg, tunnelled: bool, vif: u16) -> Meta {
    let mut tables = network(list(3));
    let entry = MemberEntry {
        leg,
        nexthop: 77,
        label_valid: false,
        label: 0,
        vif: 3,
    };
    put(&mut tables, id::MEMBER, 42, &entry);
    let mut meta = packet();
    meta.classify.vif = vif;
    meta.decap.tunnelled = tunnelled;
    meta.arrival.round = Round {
        kind: RoundKind::Member,
        origin,
        position: 42,
        ..Round::default()
    };
    member(&tables, &mut meta);
    assert_eq!(verdict(&meta), Verdict::Continue);
    assert_eq!((meta.route.nexthop, meta.route.label), (77, 5002));
    assert_eq!((meta.member.leg, meta.member.origin), (leg, origin));
    assert!(!meta.member.list);
    meta
}

#[test]
fn a_copy_goes_where_its_origin_lets_it() {
    use Leg::{Evpn, Local, Tor, Tree};
    let goes = |leg, origin| !copied(leg, origin, origin != Leg::None, 9).member.skip;
    for (leg, origins) in [
        (Leg::None, [false; 4]),
        (Local, [true; 4]),
        (Tree, [true, true, false, true]),
        (Evpn, [true, false, false, true]),
        (Tor, [true; 4]),
    ] {
        assert_eq!(
            [Leg::None, Tree, Evpn, Tor].map(|from| goes(leg, from)),
            origins,
            "{leg}"
        );
    }
}

#[test]
fn a_copy_does_not_return_to_its_interface() {
    assert!(copied(Leg::Local, Leg::None, false, 3).member.skip);
    assert!(!copied(Leg::Local, Leg::None, false, 4).member.skip);
    let from_tunnel = copied(Leg::Local, Leg::Tree, true, 3);
    assert!(!from_tunnel.member.skip, "the interface is the underlay's");
}
