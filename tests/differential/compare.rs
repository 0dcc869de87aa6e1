//! One run: random tables, random packets, RTL and model side by side.
//!
//! ```text
//!   packet ─┬─▶ RTL ───▶ what each stage wrote, the frame ─┐
//!           └─▶ model ─▶ what each stage wrote, the frame ─┴─▶ the same? and at the end the counters, and their sum
//! ```

use crate::conservation;
use crate::met::Met;
use std::collections::BTreeMap;
use std::fmt::Debug;

use fastrand::Rng;
use underpass_bench::Stalls;
use underpass_layout::meta::{Meta, STAGES};
use underpass_layout::profile::Profile;
use underpass_layout::{FieldSpec, Record, Verdict, VerdictKind};
use underpass_model::{Core, Output, Trace};
use underpass_tests::packets::{self, Packet};
use underpass_tests::rtl::{Decided, Rtl};
use underpass_tests::tables::World;
use underpass_verilator::Library;

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

    let sent: Vec<Packet> = (0..run.packets)
        .map(|_| packets::random(&mut rng, &world))
        .collect();
    for packet in &sent {
        rtl.send(packet.bytes.clone(), packet.port);
    }
    let seen = rtl.drain();
    let mut frames = seen.iter();
    let mut mismatches = Mismatches::default();
    for (number, packet) in sent.iter().enumerate() {
        let (expected, trace) = model.process_traced(&packet.bytes, packet.port);
        met.add(&expected);
        let at = || {
            format!(
                "packet {number} on port {:#x}: {}",
                packet.port,
                hex(&packet.bytes)
            )
        };
        let decided = rtl
            .decided()
            .unwrap_or_else(|| panic!("{run:?}: {}\nnever decided by the RTL", at()));
        if let Some(difference) = parted(&expected, &trace, &decided) {
            mismatches.add(&difference, || format!("{}\n{difference}\n{trace}", at()));
        }
        // What the RTL meant to send; where that differs from the model it has been said above.
        if !decided.edit.drop {
            let frame = frames
                .next()
                .unwrap_or_else(|| panic!("{run:?}: {}\nnever left the RTL", at()));
            let same =
                Some(frame.frame.port) == expected.port && frame.frame.bytes == expected.frame;
            if !same && expected.edit == decided.edit {
                let found = format!("port {:#x} {}", frame.frame.port, hex(&frame.frame.bytes));
                mismatches.add("differ in deliver", || {
                    format!(
                        "{}\ndiffer in deliver: model={}\ncard={found}",
                        at(),
                        hex(&expected.frame)
                    )
                });
            }
        }
    }
    assert!(
        frames.next().is_none(),
        "{run:?}: the RTL sent a frame too many"
    );
    mismatches.check(run);
    let counted = conservation::compare_counters(&mut rtl, &model, profile, run);
    conservation::check(&sent, &seen, &counted, run);
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

/// Where the two part: the first stage and field that differ.
fn parted(model: &Output, trace: &Trace, rtl: &Decided) -> Option<String> {
    let (ours, theirs) = (words(&model.meta), words(&rtl.meta));
    let decided_at = deciding_stage(trace);
    let mut at = 0;
    for field in Meta::SPEC {
        let stage = STAGES.iter().position(|(_, name)| *name == field.name);
        // Behind the stage that decided, records say nothing; the verdict and the edit are always compared.
        if stage.is_some_and(|stage| stage < decided_at) {
            if let Some(difference) = differs(field, field.name, &mut at.clone(), &ours, &theirs) {
                let (name, _) = STAGES[stage.unwrap_or_default()];
                return Some(format!("differ at {name}: {difference}"));
            }
        }
        at += field.width;
    }
    let verdict = Verdict::from(rtl.meta.verdict);
    if verdict != model.verdict {
        return Some(format!("verdict model={} card={verdict}", model.verdict));
    }
    (model.edit != rtl.edit).then(|| {
        format!(
            "differ at s14_encap: {}",
            first_line(&model.edit, &rtl.edit)
        )
    })
}

/// The first stage after which the packet is decided: its record and those behind it may say anything.
fn deciding_stage(trace: &Trace) -> usize {
    let decided = trace
        .steps
        .iter()
        .find(|(_, meta)| meta.verdict.kind != VerdictKind::Continue);
    decided
        .and_then(|(name, _)| STAGES.iter().position(|(stage, _)| stage == name))
        .unwrap_or(STAGES.len())
}

fn words<R: Record>(record: &R) -> Vec<u32> {
    let mut words = vec![0; underpass_layout::words_for(R::WIDTH)];
    record.pack_into(&mut words);
    words
}

fn differs(
    field: &FieldSpec,
    name: &str,
    at: &mut usize,
    ours: &[u32],
    theirs: &[u32],
) -> Option<String> {
    if !field.fields.is_empty() {
        return field
            .fields
            .iter()
            .find_map(|inner| differs(inner, &format!("{name}.{}", inner.name), at, ours, theirs));
    }
    let value = |words: &[u32]| -> u128 {
        (0..field.width.min(128)).fold(0, |value, i| {
            value | u128::from(words[(*at + i) / 32] >> ((*at + i) % 32) & 1) << i
        })
    };
    let (model, card) = (value(ours), value(theirs));
    *at += field.width;
    (model != card).then(|| format!("{name} model={model:#x} card={card:#x}"))
}

fn first_line<T: Debug>(model: &T, card: &T) -> String {
    let (model, card) = (format!("{model:#?}"), format!("{card:#?}"));
    let pair = model
        .lines()
        .zip(card.lines())
        .find(|(one, other)| one != other);
    pair.map_or_else(String::new, |(one, other)| {
        format!("model {} card {}", one.trim(), other.trim())
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
