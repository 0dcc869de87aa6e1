//! Random decisions, a clock each, and what the counters hold in the end.

use super::*;
use crate::pipeline::records;
use crate::stream::frames::{words, Noise};
use std::collections::BTreeMap;
use underpass_layout::meta::{
    Arrival, Classify, Edit, Errand, Flow, Member, Meta, Round as PlainRound,
};
use underpass_layout::profile::SIM;
use underpass_layout::Record;
use underpass_layout::{DropReason, PuntReason, Verdict};
use underpass_wires::{build, input, output, unpack, Blocks, Bundle, Ports, Sim};

/// A packet that is decided.
#[derive(Clone, Default)]
struct Case {
    meta: Meta,
    edit: Edit,
    lost: bool,
}

impl Case {
    fn random(noise: &mut Noise) -> Self {
        let kind = match noise.below(3) {
            0 => RoundKind::First,
            _ => RoundKind::ALL[noise.below(RoundKind::ALL.len())],
        };
        let mut coin = || noise.below(2) == 1;
        let (injected, goes_round, judged, hit, third) = (coin(), coin(), coin(), coin(), coin());
        let verdict = match noise.below(3) {
            0 => Verdict::Deliver,
            1 => Verdict::Drop(DropReason::ALL[noise.below(DropReason::ALL.len())]),
            _ => Verdict::Punt(PuntReason::ALL[noise.below(PuntReason::ALL.len())]),
        };
        let skip = verdict == Verdict::Drop(DropReason::Unknown);
        let errand = Errand {
            on: goes_round && third && !skip,
            round: PlainRound {
                judged,
                ..Default::default()
            },
            ..Default::default()
        };
        Case {
            meta: Meta {
                arrival: Arrival {
                    injected: injected && kind == RoundKind::First,
                    length: 60 + noise.below(1400) as u16,
                    round: PlainRound {
                        kind,
                        ..Default::default()
                    },
                    ..Default::default()
                },
                classify: Classify {
                    vif: noise.below(3) as u16,
                    ..Default::default()
                },
                member: Member {
                    skip,
                    ..Default::default()
                },
                flow: Flow {
                    hit,
                    flow_id: noise.below(8) as u32,
                    ..Default::default()
                },
                verdict: verdict.bits(),
                ..Default::default()
            },
            edit: Edit {
                vif: noise.below(3) as u16,
                length: 14 + noise.below(1500) as u16,
                errand,
                ..Default::default()
            },
            lost: noise.below(5) == 0,
        }
    }

    /// As a wire: valid, metadata, edit.
    fn words(&self) -> Vec<u64> {
        let mut all = records::slot(&self.meta);
        let edit: Vec<u8> = self
            .edit
            .pack()
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .collect();
        for (i, word) in words(&edit).iter().enumerate() {
            let at = 1 + Meta::WIDTH + 64 * i;
            all.resize(at / 64 + 2, 0);
            let wide = u128::from(*word) << (at % 64);
            all[at / 64] |= wide as u64;
            all[at / 64 + 1] |= (wide >> 64) as u64;
        }
        all.truncate(Decided::W.div_ceil(64));
        all
    }
}

/// What shall be counted: packets and bytes by table and row.
type Counters = BTreeMap<(u32, usize), (u64, u64)>;

fn expected(cases: &[Case]) -> Counters {
    let mut all = Counters::new();
    let mut count = |table, row: usize, bytes: u16| {
        let sum = all.entry((table, row)).or_default();
        *sum = (sum.0 + 1, sum.1 + u64::from(bytes));
    };
    for Case { meta, edit, .. } in cases {
        let vif = usize::from(meta.classify.vif);
        let verdict = Verdict::from(meta.verdict);
        if meta.arrival.round.kind == RoundKind::First && !meta.arrival.injected {
            count(id::COUNTER_RX, vif, meta.arrival.length);
        }
        if verdict == Verdict::Deliver && !edit.errand.on {
            count(id::COUNTER_TX, usize::from(edit.vif), edit.length);
        }
        if let Some(outcome) = verdict.outcome() {
            if !edit.errand.on && !meta.member.skip {
                count(id::COUNTER_OUTCOME, vif << 7 | outcome as usize, 0);
            }
        }
        if meta.flow.hit && (!edit.errand.on || edit.errand.round.judged) {
            count(
                id::COUNTER_FLOW,
                meta.flow.flow_id as usize,
                meta.arrival.length,
            );
        }
    }
    all
}

