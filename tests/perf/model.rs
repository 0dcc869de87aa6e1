//! Chapter: how many packets a second the model decides and edits.

use std::fmt::Write;

use crate::grouped;
use crate::stopwatch::best;
use underpass_layout::profile::SIM;
use underpass_layout::Verdict;
use underpass_model::Core;
use underpass_tests::packets::Packet;
use underpass_tests::paths::{self, Path, PATHS};

/// Packets of one measurement.
const PACKETS: usize = 3_000_000;

/// The chapter.
pub fn chapter() -> String {
    let mut text = String::from(
        "\
## Model

The model, which is also the card behind `--card sim:model`: packets of 64 bytes from a VM into an MPLSoGRE tunnel, one
thread, release build, best of three. Packet mode routes every packet; flow mode looks each up first.

| mode | conversations | packets/s |
|---|---:|---:|
",
    );
    for (mode, path) in [
        ("packet", "VM, routed, to MPLSoGRE"),
        ("flow", "VM, flow hit, to MPLSoGRE"),
    ] {
        for flows in [1, 1_000] {
            let rate = rate(path, flows);
            let _ = writeln!(
                text,
                "| {mode} | {} | {} |",
                grouped(flows.into()),
                grouped(rate)
            );
        }
    }
    text
}

fn rate(path: &str, flows: u16) -> f64 {
    let mut model = Core::new(&SIM);
    for row in paths::rows_with_flows(&SIM, paths::SEED, flows).all() {
        model
            .write_row(row.table, row.address, &row.words)
            .unwrap_or_else(|error| panic!("{error}"));
    }
    let path: &Path = PATHS
        .iter()
        .find(|one| one.name == path)
        .unwrap_or_else(|| panic!("no path {path}"));
    let packets: Vec<Packet> = (0..flows).map(|flow| path.packet_of(64, flow)).collect();
    let lap = best(|| {
        for packet in packets.iter().cycle().take(PACKETS) {
            let output = model.process(&packet.bytes, packet.port);
            assert_eq!(output.verdict, Verdict::Deliver);
        }
        PACKETS as u64
    });
    1.0 / lap.busy_s
}
