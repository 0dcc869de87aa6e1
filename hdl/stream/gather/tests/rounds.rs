//! Both sources at once: packets of the outer stream, and copies that come back from rounds.

use super::*;
use crate::stream::frames::words;
use underpass_layout::meta::{Round as PlainRound, RoundKind};
use underpass_layout::tables::{Leg, TunnelKind};
use underpass_layout::Record;

/// A copy as rounds offers it.
#[derive(Clone)]
struct Copy {
    bytes: Vec<u8>,
    round: PlainRound,
}

impl Copy {
    fn random(noise: &mut Noise, longest: usize) -> Self {
        let bytes = 1 + noise.below(longest);
        let address = noise.bytes(16).try_into().expect("16 bytes");
        Copy {
            bytes: noise.bytes(bytes),
            round: PlainRound {
                kind: [
                    RoundKind::Again,
                    RoundKind::Tenant,
                    RoundKind::Member,
                    RoundKind::Transmit,
                    RoundKind::Punt,
                ][noise.below(5)],
                hops: noise.below(5) as u8,
                vif: noise.below(1 << 13) as u16,
                port: noise.below(1 << 10) as u16,
                judged: noise.below(2) == 1,
                vrf: noise.below(1 << 12) as u16,
                label: noise.below(1 << 24) as u32,
                tunnel: TunnelKind::Nvgre,
                outer_src: u128::from_be_bytes(address),
                origin: Leg::Tor,
                position: noise.below(1 << 16) as u16,
                ..Default::default()
            },
        }
    }

    fn arrival(&self) -> PlainArrival {
        PlainArrival {
            port: underpass_layout::port::ROUND,
            length: self.bytes.len() as u16,
            round: self.round,
            ..Default::default()
        }
    }
}

/// Puts a beat of a copy, or none, on the offer of rounds.
fn offer_copy(sim: &mut Sim, beat: Option<&(PlainBeat, PlainRound)>) {
    sim.set_int("rounds_valid", u128::from(beat.is_some()));
    let Some((beat, round)) = beat else { return };
    sim.set("rounds_data", &words(&beat.bytes));
    sim.set_int("rounds_last", u128::from(beat.last));
    sim.set_int("rounds_length", u128::from(beat.user >> 16));
    let packed: Vec<u8> = round.pack().iter().flat_map(|w| w.to_le_bytes()).collect();
    let mut round = words(&packed);
    round.resize(PlainRound::WIDTH.div_ceil(64), 0);
    sim.set("rounds_round", &round);
}

/// What came out, and from whom each packet was taken.
struct Both {
    out: Out,
    from_rounds: Vec<bool>,
    beats: [usize; 2],
    copied: usize,
}

/// Offers the beats of both. A beat that is on offer stays there until it is taken. `pace` says for a clock whether each of
/// them may offer its next beat, and whether a beat and a packet are given back.
fn run_both(
    sim: &mut Sim,
    frames: &[(Vec<u8>, u16)],
    copies: &[Copy],
    clocks: u64,
    mut pace: impl FnMut(u64) -> [bool; 4],
) -> Both {
    let frames = all_beats(frames);
    let copies: Vec<(PlainBeat, PlainRound)> = copies
        .iter()
        .flat_map(|copy| beats(&copy.bytes, 0).into_iter().map(|b| (b, copy.round)))
        .collect();
    let mut both = Both {
        out: Out::default(),
        from_rounds: vec![],
        beats: [0; 2],
        copied: 0,
    };
    let (mut offers, mut within) = ([false; 2], false);
    let (mut bodies_back, mut headers_back) = (0, 0);
    for now in 0..clocks {
        let may = pace(now);
        offers = [0, 1].map(|i| offers[i] || may[i]);
        let frame = frames.get(both.beats[0]).filter(|_| offers[0]);
        let copy = copies.get(both.beats[1]).filter(|_| offers[1]);
        offer(sim, "s", frame);
        offer_copy(sim, copy);
        let body = may[2] && bodies_back < both.out.bodies.len();
        let header = may[3] && headers_back < both.out.headers.len();
        bodies_back += usize::from(body);
        headers_back += usize::from(header);
        sim.set_int("credit_body", u128::from(body));
        sim.set_int("credit_header", u128::from(header));
        let taken = [
            frame.filter(|_| sim.get_int("ready") == 1),
            copy.map(|(beat, _)| beat)
                .filter(|_| sim.get_int("rounds_ready") == 1),
        ];
        assert!(taken[0].is_none() || taken[1].is_none(), "both go");
        for (source, beat) in taken.into_iter().enumerate() {
            let Some(beat) = beat else { continue };
            if !within {
                both.from_rounds.push(source == 1);
            }
            within = !beat.last;
            both.beats[source] += 1;
            offers[source] = false;
            both.out.taken.push(now);
        }
        if sim.get_int("header_valid") == 1 {
            let window = bytes(&sim.get("header_window"));
            both.out.headers.push((now, record(sim, "arrival"), window));
        }
        if sim.get_int("body_valid") == 1 {
            let last = sim.get_int("body_last") == 1;
            both.out
                .bodies
                .push((now, bytes(&sim.get("body_data")), last));
        }
        both.copied += sim.get_int("copied") as usize;
        sim.step();
    }
    both
}

