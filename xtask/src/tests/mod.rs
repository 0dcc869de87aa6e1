//! `cargo xtask test`: every test of the workspace, and one line that says what came of it.
//!
//! ```text
//!   cargo test --workspace -- --show-output ──▶ Tally ──▶ N passed, M failed, K skipped
//! ```
//!
//! A test that cannot run here (no Verilator, no `/dev/kvm`) prints a line that begins with `SKIPPED:`; it counts as
//! skipped, and the lines are printed again in front of the last one. Other output of passing tests is not shown.

mod tally;

use crate::{run, Outcome};
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use tally::Tally;

/// Runs the tests; `filter` goes to the test programs as it is.
pub fn run(filter: &[String]) -> Result<Outcome> {
    let mut child = run::cargo()
        .args([
            "test",
            "--workspace",
            "--no-fail-fast",
            "--",
            "--show-output",
        ])
        .args(filter)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    let stdout = child
        .stdout
        .take()
        .context("cargo test has no standard output")?;
    let mut tally = Tally::default();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.context("cannot read what cargo test prints")?;
        let line = String::from_utf8_lossy(&line);
        if tally.see(&line) {
            println!("{line}");
        }
    }
    let status = child.wait().context("cannot wait for cargo test")?;
    tally.end(status.success());
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{tally}").context("cannot print the summary")?;
    Ok(Outcome::clean_if(tally.is_good()))
}
