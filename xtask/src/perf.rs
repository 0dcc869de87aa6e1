//! `cargo xtask perf`: what the card and its tools cost, measured on this machine, as `docs/performance.md`.
//!
//! ```text
//!   tests, example perf ───────────────────▶ clocks · flows · copies · punts · card · simulation · build · setups ─┐
//!   model, example rate ───────────────────▶ model ────────────────────────────────────────────────────────────────┤
//!   table-compiler, example compile_speed ─▶ compile ──────────────────────────────────────────────────────────────┴─▶ page
//! ```
//! Every chapter starts with the command that prints it alone. Figures in clocks are the same on every machine; the
//! others say how fast this one is, and the page says which one that was.

mod model;

use crate::{run, Outcome};
use anyhow::{Context, Result};
use clap::ValueEnum;
use std::path::PathBuf;

/// What to measure, and where to put it.
#[derive(clap::Args)]
pub struct Options {
    /// Chapters to print; all where none is named
    chapters: Vec<Chapter>,
    /// File to write the page to, such as docs/performance.md
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A chapter of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Chapter {
    /// Clocks that a packet costs, path by path
    Clocks,
    /// Clocks of flow hits, beside misses too, and of the search for idle flows
    Flows,
    /// Clocks of copies, mirrors and packets that go round
    Copies,
    /// What a tenant that keeps the slow path busy takes from others
    Punts,
    /// The rings of the whole card: clocks of a table write, of a punt; simulated clocks a second
    Card,
    /// Simulated clocks and packets a second
    Simulation,
    /// Time from Verilog to a running model
    Build,
    /// Flows a second that the slow path sets up
    Setups,
    /// Packets a second of the model
    Model,
    /// Time to compile a large network
    Compile,
}

impl Chapter {
    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_string())
    }

    /// The chapter's text, with its heading.
    fn measure(self) -> Result<String> {
        match self {
            Self::Compile => {
                let printed = example("underpass-table-compiler", "compile_speed", &[])?;
                Ok(format!("{COMPILE}\n```text\n{}\n```\n", printed.trim_end()))
            }
            Self::Model => model::chapter(&example("underpass-model", "rate", &[])?),
            _ => example("underpass-tests", "perf", &[&self.name()]),
        }
    }
}

/// What stands in front of the compiler's own words.
const COMPILE: &str = "\
## Compiling a network

4,000 interfaces in 100 networks with 8,000 guests elsewhere, form by form, for a card of the largest profile; then as
many flows as the peer holds, one after the other.
";

/// Measures, prints the page, and writes it where that is asked for.
pub fn run(options: &Options) -> Result<Outcome> {
    let chosen = Chapter::value_variants()
        .iter()
        .copied()
        .filter(|chapter| options.chapters.is_empty() || options.chapters.contains(chapter));
    let mut page = preamble()?;
    for chapter in chosen {
        let text = chapter.measure()?;
        page.push_str(&with_command(
            &text,
            &format!("cargo xtask perf {}", chapter.name()),
        ));
    }
    print!("{page}");
    if let Some(out) = &options.out {
        std::fs::write(out, page).with_context(|| format!("cannot write {}", out.display()))?;
    }
    Ok(Outcome::Clean)
}

/// What an example prints, built for speed.
fn example(package: &str, name: &str, args: &[&str]) -> Result<String> {
    run::output(
        run::cargo()
            .args(["run", "--release", "--quiet", "--package", package])
            .args(["--example", name, "--"])
            .args(args),
    )
}

/// A number with commas between thousands.
fn grouped(number: u32) -> String {
    match number / 1000 {
        0 => number.to_string(),
        thousands => format!("{},{:03}", grouped(thousands), number % 1000),
    }
}

/// The chapter with its command under its heading.
fn with_command(text: &str, command: &str) -> String {
    let (heading, rest) = text.split_once('\n').unwrap_or((text, ""));
    format!("\n{heading}\n\n`{command}`\n{}\n", rest.trim_end())
}

/// What was measured, where and when.
fn preamble() -> Result<String> {
    let date = run::output(run::command("date").args(["--utc", "+%Y-%m-%d %H:%M UTC"]))?;
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    Ok(format!(
        "\
# Performance

Made by `cargo xtask perf --out docs/performance.md`; under each heading stands the command that prints its chapter
alone. {date}, {cores} cores of {model}, load {load} before the start (1 is one core busy with something else).
",
        date = date.trim(),
        model = processor(&cpuinfo),
        load = load.split_whitespace().next().unwrap_or("unknown"),
    ))
}

/// The processor's name as the system tells it.
fn processor(cpuinfo: &str) -> &str {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(':'))
        .map_or("an unknown processor", |(_, name)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chapter_starts_with_its_command() {
        assert_eq!(
            with_command("## Clocks\n\ntext\n\n", "cargo xtask perf clocks"),
            "\n## Clocks\n\n`cargo xtask perf clocks`\n\ntext\n"
        );
    }

    #[test]
    fn thousands_have_commas() {
        let texts = [0, 999, 1000, 100_000, 12_345_067].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "100,000", "12,345,067"]);
    }

    #[test]
    fn the_processor_is_named() {
        assert_eq!(processor("flags: x\nmodel name\t: A B\n"), "A B");
        assert_eq!(processor(""), "an unknown processor");
    }
}
