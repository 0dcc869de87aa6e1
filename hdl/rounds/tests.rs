mod around;
mod bench;
mod reference;

use super::ROUND_CLOCKS;
use crate::stream::frames::{bytes, Noise};
use bench::{Bench, Case, Pace};
use reference::{Mirror, Reference};
use underpass_layout::meta::{Errand, Round, RoundKind};
use underpass_layout::tables::{id, Leg, MirrorEntry, MirrorKind, TunnelKind};
use underpass_layout::Record;

/// A text of so many bytes, with zeros where its fields come.
fn text(noise: &mut Noise, kind: MirrorKind, v6: bool, length: usize) -> Vec<u8> {
    let mut text = noise.bytes(length);
    if kind == MirrorKind::Routed {
        let header = if v6 { 40 } else { 20 };
        if v6 {
            text[4..6].fill(0);
        } else {
            text[2..6].fill(0);
            text[10..12].fill(0);
        }
        text[header..header + 2].fill(0);
        text[header + 4..header + 8].fill(0);
    }
    text
}

/// A round with something in every field.
fn round(noise: &mut Noise) -> Round {
    Round {
        kind: RoundKind::Member,
        hops: noise.below(8) as u8,
        vif: noise.below(1 << 13) as u16,
        port: noise.below(1 << 10) as u16,
        received: noise.below(2) == 1,
        judged: true,
        frame: true,
        vrf: noise.below(1 << 12) as u16,
        nexthop: noise.below(1 << 20) as u32,
        label: noise.below(1 << 24) as u32,
        tunnel: TunnelKind::Vxlan,
        outer_v6: true,
        outer_src: (noise.below(usize::MAX) as u128) << 64 | noise.below(usize::MAX) as u128,
        outer_label: noise.below(1 << 24) as u32,
        origin: Leg::Tor,
        position: noise.below(1 << 15) as u16,
        ..Default::default()
    }
}

fn packet(noise: &mut Noise, length: usize) -> Case {
    Case {
        bytes: noise.bytes(length),
        errand: Errand {
            on: true,
            entropy: noise.below(1 << 16) as u16,
            round: round(noise),
            ..Default::default()
        },
    }
}

/// Writes the mirrors into rows 1 and following.
fn fill(bench: &mut Bench, mirrors: &[Mirror]) {
    for (row, mirror) in mirrors.iter().enumerate().skip(1) {
        bench.mirror(row, &mirror.entry, &mirror.text);
    }
}

/// Mirrors of every kind with texts of all lengths from the shortest that hold their headers; row 0 is none.
fn mirrors(noise: &mut Noise) -> Vec<Mirror> {
    let mut mirrors = vec![Mirror::default()];
    for i in 0..60 {
        let (kind, v6, least) = [
            (MirrorKind::Routed, false, 28),
            (MirrorKind::Routed, true, 48),
            (MirrorKind::Raw, false, 0),
        ][i % 3];
        let length = match i / 3 {
            0 => least,
            1 => 64,
            2 => 65,
            3 => 127,
            4 => 128,
            5 => 320,
            6 => 319,
            _ => least + noise.below(321 - least),
        };
        let text = text(noise, kind, v6, length);
        let mut mirror = Mirror::new(kind, v6, text);
        let fields = &mut mirror.entry;
        (fields.vrf, fields.nexthop) = (noise.below(1 << 12) as u16, noise.below(1 << 20) as u32);
        fields.label = noise.below(1 << 24) as u32;
        if noise.below(3) == 0 {
            fields.snap = [1, 63, 64, 65, 128, 200][noise.below(6)];
        }
        mirrors.push(mirror);
    }
    mirrors.push(Mirror::default());
    mirrors
}

/// An errand that asks for anything.
fn errand(noise: &mut Noise, mirrors: usize, case: &mut Case) {
    let mut mirror = || match noise.below(2) {
        0 => 0,
        _ => noise.below(mirrors) as u16,
    };
    let errand = &mut case.errand;
    (errand.mirror, errand.second, errand.third) = (mirror(), mirror(), mirror());
    errand.learn = noise.below(4) == 0;
    errand.members = if noise.below(2) == 0 {
        0
    } else {
        noise.below(21) as u16
    };
}

