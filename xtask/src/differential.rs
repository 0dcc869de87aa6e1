//! `cargo xtask differential`: any number of random packets through RTL and model, from any seed.
//!
//! ```text
//!   --packets, --seed ─▶ UNDERPASS_PACKETS, UNDERPASS_SEED ─▶ tests, program differential
//! ```
//! The same program runs 100,000 packets in the gate. A mismatch prints its seed, the packet, the field and the stage.

use crate::{run, Outcome};
use anyhow::Result;

/// How many packets, and which.
#[derive(clap::Args)]
pub struct Options {
    /// Packets in all; every 2,500 come new tables and other stalls
    #[arg(long, default_value_t = 100_000)]
    packets: u64,
    /// What everything random comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs them, optimised.
pub fn run(options: &Options) -> Result<Outcome> {
    run::check(
        run::cargo()
            .args([
                "test",
                "--release",
                "--package",
                "underpass-tests",
                "--test",
                "differential",
            ])
            .args(["--", "--nocapture"])
            .env("UNDERPASS_PACKETS", options.packets.to_string())
            .env("UNDERPASS_SEED", options.seed.to_string()),
    )
}
