//! One run: random tables, random packets, RTL and model side by side.
//!
//! ```text
//!   packet ─┬─▶ RTL ───▶ pass by pass what each stage wrote, the frame ─┐
//!           └─▶ model ─▶ pass by pass what each stage wrote, the frame ─┴─▶ the same? and the counters, and their sum
//! ```

use crate::conservation;
use crate::met::Met;
use std::collections::BTreeMap;

use fastrand::Rng;
use underpass_bench::Stalls;
use underpass_layout::profile::Profile;
use underpass_layout::registers::PUNT_BEGIN;
use underpass_model::Core;
use underpass_tests::packets::{self, Packet};
use underpass_tests::rtl::{exchange, parted, Load, Rtl};
use underpass_tests::tables::World;
use underpass_verilator::Library;

/// Packets of one window of punt quotas: it ends at rest, since the model does not know at which clock a packet is asked.
const WINDOW: std::ops::Range<usize> = 200..1_500;

/// What is run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Everything random comes from it.
    pub seed: u64,
    /// How many packets.
    pub packets: usize,
    /// Gaps of the input.
    pub stalls_in: Stalls,
    /// Backpressure of the output.
    pub stalls_out: Stalls,
}

/// Runs it; panics where RTL and model part, with the packet, the field and the stage.
pub fn compare(library: &Library, profile: &'static Profile, run: &Run, met: &mut Met) {
    let mut rng = Rng::with_seed(run.seed);
    let hash_seed = u128::from(rng.u64(..)) << 64 | u128::from(rng.u64(..));
    let world = World::random(profile, &mut rng, hash_seed);
    let mut rtl = Rtl::new(
        library,
        run.stalls_in.clone(),
        run.stalls_out.clone(),
        hash_seed,
    );
    let mut model = Core::new(profile);
    for row in world.rows.all() {
        rtl.write_row(row.table, row.address, &row.words);
        model
            .write_row(row.table, row.address, &row.words)
            .unwrap_or_else(|error| panic!("{error}"));
    }

    let loads: Vec<Load> = std::iter::repeat_with(|| packets::random(&mut rng, &world))
        .filter_map(|packet| Load::of(&model, packet))
        .take(run.packets)
        .collect();
    let (mut seen, mut stopped) = (Vec::new(), None);
    let mut expected = Vec::new();
    let mut mismatches = Mismatches::default();
    let mut begun = 0;
    while begun < loads.len() && stopped.is_none() {
        let end = loads.len().min(begun + rng.usize(WINDOW));
        let window = &loads[begun..end];
        let (frames, ended) = exchange(&mut rtl, &mut model, window, |pass| {
            met.add(&pass.model);
            let at = || {
                let Packet { port, bytes } = pass.packet;
                let port = format!("port {port:#x}: {}", hex(bytes));
                format!("packet {} on {port}\n{}", begun + pass.number, pass.trace)
            };
            if let Some(difference) = parted(&pass.model, &pass.trace, &pass.card) {
                mismatches.add(&difference, || format!("{}{difference}", at()));
            }
            // What the RTL meant to send; where that differs from the model it has been said above.
            if !pass.card.edit.drop && !pass.card.edit.errand.on {
                let same = pass.card.edit == pass.model.edit;
                expected.push((same, at(), pass.model.port, pass.model.frame));
            }
        });
        seen.extend(frames);
        stopped = ended;
        begun = end;
        rtl.write(PUNT_BEGIN, 1);
        model.begin_punt_window();
    }
    for ((same, at, port, bytes), frame) in expected.iter().zip(&seen) {
        if *same && (*port, bytes) != (Some(frame.frame.port), &frame.frame.bytes) {
            let found = format!("port {:#x} {}", frame.frame.port, hex(&frame.frame.bytes));
            mismatches.add("differ in deliver", || {
                format!("{at}differ in deliver: model={}\ncard={found}", hex(bytes))
            });
        }
    }
    mismatches.check(run);
    if let Some(stopped) = stopped {
        panic!("{run:?}: {stopped}");
    }
    assert_eq!(seen.len(), expected.len(), "{run:?}: frames that left");
    let counted = conservation::compare_counters(&mut rtl, &model, profile, run);
    let sent: Vec<&Packet> = loads.iter().map(|load| &load.packet).collect();
    conservation::check(&sent, &seen, &model, &counted, run);
}

/// Mismatches, one of each kind: many packets fail for one reason.
#[derive(Default)]
struct Mismatches(BTreeMap<String, (usize, String)>);

impl Mismatches {
    /// The kind of a difference is its text up to the values.
    fn add(&mut self, difference: &str, text: impl FnOnce() -> String) {
        let kind = difference
            .split("model=")
            .next()
            .unwrap_or_default()
            .to_string();
        self.0.entry(kind).or_insert_with(|| (0, text())).0 += 1;
    }

    fn check(&self, run: &Run) {
        let texts: Vec<String> = self
            .0
            .values()
            .map(|(count, text)| format!("{count} packets, the first of them:\n{text}\n"))
            .collect();
        assert!(texts.is_empty(), "{run:?}\n{}", texts.join("\n"));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
