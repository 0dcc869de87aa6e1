//! Random sets and packets, and what plain Rust says of them.

use super::*;
use crate::stream::frames::Noise;
use std::collections::VecDeque;

/// The first bits of an address of a family, in plain Rust.
fn first_bits(v6: bool, address: u128, bits: u8) -> u128 {
    let width = if v6 { 128 } else { 32 };
    match u32::from(bits) {
        0 => 0,
        bits if bits >= width => address,
        bits => address >> (width - bits) << (width - bits),
    }
}

/// The stage in plain Rust, and the way that matched.
fn plain(asked: &Asked, set: &Set) -> (meta::Key, Option<usize>) {
    let quoted = asked.quoted;
    if !asked.receiver.wanted {
        return Default::default();
    }
    let mut key = own(asked);
    if quoted.error && !quoted.unreadable && !quoted.nested {
        key = meta::Key {
            protocol: quoted.protocol,
            src: quoted.dst,
            dst: quoted.src,
            src_port: quoted.dst_port,
            dst_port: quoted.src_port,
        };
        if [1, 58].contains(&key.protocol) {
            (key.src_port, key.dst_port) = (quoted.src_port, quoted.dst_port);
        }
    }
    let v6 = asked.inner.ipv6;
    let of_family = |family| match family {
        FatFamily::None => false,
        FatFamily::Any => true,
        FatFamily::V4 => !v6,
        FatFamily::V6 => v6,
    };
    let within = |address: u128, prefix: u128, length: u8| {
        let upper = if v6 { address } else { address << 96 };
        first_bits(true, upper, length) == first_bits(true, prefix, length)
    };
    let mut sides = [key.src, key.dst];
    if !asked.flow_first {
        sides.reverse();
    }
    let [guest, other] = sides;
    let excluded = set.excludes.iter().any(|exclude| {
        of_family(exclude.family)
            && sides
                .iter()
                .any(|address| within(*address, exclude.prefix, exclude.length))
    });
    let protocol = if v6 && key.protocol == 58 {
        1
    } else {
        key.protocol
    };
    let has_ports = [6, 17, 132].contains(&protocol);
    let matched = set.rules.iter().position(|rule| {
        of_family(rule.family)
            && rule.protocol == protocol
            && (rule.port == 0 || has_ports && [key.src_port, key.dst_port].contains(&rule.port))
            && within(guest, rule.source_prefix, rule.source_length)
            && within(other, rule.destination_prefix, rule.destination_length)
    });
    let Some((way, rule)) = matched
        .filter(|_| !excluded)
        .map(|way| (way, &set.rules[way]))
    else {
        return (key, None);
    };
    if rule.port != 0 && key.dst_port == rule.port {
        key.src_port = 0;
    } else if rule.port != 0 {
        key.dst_port = 0;
    } else {
        (key.src_port, key.dst_port) = (0, 0);
    }
    let kept = |ignored: bool, address, bits| {
        if ignored {
            0
        } else {
            first_bits(v6, address, bits)
        }
    };
    let mut sides = [
        kept(rule.ignore_source, guest, rule.source_keep),
        kept(rule.ignore_destination, other, rule.destination_keep),
    ];
    if !asked.flow_first {
        sides.reverse();
    }
    [key.src, key.dst] = sides;
    (key, Some(way))
}

/// An address near the guest's or the other's.
fn near(noise: &mut Noise, v6: bool) -> u128 {
    let base = match (v6, noise.below(2)) {
        (true, 0) => GUEST6,
        (true, _) => OTHER6,
        (false, 0) => GUEST,
        (false, _) => OTHER,
    };
    let bits = if v6 { 128 } else { 32 };
    (0..noise.below(3)).fold(base, |address, _| address ^ 1 << noise.below(bits))
}

