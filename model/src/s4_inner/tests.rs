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
        dst_port: 2000,
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

    let ipv6 = format!("60000000 0000 3b40 {}", "00".repeat(32));
    let meta = read(46, false, &ipv6);
    assert_eq!((meta.inner.ethertype, meta.inner.ipv6), (0x86dd, true));
    assert!(is_bad(&read(46, false, &ipv6[..ipv6.len() - 2])));
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
