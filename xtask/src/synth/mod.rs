//! `cargo xtask synth`: what the hardware takes and how deep its logic is, without a vendor tool.
//!
//! ```text
//!   Verilog ──▶ yosys, one module at a time ──▶ netlist.json ──┬──▶ usage  ──┬──▶ table
//!                                                              └──▶ levels ──┘
//! ```
//!
//! The module folders below `target/synth/` keep the Verilog, the log and the netlist of the last run.

mod cells;
mod levels;
mod netlist;
mod report;
mod usage;
mod yosys;

use crate::{run, Outcome};
use anyhow::{Context, Result};
use levels::Levels;
use netlist::Netlist;
use report::Row;
use std::path::PathBuf;
use std::time::Instant;
use usage::Usage;

/// What to synthesize and what to do with the figures.
#[derive(clap::Args)]
pub struct Options {
    /// Verilog file to take
    #[arg(long, value_name = "FILE")]
    verilog: PathBuf,
    /// Modules to synthesize
    #[arg(long, value_name = "NAME", required = true)]
    stage: Vec<String>,
    /// File to write the table to, such as docs/synthesis.md
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Levels of logic that no module may exceed: exit 1 where one does
    #[arg(long, value_name = "LEVELS")]
    budget: Option<u32>,
}

/// Synthesizes and prints the table.
pub fn run(options: &Options) -> Result<Outcome> {
    let path = &options.verilog;
    let verilog =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let yosys = yosys::Yosys::get()?;
    let mut rows = Vec::new();
    for module in &options.stage {
        let start = Instant::now();
        let json = yosys.map(
            &run::target_dir().join("synth").join(module),
            &verilog,
            module,
        )?;
        let netlist = Netlist::parse(&json)
            .with_context(|| format!("the netlist of {module} is not as expected"))?;
        let row = Row {
            module: module.clone(),
            usage: Usage::of(&netlist)?,
            levels: Levels::of(&netlist)?,
        };
        eprintln!("{module}: {:.1} s", start.elapsed().as_secs_f64());
        rows.push(row);
    }
    let page = report::page(&command_line(), &rows);
    print!("{page}");
    if let Some(out) = &options.out {
        std::fs::write(out, &page).with_context(|| format!("cannot write {}", out.display()))?;
    }
    let Some(budget) = options.budget else {
        return Ok(Outcome::Clean);
    };
    let deep: Vec<_> = rows
        .iter()
        .filter(|row| row.levels.max() > budget)
        .collect();
    for row in &deep {
        eprintln!(
            "error: {} has {} levels of logic, the budget is {budget}",
            row.module,
            row.levels.max()
        );
    }
    Ok(Outcome::clean_if(deep.is_empty()))
}

/// The command as it was typed, so that a page says how to make it again.
fn command_line() -> String {
    let words: Vec<String> = std::env::args().skip(1).collect();
    format!("cargo xtask {}", words.join(" "))
}
