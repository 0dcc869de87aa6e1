use super::*;
use crate::stream::beat::{BODY_DEPTH, EDIT_DEPTH};
use crate::stream::frames::{beats, bytes, offered, words, Noise, PlainBeat};
use crate::stream::patches;
use underpass_layout::meta::{Edit as PlainEdit, HEADER_BYTES};
use underpass_layout::port::ROUND;
use underpass_layout::Record;
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// A packet with its edit.
#[derive(Clone, Debug)]
struct Case {
    bytes: Vec<u8>,
    edit: PlainEdit,
}

impl Case {
    fn new(noise: &mut Noise, length: usize, strip: usize, add: usize) -> Self {
        let mut header = [0; HEADER_BYTES];
        header.copy_from_slice(&noise.bytes(HEADER_BYTES));
        Case {
            bytes: noise.bytes(length),
            edit: PlainEdit {
                port: noise.below(usize::from(ROUND)) as u16,
                strip: strip as u8,
                add: add as u8,
                header,
                length: (length - strip + add) as u16,
                ..Default::default()
            },
        }
    }

    fn dropped(mut self) -> Self {
        self.edit = PlainEdit {
            drop: true,
            vif: 5,
            ..Default::default()
        };
        self
    }

    fn round(mut self) -> Self {
        self.edit.port = ROUND;
        self
    }

    fn goes_round(&self) -> bool {
        self.edit.port == ROUND && !self.edit.drop
    }

    fn patched(mut self, noise: &mut Noise) -> Self {
        self.edit.patch = patches::random(noise, self.bytes.len());
        self
    }

    /// What must leave, in plain Rust.
    fn expected(&self) -> Vec<PlainBeat> {
        let mut bytes = self.bytes.clone();
        patches::apply(&self.edit.patch, &mut bytes);
        let mut rest = bytes.split_off(usize::from(self.edit.strip));
        let mut sent = self.edit.header[..usize::from(self.edit.add)].to_vec();
        sent.append(&mut rest);
        match self.edit.drop || sent.is_empty() {
            true => vec![],
            false => beats(&sent, self.edit.port),
        }
    }

    /// The larger of its beats in and its beats out.
    fn cost(&self) -> u64 {
        self.expected().len().max(self.bytes.len().div_ceil(64)) as u64
    }
}

fn sim() -> Sim {
    Sim::new(&build("deliver", Ports::Fields, Blocks::Modules, || {
        let out = deliver(input("body"), input("edit"), input("m_ready"));
        output("m", out.m);
        output("round", out.round);
        output("credit", out.credit);
    }))
}

/// How a run is paced.
struct Pace<'a> {
    ready: &'a mut dyn FnMut(u64) -> bool,
    body: &'a mut dyn FnMut(u64) -> bool,
    edit: &'a mut dyn FnMut(u64) -> bool,
}

impl Pace<'_> {
    fn full() -> Self {
        fn yes() -> &'static mut dyn FnMut(u64) -> bool {
            Box::leak(Box::new(|_| true))
        }
        Pace {
            ready: yes(),
            body: yes(),
            edit: yes(),
        }
    }
}

#[derive(Default)]
struct Out {
    beats: Vec<PlainBeat>,
    /// What went to rounds: bytes, and whether the packet ends.
    round: Vec<(Vec<u8>, bool)>,
    /// Clock of each packet's last beat in, and of each packet's last beat out.
    ended: Vec<u64>,
    first: Option<u64>,
    first_edit: Option<u64>,
    consumed: Vec<u64>,
    paid: usize,
}

/// Sends the packets through and compares what leaves.
fn run(cases: &[Case], pace: Pace<'_>) -> Out {
    let out = send(cases, pace);
    let leaves = cases.iter().filter(|case| !case.goes_round());
    let expected: Vec<PlainBeat> = leaves.flat_map(Case::expected).collect();
    assert_eq!(out.beats.len(), expected.len());
    for (at, (got, want)) in out.beats.iter().zip(&expected).enumerate() {
        assert_eq!(got, want, "beat {at}");
    }
    let round = cases.iter().filter(|case| case.goes_round());
    let round: Vec<PlainBeat> = round.flat_map(Case::expected).collect();
    assert_eq!(out.round.len(), round.len());
    for (at, (got, want)) in out.round.iter().zip(&round).enumerate() {
        assert_eq!(
            (got.0.as_slice(), got.1),
            (want.bytes.as_slice(), want.last),
            "beat {at} of those that go round"
        );
    }
    out
}

