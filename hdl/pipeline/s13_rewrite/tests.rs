//! The patch of random packets, put into their bytes, against addresses and ports written into the bytes and every
//! checksum computed anew.

mod kind;
mod packet;
mod segment;

use super::checksum::{is_zero, of_total, sum};
use super::rewrite;
use crate::pipeline::records::{record, slot};
use crate::stream::frames::Noise;
use crate::stream::patches;
use kind::Kind;
use packet::{checksum, Case};
use underpass_layout::meta::{Inner, Meta, Patch, Rewrite};
use underpass_layout::tables::VifKind;
use underpass_layout::Verdict;
use underpass_wires::{build, input, output, Blocks, Ports, Sim, U};

/// Sends the packets through the stage, one a clock, and compares the bytes.
fn run(cases: &[Case]) {
    let sent: Vec<(Meta, Case)> = cases
        .iter()
        .map(|case| (case.meta(), case.clone()))
        .collect();
    run_as(&sent);
}

/// The same, with what the stages before know of them.
fn run_as(cases: &[(Meta, Case)]) {
    let mut sim = Sim::new(&build("rewrite", Ports::Packed, Blocks::Inline, || {
        output("rewrite", rewrite(input("slot")).meta.rewrite);
    }));
    for now in 0..cases.len() + super::LATENCY {
        if let Some(case) = cases.get(now) {
            sim.set("slot", &slot(&case.0));
        }
        if let Some((_, case)) = now.checked_sub(super::LATENCY).map(|sent| &cases[sent]) {
            let patch = record::<Rewrite>(&mut sim, "rewrite").patch;
            let expected = case.expected();
            let mut patched = case.bytes.clone();
            patches::apply(&patch, &mut patched);
            assert_eq!(patched, expected, "{case:#?}\n{patch:#?}");
            assert_eq!(patch.on, expected != case.bytes, "{case:#?}\n{patch:#?}");
            assert!(patch.on || patch == Patch::default(), "{patch:#?}");
        }
        sim.step();
    }
}

#[test]
fn every_checksum_is_what_it_would_be_computed_anew() {
    let mut noise = Noise(12);
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        for v6 in [false, true] {
            for what in (0..64).cycle().take(300) {
                cases.push(Case::random(&mut noise, kind, v6, what));
            }
        }
    }
    run(&cases);
}

#[test]
fn a_sum_of_zero_is_sent_as_ffff_in_udp_alone() {
    let mut noise = Noise(34);
    let mut cases = Vec::new();
    for (kind, sent) in [(Kind::Udp, 0xffff), (Kind::Tcp, 0)] {
        for v6 in [false, true] {
            for what in 1..32 {
                let case = Case::random(&mut noise, kind, v6, what).with_sum_of_zero();
                assert_eq!(case.expected_upper(), Some(sent));
                cases.push(case);
            }
        }
    }
    run(&cases);
}

#[test]
fn an_error_from_between_the_ends_keeps_its_source() {
    let mut noise = Noise(56);
    let mut cases = Vec::new();
    for v6 in [false, true] {
        for kind in [Kind::ErrorOfTcp, Kind::ErrorOfIcmp] {
            for what in 0..32 {
                let case = Case::random(&mut noise, kind, v6, what).sent_by_a_router();
                let at = case.l3 + if v6 { 8 } else { 12 };
                assert_eq!(case.expected()[at..at + 4], case.bytes[at..at + 4]);
                cases.push(case);
            }
        }
    }
    run(&cases);
}

#[test]
fn a_later_fragment_has_its_addresses_replaced_alone() {
    let mut noise = Noise(90);
    let mut cases = Vec::new();
    for kind in [Kind::Tcp, Kind::Udp, Kind::Sctp, Kind::Icmp] {
        for v6 in [false, true] {
            cases.extend((0..64).map(|what| {
                let case = Case::random(&mut noise, kind, v6, what).later_fragment();
                let meta = Meta {
                    inner: Inner {
                        // What the slow path knows.
                        src_port: 1000,
                        dst_port: 2000,
                        ..case.meta().inner
                    },
                    ..case.meta()
                };
                (meta, case)
            }));
        }
    }
    run_as(&cases);
}

#[test]
fn a_packet_for_the_host_itself_has_one_hop_less() {
    let mut noise = Noise(91);
    let mut cases = Vec::new();
    for kind in [Kind::Tcp, Kind::Udp, Kind::Icmp] {
        for v6 in [false, true] {
            // No flow, and a hop where there is IPv4.
            let what = if v6 { 0x20 } else { 0x30 };
            let case = Case::random(&mut noise, kind, v6, what);
            let mut meta = case.meta();
            meta.decap.host = true;
            meta.bridge.l3 = false;
            meta.route.routed = false;
            meta.classify.entry.kind = VifKind::Fabric;
            meta.verdict = Verdict::Deliver.bits();
            cases.push((meta, case));
        }
    }
    run_as(&cases);
}

#[test]
fn carry_save_sums_are_those_of_words_added_one_by_one() {
    const WORDS: usize = 17;
    let mut sim = Sim::new(&build("sum", Ports::Packed, Blocks::Inline, || {
        let words: [U<16>; WORDS] = input("words");
        let total = sum(&words).total();
        output("checksum", of_total(total));
        output("zero", is_zero(total));
    }));
    let mut noise = Noise(78);
    let mut zeros = 0;
    for _ in 0..3000 {
        // Zeros and ones are what sums stumble over.
        let mut words: Vec<u16> = (0..WORDS)
            .map(|_| match noise.below(4) {
                0 => 0,
                1 => 0xffff,
                _ => noise.below(1 << 16) as u16,
            })
            .collect();
        if noise.below(4) == 0 {
            words[0] = 0;
            words[0] = checksum(&[&big_endian(&words)]);
        }
        let expected = checksum(&[&big_endian(&words)]);
        zeros += u32::from(expected == 0);
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        sim.set("words", &crate::stream::frames::words(&bytes));
        assert_eq!(sim.get_int("checksum"), expected.into(), "{words:x?}");
        assert_eq!(sim.get_int("zero") == 1, expected == 0, "{words:x?}");
    }
    assert!(zeros > 500);
}

fn big_endian(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}
