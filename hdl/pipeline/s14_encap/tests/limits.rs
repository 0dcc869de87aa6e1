//! Room for packets that go round, and the rest between two that are learnt from.

use super::{from_vm, Bench};
use underpass_layout::meta::Meta;
use underpass_layout::registers::{ROUND_BEATS, ROUND_LIST_BEATS, ROUND_PACKETS_MAX};
use underpass_layout::tables::NexthopKind;
use underpass_layout::{DropReason, Verdict};

fn mirrored(length: u16) -> Meta {
    let mut meta = from_vm();
    meta.arrival.length = length;
    meta.rewrite.payload = length;
    meta.classify.entry.mirror = 5;
    meta.nexthop.kind = NexthopKind::Encap;
    meta
}

fn to_list(length: u16) -> Meta {
    let mut meta = mirrored(length);
    meta.classify.entry.mirror = 0;
    meta.member.list = true;
    meta.member.count = 2;
    meta
}

fn learning() -> Meta {
    let mut meta = from_vm();
    meta.bridge.learn = true;
    meta
}

/// Which of these packets go round.
fn go(bench: &mut Bench, packets: &[Meta]) -> Vec<bool> {
    let seen = bench.run(packets);
    seen.iter().map(|seen| seen.edit.errand.on).collect()
}

/// How many packets in a row go round, back to back.
fn fit(bench: &mut Bench, meta: Meta) -> usize {
    let gone = go(bench, &[meta; 2 * ROUND_PACKETS_MAX]);
    let fit = gone.iter().filter(|gone| **gone).count();
    assert!(gone[..fit].iter().all(|gone| *gone), "{gone:?}");
    fit
}

#[test]
fn as_many_packets_go_round_as_there_is_room_for() {
    assert_eq!(fit(&mut Bench::new(), mirrored(64)), ROUND_PACKETS_MAX);
    assert_eq!(fit(&mut Bench::new(), to_list(1)), ROUND_PACKETS_MAX);
    for (length, beats) in [(8 * 64 + 1, 9), (9000, 141), (16 * 64, 16)] {
        let (mirrors, lists) = (ROUND_BEATS / beats, ROUND_LIST_BEATS / beats);
        assert_eq!(fit(&mut Bench::new(), mirrored(length)), mirrors);
        assert_eq!(fit(&mut Bench::new(), to_list(length)), lists);
    }
}

#[test]
fn a_list_leaves_room_for_the_others() {
    let mut bench = Bench::new();
    assert_eq!(fit(&mut bench, to_list(64 * 64)), ROUND_LIST_BEATS / 64);
    let rest = (ROUND_BEATS - ROUND_LIST_BEATS) / 64;
    assert_eq!(fit(&mut bench, mirrored(64 * 64)), rest);
}

#[test]
fn room_that_is_given_back_is_used() {
    let mut bench = Bench::new();
    assert_eq!(fit(&mut bench, mirrored(64 * 16)), 64);
    bench.credit(16);
    bench.credit(32);
    assert_eq!(fit(&mut bench, mirrored(64 * 16)), 3);
    let mut bench = Bench::new();
    assert_eq!(fit(&mut bench, mirrored(64)), ROUND_PACKETS_MAX);
    bench.credit(1);
    bench.credit(1);
    assert_eq!(fit(&mut bench, mirrored(64)), 2);
}

#[test]
fn a_packet_of_no_bytes_does_not_go_round() {
    let seen = Bench::new().run(&[mirrored(0), to_list(0)]);
    assert!(seen.iter().all(|seen| !seen.edit.errand.on));
    assert_eq!(seen[1].verdict, Verdict::Drop(DropReason::NoCopyRoom));
}

#[test]
fn without_room_a_mirror_is_lost_and_a_list_is_not_served() {
    let mut bench = Bench::new();
    fit(&mut bench, mirrored(64));
    let mut both = to_list(64);
    both.classify.entry.mirror = 5;
    let mut translated = mirrored(64);
    translated.classify.entry.mirror = 0;
    translated.nexthop.kind = NexthopKind::Translate;
    let mut sent = mirrored(64);
    sent.classify.entry.mirror = 0;
    sent.nexthop.mirror = 5;
    sent.nexthop.port = 7;
    let mut dropped = mirrored(64);
    dropped.verdict = Verdict::Drop(DropReason::Discard).bits();
    let packets = [mirrored(64), to_list(64), both, translated, sent, dropped];
    let seen = bench.run(&packets);
    let no_room = Verdict::Drop(DropReason::NoCopyRoom);
    let verdicts: Vec<Verdict> = seen.iter().map(|seen| seen.verdict).collect();
    let dropped = Verdict::Drop(DropReason::Discard);
    assert_eq!(
        verdicts,
        [
            Verdict::Deliver,
            no_room,
            no_room,
            no_room,
            Verdict::Deliver,
            dropped
        ]
    );
    let lost: Vec<bool> = seen.iter().map(|seen| seen.lost).collect();
    assert_eq!(lost, [true, false, false, false, true, true]);
    for seen in &seen {
        assert!(!seen.edit.errand.on);
        assert_eq!(seen.edit.drop, seen.verdict != Verdict::Deliver);
    }
    assert_eq!((seen[4].edit.port, seen[4].edit.length), (7, 64));
}

#[test]
fn the_slow_path_is_left_in_peace_as_long_as_it_asks() {
    for (interval, every) in [(0, 1), (1, 1), (2, 2), (5, 5)] {
        let mut bench = Bench::new().interval(interval);
        let gone = go(&mut bench, &[learning(); 20]);
        let expected: Vec<bool> = (0..20).map(|i| i % every == 0).collect();
        assert_eq!(gone, expected, "interval {interval}");
    }
}

#[test]
fn a_packet_that_rests_from_learning_is_mirrored_and_replicated() {
    let mut bench = Bench::new().interval(100);
    let mut of_list = to_list(64);
    of_list.bridge.learn = true;
    let mut of_mirror = mirrored(64);
    of_mirror.bridge.learn = true;
    let seen = bench.edits(&[learning(), of_list, of_mirror, learning()]);
    assert!(seen[0].errand.learn);
    assert_eq!((seen[1].errand.members, seen[1].errand.learn), (2, false));
    assert_eq!((seen[2].errand.mirror, seen[2].errand.learn), (5, false));
    assert!(!seen[3].errand.on);
}