/// Sends the packets through, within the credits that come back, and never an edit before its first beat.
fn send(cases: &[Case], pace: Pace<'_>) -> Out {
    let mut sim = sim();
    let mut out = Out::default();
    let bodies: Vec<(usize, PlainBeat)> = cases
        .iter()
        .enumerate()
        .flat_map(|(i, case)| beats(&case.bytes, 0).into_iter().map(move |beat| (i, beat)))
        .collect();
    let (mut beat, mut edit) = (0, 0);
    let mut held: Option<PlainBeat> = None;
    let mut quiet = 0;
    let mut now = 0;
    while quiet < 60 {
        let send = beat < bodies.len()
            && beat - out.consumed.len() < BODY_DEPTH
            && bodies[beat].0 - out.paid < EDIT_DEPTH
            && (pace.body)(now);
        sim.set_int("body_valid", u128::from(send));
        if send {
            sim.set("body_data", &words(&bodies[beat].1.bytes));
            sim.set_int("body_last", u128::from(bodies[beat].1.last));
            beat += 1;
        }
        let begun = bodies[..beat].last().map_or(0, |(case, _)| case + 1);
        let plan = edit < begun && (pace.edit)(now);
        sim.set_int("edit_valid", u128::from(plan));
        if plan {
            let case = &cases[edit];
            let packed: Vec<u8> = case
                .edit
                .pack()
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect();
            let mut slot = words(&packed);
            slot.resize((1 + PlainEdit::WIDTH).div_ceil(64), 0);
            shift_up(&mut slot);
            slot[0] |= 1;
            sim.set("edit", &slot);
            out.first_edit.get_or_insert(now);
            edit += 1;
        }
        let ready = (pace.ready)(now);
        sim.set_int("m_ready", u128::from(ready));
        let seen = offered(&mut sim, "m");
        if held.is_some() {
            assert_eq!(seen, held, "an offer changed before it was taken");
        }
        held = seen.clone().filter(|_| !ready);
        let taken = seen.filter(|_| ready);
        let busy = send || plan || taken.is_some() || held.is_some();
        if let Some(beat) = taken {
            out.first.get_or_insert(now);
            if beat.last {
                out.ended.push(now);
            }
            out.beats.push(beat);
        }
        let round = sim.get_int("round_valid") == 1;
        if round {
            let last = sim.get_int("round_last") == 1;
            if last {
                out.ended.push(now);
            }
            out.round.push((bytes(&sim.get("round_data")), last));
        }
        if sim.get_int("credit_body") == 1 {
            out.consumed.push(now);
        }
        out.paid += sim.get_int("credit_header") as usize;
        quiet = if busy || beat < bodies.len() {
            0
        } else {
            quiet + 1
        };
        sim.step();
        now += 1;
    }
    assert_eq!(edit, cases.len());
    assert_eq!(out.consumed.len(), bodies.len(), "a credit for each beat");
    assert_eq!(out.paid, cases.len(), "a credit for each packet");
    out
}

/// Makes room for `valid` below everything else.
fn shift_up(slot: &mut [u64]) {
    let mut carry = 0;
    for word in slot {
        (*word, carry) = (*word << 1 | carry, *word >> 63);
    }
}

#[test]
fn a_packet_costs_the_larger_of_its_beats_in_and_out() {
    let mut noise = Noise(5);
    let mut combinations = vec![
        (114, 50, 36),
        (128, 50, 36),
        (60, 0, 46),
        (400, 255, 14),
        (256, 192, 0),
        (64, 64, 0),
        (120, 64, 50),
    ];
    for add in [0, 14, 42, 46, 50, 64, 74, 96] {
        for length in [1, 14, 60, 64, 65, 127, 128, 191, 300] {
            for strip in [0, 14, 46, 64, 110] {
                if strip < length || (strip == length && add > 0) {
                    combinations.push((length, strip, add));
                }
            }
        }
    }
    for (length, strip, add) in combinations {
        let count = 60;
        let cases: Vec<Case> = (0..count)
            .map(|_| Case::new(&mut noise, length, strip, add))
            .collect();
        let out = run(&cases, Pace::full());
        if out.ended.is_empty() {
            continue;
        }
        let cost = cases[0].cost();
        let steady = out.ended[count - 1] - out.ended[9];
        assert_eq!(
            steady,
            (count as u64 - 10) * cost,
            "{length} bytes - {strip} + {add}, {cost} clocks each"
        );
    }
}

#[test]
fn drops_cost_their_input() {
    let mut noise = Noise(6);
    for length in [1, 64, 65, 300] {
        let cases: Vec<Case> = (0..50)
            .map(|_| Case::new(&mut noise, length, 0, 0).dropped())
            .collect();
        let out = run(&cases, Pace::full());
        let span = out.consumed[out.consumed.len() - 1] - out.consumed[0];
        assert_eq!(span, out.consumed.len() as u64 - 1, "{length} bytes");
    }
}

fn mixed(noise: &mut Noise, count: usize) -> Vec<Case> {
    (0..count)
        .map(|_| {
            let length = 1 + noise.below([64, 200, 1500][noise.clone().below(3)]);
            let strip = [0, noise.clone().below(256), 50, 64][noise.below(4)].min(length);
            let add = [0, 14, 64, noise.clone().below(HEADER_BYTES + 1)][noise.below(4)];
            let case = Case::new(noise, length, strip, add);
            let case = if noise.below(3) == 0 {
                case.round()
            } else {
                case
            };
            match noise.below(6) {
                0 => case.dropped(),
                1..=3 => case.patched(noise),
                _ => case,
            }
        })
        .collect()
}

