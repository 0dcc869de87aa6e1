use super::*;
use crate::testing::arrived;
use underpass_layout::meta::{Parse, Round};

const MACS: &str = "001b21bbf948 001b21bbf946";
const IP_8_0_0_3_TO_8_0_0_2: &str = "08000003 08000002";
const INNER: &str = "45000014 00000000 40110000 0a010109 0a010103";

fn parsed(packet: &str) -> Parse {
    let (window, mut meta) = arrived(packet);
    parse(&window, &mut meta);
    meta.parse
}

/// An IPv4 packet with `payload` behind a header of 20 bytes.
fn ipv4(protocol: &str, payload: &str) -> String {
    let total = 20 + crate::testing::hex(payload).len();
    format!(
        "{MACS} 0800 4500{total:04x} 004d0000 40{protocol}0000 {IP_8_0_0_3_TO_8_0_0_2} {payload}"
    )
}

#[test]
fn mpls_over_udp() {
    let parse = parsed(&ipv4("11", &format!("c54919eb 00200000 0002a140 {INNER}")));
    let expected = Parse {
        ethertype: 0x0800,
        src: 0x0800_0003,
        dst: 0x0800_0002,
        tunnel: TunnelKind::MplsUdp,
        label: 42,
        label_ttl: 64,
        label_valid: true,
        offset: 46,
        ..Parse::default()
    };
    assert_eq!(parse, expected);
}

#[test]
fn mpls_over_udp_on_the_port_of_old() {
    let parse = parsed(&ipv4("11", &format!("c549c822 00200000 0002a040 {INNER}")));
    assert_eq!(parse.tunnel, TunnelKind::MplsUdp);
    assert_eq!((parse.label, parse.label_valid), (42, false), "S is clear");
}

#[test]
fn vxlan_with_and_without_the_i_bit() {
    let vxlan = |flags| {
        parsed(&ipv4(
            "11",
            &format!("c54912b5 00240000 {flags}000000 00003200 {INNER}"),
        ))
    };
    let parse = vxlan("08");
    assert_eq!(parse.tunnel, TunnelKind::Vxlan);
    assert_eq!(
        (parse.label, parse.label_valid, parse.offset),
        (50, true, 50)
    );
    assert_eq!(parse.label_ttl, 0, "a VNI has none");
    assert!(!vxlan("f7").label_valid);
}

#[test]
fn gre_with_its_options() {
    for (gre, offset) in [
        ("00008847", 42),
        ("80008847 00000000", 46),
        ("20008847 12345678", 46),
        ("a0008847 00000000 12345678", 50),
    ] {
        let parse = parsed(&ipv4("2f", &format!("{gre} 0002a140 {INNER}")));
        assert_eq!(parse.tunnel, TunnelKind::MplsGre, "{gre}");
        assert_eq!((parse.offset, parse.label), (offset, 42), "{gre}");
    }
    let parse = parsed(&ipv4("2f", &format!("10008847 00000001 0002a140 {INNER}")));
    assert_eq!((parse.tunnel, parse.malformed), (TunnelKind::None, false));
}

#[test]
fn a_vlan_tag_and_ip_options_move_the_offset() {
    let packet = format!(
        "{MACS} 8100 0005 0800 46000038 004d0000 40110000 {IP_8_0_0_3_TO_8_0_0_2} 01010101
         c54919eb 00200000 0002a140 {INNER}"
    );
    let parse = parsed(&packet);
    assert_eq!((parse.tunnel, parse.offset), (TunnelKind::MplsUdp, 54));
    let service_tag = packet.replace("8100", "88a8");
    assert_eq!(parsed(&service_tag).ethertype, 0x88a8);
}

#[test]
fn other_packets_have_no_tunnel() {
    let parse = parsed(&ipv4("11", &format!("c5491e61 00200000 0002a140 {INNER}")));
    assert_eq!(
        (parse.tunnel, parse.offset, parse.label),
        (TunnelKind::None, 0, 0)
    );
    assert_eq!(parse.dst, 0x0800_0002);
    let parse = parsed(&format!("{MACS} 0806 0001"));
    assert_eq!(
        (parse.ethertype, parse.malformed, parse.runt),
        (0x0806, false, false)
    );
}

