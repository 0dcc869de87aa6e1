//! How long the card takes to look at every flow pair for idle ones.

use std::fmt::Write;

use crate::grouped;
use underpass_bench::AxilOp;
use underpass_layout::profile::{SIM, U250};
use underpass_layout::registers::{AGE_LIMIT, AGE_NOW, AGE_SWEEPS};
use underpass_layout::tables::{id, TABLES};
use underpass_tests::paths::{self, Path};
use underpass_tests::rtl::Rtl;
use underpass_verilator::Library;

/// Rounds of one measurement: a register is asked every few clocks, so a round is known to less than half a clock.
const ROUNDS: u32 = 20;
/// Clocks in which the rounds have ended.
const PATIENCE: u64 = 400_000;
/// What a card might run at.
const ASSUMED_MHZ: f64 = 250.0;

/// The part of the chapter.
pub fn write(text: &mut String, library: &Library) {
    let rows =
        |profile: &underpass_layout::profile::Profile| profile.rows(&TABLES[id::AGE as usize]);
    let _ = write!(
        text,
        "
The search for idle flows looks at a row of `age` in every clock in which no packet finds a flow, while nothing is to be
reported. Clocks of a whole round, measured over {ROUNDS} rounds through the {sim} rows of profile sim, and from them by the
row those through the {u250} of profile u250, with the time **at an assumed clock of {ASSUMED_MHZ:.0} MHz, not placed**.

| traffic | clocks, {sim} rows | clocks a row | clocks, {u250} rows | ms |
|---|---:|---:|---:|---:|
",
        sim = grouped(rows(&SIM) as f64),
        u250 = grouped(rows(&U250) as f64),
    );
    let half = Path::named("VM, flow hit, to MPLSoGRE");
    for (traffic, path) in [("none", None), ("a flow hit every other clock", Some(half))] {
        let clocks = round(&mut paths::core(library, &SIM), path);
        let each = clocks / rows(&SIM) as f64;
        let large = each * rows(&U250) as f64;
        let _ = writeln!(
            text,
            "| {traffic} | {} | {each:.2} | {} | {:.2} |",
            grouped(clocks),
            grouped(large),
            large / ASSUMED_MHZ / 1e3
        );
    }
}

/// Clocks of a round while packets of 64 bytes of a path come back to back.
fn round(rtl: &mut Rtl, path: Option<&Path>) -> f64 {
    rtl.write(AGE_NOW, 0);
    rtl.write(AGE_LIMIT, 1000);
    let start = rtl.now();
    let mut ends = Vec::new();
    let mut last = None;
    while ends.len() <= ROUNDS as usize {
        assert!(rtl.now() < start + PATIENCE, "{} rounds ended", ends.len());
        let sweeps = asked(rtl, path);
        if last.is_some_and(|last| last != sweeps) {
            ends.push(rtl.now());
        }
        last = Some(sweeps);
    }
    ((ends[ROUNDS as usize] - ends[0]) as f64 / f64::from(ROUNDS)).round()
}

/// What the register says, while packets come.
fn asked(rtl: &mut Rtl, path: Option<&Path>) -> u32 {
    let asked = rtl.axil.push(AxilOp::Read { addr: AGE_SWEEPS });
    loop {
        if let Some(packet) = path.map(|path| path.packet(64)) {
            while rtl.s.queued() < 3 {
                rtl.send(packet.bytes.clone(), packet.port);
            }
        }
        rtl.clock();
        rtl.forget_decided();
        while rtl.m.collect().is_some() {}
        if let Some(done) = rtl.axil.collect_id(asked) {
            return done.data;
        }
    }
}
