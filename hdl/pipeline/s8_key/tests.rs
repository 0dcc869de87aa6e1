//! The stage with its tables: rules written over the host's bus, packets given as records.

mod random;

use super::*;
use crate::hardware::{Inner, Quoted, Receiver};
use crate::pipeline::s4_inner::packets::record;
use underpass_layout::meta;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{self, FatFamily, FAT_EXCLUDES, FAT_RULES};
use underpass_wires::{build, input, output, unpack, zero, Blocks, Bundle, Ports, Sim};

/// What the stage reads of a packet.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    inner: meta::Inner,
    quoted: meta::Quoted,
    receiver: meta::Receiver,
    flow_first: bool,
}

/// The rules and exclusions of one set.
#[derive(Clone, Debug, Default)]
struct Set {
    rules: Vec<tables::FatRuleEntry>,
    excludes: Vec<tables::FatExcludeEntry>,
}

/// Words of a record as a wire takes them.
fn wire_words(words: &[u32]) -> Vec<u64> {
    let half = |word: Option<&u32>| u64::from(word.copied().unwrap_or(0));
    words
        .chunks(2)
        .map(|pair| half(pair.first()) | half(pair.get(1)) << 32)
        .collect()
}

struct Bench(Sim);

impl Bench {
    fn new() -> Self {
        Bench(Sim::new(&build(
            "key",
            Ports::Fields,
            Blocks::Inline,
            || {
                let mut slot: Slot = zero();
                slot.meta.inner = unpack::<Inner, { Inner::W }>(input("inner"));
                slot.meta.quoted = unpack::<Quoted, { Quoted::W }>(input("quoted"));
                slot.meta.receiver = unpack::<Receiver, { Receiver::W }>(input("receiver"));
                slot.meta.bridge.flow_first = input("flow_first");
                let (slot, host) = key(&SIM, slot, input("bus"));
                output("key", slot.meta.key.pack::<{ Key::W }>());
                output("host", host);
            },
        )))
    }

    /// Writes a row in this clock, or nothing.
    fn write(&mut self, access: Option<(u32, usize, &[u32])>) {
        let sim = &mut self.0;
        sim.set_int("bus_request", u128::from(access.is_some()));
        if let Some((table, row, words)) = access {
            sim.set_int("bus_write", 1);
            sim.set_int("bus_table", u128::from(table));
            sim.set_int("bus_row", row as u128);
            let mut data = wire_words(words);
            data.resize(8, 0);
            sim.set("bus_data", &data);
        }
    }

    /// Fills a set.
    fn fill(&mut self, set: usize, entries: &Set) {
        assert!(entries.rules.len() <= FAT_RULES && entries.excludes.len() <= FAT_EXCLUDES);
        let depth = SIM.rows[id::FAT_RULE as usize];
        for (way, rule) in entries.rules.iter().enumerate() {
            self.write(Some((id::FAT_RULE, way * depth + set, &rule.pack())));
            self.0.step();
        }
        for (way, exclude) in entries.excludes.iter().enumerate() {
            self.write(Some((id::FAT_EXCLUDE, way * depth + set, &exclude.pack())));
            self.0.step();
        }
        self.write(None);
    }

    fn put(&mut self, asked: &Asked) {
        let sim = &mut self.0;
        sim.set("inner", &wire_words(&asked.inner.pack()));
        sim.set("quoted", &wire_words(&asked.quoted.pack()));
        sim.set("receiver", &wire_words(&asked.receiver.pack()));
        sim.set_int("flow_first", u128::from(asked.flow_first));
    }

    fn found(&mut self) -> meta::Key {
        record(&self.0.get("key"))
    }

    fn of(&mut self, asked: &Asked) -> meta::Key {
        self.put(asked);
        (0..LATENCY).for_each(|_| self.0.step());
        self.found()
    }
}

const GUEST: u128 = 0x0a01_0203;
const OTHER: u128 = 0xc0a8_0a0b;
const GUEST6: u128 = 0xfd00_0001_0002_0003_0004_0005_0006_0007;
const OTHER6: u128 = 0x2001_0db8_1111_2222_3333_4444_5555_6666;

