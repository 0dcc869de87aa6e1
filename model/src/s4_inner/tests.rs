mod arp;
mod known;

use super::*;
use crate::testing::{arrived, verdict};
use underpass_layout::Verdict;

const MACS: &str = "020000000012 020000000011";
const ADDRESSES: &str = "0a010103 0a010104";

/// What is read of a tenant's packet that starts at `offset`, in front of which stand bytes of no meaning.
fn read(offset: usize, frame: bool, packet: &str) -> Meta {
    let (window, mut meta) = arrived(&("ee".repeat(offset) + packet));
    meta.decap.offset = offset as u8;
    meta.decap.frame = frame;
    inner(&window, &mut meta);
    meta
}

fn good(packet: &str) -> Inner {
    let meta = read(0, true, packet);
    assert_eq!(verdict(&meta), Verdict::Continue, "{packet}");
    meta.inner
}

fn is_bad(meta: &Meta) -> bool {
    verdict(meta) == Verdict::Drop(DropReason::InvalidPacket)
}

fn ipv4(protocol: &str, flags: &str, payload: &str) -> String {
    let total = 20 + crate::testing::hex(payload).len();
    format!("4500{total:04x} 0001{flags} 40{protocol}64b4 {ADDRESSES} {payload}")
}

#[test]
fn a_udp_packet_in_a_frame() {
    let inner = good(&format!(
        "{MACS} 0800 {}",
        ipv4("11", "4000", "03e807d0 0009b5c3 61")
    ));
    let expected = Inner {
        dst_mac: 0x0200_0000_0012,
        src_mac: 0x0200_0000_0011,
        ethertype: 0x0800,
        tagged: false,
        priority: 0,
        l3_offset: 14,
        ipv4: true,
        ipv6: false,
        fragment: false,
        extension: false,
        neighbor: false,
        protocol: 17,
        ttl: 64,
        id: 1,
        checksum: 0x64b4,
        src: 0x0a01_0103,
        dst: 0x0a01_0104,
        src_port: 1000,
        arp: ArpKind::None,
        arp_mac: 0,
        dst_port: 2000,
        tos: 0,
        l4_offset: 34,
        l4_checksum: 0xb5c3,
        tcp_flags: 0,
        tcp_seq: 0,
        tcp_ack: 0,
    };
    assert_eq!(inner, expected);
}

#[test]
fn a_packet_without_a_frame_says_itself_what_it_is() {
    let meta = read(46, false, &ipv4("11", "0000", "03e807d0 0009b5c3 61"));
    let inner = meta.inner;
    assert_eq!(
        (inner.ethertype, inner.l3_offset, inner.ipv4),
        (0x0800, 46, true)
    );
    assert_eq!((inner.dst_mac, inner.src_mac, inner.dst_port), (0, 0, 2000));

    let packet = ipv6("3b", "61");
    let meta = read(46, false, &packet);
    assert_eq!((meta.inner.ethertype, meta.inner.ipv6), (0x86dd, true));
    assert!(is_bad(&read(46, false, &packet[..packet.len() - 2])));
    assert!(is_bad(&read(46, false, "")));
    assert!(is_bad(&read(46, false, "55000014")));
}

#[test]
fn a_tag_moves_the_ip_header() {
    let inner = good(&format!(
        "{MACS} 8100 0005 0800 {}",
        ipv4("11", "0000", "03e807d0 00080000")
    ));
    assert_eq!(
        (inner.tagged, inner.l3_offset, inner.src_port),
        (true, 18, 1000)
    );
    let in_tunnel = read(50, true, &format!("{MACS} 8100 0005 0806"));
    assert_eq!(
        (in_tunnel.inner.ethertype, in_tunnel.inner.l3_offset),
        (0x0806, 68)
    );
    assert!(is_bad(&read(50, true, &format!("{MACS} 8100 0005 08"))));
    assert!(is_bad(&read(50, true, &format!("{MACS} 08"))));
}

#[test]
fn ports_as_flow_keys_have_them() {
    let ports = |protocol, payload: &str| {
        let inner = good(&format!("{MACS} 0800 {}", ipv4(protocol, "0000", payload)));
        (inner.src_port, inner.dst_port)
    };
    let zeros = "00".repeat(16);
    assert_eq!(ports("06", &format!("03e807d0 {zeros}")), (1000, 2000));
    assert_eq!(ports("84", &format!("03e807d0 {zeros}")), (1000, 2000));
    assert_eq!(ports("01", "0800cb5d 04700007"), (0x470, 0), "echo request");
    assert_eq!(ports("01", "0000cb5d 04700007"), (0x470, 0), "echo reply");
    assert_eq!(ports("01", "0301cb5d 04700007"), (0, 3), "unreachable");
    assert_eq!(ports("02", "16000000 e0000001"), (0, 0), "IGMP");
    assert_eq!(ports("2f", "0000"), (0, 0), "GRE");
}