#[test]
fn a_fragment_has_no_tunnel() {
    for flags in ["2000", "0001", "3fff"] {
        let packet = ipv4("11", &format!("c54919eb 00200000 0002a140 {INNER}"));
        let parse = parsed(&packet.replacen("004d0000", &format!("004d{flags}"), 1));
        assert_eq!(
            (parse.tunnel, parse.malformed),
            (TunnelKind::None, false),
            "{flags}"
        );
    }
}

#[test]
fn a_packet_that_ends_within_the_tunnel_header_is_malformed() {
    // Ethernet padding behind the IP packet does not count.
    let packet = ipv4("11", "c54919eb 00080000 0002a140").replacen("45000020", "4500001f", 1);
    let parse = parsed(&packet);
    assert!(parse.malformed);
    assert_eq!((parse.tunnel, parse.offset), (TunnelKind::None, 0));
    assert!(!parsed(&ipv4("11", "c54919eb 00080000 0002a140")).malformed);
}

#[test]
fn an_ipv4_header_that_contradicts_itself_is_malformed() {
    assert!(parsed(&format!("{MACS} 0800 4500")).malformed);
    assert!(parsed(&ipv4("11", "00").replacen("45000015", "45000016", 1)).malformed);
}

#[test]
fn a_runt_tells_nothing() {
    let runt = Parse {
        runt: true,
        ..Parse::default()
    };
    assert_eq!(parsed(""), runt);
    assert_eq!(parsed(&format!("{MACS} 08")), runt, "13 bytes");
    assert_eq!(parsed(&format!("{MACS} 8100 0005 08")), runt, "17 bytes");
    assert!(!parsed(&format!("{MACS} 8100 0005 0806")).runt);
    assert!(!parsed(&format!("{MACS} 0806")).runt);
}

const NETWORK6: u128 = 0x2001_0db8 << 96;
const ENDS6: &str = "20010db8 00000000 00000000 00000003 20010db8 00000000 00000000 00000002";

/// An IPv6 packet with `payload` behind its header.
fn ipv6(next: &str, payload: &str) -> String {
    let length = crate::testing::hex(payload).len();
    format!("{MACS} 86dd 60012345 {length:04x} {next} 40 {ENDS6} {payload}")
}

#[test]
fn every_tunnel_over_ipv6() {
    let label = (42, true, 64);
    for (next, payload, kind, offset, expected) in [
        ("2f", "00008847 0002a140", TunnelKind::MplsGre, 62, label),
        (
            "2f",
            "a0008847 00000000 12345678 0002a140",
            TunnelKind::MplsGre,
            70,
            label,
        ),
        (
            "11",
            "c54919eb 00200000 0002a140",
            TunnelKind::MplsUdp,
            66,
            label,
        ),
        (
            "11",
            "c549c822 00200000 0002a140",
            TunnelKind::MplsUdp,
            66,
            label,
        ),
        (
            "11",
            "c54912b5 00240000 08000000 00003200",
            TunnelKind::Vxlan,
            70,
            (50, true, 0),
        ),
    ] {
        let parse = parsed(&ipv6(next, &format!("{payload} {INNER}")));
        let (label, label_valid, label_ttl) = expected;
        let expected = Parse {
            ethertype: 0x86dd,
            v6: true,
            src: NETWORK6 | 3,
            dst: NETWORK6 | 2,
            tunnel: kind,
            label,
            label_valid,
            label_ttl,
            offset,
            ..Parse::default()
        };
        assert_eq!(parse, expected, "{payload}");
    }
    let tagged =
        ipv6("2f", &format!("00008847 0002a140 {INNER}")).replacen("86dd", "8100 0005 86dd", 1);
    assert_eq!(parsed(&tagged).offset, 66);
}

#[test]
fn behind_extension_headers_there_is_no_tunnel() {
    let udp = format!("c54919eb 00200000 0002a140 {INNER}");
    for next in ["00", "2b", "2c", "3c"] {
        let parse = parsed(&ipv6(next, &format!("11000000 00000000 {udp}")));
        assert_eq!((parse.tunnel, parse.malformed), (TunnelKind::None, false));
        assert_eq!((parse.v6, parse.dst), (true, NETWORK6 | 2));
    }
}

#[test]
fn an_ipv6_header_that_contradicts_itself_is_malformed() {
    let good = ipv6("3b", "0102");
    assert!(!parsed(&good).malformed);
    for bad in [
        good[..good.len() - 2].to_string(),
        good.replacen("60012345", "40012345", 1),
        good.replacen(" 0002 3b", " 0003 3b", 1),
        format!("{MACS} 86dd 6001"),
    ] {
        let parse = parsed(&bad);
        assert!(parse.malformed, "{bad}");
        assert_eq!((parse.v6, parse.src, parse.dst), (false, 0, 0));
    }
    assert!(
        !parsed(&good.replacen(" 0002 3b", " 0001 3b", 1)).malformed,
        "padding"
    );
}

