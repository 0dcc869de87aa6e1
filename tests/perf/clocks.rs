//! Chapter: what a packet costs in clocks, and how long it is on its way.

use std::fmt::Write;

use underpass_layout::profile::SIM;
use underpass_tests::paths::{self, Path, PATHS};
use underpass_tests::rtl;

/// Lengths of the columns, bytes.
const SIZES: [usize; 3] = [64, 128, 1500];
/// What a card might run at.
const ASSUMED_MHZ: f64 = 250.0;

/// The chapter.
pub fn chapter() -> String {
    let mut core = paths::core(&rtl::library(&SIM), &SIM);
    let mut text = String::from(
        "\
## Clocks

Packets of one length back to back: clocks from the last beat of one to the last beat of the next. Latency: clocks from
the first beat in to the first beat out of one packet alone. Packets a second: **at an assumed clock of 250 MHz, not
placed**. Latency and packets a second are those of 64 bytes, or of the length in brackets where a path has none so
short. `cargo test -p underpass-tests --test cycles` holds every figure to the promise: the larger of beats in and beats
out, at most 140 clocks of latency.

| path | 64 B | 128 B | 1500 B | latency | million packets/s |
|---|---:|---:|---:|---:|---:|
",
    );
    for path in PATHS {
        let cells = SIZES.map(|bytes| {
            let clocks = paths::clocks(&mut core, path, bytes.max(path.shortest));
            cell(path, bytes, clocks)
        });
        let latency = paths::latency(&mut core, path, path.shortest)
            .map_or("-".into(), |clocks| clocks.to_string());
        let clocks = paths::clocks(&mut core, path, path.shortest);
        let _ = writeln!(
            text,
            "| {} | {} | {latency} | {:.1} |",
            path.name,
            cells.join(" | "),
            ASSUMED_MHZ / clocks as f64
        );
    }
    text
}

fn cell(path: &Path, bytes: usize, clocks: u64) -> String {
    match bytes.max(path.shortest) {
        longer if longer > bytes => format!("{clocks} ({longer} B)"),
        _ => clocks.to_string(),
    }
}