#[test]
fn a_transport_header_that_is_cut_is_none() {
    for (protocol, needed) in [("06", 20), ("11", 8), ("84", 12), ("01", 8)] {
        let padding = "00".repeat(30);
        let of = |bytes: usize| {
            let packet = ipv4(protocol, "0000", &"00".repeat(bytes));
            read(0, true, &format!("{MACS} 0800 {packet} {padding}"))
        };
        assert!(is_bad(&of(needed - 1)), "protocol {protocol}");
        assert!(!is_bad(&of(needed)), "protocol {protocol}");
    }
}

#[test]
fn options_move_the_ports() {
    let header = format!("46000020 00010000 40110000 {ADDRESSES} 01010101");
    let inner = good(&format!("{MACS} 0800 {header} 03e807d0 00080000"));
    assert_eq!((inner.src_port, inner.dst_port), (1000, 2000));
}

#[test]
fn a_fragment_has_no_ports() {
    for flags in ["2000", "0007"] {
        let inner = good(&format!("{MACS} 0800 {}", ipv4("11", flags, "03e8")));
        assert!(inner.fragment && inner.ipv4);
        assert_eq!((inner.src_port, inner.dst_port, inner.protocol), (0, 0, 17));
    }
}

#[test]
fn a_frame_with_a_broken_ip_header_is_dropped() {
    assert!(is_bad(&read(0, true, &format!("{MACS} 0800 45000014"))));
    assert!(is_bad(&read(0, true, &format!("{MACS} 86dd 60000000"))));
    let version_4 = format!("{MACS} 86dd 4500 {}", "00".repeat(38));
    assert!(is_bad(&read(0, true, &version_4)));
}

#[test]
fn other_frames_are_no_ones_business() {
    let inner = good(&format!("{MACS} 88cc"));
    assert_eq!((inner.ethertype, inner.l3_offset), (0x88cc, 14));
    assert!(!inner.ipv4 && !inner.ipv6);
}

const NETWORK6: u128 = 0x2001_0db8 << 96;
const ENDS6: &str = "20010db8 00000000 00000000 00000003 20010db8 00000000 00000000 00000004";

/// An IPv6 packet of hop limit 255 with `payload` behind its header.
fn ipv6(next: &str, payload: &str) -> String {
    let length = crate::testing::hex(payload).len();
    format!("6fffffff {length:04x} {next} ff {ENDS6} {payload}")
}

/// What is read of such a packet in a frame.
fn read6(next: &str, payload: &str) -> Meta {
    read(0, true, &format!("{MACS} 86dd {}", ipv6(next, payload)))
}

fn good6(next: &str, payload: &str) -> Inner {
    let meta = read6(next, payload);
    assert_eq!(verdict(&meta), Verdict::Continue, "{next} {payload}");
    meta.inner
}

#[test]
fn a_udp_packet_over_ipv6() {
    let expected = Inner {
        dst_mac: 0x0200_0000_0012,
        src_mac: 0x0200_0000_0011,
        ethertype: 0x86dd,
        tagged: false,
        priority: 0,
        l3_offset: 14,
        ipv4: false,
        ipv6: true,
        fragment: false,
        extension: false,
        neighbor: false,
        protocol: 17,
        ttl: 255,
        id: 0,
        checksum: 0,
        src: NETWORK6 | 3,
        dst: NETWORK6 | 4,
        src_port: 1000,
        arp: ArpKind::None,
        arp_mac: 0,
        dst_port: 2000,
        tos: 0xff,
        l4_offset: 54,
        l4_checksum: 0xb5c3,
        tcp_flags: 0,
        tcp_seq: 0,
        tcp_ack: 0,
    };
    assert_eq!(good6("11", "03e807d0 0009b5c3 61"), expected);
}

#[test]
fn ipv6_ports_as_flow_keys_have_them() {
    let ports = |next, payload: &str| {
        let inner = good6(next, payload);
        (inner.src_port, inner.dst_port)
    };
    let zeros = "00".repeat(16);
    assert_eq!(ports("06", &format!("03e807d0 {zeros}")), (1000, 2000));
    assert_eq!(ports("84", &format!("03e807d0 {zeros}")), (1000, 2000));
    assert_eq!(
        ports("3a", "8000cb5d 04700007"),
        (0x470, 129),
        "echo request"
    );
    assert_eq!(ports("3a", "8100cb5d 04700007"), (0x470, 129), "echo reply");
    assert_eq!(ports("3a", "0100cb5d 04700007"), (0, 1), "unreachable");
    assert_eq!(
        ports("3a", "0800cb5d 04700007"),
        (0, 8),
        "no echo of ICMPv6"
    );
    assert_eq!(
        ports("01", "0800cb5d 04700007"),
        (0, 0),
        "ICMPv4 is none here"
    );
    assert_eq!(ports("01", ""), (0, 0), "and so it can be short");
    assert_eq!(ports("3b", "0800cb5d"), (0, 0), "no next header");
    let icmpv6_in_ipv4 = good(&format!("{MACS} 0800 {}", ipv4("3a", "0000", "87")));
    assert_eq!(
        (icmpv6_in_ipv4.dst_port, icmpv6_in_ipv4.neighbor),
        (0, false)
    );
}

