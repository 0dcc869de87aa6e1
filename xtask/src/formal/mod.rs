//! `cargo xtask formal`: what the stream blocks promise, proved for every input and not only for those that a test tries.
//!
//! ```text
//!   hdl ─▶ a block's Verilog ─┐
//!                             ├─▶ spliced ─▶ sby ─▶ z3 ─▶ proved, or a counterexample
//!   formal/BLOCK.v ───────────┘      │
//!                                    └─ the same with one line broken: must be refused
//! ```
//! A property is an `assert` with a name in `formal/BLOCK.v`; names with `inv_` are steps of the induction, left out where
//! a block is broken on purpose. Proofs run one at a time, each with a time limit; `target/formal/` keeps their folders,
//! with the counterexample as a waveform where there is one.

#[cfg(feature = "project")]
pub mod blocks;
mod proofs;
mod report;
mod sby;
mod splice;

use crate::{project, run, tools, Outcome};
use anyhow::{bail, Context, Result};
use proofs::Proof;
use report::Row;
use sby::{Answer, Sby, Task};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A block's Verilog and the numbers that its properties speak of.
pub struct Block {
    /// Its text; the module has the block's name.
    pub verilog: String,
    /// What becomes a `localparam` each.
    pub parameters: Vec<(&'static str, u64)>,
}

/// What to prove and what to do with the answers.
#[derive(clap::Args)]
pub struct Options {
    /// Blocks to prove; all where none is named
    #[arg(value_name = "BLOCK")]
    blocks: Vec<String>,
    /// Seconds that one proof may take
    #[arg(long, default_value_t = 300)]
    limit: u64,
    /// File to write the page to, such as docs/formal.md
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The step of the gate: all proofs, or a loud word where what they need cannot be had.
pub fn check() -> Result<Outcome> {
    if let Err(error) = sby::Sby::get() {
        tools::skip_because("formal proofs", &format!("{error:#}"), sby::HINT);
        return Ok(Outcome::Clean);
    }
    project::again(["formal"])
}

/// Proves and prints the table.
pub fn run(options: &Options) -> Result<Outcome> {
    let Some(rows) = rows(options)? else {
        return project::again(std::env::args_os().skip(1));
    };
    let page = report::page(&rows);
    if let Some(out) = &options.out {
        std::fs::write(out, page).with_context(|| format!("cannot write {}", out.display()))?;
    }
    println!("\n{}", report::summary(&rows));
    Ok(Outcome::clean_if(rows.iter().all(Row::holds)))
}

/// What came out, a line for each as it comes; nothing where this xtask cannot emit blocks.
fn rows(options: &Options) -> Result<Option<Vec<Row>>> {
    let chosen = chosen(&options.blocks)?;
    let Some(blocks) = chosen
        .iter()
        .map(|proof| project::block(proof.block))
        .collect::<Option<Result<Vec<_>>>>()
    else {
        return Ok(None);
    };
    let sby = Sby::get().context(sby::HINT)?;
    println!("{}", report::head());
    let mut rows = Vec::new();
    for (proof, block) in chosen.iter().zip(blocks?) {
        for row in prove(&sby, proof, &block, Duration::from_secs(options.limit))? {
            println!("{row}");
            rows.push(row);
        }
    }
    Ok(Some(rows))
}

fn chosen(names: &[String]) -> Result<Vec<&'static Proof>> {
    if names.is_empty() {
        return Ok(proofs::PROOFS.iter().collect());
    }
    let find = |name: &String| {
        let known = || proofs::PROOFS.map(|proof| proof.block).join(", ");
        let found = proofs::PROOFS.iter().find(|proof| proof.block == name);
        found.with_context(|| format!("no proof is called {name}: expected one of {}", known()))
    };
    names.iter().map(find).collect()
}

/// The block as it is, then broken in each way.
fn prove(sby: &Sby, proof: &Proof, block: &Block, limit: Duration) -> Result<Vec<Row>> {
    let path = run::root()
        .join("formal")
        .join(format!("{}.v", proof.block));
    let properties = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let names = splice::names(&properties);
    if names.is_empty() {
        bail!("{} asserts nothing", path.display());
    }
    let task = |name: &str, induction: bool, depth: u32, block: &Block| -> Result<Task> {
        Ok(Task {
            folder: run::target_dir().join("formal").join(name),
            top: proof.block.into(),
            verilog: splice::splice(block, &properties)?,
            induction,
            depth,
            free_memories: proof.free_memories,
            limit,
        })
    };
    let row = |property: String, must_fail: bool, task: &Task, answer, took: Duration| Row {
        block: proof.block,
        property,
        must_fail,
        induction: task.induction,
        depth: task.depth,
        answer,
        seconds: took.as_secs_f64(),
    };

    let start = Instant::now();
    let whole = task(proof.block, true, proof.depth, block)?;
    let answer = sby.run(&whole)?;
    let took = start.elapsed();
    let mut rows: Vec<Row> = names
        .into_iter()
        .map(|name| row(name, false, &whole, answer.clone(), took))
        .collect();

    for (i, broken) in proof.broken.iter().enumerate() {
        let start = Instant::now();
        let block = Block {
            verilog: broken.apply(&block.verilog)?,
            parameters: block.parameters.clone(),
        };
        let name = format!("{}-broken-{}", proof.block, i + 1);
        let task = task(&name, false, broken.depth, &block)?;
        let answer = sby.run(&task)?;
        let property = format!("broken: {}", broken.what);
        rows.push(row(property, true, &task, answer, start.elapsed()));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proof_has_its_properties_and_a_name_of_its_own() {
        for (i, proof) in proofs::PROOFS.iter().enumerate() {
            let path = run::root()
                .join("formal")
                .join(format!("{}.v", proof.block));
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(!splice::names(&text).is_empty(), "{}", proof.block);
            assert!(proofs::PROOFS[..i]
                .iter()
                .all(|other| other.block != proof.block));
        }
    }

    #[test]
    fn a_block_is_chosen_by_its_name() {
        let names =
            |list: &[&str]| chosen(&list.iter().map(|name| name.to_string()).collect::<Vec<_>>());
        assert_eq!(names(&[]).unwrap().len(), proofs::PROOFS.len());
        assert_eq!(names(&["fifo"]).unwrap()[0].block, "fifo");
        let refused = names(&["fif"]).err().unwrap().to_string();
        assert!(refused.starts_with("no proof is called fif: expected one of queue, fifo, "));
    }
}
