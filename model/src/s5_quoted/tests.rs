use super::*;
use crate::testing::{arrived, hex};
use underpass_layout::meta::Inner;

const NETWORK6: u128 = 0x2001_0db8 << 96;
/// Where the tenant's IP header starts, behind bytes of no meaning.
const L3: usize = 14;

/// A quoted IPv4 packet from 10.1.1.3 to 10.1.1.9 with that first byte, protocol and word of flags and offset.
fn quote(first: &str, protocol: &str, flags: &str, behind: &str) -> String {
    let header = format!("{first}00 0054 1234 {flags} 40 {protocol} abcd 0a010103 0a010109");
    format!("{header} {behind}")
}

/// What is read of an ICMP message of that type, over IPv4 or IPv6, with padding behind its packet.
fn read_padded(v6: bool, kind: u8, behind: &str, padding: usize) -> Quoted {
    let length = icmp::LENGTH + hex(behind).len();
    let ip = match v6 {
        false => format!("4500 {:04x} {}", 20 + length, "00".repeat(16)),
        true => format!("60000000 {length:04x} {}", "00".repeat(34)),
    };
    let (window, mut meta) = arrived(&format!(
        "{} {ip} {kind:02x}00000000000000 {behind} {}",
        "ee".repeat(L3),
        "45".repeat(padding),
    ));
    meta.inner = Inner {
        ipv4: !v6,
        ipv6: v6,
        protocol: if v6 { 58 } else { 1 },
        l3_offset: L3 as u8,
        l4_offset: (L3 + if v6 { 40 } else { 20 }) as u8,
        ..Inner::default()
    };
    quoted(&window, &mut meta);
    meta.quoted
}

fn read(kind: u8, behind: &str) -> Quoted {
    read_padded(false, kind, behind, 0)
}

const UNREADABLE: fn() -> Quoted = || Quoted {
    error: true,
    unreadable: true,
    ..Quoted::default()
};
const NESTED: fn() -> Quoted = || Quoted {
    error: true,
    nested: true,
    ..Quoted::default()
};

#[test]
fn a_udp_packet_that_did_not_arrive() {
    let expected = Quoted {
        error: true,
        unreadable: false,
        nested: false,
        protocol: 17,
        src: 0x0a01_0103,
        dst: 0x0a01_0109,
        src_port: 1000,
        dst_port: 2000,
        checksum: 0xabcd,
        l3_offset: 42,
        l4_offset: 62,
    };
    let behind = quote("45", "11", "0000", "03e807d0 00080000");
    for kind in [3, 11] {
        assert_eq!(read(kind, &behind), expected);
    }
    for kind in [0, 4, 5, 8, 12] {
        assert_eq!(read(kind, &behind), Quoted::default(), "type {kind}");
    }
}

#[test]
fn ports_as_flow_keys_have_them() {
    let ports = |protocol, behind| {
        let quoted = read(3, &quote("45", protocol, "0000", behind));
        (quoted.src_port, quoted.dst_port)
    };
    for protocol in ["06", "11", "84"] {
        assert_eq!(ports(protocol, "03e807d0 00080000"), (1000, 2000));
    }
    assert_eq!(ports("01", "08000000 04700007"), (0x470, 0), "echo request");
    assert_eq!(ports("01", "0d000000 04700007"), (0, 13), "timestamp");
    assert_eq!(ports("3a", "03e807d0 00080000"), (0, 0), "ICMPv6 is none");
    assert_eq!(ports("2f", "03e807d0 00080000"), (0, 0), "GRE");
}

