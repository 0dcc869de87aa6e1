use super::*;
use crate::pipeline::s4_inner;
use crate::pipeline::s4_inner::packets::*;
use crate::stream::frames::Noise;
use std::collections::VecDeque;
use underpass_layout::meta::{self, TREE_BYTES, WINDOW_BYTES};

/// An error of IPv4 about `quote`.
fn error4(quote: &[u8]) -> Vec<u8> {
    ethernet(false, &ipv4(0, 1, &icmp(3, 0, quote)))
}

/// An error of IPv6 about `quote`.
fn error6(quote: &[u8]) -> Vec<u8> {
    ethernet(false, &ipv6(0, 58, &icmp(1, 0, quote)))
}

fn of(bench: &mut Bench, packet: &[u8]) -> meta::Quoted {
    bench.of(packet).expect("a good packet").1
}

/// The record of a quoted IPv4 packet behind an ICMP header without IP options in front.
fn whole4(protocol: u8, src_port: u16, dst_port: u16) -> meta::Quoted {
    meta::Quoted {
        error: true,
        protocol,
        src: u128::from(SRC4),
        dst: u128::from(DST4),
        src_port,
        dst_port,
        checksum: 0xabcd,
        l3_offset: 42,
        l4_offset: 62,
        ..Default::default()
    }
}

fn whole6(protocol: u8, src_port: u16, dst_port: u16) -> meta::Quoted {
    meta::Quoted {
        error: true,
        protocol,
        src: SRC6,
        dst: DST6,
        src_port,
        dst_port,
        l3_offset: 62,
        l4_offset: 102,
        ..Default::default()
    }
}

const UNREADABLE: meta::Quoted = meta::Quoted {
    unreadable: true,
    ..NESTED_OR_NOT
};
const NESTED: meta::Quoted = meta::Quoted {
    nested: true,
    ..NESTED_OR_NOT
};
const NESTED_OR_NOT: meta::Quoted = meta::Quoted {
    error: true,
    unreadable: false,
    nested: false,
    protocol: 0,
    src: 0,
    dst: 0,
    src_port: 0,
    dst_port: 0,
    checksum: 0,
    l3_offset: 0,
    l4_offset: 0,
};

#[test]
fn every_kind_of_quote_is_read() {
    let mut bench = Bench::new();
    for (quote, expected) in [
        (ipv4(0, 6, &ports(80, 1000, 8)), whole4(6, 80, 1000)),
        (ipv4(0, 17, &ports(80, 1000, 30)), whole4(17, 80, 1000)),
        (ipv4(0, 132, &ports(80, 1000, 8)), whole4(132, 80, 1000)),
        (ipv4(0, 1, &icmp(8, 77, &[])), whole4(1, 77, 0)),
        (ipv4(0, 1, &icmp(0, 77, &[])), whole4(1, 77, 0)),
        (ipv4(0, 1, &icmp(13, 77, &[])), whole4(1, 0, 13)),
        (ipv4(0, 58, &icmp(128, 77, &[])), whole4(58, 0, 0)),
        (ipv4(0, 47, &ports(80, 1000, 8)), whole4(47, 0, 0)),
        (ipv4(0, 1, &icmp(3, 0, &[])), NESTED),
        (ipv4(0, 1, &icmp(11, 0, &[])), NESTED),
        (ipv6(0, 6, &ports(80, 1000, 8)), UNREADABLE),
    ] {
        assert_eq!(of(&mut bench, &error4(&quote)), expected, "{quote:02x?}");
    }
    for (quote, expected) in [
        (ipv6(0, 6, &ports(80, 1000, 8)), whole6(6, 80, 1000)),
        (ipv6(0, 58, &icmp(128, 77, &[])), whole6(58, 77, 129)),
        (ipv6(0, 58, &icmp(129, 77, &[])), whole6(58, 77, 129)),
        (ipv6(0, 58, &icmp(135, 77, &[])), whole6(58, 0, 135)),
        // Extension headers are not read over, nor is ICMP of the other family known.
        (ipv6(1, 6, &ports(80, 1000, 8)), whole6(60, 0, 0)),
        (ipv6(0, 44, &ports(80, 1000, 8)), whole6(44, 0, 0)),
        (ipv6(0, 1, &icmp(3, 77, &[])), whole6(1, 0, 0)),
        (ipv6(0, 58, &icmp(1, 0, &[])), NESTED),
        (ipv6(0, 58, &icmp(127, 0, &[])), NESTED),
        (ipv4(0, 6, &ports(80, 1000, 40)), UNREADABLE),
    ] {
        assert_eq!(of(&mut bench, &error6(&quote)), expected, "{quote:02x?}");
    }
}

