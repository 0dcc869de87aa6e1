//! `cargo xtask synth`: what the hardware takes and how deep its logic is, without a vendor tool.
//!
//! ```text
//!   Verilog of the card ──▶ yosys, one module at a time ──▶ netlist.json ──┬──▶ usage  ──┬──▶ table ──▶ sum, board
//!                       └─▶ shapes of its memories                         └──▶ levels ──┘
//! ```
//!
//! The module folders below `target/synth/` keep the Verilog, the log and the netlist of the last run, which is taken
//! again while nothing has changed. All of profile `u250` takes many minutes of a core. Of a module that takes longer
//! than its limit, or of all with `--quick`, memories alone are mapped: whether they fit is known in a tenth of the time.

mod cells;
mod levels;
mod measure;
mod netlist;
mod part;
mod report;
mod shapes;
mod usage;
mod yosys;

pub use yosys::{Target, Yosys};

use crate::{project, rtl, Outcome};
use anyhow::{bail, Context, Result};
use levels::Levels;
use measure::Limits;
use report::{Head, Row};
use std::path::PathBuf;

/// What to synthesize and what to do with the figures.
#[derive(clap::Args)]
pub struct Options {
    /// Capacities of the card to take
    #[arg(long, default_value = "sim")]
    profile: String,
    /// What is around the core
    #[arg(long, default_value = "card")]
    shell: String,
    /// Verilog file to take instead
    #[arg(long, value_name = "FILE")]
    verilog: Option<PathBuf>,
    /// Modules to synthesize, by the whole name or its last words (`route`); all that hold no other where none is named
    #[arg(long, value_name = "NAME")]
    stage: Vec<String>,
    /// File to write the table to, such as docs/synthesis.md
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Levels of logic that no module may exceed: exit 1 where one does
    #[arg(long, value_name = "LEVELS")]
    budget: Option<u32>,
    /// Time for each module: of one that takes longer, memories alone are mapped, and the table says so
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    limit: u64,
    /// Map memories alone, save of modules whose netlists are kept: a small part of the time
    #[arg(long)]
    quick: bool,
}

/// Synthesizes and prints the table.
pub fn run(options: &Options) -> Result<Outcome> {
    let verilog = match &options.verilog {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?,
        None => match project::rtl(&options.profile, &options.shell) {
            Some(rtl) => rtl?.verilog,
            None => return project::again(std::env::args_os().skip(1)),
        },
    };
    let modules = chosen(&verilog, &options.stage)?;
    let common = common_prefix(&modules);
    let limits = Limits::of(options);
    let rows = measure::rows(&Yosys::get()?, &verilog, &modules, limits)?
        .into_iter()
        .map(|row| Row {
            module: row.module[common..].to_string(),
            ..row
        })
        .collect::<Vec<_>>();
    let whole = options.verilog.is_none() && options.stage.is_empty() && options.shell == "card";
    let head = Head {
        command: &command_line(),
        part: part::of(&options.profile).filter(|_| whole),
    };
    let page = report::page(&head, &rows);
    print!("{page}");
    if let Some(out) = &options.out {
        std::fs::write(out, &page).with_context(|| format!("cannot write {}", out.display()))?;
    }
    Ok(Outcome::clean_if(within(options.budget, &rows)))
}

/// Whether no module has more levels than the budget; prints those that have.
fn within(budget: Option<u32>, rows: &[Row]) -> bool {
    let Some(budget) = budget else { return true };
    let mut within = true;
    for row in rows {
        let levels = row.levels().map_or(0, Levels::max);
        if levels > budget {
            within = false;
            eprintln!(
                "error: {} has {levels} levels of logic, the budget is {budget}",
                row.module
            );
        }
    }
    within
}

/// The command as it was typed, so that a page says how to make it again.
fn command_line() -> String {
    let words: Vec<String> = std::env::args().skip(1).collect();
    format!("cargo xtask {}", words.join(" "))
}

/// How many letters all names begin with, up to and with an underline: what a table need not repeat.
fn common_prefix(names: &[&str]) -> usize {
    let Some((first, others)) = names.split_first() else {
        return 0;
    };
    let cuts = first.match_indices('_').map(|(at, _)| at + 1).rev();
    let shared = |cut: &usize| {
        !others.is_empty() && others.iter().all(|name| name.starts_with(&first[..*cut]))
    };
    cuts.into_iter().find(shared).unwrap_or(0)
}

/// The modules that the names mean.
pub fn chosen<'a>(verilog: &'a str, names: &[String]) -> Result<Vec<&'a str>> {
    if names.is_empty() {
        return Ok(rtl::leaves(verilog));
    }
    let all = rtl::modules(verilog);
    let find = |name: &String| {
        let exact = all.iter().filter(|module| *module == name).copied().next();
        let ending = format!("_{name}");
        let mut close = all
            .iter()
            .filter(|module| module.ends_with(&ending))
            .copied();
        match (exact, close.next(), close.next()) {
            (Some(module), _, _) | (None, Some(module), None) => Ok(module),
            (None, Some(one), Some(other)) => {
                bail!("{name} may be {one} or {other}: give the whole name")
            }
            (None, None, _) => bail!("no module is called {name}; there are {}", all.join(", ")),
        }
    };
    names.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "module top_route();\nendmodule\nmodule x_route();\nendmodule\nmodule top_flow();\nendmodule\nmodule top();\n  top_flow f();\nendmodule\n";

    fn names(list: &[&str]) -> Result<Vec<&'static str>> {
        chosen(
            TEXT,
            &list.iter().map(|name| name.to_string()).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn modules_are_chosen_by_name_or_by_its_end() {
        assert_eq!(
            names(&["flow", "x_route", "top"]).unwrap(),
            ["top_flow", "x_route", "top"]
        );
        assert_eq!(names(&[]).unwrap(), ["top_route", "x_route", "top_flow"]);
    }

    #[test]
    fn what_all_names_begin_with_is_cut() {
        assert_eq!(
            common_prefix(&["top_core_route", "top_core_flow", "top_slave"]),
            "top_".len()
        );
        assert_eq!(common_prefix(&["route", "top_flow"]), 0);
        assert_eq!(common_prefix(&["top_flow"]), 0);
        assert_eq!(common_prefix(&[]), 0);
    }

    #[test]
    fn a_name_of_two_or_of_none_is_refused() {
        assert_eq!(
            names(&["route"]).unwrap_err().to_string(),
            "route may be top_route or x_route: give the whole name"
        );
        assert_eq!(
            names(&["low"]).unwrap_err().to_string(),
            "no module is called low; there are top_route, x_route, top_flow, top"
        );
    }
}
