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