#[test]
fn errors_alone_are_looked_into() {
    let mut bench = Bench::new();
    let quote = ipv4(0, 6, &ports(80, 1000, 8));
    for kind in 0..=255 {
        let packet = ethernet(false, &ipv4(0, 1, &icmp(kind, 0, &quote)));
        let error = kind == 3 || kind == 11;
        assert_eq!(of(&mut bench, &packet).error, error, "ICMP type {kind}");
        let packet = ethernet(false, &ipv6(0, 58, &icmp(kind, 0, &quote)));
        assert_eq!(
            of(&mut bench, &packet).error,
            kind < 128,
            "ICMPv6 type {kind}"
        );
    }
    let mut fragment = error4(&quote);
    fragment[14 + 6] = 0x20;
    for packet in [
        fragment,
        ethernet(false, &ipv4(0, 58, &icmp(3, 0, &quote))),
        ethernet(false, &ipv4(0, 17, &icmp(3, 0, &quote))),
        ethernet(false, &ipv6(0, 1, &icmp(3, 0, &quote))),
        ethernet(false, &ipv6(0, 44, &icmp(58, 0, &quote))),
    ] {
        assert_eq!(
            of(&mut bench, &packet),
            meta::Quoted::default(),
            "{packet:02x?}"
        );
    }
}

#[test]
fn what_is_cut_short_is_unreadable() {
    let mut bench = Bench::new();
    let quote = ipv4(2, 6, &ports(80, 1000, 8));
    let whole = meta::Quoted {
        l4_offset: 70,
        ..whole4(6, 80, 1000)
    };
    assert_eq!(of(&mut bench, &error4(&quote)), whole);
    // Each length: by the frame's end, and by the IP header's word with more bytes in the frame.
    for left in 0..quote.len() {
        let short = error4(&quote[..left]);
        assert_eq!(of(&mut bench, &short), UNREADABLE, "{left} bytes");
        let mut padded = short.clone();
        padded.extend(&quote[left..]);
        assert_eq!(
            of(&mut bench, &padded),
            UNREADABLE,
            "{left} bytes and padding"
        );
    }
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut quote = quote.clone();
        change(&mut quote);
        error4(&quote)
    };
    for (packet, readable) in [
        (damaged(&|quote| quote[0] = 0x57), false),
        (damaged(&|quote| quote[0] = 0x44), false),
        (damaged(&|quote| quote[7] = 1), false),
        (damaged(&|quote| quote[6] = 0x10), false),
        // The first part of a packet has its ports, and a quote is shorter than its packet.
        (damaged(&|quote| quote[6] = 0x20), true),
        (damaged(&|quote| quote[2] = 5), true),
    ] {
        let expected = if readable { whole } else { UNREADABLE };
        assert_eq!(of(&mut bench, &packet), expected, "{packet:02x?}");
    }
}

