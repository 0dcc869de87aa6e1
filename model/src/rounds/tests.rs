use super::*;
use crate::headers::checksum::checksum;
use crate::testing::{hex, put, tables};
use underpass_layout::profile::SIM;
use underpass_layout::tables::TABLES;
use underpass_layout::tables::{id, MirrorEntry, MirrorKind, MirrorTextEntry, MIRROR_TEXT_BYTES};

const UNDERLAY_VRF: u16 = 1;

/// Mirror 2 sends frames as they are, mirror 3 behind IPv4, mirror 4 behind IPv6, mirror 5 nothing.
fn network() -> Tables {
    let mut tables = tables();
    let raw = MirrorEntry {
        kind: MirrorKind::Raw,
        vrf: 9,
        nexthop: 30,
        label: 5002,
        ..MirrorEntry::default()
    };
    put(&mut tables, id::MIRROR, 2, &raw);
    mirror(&mut tables, 3, &[IPV4, UDP, METADATA].concat(), false);
    mirror(&mut tables, 4, &[IPV6, UDP, METADATA].concat(), true);
    tables
}

/// 10.0.0.1 to 10.0.0.2, the fields of each copy zero.
const IPV4: &[u8] = &[
    0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
];
/// fd00::1 to fd00::2.
const IPV6: &[u8] = &[
    0x60, 0, 0, 0, 0, 0, 17, 64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xfd, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
];
const UDP: &[u8] = &[0, 0, 0x1f, 0x99, 0, 0, 0, 0];
const METADATA: &[u8] = &[1, 2, 3, 0xff, 0];

/// A mirror behind IP and UDP: the sums are those of a checksum over what they cover.
fn mirror(tables: &mut Tables, row: usize, text: &[u8], v6: bool) {
    let (ip, rest) = text.split_at(if v6 { 40 } else { 20 });
    let addresses = if v6 { &ip[8..] } else { &ip[12..] };
    let summed = [addresses, &[0, 17], rest].concat();
    let entry = MirrorEntry {
        kind: MirrorKind::Routed,
        v6,
        vrf: UNDERLAY_VRF,
        length: text.len() as u16,
        sum: !checksum(&summed),
        header_sum: if v6 { 0 } else { !checksum(ip) },
        ..MirrorEntry::default()
    };
    put(tables, id::MIRROR, row, &entry);
    let mut text = text.to_vec();
    text.resize(MIRROR_TEXT_BYTES, 0);
    let spec = &TABLES[id::MIRROR_TEXT as usize];
    for (way, bytes) in text.chunks(64).enumerate() {
        let entry = MirrorTextEntry {
            bytes: bytes.try_into().unwrap(),
        };
        put(tables, id::MIRROR_TEXT, SIM.address(spec, way, row), &entry);
    }
}

fn errand(mirrors: [u16; 3], learn: bool, members: u16) -> Errand {
    let [mirror, second, third] = mirrors;
    Errand {
        on: true,
        mirror,
        second,
        third,
        learn,
        members,
        entropy: 0xd1fe,
        round: Round {
            kind: RoundKind::Again,
            vif: 3,
            port: 0x101,
            position: 40,
            ..Round::default()
        },
    }
}

fn copies(packet: &[u8], errand: Errand) -> Vec<(Vec<u8>, Round)> {
    let (tables, mut rounds) = (network(), Rounds::default());
    rounds.take(packet.to_vec(), &errand);
    let copies: Vec<_> = std::iter::from_fn(|| rounds.next(&tables)).collect();
    assert_eq!(
        (rounds.packets(), rounds.copies()),
        (1, copies.len() as u32)
    );
    assert_eq!(rounds.waiting(), 0);
    copies
}

#[test]
fn copies_come_before_the_packet_itself() {
    let kinds: Vec<_> = copies(&[7; 60], errand([2, 5, 2], true, 0))
        .into_iter()
        .map(|(bytes, round)| {
            assert_eq!(bytes, [7; 60]);
            assert_eq!((round.vif, round.port), (3, 0x101));
            (round.kind, round.quiet)
        })
        .collect();
    let copy = (RoundKind::Tenant, true);
    let learnt = (RoundKind::Punt, false);
    assert_eq!(kinds, [copy, copy, learnt, (RoundKind::Again, false)]);
}

#[test]
fn each_member_has_its_position() {
    let positions: Vec<_> = copies(&[7; 60], errand([0; 3], false, 3))
        .into_iter()
        .map(|(_, round)| round.position)
        .collect();
    assert_eq!(positions, [40, 41, 42]);
}