#[test]
fn a_mix_costs_no_more_than_the_sum() {
    let mut noise = Noise(21);
    for _ in 0..12 {
        let cases = mixed(&mut noise, 150);
        let out = run(&cases, Pace::full());
        let sum: u64 = cases.iter().map(Case::cost).sum();
        let last = *out.ended.last().expect("something is sent");
        assert!(last <= sum + 20, "{last} clocks, {sum} expected");
    }
}

#[test]
fn gaps_and_stalls_lose_nothing() {
    let mut noise = Noise(33);
    for pattern in 0..9 {
        let cases = mixed(&mut noise, 120);
        let (mut a, mut b, mut c) = (
            Noise(pattern + 1),
            Noise(pattern + 100),
            Noise(pattern + 200),
        );
        let odds = [1, 2, 8];
        run(
            &cases,
            Pace {
                ready: &mut |now| a.below(odds[pattern as usize % 3]) == 0 && now % 300 > 60,
                body: &mut |_| b.below(odds[pattern as usize / 3]) == 0,
                edit: &mut |now| c.below(2) == 0 && now > 200,
            },
        );
    }
}

#[test]
fn the_first_beat_comes_after_fourteen_clocks() {
    let mut noise = Noise(2);
    let cases = [Case::new(&mut noise, 60, 14, 50)];
    let mut edit = |now| now >= 30;
    let out = run(
        &cases,
        Pace {
            edit: &mut edit,
            ..Pace::full()
        },
    );
    assert_eq!(
        out.first
            .zip(out.first_edit)
            .map(|(beat, edit)| beat - edit),
        Some(u64::from(DELIVER_CLOCKS))
    );
}

#[test]
fn a_long_packet_streams_through() {
    let mut noise = Noise(9);
    let cases = [
        Case::new(&mut noise, 65_000, 50, 36),
        Case::new(&mut noise, 64, 0, 0),
    ];
    let out = run(&cases, Pace::full());
    assert!(out.first < Some(20), "{:?}", out.first);
    assert!(out.ended[1] <= cases[0].cost() + cases[1].cost() + 20);
}

#[test]
fn a_length_that_lies_harms_only_its_own_packet() {
    let mut noise = Noise(44);
    for (length, said) in [
        (300, 100),
        (100, 300),
        (64, 65),
        (65, 64),
        (200, 0),
        (1, 1000),
        (500, 51),
    ] {
        let mut cases = mixed(&mut noise, 20);
        let mut liar = Case::new(&mut noise, length, 0, 50);
        liar.edit.length = said;
        cases.insert(0, liar);
        let out = send(&cases, Pace::full());
        let leave = cases[1..].iter().filter(|case| !case.goes_round());
        let expected: Vec<PlainBeat> = leave.flat_map(Case::expected).collect();
        assert!(
            out.beats.ends_with(&expected),
            "{length} bytes, said {said}"
        );
        let harmed = &out.beats[..out.beats.len() - expected.len()];
        assert!(
            harmed.last().is_none_or(|beat| beat.last),
            "{length} bytes, said {said}"
        );
    }
}

#[test]
fn every_place_of_every_field_is_patched() {
    let mut noise = Noise(77);
    for _ in 0..8 {
        let cases: Vec<Case> = (0..400)
            .map(|_| {
                let length = 40 + noise.below(320);
                Case::new(&mut noise, length, 0, 0).patched(&mut noise)
            })
            .collect();
        run(&cases, Pace::full());
    }
}

#[test]
fn what_goes_round_does_not_wait_for_m() {
    let mut noise = Noise(78);
    let round = |noise: &mut Noise| Case::new(noise, 300, 50, 36).round();
    let cases = [
        round(&mut noise),
        Case::new(&mut noise, 60, 0, 0),
        round(&mut noise),
        Case::new(&mut noise, 200, 0, 0),
        round(&mut noise),
    ];
    let mut ready = |now| now >= 80;
    let out = run(
        &cases,
        Pace {
            ready: &mut ready,
            ..Pace::full()
        },
    );
    assert_eq!(out.ended.len(), cases.len());
    assert!(out.ended[2] < 40, "{:?}", out.ended);
    assert!(out.first >= Some(80));
}

#[test]
fn what_goes_round_costs_m_nothing_but_its_own_beats() {
    let mut noise = Noise(79);
    let cases: Vec<Case> = (0..100)
        .map(|i| {
            let case = Case::new(&mut noise, 64 * (1 + i % 3), 0, 0);
            match i % 4 {
                0 => case,
                _ => case.round(),
            }
        })
        .collect();
    let out = run(&cases, Pace::full());
    let sum: u64 = cases.iter().map(Case::cost).sum();
    let last = *out.ended.last().expect("something is sent");
    assert!(last <= sum + 20, "{last} clocks, {sum} expected");
}
