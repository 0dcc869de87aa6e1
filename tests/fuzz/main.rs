//! Every fuzz target over its corpus, then over seeded mutations of it: the same inputs on every machine.
//!
//! `UNDERPASS_FUZZ_CASES` says how many mutations of each target, `UNDERPASS_SEED` which ones. An input that is a
//! finding is left behind as a file; `UNDERPASS_FUZZ_INPUT` runs that file alone. `docs/how-to/fuzz.md` says more.

use std::path::{Path, PathBuf};

use fastrand::Rng;
use underpass_tests::fuzz::corpus::{self, Seed};
use underpass_tests::fuzz::{mutate, rtl_and_model, target, Target};

fn from_env(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}, expected a number")),
        Err(_) => default,
    }
}

/// Leaves the input behind if the target panics over it.
struct Case<'a> {
    target: &'a Target,
    input: &'a [u8],
    what: String,
}

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let name = self.target.name;
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
        let written = std::fs::write(&path, self.input);
        println!("{name}: found with {}", self.what);
        match written {
            Ok(()) => println!(
                "again: UNDERPASS_FUZZ_INPUT={} cargo test -p underpass-tests --test fuzz {name}",
                path.display()
            ),
            Err(error) => println!("{}: {error}", path.display()),
        }
    }
}

fn run_one(target: &Target, input: &[u8], what: String) {
    let _case = Case {
        target,
        input,
        what,
    };
    (target.run)(input);
}

fn run(name: &str) {
    let target = target(name);
    if let Some(path) = std::env::var_os("UNDERPASS_FUZZ_INPUT") {
        let path = Path::new(&path);
        let input =
            std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return (target.run)(&input);
    }
    let (cases, seed) = (
        from_env("UNDERPASS_FUZZ_CASES", target.cases),
        from_env("UNDERPASS_SEED", 1),
    );
    let seeds = corpus::load(name);
    for Seed { path, bytes } in &seeds {
        run_one(&target, bytes, path.display().to_string());
    }
    let inputs: Vec<&[u8]> = seeds.iter().map(|one| one.bytes.as_slice()).collect();
    let mut rng = Rng::with_seed(seed);
    for case in 0..cases {
        let from = rng.choice(&inputs).copied().unwrap_or_default();
        let input = mutate::mutate(&mut rng, from, &inputs, target.max_bytes);
        run_one(&target, &input, format!("seed {seed}, case {case}"));
    }
    println!(
        "{name}: {} inputs, {cases} mutations, seed {seed}",
        inputs.len()
    );
}

#[test]
fn conform_cases() {
    run("conform_cases");
}

#[test]
fn image_header() {
    run("image_header");
}

#[test]
fn network_yaml() {
    run("network_yaml");
}

#[test]
fn pcap() {
    run("pcap");
}

#[test]
fn punt_ring() {
    run("punt_ring");
}

#[test]
fn rtl_and_model() {
    run("rtl_and_model");
    rtl_and_model::check_counters();
}

#[test]
fn slow_path() {
    run("slow_path");
}

#[test]
fn vfio_user_message() {
    run("vfio_user_message");
}
