//! Packets of one path and one length, back to back.

use crate::core;
use underpass_layout::Verdict;
use underpass_tests::paths::{self, back_to_back, Path, Ran, PATHS, SIZES};

/// Clocks of one run: long enough that a path that makes packets longer fills the packet buffer and is slowed to the
/// pace of its output.
const CLOCKS: u64 = 1_200;

/// The lengths that a path can have.
fn sizes(path: &Path) -> Vec<usize> {
    let mut sizes: Vec<usize> = SIZES
        .iter()
        .map(|bytes| *bytes.max(&path.shortest))
        .collect();
    sizes.dedup();
    sizes
}

#[test]
fn every_packet_costs_the_larger_of_its_beats_in_and_out() {
    let mut rtl = core();
    for path in PATHS.iter().filter(|path| path.out.is_some()) {
        for bytes in sizes(path) {
            let count = (CLOCKS / path.cost(bytes)).clamp(10, 500) as usize;
            let ran = back_to_back(&mut rtl, path, bytes, count);
            check_way(path, bytes, &ran);
            let at = format!("{} {bytes} bytes", path.name);
            assert_eq!(ran.left.len(), count, "{at}");
            let cost = path.cost(bytes);
            let odd = ran
                .steps()
                .into_iter()
                .zip(1..)
                .find(|(step, _)| *step != cost);
            assert_eq!(
                odd, None,
                "{at}: clocks and number of the first packet that does not cost {cost}"
            );
        }
    }
}

/// Nothing of them comes out, so two others of the same length measure the time between.
#[test]
fn a_dropped_packet_costs_its_beats_in() {
    let mut rtl = core();
    let marker = PATHS
        .iter()
        .find(|path| path.name == "VM, bridged, to VM")
        .expect("a path without a change");
    for path in PATHS.iter().filter(|path| path.out.is_none()) {
        for bytes in sizes(path) {
            let count = (CLOCKS / path.cost(bytes)).clamp(10, 500) as usize;
            let mut packets = vec![path.packet(bytes); count + 2];
            (packets[0], packets[count + 1]) = (marker.packet(bytes), marker.packet(bytes));
            let ran = paths::run(&mut rtl, &packets, |_| ());
            let at = format!("{} {bytes} bytes", path.name);
            assert!(
                ran.decided[1..=count]
                    .iter()
                    .all(|one| Verdict::from(one.meta.verdict) == path.verdict),
                "{at}"
            );
            assert_eq!(
                ran.steps(),
                [count as u64 * path.beats_in(bytes) + marker.cost(bytes)],
                "{at}: clocks of {count} and a marker"
            );
        }
    }
}

/// Where the output is no longer than the input, the input never waits.
#[test]
fn the_input_waits_for_nothing_but_the_output() {
    let mut rtl = core();
    for path in PATHS {
        for bytes in sizes(path)
            .into_iter()
            .filter(|bytes| path.beats_out(*bytes) <= path.beats_in(*bytes))
        {
            let count = (CLOCKS / path.cost(bytes)).clamp(10, 500);
            let ran = back_to_back(&mut rtl, path, bytes, count as usize);
            check_way(path, bytes, &ran);
            let taken = ran.sent[count as usize - 1].last_beat_at + 1 - ran.sent[0].first_beat_at;
            assert_eq!(
                taken,
                count * path.beats_in(bytes),
                "{} {bytes} bytes",
                path.name
            );
        }
    }
}

/// The packets went where the path says: otherwise something else was measured.
fn check_way(path: &Path, bytes: usize, ran: &Ran) {
    let at = || format!("{} {bytes} bytes", path.name);
    for decided in &ran.decided {
        assert_eq!(
            Verdict::from(decided.meta.verdict),
            path.verdict,
            "{}",
            at()
        );
    }
    for frame in &ran.left {
        assert_eq!(Some(frame.port), path.out, "{}", at());
        assert_eq!(frame.bytes.len(), path.bytes_out(bytes), "{}", at());
    }
}
