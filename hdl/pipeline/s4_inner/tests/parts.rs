//! Parts of packets whose ports the slow path knows.

use super::*;

const KNOWN: (u16, u16) = (4000, 5000);

/// Makes a part of an IPv4 packet: the offset in units of 8 bytes, and whether more follow.
fn part4(mut packet: Vec<u8>, offset: u16, more: bool) -> Vec<u8> {
    let field = offset | u16::from(more) << 13;
    packet[6..8].copy_from_slice(&field.to_be_bytes());
    packet
}

/// A part of an IPv6 packet, behind so many units of extension headers.
fn part6(units: usize, protocol: u8, offset: u16, more: bool, behind: &[u8]) -> Vec<u8> {
    let field = (offset << 3 | u16::from(more)).to_be_bytes();
    let header = [protocol, 0, field[0], field[1], 1, 2, 3, 4];
    ipv6(units, 44, &[&header, behind].concat())
}

/// Ports, where the upper layer starts, its checksum, TCP.
type Read = ((u16, u16), u8, u16, (u8, u32, u32));

fn read(inner: &Inner) -> Read {
    assert!(inner.fragment && !inner.extension && !inner.neighbor);
    (
        (inner.src_port, inner.dst_port),
        inner.l4_offset,
        inner.l4_checksum,
        (inner.tcp_flags, inner.tcp_seq, inner.tcp_ack),
    )
}

#[test]
fn the_first_part_is_read_as_a_whole_packet_and_later_ones_have_known_ports() {
    let mut bench = Bench::new();
    let segment = tcp(7, 8, 5, FIN | ACK, 12);
    let udp = [0, 53, 1, 0, 0, 8, 0x12, 0x34];
    let of_tcp = |at| (at, 0xbeef, (FIN | ACK, 19, 8));
    let of_udp = |at| (at, 0x1234, (0, 0, 0));
    let nothing = (0, 0, (0, 0, 0));
    for (packet, expected) in [
        (part4(ipv4(0, 6, &segment), 0, true), of_tcp(34)),
        (part4(ipv4(10, 6, &segment), 0, true), of_tcp(74)),
        (part4(ipv4(0, 17, &udp), 0, true), of_udp(34)),
        (part4(ipv4(0, 6, &segment), 1, true), nothing),
        (part4(ipv4(0, 6, &segment), 0x1000, false), nothing),
        (part6(0, 6, 0, true, &segment), of_tcp(62)),
        (part6(3, 6, 0, true, &segment), of_tcp(86)),
        // An atomic fragment is a packet in one part.
        (part6(0, 17, 0, false, &udp), of_udp(62)),
        (part6(0, 17, 1, true, &udp), nothing),
        (part6(0, 6, 0x1000, false, &segment), nothing),
        // What is behind the last extension header that is read is out of reach.
        (part6(4, 6, 0, true, &segment), nothing),
        // ICMP's own ports do not count either.
        (
            part4(ipv4(0, 1, &icmp(8, 77, &[])), 0, true),
            (34, 0x5aa5, (0, 0, 0)),
        ),
        (
            part6(0, 58, 0, true, &icmp(135, 77, &[])),
            (62, 0x5aa5, (0, 0, 0)),
        ),
    ] {
        let frame = ethernet(false, &packet);
        bench.known(Some(KNOWN));
        let found = inner(&mut bench, &frame);
        let (l4_offset, checksum, tcp) = expected;
        let expected = (KNOWN, l4_offset, checksum, tcp);
        assert_eq!(read(&found), expected, "{packet:02x?}");

        bench.known(None);
        let unknown = inner(&mut bench, &frame);
        assert_eq!(read(&unknown), ((0, 0), 0, 0, (0, 0, 0)), "{packet:02x?}");
        assert_eq!(found.protocol, unknown.protocol);
    }
}

#[test]
fn known_ports_are_nothing_to_a_whole_packet() {
    let mut bench = Bench::new();
    bench.known(Some(KNOWN));
    let found = inner(&mut bench, &ethernet(false, &ipv4(0, 17, &ports(5, 6, 8))));
    assert_eq!((found.src_port, found.dst_port), (5, 6));
}

#[test]
fn a_first_part_that_is_too_short_is_broken() {
    let mut bench = Bench::new();
    for (protocol, least) in [(6, 20), (17, 8), (132, 12), (1, 8)] {
        for (length, good) in [(least - 1, false), (least, true)] {
            let first = ethernet(false, &part4(ipv4(0, protocol, &vec![0; length]), 0, true));
            let later = ethernet(false, &part4(ipv4(0, protocol, &vec![0; length]), 1, true));
            bench.known(Some(KNOWN));
            assert_eq!(bench.of(&first).is_some(), good, "protocol {protocol}");
            assert!(bench.of(&later).is_some());
            bench.known(None);
            assert!(bench.of(&first).is_some());
        }
    }
}

#[test]
fn a_first_part_out_of_the_windows_reach_keeps_its_protocol() {
    let mut bench = Bench::new();
    bench.known(Some(KNOWN));
    for (units, reached) in [(2, true), (3, false)] {
        let packet = part6(units, 6, 0, true, &tcp(1, 2, 5, ACK, 0));
        let found = behind(&mut bench, 94, &ethernet(false, &packet)).expect("a good packet");
        assert_eq!((found.fragment, found.extension), (true, false));
        assert_eq!((found.protocol, found.src_port), (6, KNOWN.0));
        assert_eq!(found.l4_offset > 0, reached, "{units} units");
    }
}
