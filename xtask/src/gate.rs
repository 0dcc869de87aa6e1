//! `cargo xtask ci`: the gate, the same on a laptop and in CI.
//!
//! Every step runs even when an earlier one failed, so that one run shows all there is to mend. The quick ones come
//! first; each prints a header, what it found and its time, and the last lines are the summary.

use crate::{deny, deps, formal, generate, paths, run, tests, Outcome};
use anyhow::Result;
use clap::ValueEnum;
use std::time::{Duration, Instant};

/// The parts of the gate, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// Formatting
    Fmt,
    /// Who depends on whom: docs/dependencies.md
    Deps,
    /// Licences, bans and sources: deny.toml
    Deny,
    /// Paths named in documents exist
    Paths,
    /// Lints, all warnings are errors
    Clippy,
    /// API documents with private items, all warnings are errors
    Docs,
    /// docs/generated is what the layout crate says
    Gen,
    /// Proofs of the stream blocks
    Formal,
    /// All tests
    Test,
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_string())
    }

    fn run(self) -> Result<Outcome> {
        match self {
            Self::Fmt => run::check(run::cargo().args(["fmt", "--all", "--check"])),
            Self::Deps => deps::check(),
            Self::Deny => deny::check(),
            Self::Paths => paths::check(),
            Self::Clippy => run::check(run::cargo().args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--keep-going",
                "--",
                "-Dwarnings",
            ])),
            Self::Docs => run::check(
                run::cargo()
                    .args([
                        "doc",
                        "--workspace",
                        "--no-deps",
                        "--document-private-items",
                        "--keep-going",
                    ])
                    .env("RUSTDOCFLAGS", "-Dwarnings"),
            ),
            Self::Gen => generate::run(true),
            Self::Formal => formal::check(),
            Self::Test => tests::run(&[]),
        }
    }
}

/// Runs `steps`, or all of them where none is named, less `skip`.
pub fn run(steps: &[Step], skip: &[Step]) -> Result<Outcome> {
    let chosen = Step::value_variants()
        .iter()
        .copied()
        .filter(|step| steps.is_empty() || steps.contains(step))
        .filter(|step| !skip.contains(step));
    let mut done = Vec::new();
    for step in chosen {
        println!("\n== {} ==", step.name());
        let start = Instant::now();
        let passed = match step.run() {
            Ok(outcome) => outcome == Outcome::Clean,
            Err(error) => {
                eprintln!("error: {error:#}");
                false
            }
        };
        let line = Line {
            step,
            passed,
            took: start.elapsed(),
        };
        println!("{line}");
        done.push(line);
    }
    println!("\n== summary ==");
    for line in &done {
        println!("{line}");
    }
    let failed: Vec<_> = done
        .iter()
        .filter(|line| !line.passed)
        .map(|line| line.step.name())
        .collect();
    match failed.is_empty() {
        true => println!("gate: {} steps passed", done.len()),
        false => println!(
            "gate: {} of {} steps failed; again with: cargo xtask ci {}",
            failed.len(),
            done.len(),
            failed.join(" ")
        ),
    }
    Ok(Outcome::clean_if(failed.is_empty()))
}

/// One line of the summary.
struct Line {
    step: Step,
    passed: bool,
    took: Duration,
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = if self.passed { "ok" } else { "FAILED" };
        write!(
            f,
            "{:<8} {word:<6} {:>7.1} s",
            self.step.name(),
            self.took.as_secs_f64()
        )
    }
}
