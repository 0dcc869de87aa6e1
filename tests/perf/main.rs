//! Measures the card and its simulation; prints a chapter of `docs/performance.md` for each word on the command line.
//!
//! ```text
//!   clocks ──────▶ what a packet costs, path by path      ┐
//!   flows ───────▶ what a flow hit costs, among how many  │
//!   copies ──────▶ what a copy, a mirror, a round costs   ├ exact, the same on every machine
//!   punts ───────▶ what a tenant takes that is punted     │
//!   card ────────▶ rings: clocks of a table write, a punt ┴ and simulated clocks
//!   simulation ──▶ simulated clocks and packets a second  ┐
//!   build ───────▶ Verilog to a running model             ├ of this machine: best of three
//!   setups ──────▶ flows a second that are set up         ┘
//! ```
//! `cargo xtask perf` puts them together, with those of other crates.
#![forbid(unsafe_code)]

mod build;
mod card;
mod clocks;
mod copies;
mod flows;
mod null_card;
mod punts;
mod setups;
mod simulation;
mod stopwatch;
mod sweep;

use std::process::ExitCode;

/// A chapter: its name and what prints it.
type Chapter = (&'static str, fn() -> String);

const CHAPTERS: [Chapter; 8] = [
    ("clocks", clocks::chapter),
    ("flows", flows::chapter),
    ("copies", copies::chapter),
    ("punts", punts::chapter),
    ("card", card::chapter),
    ("simulation", simulation::chapter),
    ("build", build::chapter),
    ("setups", setups::chapter),
];

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    for name in &names {
        if !CHAPTERS.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = CHAPTERS.iter().map(|(known, _)| *known).collect();
            eprintln!("error: expected some of {}, found {name}", known.join(", "));
            return ExitCode::from(2);
        }
    }
    for (name, chapter) in CHAPTERS {
        if names.is_empty() || names.iter().any(|asked| asked == name) {
            println!("{}", chapter());
        }
    }
    ExitCode::SUCCESS
}

/// Which Verilator and which compiler make the models.
fn tools() -> String {
    let tools = underpass_verilator::Toolchain::find().unwrap_or_else(|error| panic!("{error}"));
    format!("{}; {}", tools.version(), tools.compiler_version())
}

/// A number with commas between thousands.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