#[test]
fn a_transport_header_over_ipv6_that_is_cut_is_none() {
    for (protocol, needed) in [("06", 20), ("11", 8), ("84", 12), ("3a", 8)] {
        for options in ["", "00000000 00000000"] {
            let of = |bytes: usize| {
                let payload = format!("{options} {}", "00".repeat(bytes));
                let (next, payload) = match options {
                    "" => (protocol, payload),
                    _ => ("3c", payload.replacen("00", protocol, 1)),
                };
                let padding = "00".repeat(30);
                let packet = ipv6(next, &payload);
                read(0, true, &format!("{MACS} 86dd {packet} {padding}"))
            };
            assert!(is_bad(&of(needed - 1)), "protocol {protocol}");
            assert!(!is_bad(&of(needed)), "protocol {protocol}");
        }
    }
}

#[test]
fn ports_are_found_behind_two_extension_headers() {
    let inner = good6(
        "00",
        "2b000000 00000000 1102eeee eeeeeeee eeeeeeee eeeeeeee eeeeeeee eeeeeeee 03e807d0 00080000",
    );
    let found = (inner.protocol, inner.src_port, inner.dst_port);
    assert_eq!((found, inner.extension), ((17, 1000, 2000), false));
    let third = good6(
        "00",
        "2b000000 00000000 3c000000 00000000 11000000 00000000 03e807d0 00080000",
    );
    let found = (third.protocol, third.src_port, third.dst_port);
    assert_eq!(
        (found, third.extension, third.ipv6),
        ((0, 0, 0), true, true)
    );
    assert_eq!((third.ttl, third.dst), (255, NETWORK6 | 4), "still routed");
    assert!(is_bad(&read6("00", "11000000")), "cut short");
}

#[test]
fn a_fragment_of_ipv6_has_a_protocol_and_no_ports() {
    for payload in [
        "11000001 00000001 03e807d0",
        "11000008 00000001",
        "11000000 00000001 03e8",
    ] {
        let inner = good6("2c", payload);
        assert!(inner.fragment && inner.ipv6 && !inner.extension);
        let found = (inner.protocol, inner.src_port, inner.dst_port);
        assert_eq!(found, (17, 0, 0), "{payload}");
    }
    assert!(!good6("2c", "3a000000 00000000 87000000 00000000").neighbor);
    assert!(is_bad(&read6("2c", "11000001 000000")));
}

#[test]
fn neighbour_discovery_was_sent_on_this_link() {
    for kind in 0..=255_u8 {
        let message = format!("{kind:02x}000000 00000000");
        let expected = (133..=137).contains(&kind);
        assert_eq!(good6("3a", &message).neighbor, expected, "type {kind}");
        let routed = ipv6("3a", &message).replacen(" ff ", " fe ", 1);
        assert!(!good(&format!("{MACS} 86dd {routed}")).neighbor);
    }
    let behind_options = good6("00", "3a000000 00000000 88000000 00000000");
    assert_eq!(
        (behind_options.neighbor, behind_options.dst_port),
        (true, 136)
    );
}

#[test]
fn an_ipv6_header_that_contradicts_itself_is_dropped() {
    let packet = ipv6("3b", "0102");
    let in_frame = |packet: &str| read(0, true, &format!("{MACS} 86dd {packet}"));
    assert!(!is_bad(&in_frame(&packet)));
    assert!(
        is_bad(&in_frame(&packet[..packet.len() - 2])),
        "longer than the packet"
    );
    assert!(
        is_bad(&in_frame(&packet.replacen("6f", "4f", 1))),
        "version 4"
    );
    assert!(is_bad(&in_frame("6f")), "cut short");
}

#[test]
fn what_a_tcp_segment_says_of_its_connection() {
    // Data offset 6: of 30 bytes, six are payload.
    let segment = |flags: &str| {
        format!("03e807d0 fffffffe 01020304 60{flags} 2000abcd0000 01010101 616263646566")
    };
    for (flags, seq) in [
        ("10", 0xffff_fffe),
        ("11", 4),
        ("13", 0xffff_fffe),
        ("15", 0xffff_fffe),
    ] {
        let v4 = good(&format!(
            "{MACS} 0800 {}",
            ipv4("06", "0000", &segment(flags))
        ));
        let v6 = good6("06", &segment(flags));
        let behind_options = good6("3c", &format!("06000000 00000000 {}", segment(flags)));
        for (inner, l4) in [(v4, 34), (v6, 54), (behind_options, 62)] {
            let found = (inner.tcp_flags, inner.tcp_seq, inner.tcp_ack);
            let expected = (crate::testing::hex(flags)[0], seq, 0x0102_0304);
            assert_eq!(found, expected, "flags {flags}");
            assert_eq!((inner.l4_offset, inner.l4_checksum), (l4, 0xabcd));
        }
    }
}