fn any_set(noise: &mut Noise) -> Set {
    let families = [
        FatFamily::Any,
        FatFamily::V4,
        FatFamily::V6,
        FatFamily::None,
    ];
    let prefix = |noise: &mut Noise| match noise.below(3) {
        0 => near(noise, true),
        _ => near(noise, false) << 96,
    };
    let length = |noise: &mut Noise| match noise.below(4) {
        0 | 1 => 0,
        2 => noise.below(33) as u8,
        _ => [64, 127, 128, 129, 255][noise.below(5)],
    };
    let rules = (0..noise.below(FAT_RULES + 1)).map(|_| tables::FatRuleEntry {
        family: families[noise.below(4)],
        protocol: [1, 6, 6, 6, 17, 58, 47][noise.below(7)],
        port: [0, 0, 53, 80][noise.below(4)],
        ignore_source: noise.below(4) == 0,
        ignore_destination: noise.below(4) == 0,
        source_prefix: prefix(noise),
        source_length: length(noise),
        source_keep: noise.below(256) as u8 >> noise.below(4),
        destination_prefix: prefix(noise),
        destination_length: length(noise),
        destination_keep: noise.below(256) as u8 >> noise.below(4),
    });
    let rules = rules.collect();
    let excludes = (0..noise.below(FAT_EXCLUDES + 1)).map(|_| tables::FatExcludeEntry {
        family: families[noise.below(4)],
        prefix: prefix(noise),
        length: 24 + noise.below(16) as u8,
    });
    let excludes = excludes.collect();
    Set { rules, excludes }
}

fn any_packet(noise: &mut Noise, sets: usize) -> Asked {
    let v6 = noise.below(2) == 1;
    let port = |noise: &mut Noise| [0, 53, 80, 81, 1000][noise.below(5)];
    let protocol = |noise: &mut Noise| [1, 6, 6, 6, 17, 58, 132, 47][noise.below(8)];
    Asked {
        inner: meta::Inner {
            ipv4: !v6,
            ipv6: v6,
            protocol: protocol(noise),
            src: near(noise, v6),
            dst: near(noise, v6),
            src_port: port(noise),
            dst_port: port(noise),
            ..Default::default()
        },
        quoted: meta::Quoted {
            error: noise.below(3) == 0,
            unreadable: noise.below(8) == 0,
            nested: noise.below(8) == 0,
            protocol: protocol(noise),
            src: near(noise, v6),
            dst: near(noise, v6),
            src_port: port(noise),
            dst_port: port(noise),
            ..Default::default()
        },
        receiver: meta::Receiver {
            wanted: noise.below(8) > 0,
            fat_set: noise.below(sets) as u16,
            ..Default::default()
        },
        flow_first: noise.below(2) == 1,
    }
}

/// A packet a clock, against random sets, of which a rule is written now and then: packets behind the write see it.
#[test]
fn random_sets_and_packets_agree_with_plain_rust() {
    const SETS: usize = 16;
    let mut bench = Bench::new();
    let mut noise = Noise(21);
    let mut sets: Vec<Set> = (0..SETS).map(|_| any_set(&mut noise)).collect();
    for (row, set) in sets.iter().enumerate() {
        bench.fill(row, set);
    }
    let mut under_way = VecDeque::from(vec![None; LATENCY]);
    let (mut matched, mut later_ways) = (0, 0);
    for _ in 0..20_000 {
        let asked = any_packet(&mut noise, SETS);
        let row = usize::from(asked.receiver.fat_set);
        let (expected, way) = plain(&asked, &sets[row]);
        matched += usize::from(way.is_some());
        later_ways += usize::from(way > Some(0));
        bench.put(&asked);
        bench.write(None);
        if noise.below(4) == 0 {
            let written = noise.below(SETS);
            if let Some(rule) = any_set(&mut noise).rules.first() {
                let way = noise
                    .below(sets[written].rules.len() + 1)
                    .min(FAT_RULES - 1);
                sets[written].rules.resize(FAT_RULES, Default::default());
                sets[written].rules[way] = *rule;
                let row = way * SIM.rows[id::FAT_RULE as usize] + written;
                bench.write(Some((id::FAT_RULE, row, &rule.pack())));
            }
        }
        under_way.push_back(Some((asked, expected)));
        if let Some((asked, expected)) = under_way.pop_front().flatten() {
            assert_eq!(bench.found(), expected, "{asked:?}");
        }
        bench.0.step();
    }
    assert!(
        matched > 2_000 && later_ways > 1_000,
        "{matched} {later_ways}"
    );
}