#[test]
fn an_ipv6_packet_that_ends_within_the_tunnel_header_is_malformed() {
    let whole = "c54919eb 000c0000 0002a140";
    assert!(!parsed(&ipv6("11", whole)).malformed);
    // Ethernet padding behind the IP packet does not count.
    let parse = parsed(&ipv6("11", whole).replacen(" 000c 11", " 000b 11", 1));
    assert!(parse.malformed);
    assert_eq!((parse.tunnel, parse.v6), (TunnelKind::None, true));
    for (next, payload) in [("11", "c54919eb 000800"), ("2f", "000088")] {
        let parse = parsed(&ipv6(next, payload));
        assert!(!parse.malformed, "no header at all: the host's to judge");
    }
}

#[test]
fn neighbour_discovery_is_five_types_right_behind_the_header() {
    for kind in 0..=255_u8 {
        let parse = parsed(&ipv6("3a", &format!("{kind:02x}000000 00000000")));
        assert_eq!(parse.neighbor, (133..=137).contains(&kind), "type {kind}");
        assert_eq!((parse.malformed, parse.tunnel), (false, TunnelKind::None));
    }
    assert!(
        !parsed(&ipv6("3a", "87000000 000000")).neighbor,
        "cut short"
    );
    assert!(!parsed(&ipv6("01", "87000000 00000000")).neighbor, "ICMPv4");
    let behind_options = "3a000000 00000000 87000000 00000000";
    assert!(!parsed(&ipv6("00", behind_options)).neighbor);
}

#[test]
fn nvgre() {
    let parse = parsed(&ipv4("2f", &format!("20006558 00138a7f {INNER}")));
    let expected = Parse {
        ethertype: 0x0800,
        src: 0x0800_0003,
        dst: 0x0800_0002,
        tunnel: TunnelKind::Nvgre,
        label: 5002,
        label_valid: true,
        offset: 42,
        ..Parse::default()
    };
    assert_eq!(parse, expected);
    let cut = parsed(&ipv4("2f", "20006558 00138a"));
    assert_eq!((cut.tunnel, cut.malformed), (TunnelKind::None, true));
    let summed = parsed(&ipv4("2f", &format!("a0006558 00000000 00138a7f {INNER}")));
    assert_eq!((summed.tunnel, summed.malformed), (TunnelKind::None, false));
}

#[test]
fn stt_is_seen_and_not_read() {
    let segment = "c5491d2f 00000001 00000002 50180000 00000000";
    for parse in [parsed(&ipv4("06", segment)), parsed(&ipv6("06", segment))] {
        assert_eq!(parse.tunnel, TunnelKind::Stt);
        assert_eq!((parse.offset, parse.label, parse.zeros), (0, 0, false));
    }
    let other = "c5491d30 00000001 00000002 50180000 00000000";
    assert_eq!(parsed(&ipv4("06", other)).tunnel, TunnelKind::None);
    assert_eq!(parsed(&ipv4("06", &segment[..40])).tunnel, TunnelKind::None);
}

#[test]
fn four_zero_bytes_behind_a_label_are_seen() {
    let behind = |bytes: &str| {
        let payload = format!("c54919eb 00200000 0002a140 {bytes}");
        parsed(&ipv4("11", &payload)).zeros
    };
    assert!(behind("00000000 45"));
    assert!(!behind("000000"), "they are its own or none");
    for other in ["00000001", "01000000", "00010000"] {
        assert!(!behind(other));
    }
    assert!(!parsed(&ipv4("01", "00000000 00000000")).zeros, "no tunnel");
}

#[test]
fn of_what_goes_round_the_tunnel_is_known() {
    let came = |kind| {
        let (window, mut meta) =
            arrived(&ipv4("11", &format!("c54919eb 00200000 0002a140 {INNER}")));
        meta.arrival.round = Round {
            kind,
            tunnel: TunnelKind::Vxlan,
            outer_v6: true,
            outer_src: 77,
            outer_label: 5002,
            ..Round::default()
        };
        parse(&window, &mut meta);
        meta.parse
    };
    let known = Parse {
        v6: true,
        src: 77,
        tunnel: TunnelKind::Vxlan,
        label: 5002,
        ..Parse::default()
    };
    for kind in [RoundKind::Tenant, RoundKind::Member, RoundKind::Transmit] {
        assert_eq!(came(kind), known);
    }
    for kind in [RoundKind::Again, RoundKind::Punt] {
        assert_eq!(came(kind).label, 42);
    }
}

