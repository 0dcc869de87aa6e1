//! The RTL against the model: the same tables, the same packets, every output byte and counter.
//!
//! `cargo xtask differential --packets N --seed S` runs it optimised. Here `UNDERPASS_PACKETS` says how many packets
//! (default 100,000), `UNDERPASS_SEED` which ones; both are printed.

mod compare;
mod conservation;
mod met;

use compare::{compare, Run};
use fastrand::Rng;
use met::Met;
use underpass_bench::Stalls;
use underpass_layout::profile::SIM;
use underpass_tests::rtl;

/// Packets of one run, at least and at most: then come other tables and other stalls. Filling tables and reading counters
/// takes as many clocks as some thousand packets, so that long tests take long runs.
const PACKETS_A_RUN: [usize; 2] = [2_500, 10_000];
/// Runs of a test, unless they would be too short or too long.
const RUNS: usize = 40;

fn from_env(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}, expected a number")),
        Err(_) => default,
    }
}

#[test]
fn rtl_and_model_agree_on_random_packets() {
    let packets = from_env("UNDERPASS_PACKETS", 100_000) as usize;
    let seed = from_env("UNDERPASS_SEED", 1);
    println!("{packets} packets, seed {seed}");
    let library = rtl::library(&SIM);
    let mut rng = Rng::with_seed(seed);
    let [least, most] = PACKETS_A_RUN;
    let a_run = (packets / RUNS).clamp(least, most);
    let mut left = packets;
    let mut number = 0;
    let mut met = Met::default();
    while left > 0 {
        let stalls = |percent: u8, seed: u64| match percent {
            0 => Stalls::None,
            _ => Stalls::Random { seed, percent },
        };
        let run = Run {
            seed: rng.u64(..),
            packets: left.min(a_run),
            stalls_in: stalls([0, 30, 0, 60][number % 4], rng.u64(..)),
            stalls_out: stalls([0, 0, 40, 60][number % 4], rng.u64(..)),
        };
        compare(&library, &SIM, &run, &mut met);
        left -= run.packets;
        number += 1;
    }
    println!("{met}");
    if packets >= met::ENOUGH {
        assert_eq!(met.missing(), [""; 0], "no packet met these");
    }
}