#[test]
fn where_the_upper_layer_and_its_checksum_are() {
    for (protocol, payload, checksum) in [
        ("11", "03e807d0 0008abcd", 0xabcd),
        ("01", "0800abcd 04700007", 0xabcd),
        ("84", "03e807d0 0008abcd 00000000", 0),
        ("2f", "0000abcd", 0),
    ] {
        let inner = good(&format!("{MACS} 0800 {}", ipv4(protocol, "0000", payload)));
        let found = (inner.l4_offset, inner.l4_checksum);
        assert_eq!(found, (34, checksum), "protocol {protocol}");
    }
    let fragment = good(&format!(
        "{MACS} 0800 {}",
        ipv4("11", "2000", "03e807d0 0008abcd")
    ));
    assert_eq!((fragment.l4_offset, fragment.l4_checksum), (0, 0));
    let cut = read(
        0,
        true,
        &format!("{MACS} 0800 {}", ipv4("11", "0000", "03e8")),
    );
    assert_eq!((is_bad(&cut), cut.inner.l4_offset), (true, 0));
    let arp = good(&format!("{MACS} 0806 00"));
    assert_eq!(arp.l4_offset, 0);
    let icmpv6 = good6("3a", "8000abcd 04700007");
    assert_eq!((icmpv6.l4_offset, icmpv6.l4_checksum), (54, 0xabcd));
    let unknown = good6("33", "00000000 00000000");
    assert_eq!(unknown.l4_offset, 0);
}

#[test]
fn the_type_of_service_of_either_family() {
    let packet = ipv4("3b", "0000", "").replacen("4500", "45b9", 1);
    assert_eq!(good(&format!("{MACS} 0800 {packet}")).tos, 0xb9);
    let packet = ipv6("3b", "").replacen("6fffffff", "6b9fffff", 1);
    assert_eq!(good(&format!("{MACS} 86dd {packet}")).tos, 0xb9);
}

#[test]
fn what_leaves_the_window_is_out_of_reach() {
    for (protocol, bytes, read) in [(6, 20, 20), (17, 8, 8), (132, 12, 8), (1, 8, 8)] {
        for end in [191, 192, 193] {
            let l4 = end - read;
            let mut packet = vec![0; l4 - 20];
            let total = (20 + bytes) as u8;
            packet.extend([0x45, 0, 0, total, 0, 0, 0, 0, 64, protocol, 0, 0]);
            packet.extend([10, 1, 1, 3, 10, 1, 1, 9, 3, 232, 7, 208]);
            packet.resize(l4 + bytes, 0x77);
            let mut meta = Meta::default();
            meta.arrival.length = packet.len() as u16;
            meta.decap.offset = (l4 - 20) as u8;
            inner(&Window::new(&packet), &mut meta);
            assert_eq!(verdict(&meta), Verdict::Continue);
            let found = &meta.inner;
            let expected = match end > 192 {
                true => (true, 0, 0),
                false => (false, protocol, l4 as u8),
            };
            let reach = (found.extension, found.protocol, found.l4_offset);
            assert_eq!(reach, expected, "protocol {protocol} up to {end}");
            assert_eq!(found.src_port == 0, end > 192 || protocol == 1);
        }
    }
}

/// What is read of a packet for the node itself.
fn for_host(ttl: &str, payload: &str) -> Meta {
    let packet = ipv4("11", "4000", payload).replace(" 4011", &format!(" {ttl}11"));
    let (window, mut meta) = arrived(&format!("{MACS} 0800 {packet}"));
    meta.decap.frame = true;
    meta.decap.host = true;
    meta.verdict = Verdict::Deliver.bits();
    inner(&window, &mut meta);
    meta
}

#[test]
fn the_node_gets_what_may_live_on() {
    let udp = "03e807d0 0009b5c3 61";
    for ttl in ["01", "40"] {
        let meta = for_host(ttl, udp);
        assert!(meta.inner.ipv4 && verdict(&meta) == Verdict::Deliver);
    }
    let exceeded = Verdict::Drop(DropReason::TtlExceeded);
    assert_eq!(verdict(&for_host("00", udp)), exceeded);
    let cut = for_host("00", "03e807d0");
    assert_eq!(verdict(&cut), Verdict::Deliver, "it is the host's to judge");
    assert_eq!(cut.inner, Inner::default());
}