struct Bench(Sim);

impl Bench {
    fn new() -> Self {
        Bench(Sim::new(&build(
            "count",
            Ports::Fields,
            Blocks::Inline,
            || {
                let decided = unpack(input::<U<{ Decided::W }>>("decided"));
                let events = round_events(decided, input("lost"));
                let (edit, host, _) = counted(&SIM, decided, input("bus"), input("orders"));
                output("errand", errand(edit));
                output("edit_valid", edit.valid);
                output("events", events);
                output("returned", host);
            },
        )))
    }

    /// Packets and bytes of a row.
    fn read(&mut self, table: u32, row: usize) -> (u64, u64) {
        let sim = &mut self.0;
        sim.set_int("bus_request", 1);
        sim.set_int("bus_table", table.into());
        sim.set_int("bus_row", row as u128);
        sim.step();
        sim.set_int("bus_request", 0);
        for _ in 0..80 {
            if sim.get_int("returned_request") == 1 {
                assert_eq!(
                    sim.get_int("returned_done"),
                    1,
                    "row {row} of table {table}"
                );
                let data = sim.get("returned_data");
                let all = u128::from(data[0]) | u128::from(data[1]) << 64;
                let packets = match table {
                    id::COUNTER_FLOW => 32,
                    id::COUNTER_OUTCOME => 64,
                    _ => 40,
                };
                return (
                    (all & ((1 << packets) - 1)) as u64,
                    (all >> packets) as u64 & ((1 << 40) - 1),
                );
            }
            sim.step();
        }
        panic!("the access to table {table} never came back")
    }
}

#[test]
fn what_goes_round_is_counted_once_and_what_is_no_copy_never() {
    let mut noise = Noise(31);
    let cases: Vec<Case> = (0..3000).map(|_| Case::random(&mut noise)).collect();
    let mut bench = Bench::new();
    let sim = &mut bench.0;
    for now in 0..=cases.len() {
        match cases.get(now) {
            Some(case) => sim.set("decided", &case.words()),
            None => sim.set("decided", &vec![0; Decided::W.div_ceil(64)]),
        }
        sim.set_int(
            "lost",
            u128::from(cases.get(now).is_some_and(|case| case.lost)),
        );
        if let Some(case) = now.checked_sub(LATENCY).map(|before| &cases[before]) {
            let errand = case.edit.errand;
            assert_eq!(sim.get_int("edit_valid"), 1);
            let seen = [
                "errand_valid",
                "events_packet",
                "events_skipped",
                "events_lost",
            ]
            .map(|name| sim.get_int(name) == 1);
            assert_eq!(
                seen,
                [errand.on, errand.on, case.meta.member.skip, case.lost],
                "clock {now}"
            );
            if errand.on {
                assert_eq!(
                    sim.get_int("errand_length"),
                    u128::from(case.edit.length),
                    "clock {now}"
                );
            }
        }
        sim.step();
    }
    (0..40).for_each(|_| sim.step());
    let expected = expected(&cases);
    let of = |table| (0..3).map(move |row| (table, row));
    let outcomes = (0..3 * 128).map(|row| (id::COUNTER_OUTCOME, row));
    let flows = (0..8).map(|row| (id::COUNTER_FLOW, row));
    for (table, row) in of(id::COUNTER_RX)
        .chain(of(id::COUNTER_TX))
        .chain(outcomes)
        .chain(flows)
    {
        let want = expected.get(&(table, row)).copied().unwrap_or_default();
        assert_eq!(bench.read(table, row), want, "row {row} of table {table}");
    }
}