#[test]
fn an_error_about_an_error_is_nested() {
    for (kind, nested) in [(3, true), (11, true), (8, false), (12, false)] {
        let behind = quote("45", "01", "0000", &format!("{kind:02x}000000 00000000"));
        assert_eq!(read(3, &behind) == NESTED(), nested, "type {kind}");
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let behind = "03e807d0 00080000";
    let good = quote("45", "11", "2000", behind);
    assert!(!read(3, &good).unreadable, "the first part has its ports");
    let bad = [
        ("version 6", quote("65", "11", "0000", behind)),
        ("length below 20", quote("44", "11", "0000", behind)),
        (
            "options that are not there",
            quote("46", "11", "0000", behind),
        ),
        ("seven bytes", quote("45", "11", "0000", &behind[..15])),
        ("a later part", quote("45", "11", "0001", behind)),
        ("nothing", String::new()),
    ];
    for (what, behind) in bad {
        assert_eq!(read(3, &behind), UNREADABLE(), "{what}");
        let padded = read_padded(false, 3, &behind, 60);
        assert_eq!(padded, UNREADABLE(), "{what}, padding is no quote");
    }
    let options = quote("46", "11", "0000", &format!("01010101 {behind}"));
    assert_eq!(read(3, &options).l4_offset, 66);
}

#[test]
fn the_window_ends_what_can_be_read() {
    let behind = quote("4f", "11", "0000", &"00".repeat(40 + 8));
    let (window, mut meta) = arrived(&format!(
        "{} 4500 00a8 {} 0300000000000000 {behind} {}",
        "ee".repeat(96),
        "00".repeat(16),
        "00".repeat(60),
    ));
    meta.inner.ipv4 = true;
    meta.inner.protocol = 1;
    meta.inner.l3_offset = 96;
    meta.inner.l4_offset = 116;
    let mut outside = meta;
    quoted(&window, &mut meta);
    assert_eq!(meta.quoted.l4_offset, 184, "its eight bytes are the last");
    outside.inner.l4_offset += 4;
    outside.inner.l3_offset += 4;
    let (window, _) = arrived(&format!(
        "{} 4500 00a8 {} 0300000000000000 {behind} {}",
        "ee".repeat(100),
        "00".repeat(16),
        "00".repeat(60),
    ));
    quoted(&window, &mut outside);
    assert_eq!(outside.quoted, UNREADABLE());
}

const ENDS6: &str = "20010db8 00000000 00000000 00000003 20010db8 00000000 00000000 00000009";

#[test]
fn ipv6_likewise() {
    let quote = |next: &str, behind: &str| format!("6fffffff 0010 {next} 40 {ENDS6} {behind}");
    let behind = "03e807d0 00080000";
    let expected = Quoted {
        error: true,
        unreadable: false,
        nested: false,
        protocol: 17,
        src: NETWORK6 | 3,
        dst: NETWORK6 | 9,
        src_port: 1000,
        dst_port: 2000,
        checksum: 0,
        l3_offset: 62,
        l4_offset: 102,
    };
    for kind in 0..=255 {
        let found = read_padded(true, kind, &quote("11", behind), 0);
        assert_eq!(found == expected, kind < 128, "type {kind}");
        assert_eq!(found == Quoted::default(), kind >= 128, "type {kind}");
    }
    let of = |next, behind| read_padded(true, 1, &quote(next, behind), 20);
    let echo = of("3a", "80000000 04700007");
    assert_eq!((echo.src_port, echo.dst_port), (0x470, 129));
    let other = of("3a", "84000000 04700007");
    assert_eq!((other.src_port, other.dst_port), (0, 132));
    for next in ["00", "2c", "3c", "01"] {
        let found = of(next, behind);
        assert_eq!((found.src_port, found.dst_port), (0, 0));
        assert_eq!(found.protocol, hex(next)[0]);
    }
    assert_eq!(of("3a", "7f000000 00000000"), NESTED());
    assert_eq!(of("11", "03e807d0 000800"), UNREADABLE());
    let version_4 = quote("11", behind).replacen('6', "4", 1);
    assert_eq!(read_padded(true, 1, &version_4, 0), UNREADABLE());
}

#[test]
fn fragments_and_other_packets_are_no_errors() {
    let (window, meta) = arrived(&format!("{} 03", "00".repeat(34)));
    let changes: [fn(&mut Inner); 3] = [
        |inner| inner.l4_offset = 0,
        |inner| inner.protocol = 17,
        |inner| inner.ipv4 = false,
    ];
    for change in changes {
        let mut meta = meta;
        meta.inner.ipv4 = true;
        meta.inner.protocol = 1;
        meta.inner.l4_offset = 34;
        quoted(&window, &mut meta);
        assert!(meta.quoted.error);
        meta.quoted = Quoted::default();
        change(&mut meta.inner);
        quoted(&window, &mut meta);
        assert_eq!(meta.quoted, Quoted::default());
    }
}

/// What a TCP header of 24 bytes announces, of a packet as `change` has it.
fn announced(change: fn(&mut Meta)) -> Syn {
    let (window, mut meta) = arrived(&format!(
        "{} {} 03e807d0 00000064 00000007 60 02 2000 abcd 0000 020405b4",
        "ee".repeat(L3),
        "00".repeat(20),
    ));
    meta.inner = Inner {
        ipv4: true,
        protocol: 6,
        l3_offset: L3 as u8,
        l4_offset: (L3 + 20) as u8,
        tcp_flags: 2,
        ..Inner::default()
    };
    change(&mut meta);
    quoted(&window, &mut meta);
    assert_eq!(meta.quoted, Quoted::default());
    meta.syn
}

#[test]
fn a_syn_announces_its_segments() {
    let expected = Syn {
        offset: 56,
        mss: 1460,
    };
    assert_eq!(announced(|_| ()), expected);
    assert_eq!(announced(|meta| meta.inner.tcp_flags = 0x12), expected);
    let others: [fn(&mut Meta); 6] = [
        |meta| meta.inner.tcp_flags = 0x10,
        |meta| meta.inner.protocol = 17,
        |meta| meta.inner.ipv4 = false,
        |meta| meta.inner.l4_offset = 0,
        |meta| meta.arrival.length -= 1,
        |meta| meta.drop(underpass_layout::DropReason::InvalidSource),
    ];
    for (i, change) in others.into_iter().enumerate() {
        assert_eq!(announced(change), Syn::default(), "change {i}");
    }
}
