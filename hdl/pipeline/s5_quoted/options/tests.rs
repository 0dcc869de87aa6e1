use super::*;
use crate::pipeline::records::record;
use crate::stream::frames::Noise;
use std::collections::VecDeque;
use underpass_layout::meta;
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// Where the options of the tests start.
const START: usize = 54;

/// The walk in plain Rust: one option after the other.
fn plain(bytes: &[u8], end: usize) -> meta::Syn {
    let mut at = 0;
    for _ in 0..SYN_OPTIONS {
        if at >= end {
            break;
        }
        match bytes[at] {
            0 => break,
            1 => at += 1,
            2 if at + 4 <= end && bytes[at + 1] == 4 => {
                return meta::Syn {
                    offset: (START + at + 2) as u8,
                    mss: u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]),
                }
            }
            2 => break,
            _ if at + 1 >= end => break,
            _ => at += usize::from(bytes[at + 1]).max(1),
        }
    }
    meta::Syn::default()
}

struct Bench(Sim);

impl Bench {
    fn new() -> Self {
        Bench(Sim::new(&build(
            "options",
            Ports::Packed,
            Blocks::Inline,
            || {
                let start = input("start");
                output("syn", segment_size(input("bytes"), input("end"), start));
            },
        )))
    }

    fn put(&mut self, bytes: &[u8; BYTES], end: usize) {
        let words: Vec<u64> = bytes
            .chunks(8)
            .map(|eight| u64::from_le_bytes(eight.try_into().expect("8 bytes")))
            .collect();
        self.0.set("bytes", &words);
        self.0.set_int("end", end as u128);
        self.0.set_int("start", START as u128);
    }

    fn found(&mut self) -> meta::Syn {
        record(&mut self.0, "syn")
    }

    /// What these options say, of which all count.
    fn of(&mut self, options: &[u8]) -> meta::Syn {
        let mut bytes = [0xee; BYTES];
        bytes[..options.len()].copy_from_slice(options);
        self.put(&bytes, options.len());
        (0..LATENCY).for_each(|_| self.0.step());
        self.found()
    }
}

#[test]
fn the_size_is_found_behind_up_to_five_others() {
    let mut bench = Bench::new();
    let size = |at: usize| meta::Syn {
        offset: (START + at + 2) as u8,
        mss: 1460,
    };
    let none = meta::Syn::default();
    for (options, expected) in [
        (&[2, 4, 5, 180][..], size(0)),
        (&[1, 2, 4, 5, 180], size(1)),
        (&[4, 2, 3, 3, 7, 2, 4, 5, 180], size(5)),
        (&[1, 1, 1, 1, 1, 2, 4, 5, 180], size(5)),
        (&[1, 1, 1, 1, 1, 1, 2, 4, 5, 180], none),
        // A length of zero is read as the end, a length of one as nothing.
        (&[8, 0, 2, 4, 5, 180], none),
        (&[8, 1, 2, 4, 5, 180], size(2)),
        (&[8, 2, 2, 4, 5, 180], size(2)),
        (&[2, 3, 5, 2, 4, 5, 180], none),
        (&[0, 2, 4, 5, 180], none),
        (&[2, 4, 5], none),
        (&[1, 1, 8], none),
        (&[8, 255, 2, 4, 5, 180], none),
        (&[], none),
    ] {
        assert_eq!(bench.of(options), expected, "{options:?}");
    }
}

/// Options a clock, most of them such as they are, some of any bytes and cut short anywhere.
#[test]
fn every_walk_ends_where_one_step_after_the_other_ends() {
    let mut bench = Bench::new();
    let mut noise = Noise(13);
    let mut under_way = VecDeque::from(vec![None; LATENCY]);
    let (mut found, mut last) = (0, 0);
    for _ in 0..40_000 {
        let mut bytes = [0; BYTES];
        let mut at = 0;
        while at < BYTES {
            let kind = [0, 1, 1, 2, 2, 3, 4, 8, 5][noise.below(9)];
            let length = match kind {
                2 => [4, 4, 4, 4, 3, 0][noise.below(6)],
                _ => [2, 3, 4, 10, 0, 1, noise.below(256)][noise.below(7)],
            };
            bytes[at] = kind;
            for (place, byte) in noise.bytes(BYTES).into_iter().enumerate().skip(at + 1) {
                bytes[place] = byte;
            }
            if let Some(byte) = bytes.get_mut(at + 1) {
                *byte = if kind == 1 { *byte } else { length as u8 };
            }
            at += if kind < 2 { 1 } else { length.max(1) };
        }
        let end = [BYTES, noise.below(BYTES + 1)][noise.below(2)];
        bench.put(&bytes, end);
        under_way.push_back(Some((bytes, end)));
        if let Some((bytes, end)) = under_way.pop_front().flatten() {
            let expected = plain(&bytes, end);
            assert_eq!(bench.found(), expected, "{end} of {bytes:02x?}");
            found += u32::from(expected.offset > 0);
            last += u32::from(usize::from(expected.offset) > START + 20);
        }
        bench.0.step();
    }
    assert!(
        found > 5000 && last > 100,
        "{found} sizes, {last} of them far behind"
    );
}

#[test]
fn options_end_with_the_header_or_with_the_packet() {
    let mut sim = Sim::new(&build("end", Ports::Packed, Blocks::Inline, || {
        output("end", end(input("words"), input("there")));
    }));
    for words in 0..16_usize {
        for there in 0..=BYTES {
            sim.set_int("words", words as u128);
            sim.set_int("there", there as u128);
            let expected = (4 * words).saturating_sub(20).min(there);
            assert_eq!(
                sim.get_int("end"),
                expected as u128,
                "{words} words, {there} bytes"
            );
        }
    }
}