#[test]
fn packets_come_back_as_their_errands_say() {
    let mut noise = Noise(77);
    let mirrors = mirrors(&mut noise);
    let mut bench = Bench::new();
    fill(&mut bench, &mirrors);
    let mut reference = Reference::default();
    for pace in [(8, 8), (3, 8), (8, 3), (5, 5)] {
        let cases: Vec<Case> = (0..60)
            .map(|_| {
                let length = match noise.below(24) {
                    0 => 9_000 + noise.below(100),
                    1..8 => 1 + noise.below(64),
                    _ => 1 + noise.below(600),
                };
                let mut case = packet(&mut noise, length);
                errand(&mut noise, mirrors.len(), &mut case);
                case
            })
            .collect();
        let (beats, ready) = pace;
        let seen = bench.run(&cases, Pace { beats, ready });
        let expected = reference.copies(&mirrors, &cases);
        assert_eq!(seen.copies.len(), expected.len(), "copies at pace {pace:?}");
        for (at, (got, want)) in seen.copies.iter().zip(&expected).enumerate() {
            assert_eq!(got, want, "copy {at} at pace {pace:?}");
        }
        let beats: Vec<usize> = cases.iter().map(Case::beats).collect();
        assert_eq!(seen.freed, beats, "beats of each packet");
    }
}

#[test]
fn sums_hold_for_every_length_of_text_and_packet() {
    let mut noise = Noise(5);
    let mut bench = Bench::new();
    let mut mirrors = vec![Mirror::default()];
    for i in 0..40 {
        let v6 = i % 2 == 1;
        let length = if v6 { 48 } else { 28 } + i / 2;
        let text = text(&mut noise, MirrorKind::Routed, v6, length);
        mirrors.push(Mirror::new(MirrorKind::Routed, v6, text));
    }
    fill(&mut bench, &mirrors);
    let cases: Vec<Case> = (0..160)
        .map(|i| {
            let mut case = packet(&mut noise, 50 + i / 2);
            case.errand.mirror = 1 + (i % 40) as u16;
            case.errand.second = 1 + (i * 7 % 40) as u16;
            if i % 10 == 9 {
                case.bytes.fill(if i % 20 == 9 { 0xff } else { 0 });
            }
            case
        })
        .collect();
    let seen = bench.run(&cases, Pace::FULL);
    let expected = Reference::default().copies(&mirrors, &cases);
    for (at, (got, want)) in seen.copies.iter().zip(&expected).enumerate() {
        assert_eq!(got, want, "copy {at}");
    }
    assert_eq!(seen.copies.len(), expected.len());
}

/// A routed copy whose UDP checksum comes to zero is sent with all ones (RFC 768).
#[test]
fn a_checksum_of_zero_is_all_ones() {
    let mut noise = Noise(15);
    let mut bench = Bench::new();
    let mirror = Mirror::new(
        MirrorKind::Routed,
        false,
        text(&mut noise, MirrorKind::Routed, false, 30),
    );
    let mirrors = [Mirror::default(), mirror];
    fill(&mut bench, &mirrors);
    let mut case = packet(&mut noise, 64);
    case.errand.mirror = 1;
    case.bytes[..2].fill(0);
    let checksum = |case: &Case| {
        let copies = Reference::default().copies(&mirrors, std::slice::from_ref(case));
        u16::from_be_bytes([copies[0].bytes[26], copies[0].bytes[27]])
    };
    let missing = checksum(&case);
    case.bytes[..2].copy_from_slice(&missing.to_be_bytes());
    assert_eq!(checksum(&case), 0xffff);
    let seen = bench.run(std::slice::from_ref(&case), Pace::FULL);
    assert_eq!(seen.copies[0].bytes[26..28], [0xff, 0xff]);
}

/// Clocks from the first beat taken to the last one.
fn span(beats: &[u64]) -> u64 {
    beats[beats.len() - 1] - beats[0] + 1
}

