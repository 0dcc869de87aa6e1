mod arp;
mod host;
mod parts;

use super::packets::*;
use super::LATENCY;
use crate::pipeline::s5_quoted;
use crate::stream::frames::Noise;
use underpass_layout::meta::{Inner, WINDOW_BYTES};

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

fn inner(bench: &mut Bench, packet: &[u8]) -> Inner {
    bench.of(packet).expect("a good packet").0
}

#[test]
fn the_fields_of_each_upper_layer() {
    let mut bench = Bench::new();
    let fields = |inner: Inner| {
        let addresses = (inner.tos, inner.l4_offset, inner.l4_checksum);
        (addresses, inner.src_port, inner.dst_port)
    };
    for (packet, expected) in [
        (
            ipv4(0, 6, &tcp(1, 2, 5, ACK, 0)),
            ((0xb8, 34, 0xbeef), 1000, 80),
        ),
        (
            ipv4(10, 6, &tcp(1, 2, 5, ACK, 0)),
            ((0xb8, 74, 0xbeef), 1000, 80),
        ),
        (
            ipv6(0, 6, &tcp(1, 2, 5, ACK, 0)),
            ((0xb8, 54, 0xbeef), 1000, 80),
        ),
        (
            ipv6(4, 6, &tcp(1, 2, 5, ACK, 0)),
            ((0xb8, 86, 0xbeef), 1000, 80),
        ),
        (
            ipv4(0, 17, &[0, 53, 1, 0, 0, 8, 0x12, 0x34]),
            ((0xb8, 34, 0x1234), 53, 256),
        ),
        (ipv4(0, 132, &ports(7, 9, 12)), ((0xb8, 34, 0), 7, 9)),
        (ipv4(0, 1, &icmp(8, 77, &[])), ((0xb8, 34, 0x5aa5), 77, 0)),
        (ipv4(0, 1, &icmp(0, 77, &[])), ((0xb8, 34, 0x5aa5), 77, 0)),
        (ipv4(0, 1, &icmp(13, 77, &[])), ((0xb8, 34, 0x5aa5), 0, 13)),
        (
            ipv6(0, 58, &icmp(128, 77, &[])),
            ((0xb8, 54, 0x5aa5), 77, 129),
        ),
        (
            ipv6(0, 58, &icmp(129, 77, &[])),
            ((0xb8, 54, 0x5aa5), 77, 129),
        ),
        (
            ipv6(0, 58, &icmp(130, 77, &[])),
            ((0xb8, 54, 0x5aa5), 0, 130),
        ),
        // ICMP of the other family has neither ports nor a checksum that anyone knows of.
        (ipv6(0, 1, &icmp(8, 77, &[])), ((0xb8, 54, 0), 0, 0)),
        (ipv4(0, 47, &[0; 8]), ((0xb8, 34, 0), 0, 0)),
        // A fragment header, and an extension header that is not read over.
        (ipv6(0, 44, &[6, 0, 0, 1, 0, 0, 0, 0]), ((0xb8, 0, 0), 0, 0)),
        (ipv6(0, 51, &[0; 8]), ((0xb8, 0, 0), 0, 0)),
    ] {
        let packet = ethernet(false, &packet);
        assert_eq!(
            fields(inner(&mut bench, &packet)),
            expected,
            "{packet:02x?}"
        );
    }
    let mut first_part = ipv4(0, 6, &tcp(1, 2, 5, ACK, 0));
    first_part[6] = 0x20;
    let of_part = inner(&mut bench, &ethernet(false, &first_part));
    assert!(of_part.fragment);
    assert_eq!(fields(of_part), ((0xb8, 0, 0), 0, 0));
    assert_eq!(
        (of_part.tcp_flags, of_part.tcp_seq, of_part.tcp_ack),
        (0, 0, 0)
    );
    let arp = [&[0xff; 12][..], &[0x08, 0x06], &[0; 28]].concat();
    assert_eq!(fields(inner(&mut bench, &arp)), ((0, 0, 0), 0, 0));
}

#[test]
fn the_sequence_number_of_a_fin_is_its_own() {
    let mut bench = Bench::new();
    let high = u32::MAX - 5;
    for (flags, data_offset, behind, seq) in [
        (ACK, 5, 100, high),
        (FIN, 5, 0, high),
        (FIN | ACK, 5, 100, high.wrapping_add(100)),
        (FIN | ACK, 8, 100, high.wrapping_add(88)),
        (FIN | SYN, 5, 100, high),
        (FIN | RST, 5, 100, high),
        (SYN, 5, 100, high),
        // A data offset that is wrong in both directions.
        (FIN, 0, 10, high.wrapping_add(30)),
        (FIN, 15, 0, high.wrapping_sub(40)),
    ] {
        for behind_ip in [true, false] {
            let segment = tcp(high, 0x0102_0304, data_offset, flags, behind);
            let ip = if behind_ip {
                ipv4(3, 6, &segment)
            } else {
                ipv6(2, 6, &segment)
            };
            // Bytes behind the IP packet are not the segment's.
            let mut packet = ethernet(true, &ip);
            packet.extend([0; 9]);
            let found = inner(&mut bench, &packet);
            assert_eq!(
                (found.tcp_flags, found.tcp_seq, found.tcp_ack),
                (flags, seq, 0x0102_0304),
                "flags {flags:#x}, data offset {data_offset}, {behind} bytes"
            );
        }
    }
}

