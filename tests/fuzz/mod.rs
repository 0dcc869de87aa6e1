//! Fuzz targets: everything that takes bytes from outside, and the RTL against the model.
//!
//! ```text
//!   corpus/TARGET/*  ─▶ mutate (seeded) ─┐                      cargo test --test fuzz: stable, part of the gate
//!                                        ├─▶ TARGET::run(bytes) ─▶ panics on a violation
//!   corpus/TARGET/*  ─▶ libFuzzer ───────┘                      cargo-fuzz/: nightly, guided by coverage
//! ```
//! A target is a function that takes any bytes at all. It returns where they were handled, whether taken or refused,
//! and panics where something was not as it must be. How to run and replay: `docs/how-to/fuzz.md`.

pub mod bytes;
pub mod conform_cases;
pub mod corpus;
pub mod image_header;
pub mod mutate;
pub mod network_yaml;
pub mod networks;
pub mod pcap;
pub mod punt_ring;
pub mod rtl_and_model;
pub mod slow_path;
pub mod vfio_user_message;

/// A function that takes any bytes, and how often the gate calls it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name here, in `corpus/` and in `cargo-fuzz/`.
    pub name: &'static str,
    /// Panics on a violation.
    pub run: fn(&[u8]),
    /// Mutated inputs of a run that is not told another number.
    pub cases: u64,
    /// Longest input in bytes that mutation makes.
    pub max_bytes: usize,
}

/// All of them.
pub const TARGETS: [Target; 8] = [
    Target {
        name: "conform_cases",
        run: conform_cases::run,
        cases: 2_000,
        max_bytes: 16 << 10,
    },
    Target {
        name: "image_header",
        run: image_header::run,
        cases: 20_000,
        max_bytes: 1024,
    },
    Target {
        name: "network_yaml",
        run: network_yaml::run,
        cases: 1_500,
        max_bytes: 16 << 10,
    },
    Target {
        name: "pcap",
        run: pcap::run,
        cases: 2_000,
        max_bytes: 4096,
    },
    Target {
        name: "punt_ring",
        run: punt_ring::run,
        cases: 3_000,
        max_bytes: 16 << 10,
    },
    Target {
        name: "rtl_and_model",
        run: rtl_and_model::run,
        cases: 400,
        max_bytes: 4096,
    },
    Target {
        name: "slow_path",
        run: slow_path::run,
        cases: 1_500,
        max_bytes: 4096,
    },
    Target {
        name: "vfio_user_message",
        run: vfio_user_message::run,
        cases: 50_000,
        max_bytes: 1024,
    },
];

/// The target of that name.
///
/// # Panics
/// There is none.
pub fn target(name: &str) -> Target {
    TARGETS
        .into_iter()
        .find(|target| target.name == name)
        .unwrap_or_else(|| panic!("found no fuzz target `{name}`"))
}
