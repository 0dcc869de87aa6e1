//! `cargo xtask fmax`: whether routed blocks have become slower. ECP5, routed: a yardstick for regressions, no claim on
//! UltraScale+.
//!
//! ```text
//!   Verilog ──▶ one module ──▶ scan shell ──▶ yosys ──▶ nextpnr ──▶ MHz ──▶ beside docs/fmax.md
//! ```
//! There is an open router for ECP5 and none for UltraScale+, and it keeps to the speed grade. A nightly check: each module
//! takes minutes of a core, so it is no step of `cargo xtask ci`.

mod nextpnr;
mod ratchet;
mod scan;

use crate::synth::{self, Target, Yosys};
use crate::{project, rtl, run, Outcome};
use anyhow::{Context, Result};
use nextpnr::{Nextpnr, Routed};
use ratchet::{Ratchet, Verdict};
use std::time::{Duration, Instant};

/// Where the figures are committed.
const PAGE: &str = "docs/fmax.md";

/// What is routed where nothing is named: blocks of up to a few thousand LUTs, of every kind of work in the card.
const MODULES: [&str; 9] = [
    "gather",
    "parse",
    "inner",
    "bridge",
    "rewrite",
    "encap",
    "core_seed",
    "rings_punt",
    "rings_inject",
];

/// A figure that fell is tried again with other seeds before it counts.
const SEEDS: [u32; 3] = [1, 2, 3];

/// What to route and what to do with the figures.
#[derive(clap::Args)]
pub struct Options {
    /// Modules to route, by the whole name or its last words (`parse`); the usual ones where none is named
    modules: Vec<String>,
    /// Write the figures to docs/fmax.md instead of holding them against it
    #[arg(long)]
    write: bool,
    /// Time for each start of Yosys or nextpnr
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    limit: u64,
}

/// Routes, prints a line a module, and compares or writes.
pub fn run(options: &Options) -> Result<Outcome> {
    let Some(card) = project::rtl("sim", "card") else {
        return project::again(std::env::args_os().skip(1));
    };
    let card = card?.verilog;
    let path = run::root().join(PAGE);
    let mut ratchet = match std::fs::read_to_string(&path) {
        Ok(page) => Ratchet::parse(&page).with_context(|| format!("cannot read {PAGE}"))?,
        Err(_) if options.write => Ratchet::default(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {PAGE}")),
    };
    let named = match options.modules.as_slice() {
        [] => MODULES.map(String::from).to_vec(),
        named => named.to_vec(),
    };
    let tools = Tools {
        yosys: Yosys::get()?,
        nextpnr: Nextpnr::get()?,
        limit: Duration::from_secs(options.limit),
    };
    let mut outcome = Outcome::Clean;
    for module in synth::chosen(&card, &named)? {
        let name = module.strip_prefix(PREFIX).unwrap_or(module);
        let start = Instant::now();
        let Some((routed, verdict)) =
            tools.measure(&card, module, name, &ratchet, options.write)?
        else {
            eprintln!("error: {name} is not routed within {} s", options.limit);
            outcome = Outcome::Found;
            continue;
        };
        let seconds = start.elapsed().as_secs();
        println!(
            "{name:<28} {:>6.1} MHz {:>6} LUT4 {:>6} FF  {seconds:>4} s",
            routed.mhz, routed.luts, routed.flip_flops
        );
        match verdict {
            _ if options.write => {
                ratchet.set(name, routed);
                std::fs::write(&path, ratchet.page())
                    .with_context(|| format!("cannot write {PAGE}"))?;
            }
            Verdict::Holds => {}
            Verdict::New => eprintln!("note: {name} is not in {PAGE}: --write adds it"),
            Verdict::Fell(least) => {
                eprintln!(
                    "error: {name} reaches {:.1} MHz, the least is {least:.1}",
                    routed.mhz
                );
                outcome = Outcome::Found;
            }
        }
    }
    Ok(outcome)
}

/// What all names begin with.
const PREFIX: &str = "underpass_card_parts_";

struct Tools {
    yosys: Yosys,
    nextpnr: Nextpnr,
    limit: Duration,
}

impl Tools {
    /// The module's figure beside the old one: the first seed's, or the best where that one fell. `None` where it takes
    /// too long.
    fn measure(
        &self,
        card: &str,
        module: &str,
        name: &str,
        ratchet: &Ratchet,
        first_only: bool,
    ) -> Result<Option<(Routed, Verdict)>> {
        let text = rtl::text_of(card, module)
            .with_context(|| format!("{name} holds other modules: name one that holds none"))?;
        let shell = scan::shell(module, text)?;
        let folder = run::target_dir().join("fmax").join(module);
        let netlist = self
            .yosys
            .map(&folder, &shell, Target::Ecp5(scan::TOP), self.limit)?;
        if netlist.is_none() {
            return Ok(None);
        }
        let route = |seed: &u32| {
            self.nextpnr
                .route(&folder, *seed, self.limit)
                .with_context(|| format!("cannot route {name}"))
                .transpose()
        };
        best(SEEDS.iter().map_while(route), |routed| {
            let verdict = ratchet.judge(name, routed.mhz);
            let enough = first_only || !matches!(verdict, Verdict::Fell(_));
            (verdict, enough)
        })
    }
}

/// The first run that is good enough, or else the best of all.
fn best(
    runs: impl Iterator<Item = Result<Routed>>,
    judge: impl Fn(Routed) -> (Verdict, bool),
) -> Result<Option<(Routed, Verdict)>> {
    let mut best: Option<(Routed, Verdict)> = None;
    for routed in runs {
        let routed = routed?;
        let (verdict, enough) = judge(routed);
        if enough {
            return Ok(Some((routed, verdict)));
        }
        if best.as_ref().is_none_or(|(old, _)| old.mhz < routed.mhz) {
            best = Some((routed, verdict));
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(mhz: &[f64]) -> (Option<(f64, Verdict)>, usize) {
        let tries = std::cell::Cell::new(0);
        let runs = mhz.iter().map(|&mhz| {
            tries.set(tries.get() + 1);
            Ok(Routed {
                mhz,
                luts: 1,
                flip_flops: 1,
            })
        });
        let found = best(runs, |routed| match routed.mhz < 90.0 {
            true => (Verdict::Fell(90.0), false),
            false => (Verdict::Holds, true),
        });
        let found = found
            .unwrap()
            .map(|(routed, verdict)| (routed.mhz, verdict));
        (found, tries.get())
    }

    #[test]
    fn other_seeds_are_tried_until_one_holds() {
        assert_eq!(tried(&[95.0, 99.0]), (Some((95.0, Verdict::Holds)), 1));
        assert_eq!(
            tried(&[80.0, 92.0, 99.0]),
            (Some((92.0, Verdict::Holds)), 2)
        );
    }

    #[test]
    fn where_none_holds_the_best_is_told() {
        assert_eq!(
            tried(&[80.0, 85.0, 70.0]),
            (Some((85.0, Verdict::Fell(90.0))), 3)
        );
        assert_eq!(tried(&[]), (None, 0));
    }
}
