//! `cargo xtask peers`: the card between network stacks and tunnel ends that others wrote, in network namespaces.
//!
//! ```text
//!   build underpass ─▶ tests, program peers ─▶ peer, what, figures
//! ```
//! It takes root and what `tests/peers/needs.rs` names; elsewhere it says what is missing, and that it was skipped. The
//! gate runs the same test.

use crate::{run, Outcome};
use anyhow::Result;

/// Which card.
#[derive(clap::Args)]
pub struct Options {
    /// What is inside it: rtl or model
    #[arg(long, default_value = "rtl", value_parser = ["rtl", "model"])]
    card: String,
}

/// Runs it, built as the gate builds it: the time goes into the simulation, which is compiled for speed anyway.
pub fn run(options: &Options) -> Result<Outcome> {
    let package = "underpass-host-driver";
    let built = run::check(run::cargo().args(["build", "--package", package]))?;
    if built == Outcome::Found {
        return Ok(built);
    }
    run::check(
        run::cargo()
            .args(["test", "--package", "underpass-tests", "--test", "peers"])
            .args(["--", "--nocapture", "real_peers_are_reached"])
            .env("UNDERPASS_CARD", &options.card),
    )
}