/// A packet to port 80 from port 1000 that its VM sent, in set 1.
fn from_guest(protocol: u8) -> Asked {
    Asked {
        inner: meta::Inner {
            ipv4: true,
            protocol,
            src: GUEST,
            dst: OTHER,
            src_port: 1000,
            dst_port: 80,
            ..Default::default()
        },
        receiver: meta::Receiver {
            wanted: true,
            fat_set: 1,
            ..Default::default()
        },
        flow_first: true,
        ..Default::default()
    }
}

fn from_guest6(protocol: u8) -> Asked {
    let mut asked = from_guest(protocol);
    asked.inner.ipv4 = false;
    asked.inner.ipv6 = true;
    (asked.inner.src, asked.inner.dst) = (GUEST6, OTHER6);
    asked
}

/// The answer, which goes to the VM.
fn answer(asked: Asked) -> Asked {
    let inner = asked.inner;
    Asked {
        inner: meta::Inner {
            src: inner.dst,
            dst: inner.src,
            src_port: inner.dst_port,
            dst_port: inner.src_port,
            ..inner
        },
        flow_first: !asked.flow_first,
        ..asked
    }
}

fn own(asked: &Asked) -> meta::Key {
    let inner = asked.inner;
    meta::Key {
        protocol: inner.protocol,
        src: inner.src,
        dst: inner.dst,
        src_port: inner.src_port,
        dst_port: inner.dst_port,
    }
}

/// The same key seen from the other end.
fn turned(key: meta::Key) -> meta::Key {
    meta::Key {
        protocol: key.protocol,
        src: key.dst,
        dst: key.src,
        src_port: key.dst_port,
        dst_port: key.src_port,
    }
}

/// A rule that keeps both addresses.
fn rule(protocol: u8, port: u16) -> tables::FatRuleEntry {
    tables::FatRuleEntry {
        family: FatFamily::Any,
        protocol,
        port,
        source_keep: 128,
        destination_keep: 128,
        ..Default::default()
    }
}

fn of_rules(rules: &[tables::FatRuleEntry]) -> Bench {
    let mut bench = Bench::new();
    let rules = rules.to_vec();
    bench.fill(
        1,
        &Set {
            rules,
            excludes: vec![],
        },
    );
    bench
}

#[test]
fn without_rules_the_key_is_the_packets_own() {
    let mut bench = of_rules(&[]);
    for asked in [from_guest(6), from_guest(47), from_guest6(58)] {
        assert_eq!(bench.of(&asked), own(&asked));
        assert_eq!(bench.of(&answer(asked)), turned(own(&asked)));
        let mut unwanted = asked;
        unwanted.receiver.wanted = false;
        assert_eq!(bench.of(&unwanted), meta::Key::default());
    }
}

#[test]
fn a_port_of_either_end_keeps_itself_alone() {
    let mut bench = of_rules(&[rule(6, 80), rule(17, 1000), rule(132, 0)]);
    let without = |asked: &Asked, src: bool, dst: bool| meta::Key {
        src_port: if src { 0 } else { asked.inner.src_port },
        dst_port: if dst { 0 } else { asked.inner.dst_port },
        ..own(asked)
    };
    for (protocol, src, dst) in [
        (6, true, false),
        (17, false, true),
        (132, true, true),
        (1, false, false),
    ] {
        for asked in [from_guest(protocol), from_guest6(protocol)] {
            let expected = without(&asked, src, dst);
            assert_eq!(bench.of(&asked), expected, "protocol {protocol}");
            assert_eq!(bench.of(&answer(asked)), turned(expected));
        }
    }
    // Both ends have it: the destination's stays. Neither has it: both stay.
    let mut asked = from_guest(6);
    asked.inner.src_port = 80;
    assert_eq!(bench.of(&asked), without(&asked, true, false));
    (asked.inner.src_port, asked.inner.dst_port) = (81, 82);
    assert_eq!(bench.of(&asked), own(&asked));
}