/// An ICMP error of that type with a quote behind it.
fn error(kind: &str, quote: &str) -> String {
    ipv4("01", &format!("{kind}00 0000 00000000 {quote}"))
}

/// A quoted IPv4 header of that first byte and protocol.
fn quoted(first: &str, protocol: &str) -> String {
    format!("{first}00 0054 1234 0000 40 {protocol} 0000 08000002 08000003")
}

#[test]
fn errors_about_tunnels_are_known_by_what_they_quote() {
    let about = |packet: &str| parsed(packet).about_tunnel;
    for kind in ["03", "0b", "0c"] {
        assert!(about(&error(kind, &quoted("45", "2f"))), "{kind}, GRE");
        for port in ["19eb", "c822", "12b5"] {
            let udp = format!("{} c549{port}", quoted("45", "11"));
            assert!(about(&error(kind, &udp)), "{kind}, UDP {port}");
        }
    }
    for kind in ["00", "04", "05", "08"] {
        assert!(!about(&error(kind, &quoted("45", "2f"))), "{kind}");
    }
    let other_port = format!("{} 19eb0035", quoted("45", "11"));
    assert!(!about(&error("03", &other_port)));
    assert!(!about(&error("03", &quoted("45", "06"))), "TCP");
    assert!(!about(&error("03", &quoted("65", "2f"))), "another family");
}

#[test]
fn a_quote_is_read_as_far_as_it_goes() {
    let about = |packet: &str| parsed(packet).about_tunnel;
    let udp = |first: &str, options: &str, ports: &str| {
        about(&error(
            "03",
            &format!("{} {options} {ports}", quoted(first, "11")),
        ))
    };
    assert!(udp("46", "01010100", "c54912b5"), "behind options");
    assert!(!udp("46", "c54912b5", ""), "there are no options");
    assert!(!udp("44", "", "c54912b5"), "shorter than a header");
    assert!(!udp("45", "", "c54912"), "half a port");
    assert!(
        about(&error("03", "4500 0054 1234 0000 40 2f")),
        "GRE is seen"
    );
    assert!(!about(&error("03", "4500 0054 1234 0000 40")));
    let with_padding = format!("{} 2f", error("03", "4500 0054 1234 0000 40"));
    assert!(!about(&with_padding), "padding is no quote");
    assert!(!about(&ipv4("01", "0300 0000")));
}

#[test]
fn errors_of_ipv6_quote_ipv6() {
    let header = |next: &str, length: usize| {
        format!(
            "60000000 {length:04x} {next} 40 {} {}",
            "20".repeat(16),
            "21".repeat(16)
        )
    };
    let error = |kind: &str, quote: &str| {
        let length = 8 + crate::testing::hex(quote).len();
        let outer = header("3a", length);
        parsed(&format!(
            "{MACS} 86dd {outer} {kind}00 0000 00000000 {quote}"
        ))
        .about_tunnel
    };
    let udp = format!("{} c54912b5", header("11", 8));
    for kind in ["01", "02", "03", "04"] {
        assert!(error(kind, &udp) && error(kind, &header("2f", 0)), "{kind}");
    }
    for kind in ["00", "05", "80", "87"] {
        assert!(!error(kind, &udp), "{kind}");
    }
    assert!(!error("01", &quoted("45", "2f")), "another family");
    assert!(!error("01", &format!("{} c549", header("11", 8))));
}

#[test]
fn router_alert_is_vxlans() {
    let vxlan = |flags: &str| {
        ipv4(
            "11",
            &format!(
                "c54912b5 00180000 {flags}000000 00138a00 {}",
                "00".repeat(8)
            ),
        )
    };
    assert!(parsed(&vxlan("09")).alert);
    assert!(!parsed(&vxlan("08")).alert);
    assert!(parsed(&vxlan("01")).alert, "whether or not its VNI counts");
    let mpls = ipv4("11", &format!("c54919eb 00200000 0102a140 {INNER}"));
    assert!(!parsed(&mpls).alert);
}