/// Compares with what was taken, in the order in which it was.
fn check_both(frames: &[(Vec<u8>, u16)], copies: &[Copy], both: &Both) {
    let (mut frames, mut copies) = (frames.iter(), copies.iter());
    let mut bodies = both.out.bodies.iter();
    assert_eq!(both.out.headers.len(), both.from_rounds.len());
    for (from_rounds, (_, arrival, window)) in both.from_rounds.iter().zip(&both.out.headers) {
        let (want, all) = if *from_rounds {
            let copy = copies.next().expect("a copy for each that was taken");
            let mut window = copy.bytes[..copy.bytes.len().min(WINDOW_BYTES)].to_vec();
            window.resize(WINDOW_BYTES, 0);
            ((copy.arrival(), window), &copy.bytes)
        } else {
            let (frame, port) = frames.next().expect("a frame for each that was taken");
            (expected(frame, *port), frame)
        };
        assert_eq!(*arrival, want.0, "{} bytes", all.len());
        assert_eq!(*window, want.1, "{} bytes", all.len());
        for beat in beats(all, 0) {
            let (_, data, last) = bodies.next().expect("a body beat for each beat taken");
            assert_eq!((data.as_slice(), *last), (beat.bytes.as_slice(), beat.last));
        }
    }
    assert!(bodies.next().is_none());
    assert_eq!(
        both.copied,
        both.from_rounds.iter().filter(|it| **it).count()
    );
}

fn random_frames(noise: &mut Noise, count: usize) -> Vec<(Vec<u8>, u16)> {
    (0..count)
        .map(|_| {
            let length = 1 + noise.below([40, 300, 700][noise.clone().below(3)]);
            (noise.bytes(length), [1, 0x100, 0x200][noise.below(3)])
        })
        .collect()
}

#[test]
fn packets_of_both_come_whole_and_in_order() {
    for (round, odds) in [[1, 1, 1, 1], [2, 2, 1, 1], [4, 1, 2, 4], [1, 3, 2, 8]]
        .into_iter()
        .enumerate()
    {
        let mut noise = Noise(51 + round as u64);
        let frames = random_frames(&mut noise, 150);
        let copies: Vec<Copy> = (0..150).map(|_| Copy::random(&mut noise, 500)).collect();
        let mut sim = sim();
        sim.set_int("enable", 1);
        let both = run_both(&mut sim, &frames, &copies, 9000, |_| {
            odds.map(|odds| noise.below(odds) == 0)
        });
        assert_eq!(both.from_rounds.len(), 300, "all were taken");
        check_both(&frames, &copies, &both);
    }
}

#[test]
fn both_get_half_of_the_beats_and_no_clock_is_lost() {
    let mut noise = Noise(8);
    let frames: Vec<_> = (0..100).map(|_| (noise.bytes(1500), 0)).collect();
    let copies: Vec<Copy> = (0..2400).map(|_| Copy::random(&mut noise, 64)).collect();
    let mut sim = sim();
    sim.set_int("enable", 1);
    let both = run_both(&mut sim, &frames, &copies, 2400, |_| [true; 4]);
    assert_eq!(both.out.taken.len(), 2400);
    let [frames, copies] = both.beats;
    assert!(frames.abs_diff(copies) <= 24, "{frames} and {copies} beats");
}

#[test]
fn copies_come_back_while_the_input_is_closed() {
    let mut noise = Noise(9);
    let frames = random_frames(&mut noise, 5);
    let copies: Vec<Copy> = (0..20).map(|_| Copy::random(&mut noise, 300)).collect();
    let mut sim = sim();
    let both = run_both(&mut sim, &frames, &copies, 200, |_| [true; 4]);
    assert_eq!(both.from_rounds, [true; 20]);
    check_both(&frames, &copies, &both);
}

#[test]
fn what_is_in_rounds_is_in_flight_until_its_last_copy_is() {
    let mut noise = Noise(10);
    let copies = [Copy::random(&mut noise, 64)];
    let mut sim = sim();
    sim.set_int("held", 1);
    for _ in 0..4 {
        sim.step();
    }
    assert_eq!(sim.get_int("in_flight"), 1);
    let beats = beats(&copies[0].bytes, 0);
    offer_copy(&mut sim, Some(&(beats[0].clone(), copies[0].round)));
    assert_eq!(sim.get_int("rounds_ready"), 1);
    sim.step();
    // Rounds forgets it with the last beat; by then it is on its way into the stages.
    offer_copy(&mut sim, None);
    sim.set_int("held", 0);
    for _ in 0..6 {
        assert!(sim.get_int("in_flight") >= 1);
        sim.step();
    }
    assert_eq!(sim.get_int("in_flight"), 1);
}
