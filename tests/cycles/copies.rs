//! Packets that become several or go round: what a copy costs, how long a round takes, and what a storm leaves to the
//! others.

use crate::latencies::LATENCY;
use crate::library;
use underpass_hdl::rounds::ROUND_CLOCKS;
use underpass_hdl::stream::gather::turns::LIMIT;
use underpass_layout::meta::{BEAT_BYTES, WINDOW_BYTES};
use underpass_layout::profile::SIM;
use underpass_layout::registers::{ROUND_COPIES, ROUND_LOST, ROUND_PACKETS};
use underpass_tests::paths::copies::{until_quiet, Left, Legs, Scene};
use underpass_tests::paths::{self, Path};
use underpass_tests::rtl::Rtl;

/// Beats that copies may be behind before a stream begins, and catch up with then.
const DEBT: u64 = LIMIT as u64;

/// First and last clock on the output, port, length.
type Frame = (u64, u64, u16, usize);

/// A fresh core in which this happens.
fn core(scene: Scene) -> Rtl {
    let mut rtl = paths::core(library(), &SIM);
    scene.set(&mut rtl, &SIM);
    rtl
}

/// What leaves of so many packets back to back.
fn ran(scene: Scene, bytes: usize, count: usize) -> Left {
    let mut rtl = core(scene);
    let left = until_quiet(&mut rtl, &vec![scene.packet(bytes); count]);
    assert_eq!(
        left.frames.len(),
        count * scene.frames(),
        "{count} packets of {bytes} bytes, {}",
        scene.name()
    );
    assert_eq!(rtl.read(ROUND_LOST), 0);
    assert_eq!(rtl.read(ROUND_PACKETS), count as u32);
    left
}

fn beats(bytes: usize) -> u64 {
    bytes.div_ceil(BEAT_BYTES) as u64
}

#[test]
fn a_copy_costs_what_it_is_long() {
    for members in [2, 16, 256] {
        for (legs, adds) in [(Legs::Local, 0), (Legs::HeadEnd, 50), (Legs::Tree, 86)] {
            for bytes in [64, 65, 1500] {
                let scene = Scene::List(legs, members);
                let left = ran(scene, bytes, 1);
                let cost = beats(bytes + adds);
                let at = format!("{} {bytes} bytes", scene.name());
                assert!(
                    left.frames.iter().all(|frame| frame.3 == bytes + adds),
                    "{at}"
                );
                assert!(
                    left.steps().iter().all(|step| *step == cost),
                    "{at}: {:?}",
                    left.steps()
                );
            }
        }
    }
}

/// Small frames to a guest, one after the other and list after list.
#[test]
fn copies_follow_each_other_without_a_gap() {
    let scene = Scene::List(Legs::Local, 64);
    let left = ran(scene, 64, 8);
    let steps = left.steps();
    // The first copies share the input with the last packets.
    let settled = &steps[2 * 8..];
    assert!(settled.iter().all(|step| *step == 1), "{steps:?}");
}

/// A round: through the card, through rounds, and through the card again.
#[test]
fn a_round_takes_two_ways_through_the_card_and_one_through_rounds() {
    let round = |bytes: usize| {
        // The header is whole so many clocks behind the first beat, twice; the packet in rounds, once.
        let header = beats(bytes.min(WINDOW_BYTES)) - 1;
        2 * (LATENCY + header) + beats(bytes) - 1 + ROUND_CLOCKS as u64
    };
    let scenes = [
        Scene::List(Legs::Local, 1),
        Scene::List(Legs::HeadEnd, 1),
        Scene::Translate,
        Scene::MirrorHere,
    ];
    for scene in scenes {
        for bytes in [64, 128, 1500] {
            let left = ran(scene, bytes, 1);
            let at = format!("{} {bytes} bytes", scene.name());
            assert_eq!(left.latency(), round(bytes), "{at}");
        }
    }
}

/// The copy, then the packet, behind each other: nothing but their beats.
#[test]
fn a_mirrored_packet_costs_its_copy_and_itself() {
    for bytes in [64, 256, 1500] {
        let left = ran(Scene::MirrorHere, bytes, 1);
        assert_eq!(left.steps(), [beats(bytes)], "{bytes} bytes");
        assert_eq!(left.frames[0].3, bytes);
    }
}

/// Each packet comes in once and back twice: three beats on the way in for one of 64 bytes.
#[test]
fn a_stream_that_is_mirrored_takes_what_its_copies_take() {
    const COUNT: usize = 40;
    for bytes in [64, 256] {
        let left = ran(Scene::MirrorHere, bytes, COUNT);
        let due = 3 * beats(bytes) * COUNT as u64;
        let once = ran(Scene::MirrorHere, bytes, 1).clocks();
        assert!(
            left.clocks() <= due + once,
            "{bytes}: {} clocks, {due} due",
            left.clocks()
        );
    }
}

/// Packets that wait in the buffer when the stream begins: each is copied as often as a list is long here.
const STORM: usize = 40;

/// While copies come back without a pause, others keep every second beat.
#[test]
fn a_storm_leaves_half_of_the_beats_to_the_others() {
    let path = Path::named("wire to host, cross-connect");
    for (storm, bytes) in [(64, 64), (64, 1500), (640, 64), (640, 640)] {
        let members = 256;
        let scene = Scene::List(Legs::Local, members);
        let mut rtl = core(scene);
        // As many as the copies of the storm outlast.
        let count =
            (STORM as u64 * u64::from(members) * beats(storm) / beats(bytes) / 2).min(1_000);
        let mut packets = vec![scene.packet(storm); STORM];
        packets.extend(vec![path.packet(bytes); count as usize]);
        let left = until_quiet(&mut rtl, &packets);
        let at = format!("storm of {storm} bytes, {bytes} bytes");
        let (ours, copies): (Vec<&Frame>, Vec<&Frame>) = left
            .frames
            .iter()
            .partition(|frame| Some(frame.2) == path.out);
        assert_eq!(ours.len() as u64, count, "{at}");
        assert_eq!(
            rtl.read(ROUND_COPIES),
            STORM as u32 * u32::from(members),
            "{at}"
        );
        assert_eq!(copies.len(), STORM * usize::from(members), "{at}");
        let clocks = ours[ours.len() - 1].1 - ours[0].1;
        let in_between = copies
            .iter()
            .filter(|copy| copy.1 > ours[0].1 && copy.1 < ours[ours.len() - 1].1);
        println!(
            "{at}: {clocks} clocks for {count}, {} copies between",
            in_between.count()
        );
        // One packet of the storm is under way when the other's turn comes.
        let due = 2 * beats(bytes) * (count - 1) + 2 * beats(storm) + DEBT;
        assert!(clocks <= due, "{at}: {clocks} clocks, {due} due");
        assert!(
            copies
                .last()
                .is_some_and(|copy| copy.1 > ours[ours.len() - 1].1),
            "{at}"
        );
    }
}
