//! Packets of all paths and lengths in random order.

use crate::core;
use fastrand::Rng;
use underpass_layout::Verdict;
use underpass_tests::packets::Packet;
use underpass_tests::paths::{self, Path, PATHS};

/// Clocks by which a mix may exceed the sum of what its packets cost: the way of the first one through the card, and
/// what the half of deliver behind the queue has left to do when the half before it ends.
const SLACK: u64 = 100;

/// The total over this mix of packets with what they should cost.
fn check(seed: u64, mix: impl Fn(&mut Rng) -> (&'static Path, usize)) {
    let mut rng = Rng::with_seed(seed);
    let mut rtl = core();
    for round in 0..6 {
        let mut chosen: Vec<_> = (0..400).map(|_| mix(&mut rng)).collect();
        // The last one leaves, so that dropped ones before it count.
        chosen.push((&PATHS[0], PATHS[0].shortest));
        let packets: Vec<Packet> = chosen
            .iter()
            .map(|(path, bytes)| path.packet(*bytes))
            .collect();
        let ran = paths::run(&mut rtl, &packets, |_| ());
        for ((path, bytes), decided) in chosen.iter().zip(&ran.decided) {
            assert_eq!(
                Verdict::from(decided.meta.verdict),
                path.verdict,
                "{} {bytes} bytes",
                path.name
            );
        }
        let cost: u64 = chosen.iter().map(|(path, bytes)| path.cost(*bytes)).sum();
        let least: u64 = chosen
            .iter()
            .map(|(path, bytes)| path.beats_out(*bytes))
            .sum();
        println!(
            "round {round}: {} clocks, {cost} due, {least} beats out",
            ran.clocks()
        );
        assert!(
            ran.clocks() <= cost + SLACK,
            "seed {seed} round {round}: {} clocks, {cost} due",
            ran.clocks()
        );
        assert!(
            ran.clocks() >= least,
            "seed {seed} round {round}: {} clocks for {least} beats out",
            ran.clocks()
        );
    }
}

fn any_path(rng: &mut Rng) -> &'static Path {
    &PATHS[rng.usize(..PATHS.len())]
}

#[test]
fn any_mix_costs_no_more_than_its_packets() {
    check(1, |rng| {
        let path = any_path(rng);
        let bytes = match rng.u8(..16) {
            0 => rng.usize(1500..9000),
            1..=4 => rng.usize(256..1500),
            _ => rng.usize(64..256),
        };
        (path, bytes.max(path.shortest))
    });
}

#[test]
fn short_packets_of_all_paths_cost_no_more_than_each() {
    check(2, |rng| {
        let path = any_path(rng);
        (path, rng.usize(64..130).max(path.shortest))
    });
}
