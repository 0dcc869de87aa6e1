use super::*;
use crate::pipeline::records::record;
use crate::pipeline::s4_inner::packets::{ipv4, ipv6, DST4, SRC4, SRC6};
use crate::stream::frames::words;
use underpass_layout::meta::{self, WINDOW_BYTES};
use underpass_wires::{build, input, output, Blocks, Bundle, Ports, Sim};

/// The stage alone.
struct Bench(Sim);

impl Bench {
    fn new() -> Self {
        Bench(Sim::new(&build(
            "parse",
            Ports::Fields,
            Blocks::Inline,
            || {
                let slot = parse(input::<HeadSlot>("slot"));
                output("parse", slot.meta.parse.pack::<{ Parse::W }>());
            },
        )))
    }

    /// What is found in a packet; behind its end the window holds what was there before.
    fn of(&mut self, packet: &[u8]) -> meta::Parse {
        let mut window = packet.to_vec();
        window.resize(WINDOW_BYTES, 0);
        let sim = &mut self.0;
        sim.set_int("slot_valid", 1);
        sim.set_int("slot_meta_arrival_length", packet.len() as u128);
        sim.set("slot_window", &words(&window));
        (0..LATENCY).for_each(|_| sim.step());
        record(sim, "parse")
    }
}

/// Behind Ethernet, with a tag or without.
fn frame(tag: bool, ip: &[u8]) -> Vec<u8> {
    crate::pipeline::s4_inner::packets::ethernet(tag, ip)
}

/// A GRE header with these flags and this protocol, and what is behind it.
fn gre(flags: u16, protocol: u16, behind: &[u8]) -> Vec<u8> {
    [&flags.to_be_bytes(), &protocol.to_be_bytes(), behind].concat()
}

/// A UDP header to this port and what is behind it.
fn udp(port: u16, behind: &[u8]) -> Vec<u8> {
    [&[0xc0, 1], &port.to_be_bytes()[..], &[0; 4], behind].concat()
}

/// A TCP header without options to this port.
fn tcp(port: u16) -> Vec<u8> {
    let mut bytes = vec![0; 20];
    bytes[2..4].copy_from_slice(&port.to_be_bytes());
    bytes
}

/// Label 0x12345 at the bottom of the stack, with a time to live of 9.
const MPLS: [u8; 4] = [0x12, 0x34, 0x51, 9];
/// Frames long enough for what may follow.
const REST: [u8; 20] = [0x77; 20];

/// Tunnel, label, its time to live, whether it counts, where the tenant's packet starts behind the IP header.
fn found(parse: meta::Parse, ip_end: u8) -> (TunnelKind, u32, u8, bool, u8) {
    let offset = parse.offset.saturating_sub(ip_end);
    (
        parse.tunnel,
        parse.label,
        parse.label_ttl,
        parse.label_valid,
        offset,
    )
}

#[test]
fn every_tunnel_is_found_behind_both_families_and_a_tag() {
    let mut bench = Bench::new();
    let mpls = [&MPLS[..], &REST].concat();
    let with = |fields: usize| [&vec![0xee; 4 * fields][..], &mpls].concat();
    let network = [&[0x08, 0, 0, 0, 0xab, 0xcd, 0xef, 0x55][..], &REST].concat();
    let silent = [&[0, 0, 0, 0, 0xab, 0xcd, 0xef, 0x55][..], &REST].concat();
    let label = |kind, offset| (kind, 0x12345, 9, true, offset);
    let none = (TunnelKind::None, 0, 0, false, 0);
    use TunnelKind::*;
    for (protocol, behind, expected) in [
        (47, gre(0, 0x8847, &with(0)), label(MplsGre, 8)),
        (47, gre(0x2000, 0x8847, &with(1)), label(MplsGre, 12)),
        (47, gre(0x8000, 0x8847, &with(1)), label(MplsGre, 12)),
        (47, gre(0xa000, 0x8847, &with(2)), label(MplsGre, 16)),
        (47, gre(0x1000, 0x8847, &with(1)), none),
        (
            47,
            gre(0x2000, 0x6558, &network[4..]),
            (Nvgre, 0xabcdef, 0, true, 8),
        ),
        // A virtual subnet has a key, and nothing else.
        (47, gre(0, 0x6558, &network[4..]), none),
        (47, gre(0xa000, 0x6558, &network[4..]), none),
        (47, gre(0x2001, 0x6558, &network[4..]), none),
        (17, udp(6635, &mpls), label(MplsUdp, 12)),
        (17, udp(51234, &mpls), label(MplsUdp, 12)),
        (17, udp(4789, &network), (Vxlan, 0xabcdef, 0, true, 16)),
        (17, udp(4789, &silent), (Vxlan, 0xabcdef, 0, false, 16)),
        (17, udp(4790, &network), none),
        (6, tcp(7471), (Stt, 0, 0, false, 0)),
        (6, tcp(7472), none),
        (6, tcp(7471)[..19].to_vec(), none),
    ] {
        for (tag, v6) in [(false, false), (true, false), (false, true), (true, true)] {
            let ip = match v6 {
                false => ipv4(0, protocol, &behind),
                true => ipv6(0, protocol, &behind),
            };
            let seen = bench.of(&frame(tag, &ip));
            let ip_end = 14 + 4 * u8::from(tag) + if v6 { 40 } else { 20 };
            assert_eq!(found(seen, ip_end), expected, "{seen:?}");
            assert!(!seen.malformed && !seen.zeros, "{seen:?}");
            let src = if v6 { SRC6 } else { SRC4.into() };
            assert_eq!((seen.v6, seen.src), (v6, src));
        }
    }
}