#[test]
fn first_come_first_served() {
    let (tables, mut rounds) = (network(), Rounds::default());
    rounds.take(vec![1], &errand([2, 0, 0], false, 0));
    rounds.take(vec![2], &errand([0; 3], false, 2));
    let mut order = vec![rounds.next(&tables).unwrap().0];
    rounds.take(vec![3], &errand([0; 3], false, 0));
    order.extend(std::iter::from_fn(|| rounds.next(&tables)).map(|(bytes, _)| bytes));
    assert_eq!(order, [vec![1], vec![1], vec![2], vec![2], vec![3]]);
    assert_eq!((rounds.packets(), rounds.copies()), (3, 5));
}

#[test]
fn a_frame_goes_by_the_mirrors_nexthop() {
    let (bytes, round) = copies(&[7; 60], errand([2, 0, 0], false, 0)).swap_remove(0);
    let expected = Round {
        kind: RoundKind::Tenant,
        vif: 3,
        port: 0x101,
        received: true,
        flowed: true,
        judged: true,
        quiet: true,
        frame: true,
        vrf: 9,
        direct: true,
        nexthop: 30,
        label: 5002,
        ..Round::default()
    };
    assert_eq!((bytes, round), (vec![7; 60], expected));
}

#[test]
fn headers_are_filled_in_over_ipv4() {
    for packet in [hex("0102030405"), hex("010203040506"), vec![0xff; 1400]] {
        let (bytes, round) = copies(&packet, errand([3, 0, 0], false, 0)).swap_remove(0);
        let length = 20 + 8 + 5 + packet.len();
        assert_eq!(bytes.len(), length);
        assert!(bytes.ends_with(&packet) && bytes[28..].starts_with(METADATA));
        assert_eq!(bytes[2..4], (length as u16).to_be_bytes());
        assert_eq!(bytes[4..6], [0, 1], "the first of its numbers");
        assert_eq!(checksum(&bytes[..20]), 0);
        assert_eq!(bytes[20..22], [0xd1, 0xfe]);
        assert_eq!(bytes[24..26], (length as u16 - 20).to_be_bytes());
        assert_eq!(udp_checksum(&bytes[12..20], &bytes[20..]), 0);
        assert_eq!(
            (round.vrf, round.frame, round.direct),
            (UNDERLAY_VRF, false, false)
        );
    }
}

#[test]
fn headers_are_filled_in_over_ipv6() {
    for packet in [hex("0102030405"), hex("010203040506")] {
        let (bytes, _) = copies(&packet, errand([4, 0, 0], false, 0)).swap_remove(0);
        let length = 8 + 5 + packet.len();
        assert_eq!(bytes[4..6], (length as u16).to_be_bytes());
        assert_eq!(bytes[44..46], (length as u16).to_be_bytes());
        assert_eq!(udp_checksum(&bytes[8..40], &bytes[40..]), 0);
    }
}

/// The checksum over a UDP packet with its checksum.
fn udp_checksum(addresses: &[u8], udp: &[u8]) -> u16 {
    let length = (udp.len() as u32).to_be_bytes();
    checksum(&[addresses, &length, &[0, 0, 0, 17], udp].concat())
}

#[test]
fn each_copy_has_its_number() {
    let (tables, mut rounds) = (network(), Rounds::default());
    rounds.take(vec![7; 60], &errand([3, 4, 3], false, 0));
    let numbers: Vec<_> = std::iter::from_fn(|| rounds.next(&tables))
        .take(3)
        .map(|(bytes, _)| bytes[5])
        .collect();
    // IPv6 has none, there stands its length; but it uses one up.
    assert_eq!(numbers, [1, 8 + 5 + 60, 3]);
}

#[test]
fn a_copy_that_is_cut_has_no_checksum() {
    let mut tables = network();
    let whole = *tables.mirror(3);
    let mut copy = |snap| {
        put(&mut tables, id::MIRROR, 3, &MirrorEntry { snap, ..whole });
        let mut rounds = Rounds::default();
        rounds.take(vec![7; 60], &errand([3, 0, 0], false, 0));
        let (bytes, _) = rounds.next(&tables).unwrap();
        (bytes.len() - 33, bytes[26..28] == [0, 0])
    };
    assert_eq!(copy(0), (60, false));
    assert_eq!(copy(60), (60, false));
    assert_eq!(copy(59), (59, true));
    assert_eq!(copy(61), (60, false));
}
