//! How everything is built and checked: `cargo xtask COMMAND`.
//!
//! One command, `ci`, is the gate; every other one is a piece of it or makes something that people read.
//!
//! ```text
//!   ci ──▶ fmt · clippy · docs · deps · deny · gen --check · paths · formal · test     each also by name
//!   coverage ▶ docs/coverage.md                    from the differential packets, lines counted
//!   demo ────▶ two nodes, packets between them     from examples/two-computes
//!   differential ▶ RTL against model               over any number of random packets
//!   fmax ────▶ docs/fmax.md                        from Yosys and nextpnr, routed on ECP5
//!   formal ──▶ proofs of the stream blocks         with SymbiYosys; the page is docs/formal.md
//!   gen ─────▶ docs/generated/*.md                 from the layout crate
//!   peers ───▶ kernel and Open vSwitch             the card between stacks and tunnel ends of others, as root
//!   perf ────▶ docs/performance.md                 from measurements on this machine
//!   rtl ─────▶ Verilog and a manifest              from the hdl crate
//!   synth ───▶ docs/synthesis.md                   from Yosys' mapped netlists
//! ```
//!
//! Exit status: 0 done; 1 a check found something; 2 the command could not do its work.
#![forbid(unsafe_code)]

mod cli;
mod coverage;
mod demo;
mod deny;
mod deps;
mod differential;
mod fmax;
mod formal;
mod gate;
mod generate;
mod paths;
mod peers;
mod perf;
mod project;
mod pypi;
mod rtl;
mod run;
mod synth;
mod tests;
mod tools;
mod tree;
mod yowasp;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::Cli::parse().command.run() {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// What a check came to; failing to run at all is an error instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Nothing to complain about.
    Clean,
    /// Something to mend, already printed.
    Found,
}

impl Outcome {
    /// `Clean` where the check holds.
    fn clean_if(holds: bool) -> Self {
        if holds {
            Self::Clean
        } else {
            Self::Found
        }
    }
}
