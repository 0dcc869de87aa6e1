//! From modules to the rows of the table, as far as the time goes.
//!
//! ```text
//!   each module ──▶ all of it mapped? ──▶ LUTs, levels, memories
//!                        │ no
//!                        ▼
//!   those left ────▶ memories mapped, all in one run? ──▶ memories, registers as declared
//!                        │ no
//!                        ▼
//!                    memories and registers as declared
//! ```

use super::cells::Resource;
use super::levels::Levels;
use super::netlist::Netlist;
use super::report::{Known, Row};
use super::usage::Usage;
use super::yosys::{Target, Yosys};
use super::{shapes, Options};
use crate::{rtl, run};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long Yosys may take.
#[derive(Clone, Copy)]
pub struct Limits {
    /// For all of one module; in no time there are the kept netlists.
    whole: Duration,
    /// For the memories of those that are left.
    memories: Duration,
}

impl Limits {
    /// What the command line says.
    pub fn of(options: &Options) -> Self {
        let memories = Duration::from_secs(options.limit);
        let whole = match options.quick {
            true => Duration::ZERO,
            false => memories,
        };
        Self { whole, memories }
    }
}

/// A row a module, in their order.
pub fn rows(yosys: &Yosys, verilog: &str, modules: &[&str], limits: Limits) -> Result<Vec<Row>> {
    let text = |module| rtl::text_of(verilog, module).unwrap_or(verilog);
    let mut whole = BTreeMap::new();
    for module in modules {
        if let Some(netlist) = all_of(yosys, module, text(module), limits.whole)? {
            whole.insert(*module, netlist);
        }
    }
    let left: Vec<&str> = modules
        .iter()
        .filter(|module| !whole.contains_key(*module))
        .filter_map(|module| rtl::text_of(verilog, module))
        .filter(|text| shapes::has_memories(text))
        .collect();
    let memories = memories_of(yosys, &left, limits.memories)?;
    modules
        .iter()
        .map(|module| {
            let (whole, memories) = (whole.get(module), memories.get(*module));
            row(module, text(module), whole, memories)
        })
        .collect()
}

/// Takes what is known best.
fn row(
    module: &str,
    text: &str,
    whole: Option<&Netlist>,
    memories: Option<&Netlist>,
) -> Result<Row> {
    let shapes = shapes::usage(text);
    let declared = shapes.count(Resource::Uram);
    let (usage, known) = match (whole, memories) {
        (Some(netlist), _) => (Usage::of(netlist)?, Known::All(Levels::of(netlist)?)),
        (None, Some(netlist)) => {
            let mut usage = Usage::of(netlist)?;
            usage.add(Resource::FlipFlop, shapes.count(Resource::FlipFlop));
            (usage, Known::Memories)
        }
        (None, None) if shapes::has_memories(text) => (shapes, Known::Shapes),
        (None, None) => (shapes, Known::Memories),
    };
    Ok(Row {
        module: module.to_string(),
        usage,
        known,
        declared,
    })
}

/// The netlist of one module, where there is one within the time.
fn all_of(yosys: &Yosys, module: &str, text: &str, limit: Duration) -> Result<Option<Netlist>> {
    let start = Instant::now();
    let json = yosys.map(&folder(module), text, Target::UltraScalePlus(module), limit)?;
    match (&json, limit.is_zero()) {
        (Some(_), _) => eprintln!("{module}: {:.1} s", start.elapsed().as_secs_f64()),
        (None, false) => eprintln!("{module}: stopped after {} s", limit.as_secs()),
        (None, true) => {}
    }
    json.map(|json| Netlist::parse(&json))
        .transpose()
        .with_context(|| format!("the netlist of {module} is not as expected"))
}

/// The memories of these modules, by module; nothing where that takes too long.
fn memories_of(
    yosys: &Yosys,
    texts: &[&str],
    limit: Duration,
) -> Result<BTreeMap<String, Netlist>> {
    if texts.is_empty() {
        return Ok(BTreeMap::new());
    }
    let start = Instant::now();
    let mut verilog = String::new();
    for text in texts {
        verilog.push_str(text.trim());
        verilog.push('\n');
    }
    match yosys.map(&folder("memories"), &verilog, Target::Memories, limit)? {
        Some(json) => {
            eprintln!("memories: {:.1} s", start.elapsed().as_secs_f64());
            Netlist::parse_all(&json).context("the netlist of the memories is not as expected")
        }
        None => {
            eprintln!("memories: stopped after {} s", limit.as_secs());
            Ok(BTreeMap::new())
        }
    }
}

fn folder(name: &str) -> PathBuf {
    run::target_dir().join("synth").join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "module m(x);
  (* ram_style = \"ultra\" *) reg [35:0] rows [0:8191];
  reg [8:0] written;
endmodule
";

    fn netlist(kind: &str) -> Netlist {
        let json = format!(
            r#"{{"modules": {{"m": {{"ports": {{}}, "netnames": {{}}, "cells": {{
                "a": {{"type": "{kind}", "connections": {{}}}},
                "b": {{"type": "$dff", "connections": {{}}}}
            }}}}}}}}"#
        );
        Netlist::parse(&json).unwrap()
    }

    fn counts(row: &Row) -> [u32; 3] {
        [Resource::Lut, Resource::FlipFlop, Resource::Uram].map(|of| row.usage.count(of))
    }

    #[test]
    fn what_is_known_best_is_taken() {
        let (lut, uram) = (netlist("LUT6"), netlist("URAM288"));
        let all = row("m", TEXT, Some(&lut), Some(&uram)).unwrap();
        assert!(matches!(all.known, Known::All(_)));
        assert_eq!((counts(&all), all.declared), ([1, 0, 0], 2));

        let memories = row("m", TEXT, None, Some(&uram)).unwrap();
        assert!(matches!(memories.known, Known::Memories));
        assert_eq!((counts(&memories), memories.declared), ([0, 9, 1], 2));

        let shapes = row("m", TEXT, None, None).unwrap();
        assert!(matches!(shapes.known, Known::Shapes));
        assert_eq!((counts(&shapes), shapes.declared), ([0, 9, 2], 2));

        let none = row("m", "module m(x);\nendmodule\n", None, None).unwrap();
        assert!(matches!(none.known, Known::Memories));
    }
}
