use super::*;
use proptest::prelude::*;
use underpass_layout::shim::PuntShim;

const HEAD: Option<Ports> = Some((7, 80));

fn id(id: u32) -> PacketId {
    PacketId {
        vrf: 1,
        nexthop: 6,
        src: [10, 0, 0, 1].into(),
        dst: [10, 0, 0, 2].into(),
        protocol: 17,
        id,
    }
}

fn part(number: u8) -> Punt {
    part_of(number, 1)
}

fn part_of(number: u8, length: usize) -> Punt {
    Punt {
        shim: PuntShim::default(),
        frame: vec![number; length],
    }
}

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn numbers(punts: &[Going]) -> Vec<u8> {
    punts.iter().map(|(punt, _)| punt.frame[0]).collect()
}

fn ended(punts: &[Ended]) -> Vec<(u8, DropReason)> {
    let all = punts.iter();
    all.map(|(punt, reason)| (punt.frame[0], *reason)).collect()
}

#[test]
fn later_parts_have_the_ports_of_the_first() {
    let mut fragments = Fragments::default();
    let first = fragments.take(part(1), id(1), HEAD, at(0));
    assert_eq!(first.go, [(part(1), (7, 80))]);
    let later = fragments.take(part(2), id(1), None, at(1));
    assert_eq!(later.go, [(part(2), (7, 80))]);
    assert_eq!(fragments.ports(&id(1)), HEAD);
    assert_eq!(fragments.ports(&id(2)), None);
    assert_eq!(
        fragments.take(part(3), id(2), None, at(1)),
        Outcome::default()
    );
}

#[test]
fn parts_that_come_before_the_first_wait_for_it_and_go_after_it() {
    let mut fragments = Fragments::default();
    for number in [3, 2] {
        assert_eq!(
            fragments.take(part(number), id(1), None, at(0)),
            Outcome::default()
        );
    }
    let first = fragments.take(part(1), id(1), HEAD, at(1999));
    assert_eq!(numbers(&first.go), [1, 3, 2]);
    assert_eq!((fragments.bytes, fragments.all()), (0, vec![]));
}

#[test]
fn parts_do_not_wait_longer_than_two_seconds() {
    let mut fragments = Fragments::default();
    fragments.take(part(2), id(1), None, at(0));
    fragments.take(part(3), id(1), None, at(1900));
    assert_eq!(fragments.expired(at(1999)), []);
    let late = fragments.expired(at(2000));
    assert_eq!(
        ended(&late),
        [(2, DropReason::Fragments), (3, DropReason::Fragments)]
    );
    assert_eq!((fragments.len(), fragments.expired(at(3900))), (1, vec![]));
    assert!(fragments.is_empty());
}

#[test]
fn ports_are_kept_for_two_seconds_after_the_last_part() {
    let mut fragments = Fragments::default();
    fragments.take(part(1), id(1), HEAD, at(0));
    fragments.take(part(2), id(1), None, at(1500));
    fragments.expired(at(3499));
    assert_eq!(fragments.ports(&id(1)), HEAD);
    fragments.expired(at(3500));
    assert_eq!(fragments.ports(&id(1)), None);
}

#[test]
fn a_second_first_part_counts_for_what_follows() {
    let mut fragments = Fragments::default();
    fragments.take(part(1), id(1), HEAD, at(0));
    let other = fragments.take(part(2), id(1), Some((9, 22)), at(1));
    assert_eq!(other.go, [(part(2), (9, 22))]);
    let later = fragments.take(part(3), id(1), None, at(2));
    assert_eq!(later.go, [(part(3), (9, 22))]);
}

#[test]
fn so_many_parts_of_a_packet_wait_and_no_more() {
    let mut fragments = Fragments::default();
    for number in 0..PARTS {
        fragments.take(part(number as u8), id(1), None, at(0));
    }
    let one_more = fragments.take(part(99), id(1), None, at(1));
    assert_eq!(ended(&one_more.end), [(99, DropReason::FragmentQueueFail)]);
}

/// A part that comes by an interface.
fn by(vif: u16, punt: Punt) -> Punt {
    let shim = PuntShim { vif, ..punt.shim };
    Punt { shim, ..punt }
}

#[test]
fn under_a_flood_the_oldest_packets_give_way() {
    let mut fragments = Fragments::default();
    for number in 0..PACKETS as u32 {
        let part = by(number as u16 % 8, part(number as u8));
        fragments.take(part, id(number), None, at(number.into()));
    }
    assert_eq!(fragments.len(), PACKETS);
    let after = fragments.take(by(9, part(77)), id(1 << 20), HEAD, at(10_000));
    assert_eq!(ended(&after.end), [(0, DropReason::FragmentQueueFail)]);
    assert_eq!((numbers(&after.go), fragments.len()), (vec![77], PACKETS));
}

#[test]
fn the_flood_of_one_interface_leaves_others_alone() {
    let mut fragments = Fragments::default();
    fragments.take(by(1, part(1)), id(1 << 20), None, at(0));
    let mut ends = Vec::new();
    for number in 0..2 * PACKETS as u32 {
        let part = by(2, part(number as u8));
        ends.extend(fragments.take(part, id(number), None, at(1)).end);
    }
    assert_eq!(fragments.len(), PACKETS / SHARE + 1);
    assert_eq!(ends.len(), 2 * PACKETS - PACKETS / SHARE);
    let first = fragments.take(by(1, part(0)), id(1 << 20), HEAD, at(2));
    assert_eq!(numbers(&first.go), [0, 1]);
    fragments.all();
    assert!(fragments.shares.is_empty());
}

