//! The command line.

use crate::{
    coverage, demo, deny, deps, differential, fmax, formal, gate, generate, paths, peers, perf,
    rtl, synth, tests, tools, Outcome,
};
use anyhow::Result;
use clap::{Parser, Subcommand};

/// How Underpass is built and checked.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Build the program and replay examples/two-computes through both its nodes
    Demo(demo::Options),
    /// Run the gate, or the named steps of it
    Ci {
        /// Steps to run; all where none is named
        steps: Vec<gate::Step>,
        /// Steps to leave out
        #[arg(long, value_delimiter = ',')]
        skip: Vec<gate::Step>,
    },
    /// Run all tests; the last line is `N passed, M failed, K skipped`
    Test {
        /// Passed on to the test programs, such as a part of a test's name
        filter: Vec<String>,
    },
    /// Count which lines of the core the differential packets run through; print docs/coverage.md
    Coverage(coverage::Options),
    /// Compare RTL and model over random packets, as many as wanted
    Differential(differential::Options),
    /// Route blocks on ECP5, a yardstick, and compare with docs/fmax.md; minutes a block, so a nightly check
    Fmax(fmax::Options),
    /// Prove what the stream blocks promise: k-induction with SymbiYosys and z3
    Formal(formal::Options),
    /// Write docs/generated from the layout crate
    Gen {
        /// Compare only; exit 1 on a difference
        #[arg(long)]
        check: bool,
    },
    /// Compare dependencies with docs/dependencies.md
    CheckDeps,
    /// Check licences, bans and sources with cargo-deny
    Deny,
    /// Check that the paths named in documents exist
    Paths,
    /// Ping, TCP and traceroute through the card to peers that others wrote, in network namespaces; takes root
    Peers(peers::Options),
    /// Measure clocks, simulation, builds, model and compiler; print docs/performance.md
    Perf(perf::Options),
    /// Write the Verilog of a card and a manifest
    Rtl(rtl::Options),
    /// Synthesize modules with Yosys and print what they take: "synthesized, not placed"
    Synth(synth::Options),
    /// Show which programs from outside are here, and how to get the others
    Tools,
}

impl Command {
    /// Does it.
    pub fn run(self) -> Result<Outcome> {
        match self {
            Self::Demo(options) => demo::run(&options),
            Self::Ci { steps, skip } => gate::run(&steps, &skip),
            Self::Test { filter } => tests::run(&filter),
            Self::Coverage(options) => coverage::run(&options),
            Self::Differential(options) => differential::run(&options),
            Self::Fmax(options) => fmax::run(&options),
            Self::Formal(options) => formal::run(&options),
            Self::Gen { check } => generate::run(check),
            Self::CheckDeps => deps::check(),
            Self::Deny => deny::check(),
            Self::Paths => paths::check(),
            Self::Peers(options) => peers::run(&options),
            Self::Perf(options) => perf::run(&options),
            Self::Rtl(options) => rtl::run(&options),
            Self::Synth(options) => synth::run(&options),
            Self::Tools => Ok(tools::list()),
        }
    }
}