/// The stages in plain Rust, on the bytes of a packet whose IP header starts at `l3`.
fn plain(packet: &[u8], l3: usize) -> meta::Quoted {
    let number = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
    let address = |at: usize, bytes: usize| {
        (0..bytes).fold(0, |address: u128, i| {
            address << 8 | u128::from(packet[at + i])
        })
    };
    let v6 = packet[l3] >> 4 == 6;
    let (protocol, l4, end) = match v6 {
        false => {
            let l4 = l3 + 4 * usize::from(packet[l3] & 15);
            (packet[l3 + 9], l4, l3 + usize::from(number(l3 + 2)))
        }
        true => {
            let end = l3 + 40 + usize::from(number(l3 + 4));
            match packet[l3 + 6] {
                60 => {
                    let units = 1 + usize::from(packet[l3 + 41]);
                    (packet[l3 + 40], l3 + 40 + 8 * units, end)
                }
                next => (next, l3 + 40, end),
            }
        }
    };
    let is_error = |kind: u8| {
        if v6 {
            kind < 128
        } else {
            kind == 3 || kind == 11
        }
    };
    let icmp_protocol = if v6 { 58 } else { 1 };
    if l4 + 8 > WINDOW_BYTES {
        return meta::Quoted::default();
    }
    if protocol != icmp_protocol || !is_error(packet[l4]) {
        return meta::Quoted::default();
    }
    let end = end.min(WINDOW_BYTES);
    let at = l4 + 8;
    if at + if v6 { 48 } else { 28 } > end {
        return UNREADABLE;
    }
    let words = if v6 { 10 } else { usize::from(packet[at] & 15) };
    let version = packet[at] >> 4;
    let upper = at + 4 * words;
    let later_part = !v6 && number(at + 6) & 0x1fff != 0;
    if version != if v6 { 6 } else { 4 } || words < 5 || upper + 8 > end || later_part {
        return UNREADABLE;
    }
    let protocol = packet[at + if v6 { 6 } else { 9 }];
    let (src_port, dst_port) = match protocol {
        6 | 17 | 132 => (number(upper), number(upper + 2)),
        p if p == icmp_protocol => match (v6, packet[upper]) {
            (false, 0 | 8) => (number(upper + 4), 0),
            (true, 128 | 129) => (number(upper + 4), 129),
            (_, kind) if is_error(kind) => return NESTED,
            (_, kind) => (0, u16::from(kind)),
        },
        _ => (0, 0),
    };
    meta::Quoted {
        error: true,
        protocol,
        src: if v6 {
            address(at + 8, 16)
        } else {
            address(at + 12, 4)
        },
        dst: if v6 {
            address(at + 24, 16)
        } else {
            address(at + 16, 4)
        },
        src_port,
        dst_port,
        checksum: if v6 { 0 } else { number(at + 10) },
        l3_offset: at as u8,
        l4_offset: upper as u8,
        ..Default::default()
    }
}

/// A packet a clock, wherever it lies and whatever it quotes.
#[test]
fn quotes_are_found_wherever_they_lie() {
    let mut bench = Bench::new();
    let mut noise = Noise(11);
    let mut under_way = VecDeque::from(vec![None; s4_inner::LATENCY + LATENCY]);
    let mut kinds = [0; 4];
    for _ in 0..20_000 {
        let v6 = noise.below(2) == 1;
        let mut quote = noise.bytes(68);
        let odd = |noise: &mut Noise| noise.below(16) == 0;
        quote[0] = if v6 {
            0x60
        } else {
            0x45 + noise.below(11) as u8
        };
        if odd(&mut noise) {
            quote[0] = noise.below(256) as u8;
        }
        if !odd(&mut noise) {
            quote[6] = 0x40;
            quote[7] = 0;
        }
        let protocols = [1, 6, 17, 58, 132, 47];
        quote[if v6 { 6 } else { 9 }] = protocols[noise.below(6)];
        let behind = if v6 {
            40
        } else {
            4 * usize::from(quote[0] & 15)
        };
        quote[behind.min(60)] = [0, 3, 8, 11, 13, 128, 129, 200][noise.below(8)];
        quote.truncate([68, noise.below(69)][noise.below(2)]);

        let kind = [3, 3, 11, 8, 1, 127, 128][noise.below(7)];
        let message = icmp(kind, 5, &quote);
        let ip = match v6 {
            true => ipv6(noise.below(5), 58, &message),
            false => ipv4(noise.below(11), 1, &message),
        };
        let frame = noise.below(4) > 0;
        let tag = frame && noise.below(2) == 1;
        // Behind the headers of a tree there are frames.
        let tree = frame && noise.below(4) == 0;
        let offset = match noise.below(2) == 0 && !tree {
            true => 0,
            false => 42 + 4 * noise.below(14) + if tree { 4 + TREE_BYTES } else { 0 },
        };
        bench.tree(tree);
        let mut packet = noise.bytes(offset);
        packet.extend(if frame { ethernet(tag, &ip) } else { ip });
        // Padding that the IP header does not count.
        let padding = [0, noise.below(80)][noise.below(2)];
        packet.extend(noise.bytes(padding));
        let l3 = offset + [0, 14, 18][usize::from(frame) + usize::from(tag)];
        let expected = plain(&packet, l3);
        kinds[match expected {
            meta::Quoted { nested: true, .. } => 3,
            meta::Quoted {
                unreadable: true, ..
            } => 2,
            meta::Quoted { error: true, .. } => 1,
            _ => 0,
        }] += 1;

        bench.put(&packet, frame, offset);
        under_way.push_back(Some((packet, expected)));
        if let Some((packet, expected)) = under_way.pop_front().flatten() {
            let found = bench.found().map(|found| found.1);
            assert_eq!(found, Some(expected), "{packet:02x?}");
        }
        bench.step();
    }
    assert!(kinds.iter().all(|count| *count > 300), "{kinds:?}");
}