/// One packet more than an interface may have, over and over: each gives way to the next, and is known again before its
/// time is over.
#[test]
fn packets_that_come_again_leave_nothing_behind() {
    let mut fragments = Fragments::default();
    let packets = (PACKETS / SHARE + 1) as u32;
    for number in 0..40 * packets {
        let now = at(u64::from(number) / 10);
        fragments.expired(now);
        fragments.take(by(2, part(0)), id(number % packets), None, now);
    }
    assert_eq!(fragments.len(), PACKETS / SHARE);
    assert_eq!(fragments.deadlines.len(), fragments.len());
    assert_eq!(fragments.waiting.len(), fragments.len());
}

#[test]
fn the_oldest_is_the_one_that_is_known_longest_now() {
    let mut fragments = Fragments::default();
    fragments.take(by(2, part(0)), id(0), HEAD, at(0));
    fragments.take(by(2, part(1)), id(1), HEAD, at(1500));
    fragments.expired(at(2500));
    assert_eq!(
        (fragments.ports(&id(0)), fragments.ports(&id(1))),
        (None, HEAD)
    );
    // The first one comes again, and is younger than the other from then on.
    for number in (0..1).chain(2..=(PACKETS / SHARE) as u32) {
        fragments.take(by(2, part(2)), id(number), HEAD, at(2500));
    }
    assert_eq!(
        (fragments.ports(&id(0)), fragments.ports(&id(1))),
        (HEAD, None)
    );
}

#[test]
fn under_a_flood_of_bytes_the_parts_that_waited_longest_give_way() {
    let mut fragments = Fragments::default();
    let mut ends = Vec::new();
    for number in 0..=(BYTES / 65_536) {
        let part = by(number as u16 % 8, part_of(number as u8, 65_536));
        ends.extend(fragments.take(part, id(number as u32), None, at(0)).end);
    }
    assert_eq!(ended(&ends)[0], (0, DropReason::FragmentQueueFail));
    assert!(fragments.bytes <= BYTES);
    // Its first part comes too late for it, but not for others.
    assert_eq!(
        numbers(&fragments.take(part(9), id(0), HEAD, at(1)).go),
        [9]
    );
    assert_eq!(fragments.take(part(8), id(5), HEAD, at(1)).go.len(), 2);
}

#[test]
fn the_bytes_of_one_interface_leave_others_room() {
    let mut fragments = Fragments::default();
    let mut ends = Vec::new();
    for number in 0..(BYTES / 65_536) {
        let part = by(2, part_of(number as u8, 65_536));
        ends.extend(fragments.take(part, id(number as u32), None, at(0)).end);
    }
    assert!(fragments.bytes <= BYTES / SHARE);
    let newest = (BYTES / 65_536 - 1) as u8;
    assert_eq!(
        ended(&ends).last(),
        Some(&(newest, DropReason::FragmentQueueFail))
    );
    assert_eq!(
        fragments.take(by(1, part(1)), id(1 << 20), None, at(0)).end,
        []
    );
}

/// What comes out of tunnels comes by one interface, whosever it is.
#[test]
fn the_flood_of_one_network_leaves_others_alone() {
    let mut fragments = Fragments::default();
    let theirs = PacketId { vrf: 2, ..id(1) };
    fragments.take(by(0, part(1)), theirs, None, at(0));
    for number in 0..2 * PACKETS as u32 {
        let part = by(0, part_of(number as u8, 1400));
        fragments.take(part, id(number), None, at(1));
    }
    let later = fragments.take(by(0, part(2)), theirs, None, at(2));
    assert_eq!(later, Outcome::default());
    let first = fragments.take(by(0, part(0)), theirs, HEAD, at(3));
    assert_eq!(numbers(&first.go), [0, 1, 2]);
}

#[test]
fn what_is_cut_here_has_known_ports() {
    let mut fragments = Fragments::default();
    assert_eq!(fragments.know(id(1), 0, (7, 80), at(0)), []);
    assert_eq!(fragments.ports(&id(1)), HEAD);
    fragments.expired(at(2000));
    assert!(fragments.is_empty());
}

proptest! {
    #[test]
    fn every_part_goes_or_ends_once(
        parts in prop::collection::vec((0_u32..6, any::<bool>(), 0_u64..900), 1..200),
    ) {
        let (mut fragments, mut now) = (Fragments::default(), 0);
        let (mut gone, mut ends) = (Vec::new(), Vec::new());
        for (number, (packet, is_first, later)) in parts.iter().enumerate() {
            now += later;
            ends.extend(fragments.expired(at(now)));
            let ports = is_first.then_some((*packet as u16, 1));
            let outcome = fragments.take(part(number as u8), id(*packet), ports, at(now));
            for (punt, ports) in &outcome.go {
                prop_assert_eq!(u32::from(ports.0), parts[usize::from(punt.frame[0])].0);
            }
            gone.extend(numbers(&outcome.go));
            ends.extend(outcome.end);
        }
        ends.extend(fragments.all());
        prop_assert_eq!((fragments.bytes, fragments.len()), (0, 0));
        gone.extend(ended(&ends).into_iter().map(|(number, _)| number));
        gone.sort_unstable();
        let all: Vec<u8> = (0..parts.len()).map(|number| number as u8).collect();
        prop_assert_eq!(gone, all);
    }
}
