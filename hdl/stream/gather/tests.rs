mod rounds;

use super::*;
use crate::pipeline::records::record;
use crate::stream::frames::{beats, bytes, offer, Noise, PlainBeat};
use underpass_layout::meta::{Arrival as PlainArrival, WINDOW_BYTES};
use underpass_layout::shim;
use underpass_wires::{build, input, output, unpack, Blocks, Bundle, Ports, Sim};

fn sim() -> Sim {
    Sim::new(&build("gather", Ports::Fields, Blocks::Inline, || {
        let rounds = RoundOffer {
            valid: input("rounds_valid"),
            data: input("rounds_data"),
            last: input("rounds_last"),
            length: input("rounds_length"),
            round: unpack(input::<U<{ Round::W }>>("rounds_round")),
        };
        let out = gather(
            input::<Offer>("s"),
            input::<Bit>("enable"),
            rounds,
            input::<U<8>>("held"),
            input::<Credit>("credit"),
        );
        output("ready", out.ready);
        output("rounds_ready", out.rounds_ready);
        output("copied", out.copied);
        output("header", out.header);
        output("arrival", out.header.arrival.pack::<{ Arrival::W }>());
        output("body", out.body);
        output("in_flight", out.in_flight);
    }))
}

/// Everything that came out, with its clock.
#[derive(Default)]
struct Out {
    taken: Vec<u64>,
    headers: Vec<(u64, PlainArrival, Vec<u8>)>,
    bodies: Vec<(u64, Vec<u8>, bool)>,
}

/// Offers beats and gives back what `credit` says, of that no more than has come out.
fn run(
    sim: &mut Sim,
    beats: &[PlainBeat],
    clocks: u64,
    mut gap: impl FnMut(u64) -> bool,
    mut credit: impl FnMut(u64) -> (bool, bool),
) -> Out {
    let mut out = Out::default();
    let mut waiting = beats.iter().peekable();
    let mut offered = false;
    let (mut bodies_back, mut headers_back) = (0, 0);
    for now in 0..clocks {
        offered = offered || !gap(now);
        let beat = waiting.peek().filter(|_| offered);
        offer(sim, "s", beat.copied());
        let (body, header) = credit(now);
        let body = body && bodies_back < out.bodies.len();
        let header = header && headers_back < out.headers.len();
        bodies_back += usize::from(body);
        headers_back += usize::from(header);
        sim.set_int("credit_body", u128::from(body));
        sim.set_int("credit_header", u128::from(header));
        if beat.is_some() && sim.get_int("ready") == 1 {
            out.taken.push(now);
            waiting.next();
            offered = false;
        }
        if sim.get_int("header_valid") == 1 {
            let window = bytes(&sim.get("header_window"));
            out.headers.push((now, record(sim, "arrival"), window));
        }
        if sim.get_int("body_valid") == 1 {
            out.bodies.push((
                now,
                bytes(&sim.get("body_data")),
                sim.get_int("body_last") == 1,
            ));
        }
        sim.step();
    }
    out
}

/// What gather shall say of a frame.
fn expected(frame: &[u8], port: u16) -> (PlainArrival, Vec<u8>) {
    let injected = port == underpass_layout::port::SLOW;
    let mut arrival = PlainArrival {
        port,
        length: frame.len() as u16,
        injected,
        ..Default::default()
    };
    let mut behind = frame;
    if injected {
        let mut shim = [0; 64];
        shim[..frame.len().min(64)].copy_from_slice(&frame[..frame.len().min(64)]);
        let half = |at: usize| u16::from_le_bytes([shim[at], shim[at + 1]]);
        arrival.command = match shim[0] {
            1 => shim::InjectCommand::Transmit,
            2 => shim::InjectCommand::Receive,
            3 => shim::InjectCommand::Flood,
            _ => shim::InjectCommand::None,
        };
        arrival.inject_vif = half(2) & 0x1fff;
        arrival.inject_port = half(4) & 0x3ff;
        let word = |at: usize| u32::from(half(at)) | u32::from(half(at + 2)) << 16;
        if [shim::InjectCommand::Receive, shim::InjectCommand::Flood].contains(&arrival.command) {
            let known = &mut arrival.round.known;
            (known.ports, known.routed) = (shim[8] & 1 != 0, shim[8] & 2 != 0);
            (known.src_port, known.dst_port) = (half(10), half(12));
            (known.nexthop, known.label) = (word(14) & 0xf_ffff, word(18) & 0xff_ffff);
            arrival.round.judged = shim[8] & 4 != 0;
        }
        behind = frame.get(64..).unwrap_or(&[]);
        arrival.length = behind.len() as u16;
    }
    let mut window = behind[..behind.len().min(WINDOW_BYTES)].to_vec();
    window.resize(WINDOW_BYTES, 0);
    (arrival, window)
}