#[test]
fn a_tunnel_header_that_is_cut_short_is_malformed() {
    let mut bench = Bench::new();
    for (protocol, behind, whole) in [
        (47, gre(0, 0x8847, &MPLS), 8),
        (47, gre(0x2000, 0x6558, &[1; 4]), 8),
        (17, udp(6635, &MPLS), 12),
        (17, udp(4789, &[8; 8]), 16),
    ] {
        let cut = bench.of(&frame(false, &ipv4(0, protocol, &behind[..whole - 1])));
        assert_eq!((cut.malformed, cut.tunnel), (true, TunnelKind::None));
        let good = bench.of(&frame(false, &ipv4(0, protocol, &behind)));
        assert!(
            !good.malformed && good.tunnel != TunnelKind::None,
            "{good:?}"
        );
    }
}

#[test]
fn four_zeros_behind_the_label_are_seen_if_they_are_the_packets_own() {
    let mut bench = Bench::new();
    let zeros = |bytes: &[u8]| [&MPLS, bytes].concat();
    for (protocol, behind, expected) in [
        (47, gre(0, 0x8847, &zeros(&[0; 4])), true),
        (
            47,
            gre(0x2000, 0x8847, &[&[7; 4][..], &zeros(&[0; 4])].concat()),
            true,
        ),
        (
            47,
            gre(0xa000, 0x8847, &[&[7; 8][..], &zeros(&[0; 4])].concat()),
            true,
        ),
        (17, udp(6635, &zeros(&[0; 4])), true),
        (17, udp(6635, &zeros(&[0, 0, 0, 1])), false),
        (17, udp(6635, &zeros(&[1, 0, 0, 0])), false),
        (17, udp(6635, &zeros(&[0; 3])), false),
        (17, udp(6636, &zeros(&[0; 4])), false),
    ] {
        let seen = bench.of(&frame(false, &ipv4(0, protocol, &behind)));
        assert_eq!(seen.zeros, expected, "{behind:02x?}");
    }
}

#[test]
fn a_packet_out_of_its_tunnel_is_what_its_round_says() {
    let mut bench = Bench::new();
    let packet = frame(false, &ipv4(0, 17, &udp(4789, &[8; 40])));
    for (name, value) in [("v6", 1), ("src", 0xfd00 << 112 | 1), ("label", 77)] {
        let name = format!("slot_meta_arrival_round_outer_{name}");
        bench.0.set_int(&name, value);
    }
    bench.0.set_int("slot_meta_arrival_round_tunnel", 3);
    for kind in meta::RoundKind::ALL {
        let code = kind.code().into();
        bench.0.set_int("slot_meta_arrival_round_kind", code);
        let seen = bench.of(&packet);
        use meta::RoundKind::*;
        let expected = match kind {
            First | Again | Punt => {
                assert_eq!((seen.dst, seen.label_valid), (DST4.into(), true));
                (false, SRC4.into(), 0x080808)
            }
            Tenant | Member | Transmit => {
                assert_eq!((seen.dst, seen.offset, seen.ethertype), (0, 0, 0));
                (true, 0xfd00 << 112 | 1, 77)
            }
        };
        assert_eq!((seen.v6, seen.src, seen.label), expected, "{kind:?}");
        assert_eq!(seen.tunnel, TunnelKind::Vxlan);
    }
}

/// An ICMP header of this type and what it quotes.
fn error(kind: u8, quoted: &[u8]) -> Vec<u8> {
    [&[kind, 0, 0, 0, 0, 0, 0, 0], quoted].concat()
}