#[test]
fn a_tcp_header_that_leaves_the_window_is_out_of_reach() {
    let mut bench = Bench::new();
    for (offset, units) in [(90, 4), (94, 2), (94, 3), (94, 4)] {
        let mut noise = Noise(offset as u64);
        let mut packet = noise.bytes(offset);
        let tenant = ethernet(false, &ipv6(units, 6, &tcp(9, 8, 5, ACK, 50)));
        packet.extend(&tenant);
        bench.put(&packet, true, offset);
        (0..super::LATENCY + crate::pipeline::s5_quoted::LATENCY).for_each(|_| bench.step());
        let found = bench.found().expect("a good packet").0;
        let l4_offset = offset + 14 + 40 + 8 * units;
        if l4_offset + 20 <= WINDOW_BYTES {
            assert_eq!(usize::from(found.l4_offset), l4_offset);
            assert_eq!((found.tcp_seq, found.l4_checksum), (9, 0xbeef));
            assert!(!found.extension);
        } else {
            assert!(found.extension, "offset {offset}, {units} units");
            assert_eq!((found.protocol, found.src_port, found.l4_offset), (0, 0, 0));
        }
    }
    // UDP has its checksum within reach wherever it lies.
    let mut packet = vec![0; 94];
    let udp = [0, 53, 1, 0, 0, 8, 0x12, 0x34];
    packet.extend(ethernet(true, &ipv6(4, 17, &udp)));
    bench.put(&packet, true, 94);
    (0..super::LATENCY + crate::pipeline::s5_quoted::LATENCY).for_each(|_| bench.step());
    let found = bench.found().expect("a good packet").0;
    assert_eq!((found.l4_offset, found.l4_checksum), (184, 0x1234));
}

/// What is found in the tenant's packet alone, where it starts behind so many other bytes.
fn behind(bench: &mut Bench, offset: usize, packet: &[u8]) -> Option<Inner> {
    let mut bytes = vec![0xff; offset];
    bytes.extend(packet);
    bench.put(&bytes, true, offset);
    (0..LATENCY + s5_quoted::LATENCY).for_each(|_| bench.step());
    bench.found().map(|(inner, _)| inner)
}

#[test]
fn a_frame_is_found_behind_every_tunnel_with_and_without_a_tree() {
    let mut bench = Bench::new();
    let frame = ethernet(true, &ipv4(0, 6, &tcp(1, 2, 5, ACK, 0)));
    let alone = inner(&mut bench, &frame);
    let without_tree = (42..=98).step_by(4).map(|offset| (offset, false));
    let with_tree = (78..=134).step_by(4).map(|offset| (offset, true));
    // Behind a tree that comes round stands nothing else.
    let places = without_tree
        .chain(with_tree)
        .chain([(0, false), (36, true)]);
    for (offset, tree) in places {
        bench.tree(tree);
        let found = behind(&mut bench, offset, &frame);
        let expected = Inner {
            l3_offset: alone.l3_offset + offset as u8,
            l4_offset: alone.l4_offset + offset as u8,
            ..alone
        };
        assert_eq!(found, Some(expected), "offset {offset}, tree {tree}");
    }
}

#[test]
fn a_frame_that_ends_before_it_starts_is_broken() {
    let mut bench = Bench::new();
    bench.tree(true);
    for length in [50, 81, 82, 95] {
        bench.put(&vec![0; length], true, 82);
        (0..LATENCY + s5_quoted::LATENCY).for_each(|_| bench.step());
        assert_eq!(bench.found(), None, "{length} bytes");
    }
}

#[test]
fn the_priority_is_that_of_the_tag() {
    let mut bench = Bench::new();
    let mut frame = ethernet(true, &ipv4(0, 17, &ports(1, 2, 8)));
    frame[14] = 0xbf;
    assert_eq!(inner(&mut bench, &frame).priority, 5);
    let plain = ethernet(false, &ipv4(0, 17, &ports(1, 2, 8)));
    assert_eq!(inner(&mut bench, &plain).priority, 0);
}

#[test]
fn ports_that_leave_the_window_are_out_of_reach() {
    let mut bench = Bench::new();
    bench.tree(true);
    // Behind the longest tunnel and tree and 40 bytes of options: 134 + 14 + 60.
    for packet in [
        ipv4(10, 17, &ports(5, 6, 8)),
        ipv4(10, 1, &icmp(8, 7, &[])),
        ipv4(10, 132, &ports(5, 6, 12)),
    ] {
        let found = behind(&mut bench, 134, &ethernet(false, &packet)).expect("a good packet");
        let seen = (
            found.extension,
            found.protocol,
            found.src_port,
            found.l4_offset,
        );
        assert_eq!(seen, (true, 0, 0, 0));
    }
    // 134 + 14 + 36 + 8 are all that the card sees.
    let last = ethernet(false, &ipv4(4, 17, &ports(5, 6, 8)));
    let found = behind(&mut bench, 134, &last).expect("a good packet");
    assert_eq!(
        (found.extension, found.src_port, found.l4_offset),
        (false, 5, 184)
    );
}