fn check(frames: &[(Vec<u8>, u16)], out: &Out) {
    assert_eq!(out.headers.len(), frames.len());
    let mut bodies = out.bodies.iter();
    for ((frame, port), (_, arrival, window)) in frames.iter().zip(&out.headers) {
        let (want, bytes) = expected(frame, *port);
        assert_eq!(*arrival, want, "{} bytes", frame.len());
        assert_eq!(*window, bytes, "{} bytes", frame.len());
        for beat in beats(frame, *port) {
            let (_, data, last) = bodies.next().expect("a body beat for each beat taken");
            assert_eq!((data.as_slice(), *last), (beat.bytes.as_slice(), beat.last));
        }
    }
    assert!(bodies.next().is_none());
}

fn all_beats(frames: &[(Vec<u8>, u16)]) -> Vec<PlainBeat> {
    frames
        .iter()
        .flat_map(|(frame, port)| beats(frame, *port))
        .collect()
}

#[test]
fn a_beat_a_clock_goes_in_whatever_the_lengths() {
    let mut noise = Noise(7);
    for lengths in [
        vec![1],
        vec![64],
        vec![14, 65, 128, 129, 192, 193, 256, 1514],
        vec![60, 300],
    ] {
        let frames: Vec<_> = (0..40)
            .map(|i| {
                (
                    noise.bytes(lengths[i % lengths.len()]),
                    [0, 0x101, 0x200][i % 3],
                )
            })
            .collect();
        let beats = all_beats(&frames);
        let mut sim = sim();
        sim.set_int("enable", 1);
        let clocks = beats.len() as u64 + 10;
        let out = run(&mut sim, &beats, clocks, |_| false, |_| (false, false));
        assert_eq!(out.taken, (0..beats.len() as u64).collect::<Vec<_>>());
        check(&frames, &out);
        let completing = frames.iter().scan(0, |at, (frame, port)| {
            let before = *at;
            let total = frame.len().div_ceil(64) as u64;
            *at += total;
            let window = if *port == 0x200 { 4 } else { 3 };
            Some(before + total.min(window) - 1)
        });
        let seen: Vec<u64> = out.headers.iter().map(|header| header.0).collect();
        assert_eq!(
            seen,
            completing
                .map(|at| at + u64::from(HEADER_CLOCKS))
                .collect::<Vec<_>>()
        );
    }
}

#[test]
fn gaps_change_nothing_but_the_time() {
    let mut noise = Noise(11);
    let frames: Vec<_> = (0..300)
        .map(|_| {
            let length = 1 + noise.below([40, 300, 700][noise.clone().below(3)]);
            let mut frame = noise.bytes(length);
            frame[0] &= 7;
            (frame, [1, 0x100, 0x200][noise.below(3)])
        })
        .collect();
    let beats = all_beats(&frames);
    let mut gaps = Noise(3);
    let mut sim = sim();
    sim.set_int("enable", 1);
    // Every beat and every packet is given back a little later.
    let out = run(
        &mut sim,
        &beats,
        4 * beats.len() as u64 + 50,
        |_| gaps.below(2) == 0,
        |now| (now % 2 == 1, now % 8 == 7),
    );
    check(&frames, &out);
}

#[test]
fn no_more_is_taken_than_there_is_room_for() {
    let many: Vec<_> = (0..2 * EDIT_DEPTH).map(|_| (vec![1; 60], 0)).collect();
    let mut packets = sim();
    packets.set_int("enable", 1);
    let out = run(
        &mut packets,
        &all_beats(&many),
        2 * EDIT_DEPTH as u64,
        |_| false,
        |_| (false, false),
    );
    assert!(
        (EDIT_DEPTH - 2..=EDIT_DEPTH).contains(&out.taken.len()),
        "{} packets",
        out.taken.len()
    );
    assert_eq!(packets.get_int("in_flight") as usize, out.taken.len());

    let long = [(vec![1; 40_000], 0)];
    let mut body = sim();
    body.set_int("enable", 1);
    let out = run(
        &mut body,
        &all_beats(&long),
        700,
        |_| false,
        |_| (false, false),
    );
    assert!(
        (BODY_DEPTH - 2..=BODY_DEPTH).contains(&out.taken.len()),
        "{} beats",
        out.taken.len()
    );
    assert_eq!(out.headers.len(), 1);
}

#[test]
fn it_closes_between_packets_and_not_within() {
    let frames = [(vec![1; 300], 0), (vec![2; 300], 0)];
    let all = all_beats(&frames);
    let mut sim = sim();
    assert!(run(&mut sim, &all, 10, |_| false, |_| (false, false))
        .taken
        .is_empty());
    sim.set_int("enable", 1);
    assert_eq!(
        run(&mut sim, &all, 2, |_| false, |_| (false, false)).taken,
        [0, 1]
    );
    sim.set_int("enable", 0);
    assert_eq!(
        run(&mut sim, &all[2..], 20, |_| false, |_| (false, false)).taken,
        [0, 1, 2]
    );
}