#[test]
fn a_copy_takes_as_many_clocks_as_it_has_beats() {
    let mut noise = Noise(9);
    let mut bench = Bench::new();
    let routed = Mirror::new(
        MirrorKind::Routed,
        false,
        text(&mut noise, MirrorKind::Routed, false, 60),
    );
    fill(&mut bench, &[Mirror::default(), routed]);

    // One packet for 20 members, one beat each.
    let mut list = packet(&mut noise, 60);
    list.errand.members = 20;
    let seen = bench.run(&[list], Pace::FULL);
    assert_eq!((seen.beats.len(), span(&seen.beats)), (20, 20), "members");

    // A packet each, one beat, itself: the errands come first, so that nothing but this is measured.
    let back: Vec<Case> = (0..40).map(|_| packet(&mut noise, 64)).collect();
    let seen = bench.run(&back, Pace::FULL);
    assert_eq!((seen.beats.len(), span(&seen.beats)), (40, 40), "packets");

    // Text and packet are two beats together, and the packet itself is one.
    let mut mirrored: Vec<Case> = (0..40).map(|_| packet(&mut noise, 64)).collect();
    mirrored.iter_mut().for_each(|case| case.errand.mirror = 1);
    let seen = bench.run(&mirrored, Pace::FULL);
    assert_eq!(
        (seen.beats.len(), span(&seen.beats)),
        (120, 120),
        "mirrored"
    );

    let mut long = packet(&mut noise, 9_000);
    long.errand.members = 3;
    let seen = bench.run(&[long], Pace::FULL);
    assert_eq!((seen.beats.len(), span(&seen.beats)), (3 * 141, 3 * 141));
}

#[test]
fn the_first_copy_follows_the_packet() {
    let mut noise = Noise(19);
    let mut bench = Bench::new();
    for length in [1, 64, 65, 1500] {
        let seen = bench.run(&[packet(&mut noise, length)], Pace::FULL);
        let clocks = seen.beats[0] - seen.stored[0];
        assert_eq!(clocks, u64::from(ROUND_CLOCKS), "{length} bytes");
    }
}

#[test]
fn a_mirror_rests_for_its_interval() {
    let mut noise = Noise(29);
    let mut bench = Bench::new();
    let mut mirror = Mirror::new(MirrorKind::Raw, false, vec![]);
    mirror.entry.interval = 3;
    let free = Mirror::new(MirrorKind::Raw, false, vec![1]);
    let mirrors = [Mirror::default(), mirror, free];
    fill(&mut bench, &mirrors);
    let cases: Vec<Case> = (0..5_000)
        .map(|_| {
            let mut case = packet(&mut noise, 30);
            (case.errand.mirror, case.errand.second, case.errand.third) = (1, 2, 1);
            case
        })
        .collect();
    let seen = bench.run(&cases, Pace::FULL);
    let copies = |row: usize| {
        let text = mirrors[row].text.len();
        let is = move |copy: &bench::Copy| copy.round.quiet && copy.bytes.len() == 30 + text;
        seen.copies
            .iter()
            .zip(&seen.beats)
            .filter(move |(copy, _)| is(copy))
    };
    assert_eq!(
        copies(2).count(),
        cases.len(),
        "the other one does not rest"
    );
    let sent: Vec<u64> = copies(1).map(|(_, clock)| *clock).collect();
    let gaps: Vec<u64> = sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.len() > 5, "{} copies", sent.len());
    // Beats wait in queues for a few clocks, so they are as far apart as the decisions within that.
    for gap in gaps {
        assert!((3 * 256 - 40..4 * 256 + 40).contains(&gap), "{gap} clocks");
    }
    assert_eq!(seen.copies.len(), 2 * cases.len() + sent.len());
}

#[test]
fn the_host_reads_back_what_it_wrote() {
    let mut noise = Noise(3);
    let mut bench = Bench::new();
    let mirrors = mirrors(&mut noise);
    fill(&mut bench, &mirrors);
    let mirror = &mirrors[21];
    let words = bench::access(&mut bench.sim, id::MIRROR, 21, false, &[]);
    let words: Vec<u32> = words
        .iter()
        .flat_map(|word| [*word as u32, (*word >> 32) as u32])
        .collect();
    assert_eq!(MirrorEntry::unpack(&words).expect("codes"), mirror.entry);
    let text = bench::access(&mut bench.sim, id::MIRROR_TEXT, 21, false, &[]);
    let text = bytes(&text);
    let part = mirror.text.len().min(64);
    assert_eq!(text[..part], mirror.text[..part]);
}
