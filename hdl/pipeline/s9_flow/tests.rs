use super::*;
use crate::pipeline::records::{record, slot};
use underpass_layout::meta;
use underpass_layout::{tables, Verdict};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// A packet that met a flow, or none, with what the tables say.
#[derive(Clone, Copy)]
struct Case {
    meta: meta::Meta,
    found: bool,
    action: FlowAction,
    source_moves: bool,
    source: tables::SourceEntry,
    onward_drops: bool,
}

impl Case {
    /// A packet from interface 5, whose flow lets it pass.
    fn passes() -> Self {
        let mut meta = meta::Meta::default();
        meta.receiver.wanted = true;
        meta.classify.vif = 5;
        Case {
            meta,
            found: true,
            action: FlowAction::Forward,
            source_moves: false,
            source: source(SourceKind::Any),
            onward_drops: false,
        }
    }

    fn with(self, change: impl FnOnce(&mut Case)) -> Self {
        let mut case = self;
        change(&mut case);
        case
    }
}

fn source(kind: SourceKind) -> tables::SourceEntry {
    tables::SourceEntry {
        kind,
        ..Default::default()
    }
}

/// What the flow says of each.
fn judged(cases: &[Case]) -> Vec<Verdict> {
    said(cases)
        .into_iter()
        .map(|(verdict, _)| verdict)
        .collect()
}

/// The same, and whether its row of `onward` holds.
fn said(cases: &[Case]) -> Vec<(Verdict, bool)> {
    let mut sim = Sim::new(&build("judge", Ports::Packed, Blocks::Inline, || {
        let slot: Slot = input("slot");
        let entry = FlowValue {
            action: input("action"),
            source_moves: input("moves"),
            ..zero()
        };
        let judged = judge(
            slot.meta,
            input("found"),
            entry,
            input("drops"),
            input("source"),
        );
        output("verdict", judged.verdict);
        output("onward", judged.goes_onward);
    }));
    let mut judged = |case: &Case| {
        sim.set("slot", &slot(&case.meta));
        sim.set_int("found", case.found.into());
        sim.set_int("action", case.action.code().into());
        sim.set_int("moves", case.source_moves.into());
        sim.set_int("drops", case.onward_drops.into());
        let words = case.source.pack();
        let pairs = words.chunks(2).map(|two| {
            let high = two.get(1).copied().unwrap_or(0);
            u64::from(two[0]) | u64::from(high) << 32
        });
        sim.set("source", &pairs.collect::<Vec<_>>());
        let verdict = record::<underpass_layout::VerdictBits>(&mut sim, "verdict");
        (verdict.into(), sim.get_int("onward") == 1)
    };
    cases.iter().map(&mut judged).collect()
}

/// Each has all the faults of those behind it, so the order is that of the peer.
#[test]
fn the_first_that_applies_is_said() {
    let passes = Case::passes();
    let drops = passes.with(|case| case.action = FlowAction::Drop);
    let elsewhere = drops.with(|case| case.source = source(SourceKind::Vif));
    let moved = elsewhere.with(|case| case.source_moves = true);
    let missing = moved.with(|case| case.source = source(SourceKind::Missing));
    let held = missing.with(|case| case.action = FlowAction::Hold);
    let missed = held.with(|case| case.found = false);
    let unreadable = missed.with(|case| case.meta.quoted.unreadable = true);
    let nested = unreadable.with(|case| case.meta.quoted.nested = true);
    let extension = nested.with(|case| case.meta.inner.extension = true);
    let fragment = extension.with(|case| case.meta.inner.fragment = true);
    let said = judged(&[
        passes, drops, elsewhere, moved, missing, held, missed, unreadable, nested, extension,
        fragment,
    ]);
    let expected = [
        Verdict::Continue,
        Verdict::Drop(DropReason::FlowActionDrop),
        Verdict::Drop(DropReason::InvalidSource),
        Verdict::Punt(PuntReason::SourceMoved),
        Verdict::Drop(DropReason::InvalidNexthop),
        Verdict::Punt(PuntReason::FlowMiss),
        Verdict::Punt(PuntReason::FlowMiss),
        Verdict::Drop(DropReason::InvalidPacket),
        Verdict::Drop(DropReason::IcmpError),
        Verdict::Punt(PuntReason::Extension),
        Verdict::Punt(PuntReason::Fragment),
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_fragment_whose_ports_are_known_meets_its_flow() {
    let known = Case::passes().with(|case| {
        case.meta.inner.fragment = true;
        case.meta.arrival.round.known.ports = true;
    });
    let missed = known.with(|case| case.found = false);
    let far = known.with(|case| case.meta.inner.extension = true);
    let expected = [
        Verdict::Continue,
        Verdict::Punt(PuntReason::FlowMiss),
        Verdict::Punt(PuntReason::Extension),
    ];
    assert_eq!(judged(&[known, missed, far]), expected);
}

#[test]
fn a_miss_at_a_relaxed_nexthop_passes_and_a_held_flow_does_not() {
    let relaxed = Case::passes().with(|case| case.meta.receiver.relaxed = true);
    let missed = relaxed.with(|case| case.found = false);
    let held = relaxed.with(|case| case.action = FlowAction::Hold);
    let expected = [Verdict::Continue, Verdict::Punt(PuntReason::FlowMiss)];
    assert_eq!(judged(&[missed, held]), expected);
}

#[test]
fn a_flow_that_goes_onward_comes_from_its_source() {
    let onward = Case::passes().with(|case| case.action = FlowAction::Onward);
    let from = |vif: u16| {
        onward.with(|case| {
            case.source = tables::SourceEntry {
                vif,
                ..source(SourceKind::Vif)
            };
        })
    };
    let tunnelled = from(5).with(|case| case.meta.decap.tunnelled = true);
    let foreign = Verdict::Drop(DropReason::InvalidSource);
    let expected = [Verdict::Continue, Verdict::Continue, foreign, foreign];
    assert_eq!(judged(&[onward, from(5), from(6), tunnelled]), expected);
}

#[test]
fn a_flow_that_drops_what_it_has_mirrored_goes_onward_from_its_source_alone() {
    let drops = Case::passes().with(|case| {
        case.action = FlowAction::Onward;
        case.onward_drops = true;
    });
    let foreign = drops.with(|case| case.source = source(SourceKind::Vif));
    let missing = drops.with(|case| case.source = source(SourceKind::Missing));
    let plain = drops.with(|case| case.action = FlowAction::Forward);
    let dropped = Verdict::Drop(DropReason::FlowActionDrop);
    let expected = [
        (dropped, true),
        (Verdict::Drop(DropReason::InvalidSource), false),
        (Verdict::Drop(DropReason::InvalidNexthop), false),
        (Verdict::Continue, false),
    ];
    assert_eq!(said(&[drops, foreign, missing, plain]), expected);
}
