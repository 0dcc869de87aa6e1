//! `cargo xtask deny`: licences, sources and duplicate or banned crates, as `deny.toml` states them.
//!
//! The advisory data base is left to a scheduled job: it changes without us, and a gate must not.

use crate::{run, tools, Outcome};
use anyhow::Result;

/// Runs cargo-deny where it is installed; where it is not, says so loudly and lets the gate go on.
pub fn check() -> Result<Outcome> {
    if run::find("cargo-deny").is_none() {
        tools::skip("licences, bans and sources", "cargo-deny");
        return Ok(Outcome::Clean);
    }
    run::check(run::cargo().args([
        "deny",
        "--all-features",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}