/// A SYN with these options in a packet of each family, tagged or not, anywhere where its header ends in the window.
#[test]
fn what_a_syn_announces_is_found_wherever_it_lies() {
    let mut bench = Bench::new();
    let mut noise = Noise(12);
    let mut under_way = VecDeque::from(vec![None; s4_inner::LATENCY + LATENCY]);
    let (mut sizes, mut beyond) = (0, 0);
    for _ in 0..6000 {
        let flags = [2, 2, 0x12, 0x10, 0xfd][noise.below(5)];
        let front = [&[][..], &[1], &[8, 10, 0, 0, 0, 0, 0, 0, 0, 0]][noise.below(3)];
        let options = [front, &[2, 4, 5, 0xb4], &[1; 3]].concat();
        let words = [5 + options.len() / 4, 5, 4, 15][noise.below(4)] as u8;
        let mut segment = tcp(1, 0, words, flags, 0);
        segment.extend(&options);
        segment.truncate(segment.len() - [0, 0, noise.below(9)][noise.below(3)]);
        let v6 = noise.below(2) == 1;
        let protocol = [6, 6, 6, 17][noise.below(4)];
        let ip = match v6 {
            true => ipv6(noise.below(5), protocol, &segment),
            false => ipv4(noise.below(11), protocol, &segment),
        };
        let tag = noise.below(2) == 1;
        let offset = match noise.below(2) {
            0 => 0,
            _ => 42 + 4 * noise.below(14),
        };
        let mut packet = noise.bytes(offset);
        packet.extend(ethernet(tag, &ip));
        let l4 = packet.len() - segment.len();
        let at = l4 + 20 + front.len();
        let counts = [
            4 * usize::from(words),
            packet.len() - l4,
            WINDOW_BYTES - l4.min(WINDOW_BYTES),
        ];
        let end = l4 + counts.into_iter().fold(usize::MAX, usize::min);
        let there = protocol == 6 && flags & 2 != 0 && l4 + 20 <= WINDOW_BYTES;
        let expected = match there && at + 4 <= end {
            true => meta::Syn {
                offset: (at + 2) as u8,
                mss: 1460,
            },
            false => meta::Syn::default(),
        };
        sizes += u32::from(expected.mss > 0);
        beyond += u32::from(expected.mss == 0 && there && at + 4 > WINDOW_BYTES);
        bench.put(&packet, true, offset);
        under_way.push_back(Some((packet, expected)));
        if let Some((packet, expected)) = under_way.pop_front().flatten() {
            assert_eq!(bench.syn(), expected, "{packet:02x?}");
        }
        bench.step();
    }
    assert!(
        sizes > 500 && beyond > 10,
        "{sizes} sizes, {beyond} out of sight"
    );
}