#[test]
fn protocols_without_ports_match_rules_without_ports() {
    let mut bench = of_rules(&[rule(1, 80), rule(47, 0), rule(1, 0)]);
    let mut gre = from_guest(47);
    (gre.inner.src_port, gre.inner.dst_port) = (0, 0);
    assert_eq!(bench.of(&gre), own(&gre));
    // An echo loses its identifier, of both families: ICMPv6 counts as ICMP, but not in IPv4.
    for (mut asked, fat) in [
        (from_guest(1), true),
        (from_guest6(58), true),
        (from_guest(58), false),
        (from_guest6(1), true),
    ] {
        asked.inner.src_port = 77;
        let expected = meta::Key {
            src_port: if fat { 0 } else { 77 },
            dst_port: if fat { 0 } else { 80 },
            ..own(&asked)
        };
        assert_eq!(bench.of(&asked), expected, "{asked:?}");
    }
}

#[test]
fn addresses_are_ignored_by_side_not_by_direction() {
    for (source, destination) in [(true, false), (false, true), (true, true)] {
        let mut bench = of_rules(&[tables::FatRuleEntry {
            ignore_source: source,
            ignore_destination: destination,
            ..rule(6, 80)
        }]);
        for asked in [from_guest(6), from_guest6(6)] {
            let expected = meta::Key {
                src_port: 0,
                src: if source { 0 } else { asked.inner.src },
                dst: if destination { 0 } else { asked.inner.dst },
                ..own(&asked)
            };
            assert_eq!(bench.of(&asked), expected);
            assert_eq!(bench.of(&answer(asked)), turned(expected));
        }
    }
}

#[test]
fn prefixes_select_and_keep_their_bits() {
    let rules = [
        tables::FatRuleEntry {
            family: FatFamily::V4,
            source_prefix: 0x0a01 << 112,
            source_length: 16,
            source_keep: 24,
            destination_prefix: OTHER << 96,
            destination_length: 32,
            destination_keep: 30,
            ..rule(6, 0)
        },
        tables::FatRuleEntry {
            family: FatFamily::V6,
            source_prefix: GUEST6,
            source_length: 128,
            source_keep: 64,
            destination_prefix: 0x2001_0db8 << 96,
            destination_length: 31,
            destination_keep: 127,
            ..rule(6, 0)
        },
    ];
    let mut bench = of_rules(&rules);
    let fat = |asked: &Asked, src, dst| meta::Key {
        protocol: asked.inner.protocol,
        src,
        dst,
        ..Default::default()
    };
    let v4 = from_guest(6);
    let expected = fat(&v4, 0x0a01_0200, 0xc0a8_0a08);
    assert_eq!(bench.of(&v4), expected);
    assert_eq!(bench.of(&answer(v4)), turned(expected));
    let v6 = from_guest6(6);
    let expected = fat(&v6, GUEST6 >> 64 << 64, OTHER6 & !1);
    assert_eq!(bench.of(&v6), expected);
    assert_eq!(bench.of(&answer(v6)), turned(expected));
    // A bit outside: of the guest's prefix, and of the other one's last bit.
    for (guest, other) in [(GUEST ^ 1 << 16, OTHER), (GUEST, OTHER ^ 1)] {
        let mut outside = v4;
        (outside.inner.src, outside.inner.dst) = (guest, other);
        assert_eq!(bench.of(&outside), own(&outside));
    }
    // The rule is about sides: a guest in the other's prefix does not match.
    let mut swapped = v4;
    (swapped.inner.src, swapped.inner.dst) = (OTHER, GUEST);
    assert_eq!(bench.of(&swapped), own(&swapped));
}

#[test]
fn the_lowest_way_that_matches_counts() {
    let ignoring = |port: u16| tables::FatRuleEntry {
        ignore_source: true,
        ..rule(6, port)
    };
    let other_family = tables::FatRuleEntry {
        family: FatFamily::V6,
        ..ignoring(80)
    };
    let unused = tables::FatRuleEntry {
        family: FatFamily::None,
        ..ignoring(80)
    };
    let mut bench = of_rules(&[unused, other_family, ignoring(81), rule(6, 80), ignoring(0)]);
    let asked = from_guest(6);
    let expected = meta::Key {
        src_port: 0,
        ..own(&asked)
    };
    assert_eq!(bench.of(&asked), expected, "way 3 before way 4");
    let mut last = asked;
    (last.inner.src_port, last.inner.dst_port) = (1, 2);
    let expected = meta::Key {
        protocol: 6,
        dst: OTHER,
        ..Default::default()
    };
    assert_eq!(bench.of(&last), expected, "way 4 alone");
    // Another set has none of these rules.
    last.receiver.fat_set = 2;
    assert_eq!(bench.of(&last), own(&last));
}

