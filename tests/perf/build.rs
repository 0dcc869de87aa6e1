//! Chapter: from Verilog to a running model, with nothing in the cache.

use std::fmt::Write;

use crate::stopwatch::children_s;
use crate::{grouped, tools};
use underpass_hdl::shells::Shell;
use underpass_layout::profile::SIM;
use underpass_tests::rtl;

/// What the design wants for both steps, seconds: of the core, and of the whole card.
const GOAL_S: [f64; 2] = [60.0, 90.0];

/// The chapter.
pub fn chapter() -> String {
    let mut text = format!(
        "\
## Building a model

From an empty cache: Verilator, then the C++ compilers side by side, Verilator's own C++ included. Seconds on the wall,
and those for which a processor was busy with it. The goal is {:.0} s, for the whole card with its rings {:.0} s. {}.

| card | Verilog, lines | KB | verilate, s | compile, s | busy, s | goal |
|---|---:|---:|---:|---:|---:|---|
",
        GOAL_S[0],
        GOAL_S[1],
        tools()
    );
    for (name, shell) in [
        ("core with tap", Shell::TappedCore),
        ("sim shell", Shell::Sim),
        ("card", Shell::Card),
    ] {
        let source = rtl::source(&SIM, shell);
        let (lines, bytes) = (source.verilog.lines().count(), source.verilog.len());
        let cache =
            std::env::temp_dir().join(format!("underpass-perf-{}-{shell:?}", std::process::id()));
        let before = children_s();
        let library = rtl::build(&source, Some(&cache));
        let busy = before.zip(children_s()).map(|(from, to)| to - from);
        let (verilate, compile) = (library.verilate_s(), library.compile_s());
        drop(library);
        if let Err(error) = std::fs::remove_dir_all(&cache) {
            eprintln!("warning: cannot remove {}: {error}", cache.display());
        }
        let goal = GOAL_S[usize::from(shell == Shell::Card)];
        let reached = if verilate + compile <= goal {
            "reached"
        } else {
            "missed"
        };
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {verilate:.1} | {compile:.1} | {} | {reached} |",
            grouped(lines as f64),
            grouped(bytes as f64 / 1e3),
            busy.map_or("-".into(), |busy| format!("{busy:.1}")),
        );
    }
    text
}
