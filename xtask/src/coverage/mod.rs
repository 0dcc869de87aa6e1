//! `cargo xtask coverage`: which lines of the core's Verilog the differential packets run through.
//!
//! ```text
//!   tests, program differential, with UNDERPASS_COVERAGE ─▶ core.v, core-*.dat ─▶ points ─┐
//!   explained.txt ────────────────────────────────────────────────────────────────────────┴▶ docs/coverage.md
//! ```
//! The folder `target/coverage/` keeps the data of the last run. A line that no packet reached must be explained in
//! `xtask/src/coverage/explained.txt`; exit 1 where one is not, or where an explanation explains nothing.

mod explained;
mod places;
mod points;
mod report;

use crate::{run, Outcome};
use anyhow::{bail, Context, Result};
use std::path::{Path, PathBuf};

/// What is run and what becomes of it.
#[derive(clap::Args)]
pub struct Options {
    /// Packets in all
    #[arg(long, default_value_t = 50_000)]
    packets: u64,
    /// What everything random comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Take the data of the last run
    #[arg(long)]
    again: bool,
    /// File to write the page to, such as docs/coverage.md
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the packets and prints the page.
pub fn run(options: &Options) -> Result<Outcome> {
    let folder = run::target_dir().join("coverage");
    if !options.again && collect(&folder, options)? == Outcome::Found {
        bail!("RTL and model differ: no coverage of a core that is wrong");
    }
    let verilog = read(&folder.join("core.v"))?;
    let mut points = points::Points::default();
    for file in data(&folder)? {
        points
            .add(&read(&file)?)
            .with_context(|| format!("{} is not as expected", file.display()))?;
    }
    let found = places::find(&verilog, &points);
    let notes = explained::read(&read(&notes_file())?)?;
    let report = report::Report::new(&found, &notes);
    let page = report.page(&command(options));
    print!("{page}");
    if let Some(out) = &options.out {
        std::fs::write(out, &page).with_context(|| format!("cannot write {}", out.display()))?;
    }
    report.complain(&notes_file());
    Ok(Outcome::clean_if(report.is_explained()))
}

/// The command that makes the same page, whatever was kept.
fn command(options: &Options) -> String {
    format!(
        "cargo xtask coverage --packets {} --seed {}",
        options.packets, options.seed
    )
}

fn notes_file() -> PathBuf {
    run::root().join("xtask/src/coverage/explained.txt")
}

/// Runs the packets over a core with counted lines; the folder holds nothing of a run before.
fn collect(folder: &Path, options: &Options) -> Result<Outcome> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    run::check(
        run::cargo()
            .args(["test", "--release", "--package", "underpass-tests"])
            .args(["--test", "differential", "--", "--nocapture"])
            .env("UNDERPASS_PACKETS", options.packets.to_string())
            .env("UNDERPASS_SEED", options.seed.to_string())
            .env("UNDERPASS_COVERAGE", folder),
    )
}

fn data(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .collect::<std::io::Result<Vec<_>>>()
        .with_context(|| format!("cannot read {}", folder.display()))?;
    let files: Vec<PathBuf> = entries
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "dat"))
        .collect();
    if files.is_empty() {
        bail!("no core left its counts in {}", folder.display());
    }
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