#[test]
fn an_icmp_error_about_a_tunnel_is_told_from_all_others() {
    let mut bench = Bench::new();
    let udp4 = |options, port| ipv4(options, 17, &udp(port, &[]));
    let mut short = udp4(0, 4789);
    short[0] = 0x44;
    for (v6, behind, expected) in [
        (false, error(3, &udp4(0, 4789)), true),
        (false, error(11, &udp4(0, 6635)), true),
        (false, error(12, &udp4(0, 51234)), true),
        (false, error(3, &ipv4(0, 47, &[])), true),
        (false, error(5, &udp4(0, 4789)), false),
        (false, error(8, &udp4(0, 4789)), false),
        (false, error(3, &udp4(0, 4790)), false),
        (false, error(3, &ipv4(0, 6, &udp(4789, &[]))), false),
        (false, error(3, &short), false),
        (false, error(3, &ipv6(0, 17, &udp(4789, &[]))), false),
        (true, error(1, &ipv6(0, 17, &udp(4789, &[]))), true),
        (true, error(2, &ipv6(0, 17, &udp(6635, &[]))), true),
        (true, error(4, &ipv6(0, 47, &[])), true),
        (true, error(128, &ipv6(0, 17, &udp(4789, &[]))), false),
        (true, error(0, &ipv6(0, 47, &[])), false),
        (true, error(1, &udp4(0, 4789)), false),
        (true, error(1, &ipv6(1, 17, &udp(4789, &[]))), false),
    ] {
        for tag in [false, true] {
            let ip = match v6 {
                false => ipv4(0, 1, &behind),
                true => ipv6(0, 58, &behind),
            };
            let seen = bench.of(&frame(tag, &ip));
            assert_eq!(seen.about_tunnel, expected, "{ip:02x?}");
            assert_eq!(seen.tunnel, TunnelKind::None);
            let other = match v6 {
                false => ipv4(0, 58, &behind),
                true => ipv6(0, 1, &behind),
            };
            assert!(!bench.of(&frame(tag, &other)).about_tunnel, "{other:02x?}");
        }
    }
    // Behind extension headers nothing is looked for, nor in a part of a packet.
    let behind = error(1, &ipv6(0, 47, &[]));
    assert!(!bench.of(&frame(false, &ipv6(1, 58, &behind))).about_tunnel);
    let mut part = ipv4(0, 1, &error(3, &udp4(0, 4789)));
    part[6] = 0x20;
    assert!(!bench.of(&frame(false, &part)).about_tunnel);
}

#[test]
fn the_quoted_ports_are_found_behind_all_options_if_they_are_the_packets_own() {
    let mut bench = Bench::new();
    for (outer, inner) in (0..=10).flat_map(|outer| (0..=10).map(move |inner| (outer, inner))) {
        let quoted = ipv4(inner, 17, &[0x12, 0xb5, 0x12, 0xb5]);
        let whole = ipv4(outer, 1, &error(11, &quoted));
        // Options are ones, and every word elsewhere is that of another port.
        let mut wrong = whole.clone();
        *wrong.last_mut().expect("bytes") ^= 1;
        let mut cut = ipv4(outer, 1, &error(11, &quoted[..quoted.len() - 1]));
        cut.push(0xb5);
        for tag in [false, true] {
            assert!(
                bench.of(&frame(tag, &whole)).about_tunnel,
                "{outer}, {inner}"
            );
            assert!(
                !bench.of(&frame(tag, &wrong)).about_tunnel,
                "{outer}, {inner}"
            );
            assert!(
                !bench.of(&frame(tag, &cut)).about_tunnel,
                "{outer}, {inner}"
            );
        }
    }
    for (v6, bytes) in [(false, 10), (true, 7)] {
        let (ip, at) = match v6 {
            false => (ipv4(0, 47, &[]), 20),
            true => (ipv6(0, 47, &[]), 40),
        };
        for quoted in [bytes - 1, bytes] {
            let behind = error([3, 1][usize::from(v6)], &ip[..quoted]);
            let packet = match v6 {
                false => ipv4(0, 1, &behind),
                true => ipv6(0, 58, &behind),
            };
            assert_eq!(packet.len(), at + 8 + quoted);
            let seen = bench.of(&frame(false, &packet)).about_tunnel;
            assert_eq!(seen, quoted == bytes, "v6 {v6}, {quoted} bytes");
        }
    }
}

#[test]
fn router_alert_is_the_lowest_flag_of_vxlan_alone() {
    let mut bench = Bench::new();
    for flags in 0..=255u8 {
        let network = [&[flags, 0, 0, 0, 1, 2, 3, 0][..], &REST].concat();
        let vxlan = bench.of(&frame(false, &ipv4(0, 17, &udp(4789, &network))));
        let seen = (vxlan.alert, vxlan.label_valid);
        assert_eq!(seen, (flags & 1 != 0, flags & 8 != 0));
        let mpls = bench.of(&frame(false, &ipv4(0, 17, &udp(6635, &network))));
        assert!(!mpls.alert);
    }
}