#[test]
fn an_excluded_address_on_either_side_keeps_the_key_plain() {
    let exclude = |family, prefix, length| tables::FatExcludeEntry {
        family,
        prefix,
        length,
    };
    for (excluded, v4, v6) in [
        (exclude(FatFamily::V4, GUEST << 96, 32), true, false),
        (exclude(FatFamily::V4, OTHER << 96, 8), true, false),
        (exclude(FatFamily::V4, (OTHER ^ 1) << 96, 32), false, false),
        (exclude(FatFamily::V6, OTHER6, 128), false, true),
        (exclude(FatFamily::V6, OTHER6 ^ 1, 128), false, false),
        (exclude(FatFamily::V6, GUEST << 96, 32), false, false),
        (exclude(FatFamily::V4, 0, 0), true, false),
        (exclude(FatFamily::V6, 0, 0), false, true),
        (exclude(FatFamily::Any, 0, 0), true, true),
        (exclude(FatFamily::None, 0, 0), false, false),
    ] {
        let mut bench = of_rules(&[rule(6, 0)]);
        let mut excludes = vec![Default::default(); FAT_EXCLUDES - 1];
        excludes.push(excluded);
        let rules = vec![rule(6, 0)];
        bench.fill(1, &Set { rules, excludes });
        for (asked, plain) in [(from_guest(6), v4), (from_guest6(6), v6)] {
            for asked in [asked, answer(asked)] {
                let mut expected = own(&asked);
                if !plain {
                    (expected.src_port, expected.dst_port) = (0, 0);
                }
                assert_eq!(bench.of(&asked), expected, "{excluded:?}");
            }
        }
    }
}

/// An error to the VM about what it sent: the key is that of the answers to it.
fn error(protocol: u8, src_port: u16, dst_port: u16) -> Asked {
    let mut asked = from_guest(1);
    (asked.inner.src, asked.inner.dst) = (0x0101_0101, GUEST);
    (asked.inner.src_port, asked.inner.dst_port) = (0, 3);
    asked.flow_first = false;
    asked.quoted = meta::Quoted {
        error: true,
        protocol,
        src: GUEST,
        dst: OTHER,
        src_port,
        dst_port,
        ..Default::default()
    };
    asked
}

#[test]
fn an_error_has_the_key_of_an_answer_to_its_quote() {
    let mut bench = of_rules(&[tables::FatRuleEntry {
        ignore_destination: true,
        ..rule(17, 53)
    }]);
    let key = |protocol, src, src_port, dst_port| meta::Key {
        protocol,
        src,
        dst: GUEST,
        src_port,
        dst_port,
    };
    // Ports change places, an echo's identifier and a type do not.
    for (asked, expected) in [
        (error(6, 1000, 80), key(6, OTHER, 80, 1000)),
        (error(132, 1000, 80), key(132, OTHER, 80, 1000)),
        (error(1, 77, 0), key(1, OTHER, 77, 0)),
        (error(1, 0, 13), key(1, OTHER, 0, 13)),
        (error(58, 77, 129), key(58, OTHER, 77, 129)),
        (error(47, 0, 0), key(47, OTHER, 0, 0)),
        // The rule is met by the quoted packet.
        (error(17, 1000, 53), key(17, 0, 53, 0)),
    ] {
        assert_eq!(bench.of(&asked), expected, "{:?}", asked.quoted);
    }
    // What cannot be read or is an error itself does not count.
    for (unreadable, nested) in [(true, false), (false, true)] {
        let mut asked = error(6, 1000, 80);
        (asked.quoted.unreadable, asked.quoted.nested) = (unreadable, nested);
        assert_eq!(bench.of(&asked), own(&asked));
    }
}
