//! Shapes as the tools print them, taken from posts that show their output; blanks at line ends are cut there as well.

use super::*;
use std::net::{IpAddr, Ipv4Addr};

fn printed(print: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    print(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn flow(index: u32, reverse: u32, from: (&str, u16), to: (&str, u16)) -> Flow {
    Flow {
        index,
        reverse: Some(reverse),
        generation: 1,
        source: from.0.parse().unwrap(),
        source_port: from.1,
        destination: to.0.parse().unwrap(),
        destination_port: to.1,
        protocol: 6,
        vrf: 8,
        into_vrf: None,
        key_nexthop: 122,
        action: FlowAction::Forward,
        tcp: TcpState {
            syn: true,
            syn_reverse: true,
            established: true,
            established_reverse: true,
            ..TcpState::default()
        },
        ecmp_index: None,
        source_nexthop: 20,
        packets: 12,
        bytes: 2765,
        mirrors: Vec::new(),
        qos_map: None,
        udp_source_port: 56468,
        seen_from: Ipv4Addr::new(192, 168, 200, 12),
    }
}

#[test]
fn a_flow_is_four_lines() {
    let there = flow(131_252, 202_092, ("8.8.8.8", 22), ("10.10.0.1", 64165));
    let back = Flow {
        source_nexthop: 122,
        packets: 13,
        bytes: 3119,
        udp_source_port: 58539,
        seen_from: Ipv4Addr::new(16, 0, 0, 0),
        ..flow(202_092, 131_252, ("10.10.0.1", 64165), ("8.8.8.8", 22))
    };
    let text = printed(|out| there.print(out).and_then(|()| back.print(out)));
    assert_eq!(
        text,
        "   131252<=>202092       8.8.8.8:22                                          6 (8)
                         10.10.0.1:64165
(Gen: 1, K(nh):122, Action:F, Flags:, TCP:SSrEEr, QOS:-1, S(nh):20,  Stats:12/2765,
 SPort 56468, TTL 0, Sinfo 192.168.200.12)

   202092<=>131252       10.10.0.1:64165                                     6 (8)
                         8.8.8.8:22
(Gen: 1, K(nh):122, Action:F, Flags:, TCP:SSrEEr, QOS:-1, S(nh):122,  Stats:13/3119,
 SPort 58539, TTL 0, Sinfo 16.0.0.0)

"
    );
}

#[test]
fn a_fat_flow_has_ports_0_and_no_tcp_state() {
    let fat = Flow {
        generation: 6,
        tcp: TcpState::default(),
        packets: 24,
        bytes: 5530,
        udp_source_port: 53664,
        ..flow(67544, 375_180, ("8.8.8.8", 0), ("0.0.0.0", 0))
    };
    assert_eq!(
        printed(|out| fat.print(out)),
        "    67544<=>375180       8.8.8.8:0                                           6 (8)
                         0.0.0.0:0
(Gen: 6, K(nh):122, Action:F, Flags:, TCP:, QOS:-1, S(nh):20,  Stats:24/5530,
 SPort 53664, TTL 0, Sinfo 192.168.200.12)

"
    );
}

#[test]
fn nat_drop_ecmp_and_vrf_translation_show() {
    let nat = Flow {
        protocol: 17,
        into_vrf: Some(4),
        action: FlowAction::Nat {
            snat: true,
            spat: false,
            dnat: false,
            dpat: true,
        },
        ecmp_index: Some(1),
        ..flow(4, 8, ("10.1.1.3", 1000), ("10.2.2.4", 2000))
    };
    let text = printed(|out| nat.print(out));
    assert!(text.contains(" 17 (8->4)\n"), "{text}");
    assert!(
        text.contains("Action:N(SPd), Flags:, E:1, QOS:-1, S(nh):20,  Stats:12/2765,\n SPort"),
        "{text}"
    );
    let dropped = Flow {
        action: FlowAction::Drop("Policy"),
        reverse: None,
        ..nat
    };
    let text = printed(|out| dropped.print(out));
    assert!(
        text.starts_with("        4                10.1.1.3:1000 "),
        "{text}"
    );
    assert!(text.contains("Action:D(Policy), "), "{text}");
}

#[test]
fn a_list_says_what_it_lists() {
    let matching = Matching {
        address: Some("10.10.0.1".parse().unwrap()),
        port: None,
        protocol: None,
        vrf: Some(8),
    };
    let there = flow(4, 8, ("10.10.0.1", 1), ("8.8.8.8", 22));
    assert!(matching.takes(&there));
    assert!(!matching.takes(&Flow {
        vrf: 7,
        ..there.clone()
    }));
    assert!(!Matching {
        port: Some(23),
        ..matching
    }
    .takes(&there));
    let table = FlowTable {
        matching: Some(matching),
        ..FlowTable::default()
    };
    let text = printed(|out| table.print(out));
    assert!(
        text.ends_with(
            "\nListing flows matching ([10.10.0.1]:*, VRF 8)

    Index                Source:Port/Destination:Port                      Proto(V)
-----------------------------------------------------------------------------------
"
        ),
        "{text}"
    );
}

fn interface() -> Interface {
    Interface {
        index: 16,
        name: "tap15c17258-85".to_owned(),
        kind: "Virtual",
        mac: [0, 0, 0x5e, 0, 1, 0],
        address: Ipv4Addr::new(172, 30, 100, 3),
        address6: None,
        vrf: 8,
        flags: "PL3L2DEr".to_owned(),
        references: 6,
        qos_map: None,
        mirror: None,
        received: (3233, 289_473),
        sent: (15942, 816_343),
        drops: 12,
        ingress_metadata: Vec::new(),
        egress_metadata: Vec::new(),
        fat_flows: Vec::new(),
        fat_flow_excludes: Vec::new(),
    }
}

#[test]
fn an_interface_with_fat_flows() {
    let excludes = ["172.30.100.1", "172.30.100.2", "169.254.0.0", "fe80::"];
    let fat = Interface {
        fat_flows: vec![FatFlow {
            protocol: 6,
            port: 22,
            ignore_source: true,
            ignore_destination: false,
            source: None,
            destination: None,
        }],
        fat_flow_excludes: excludes.map(|address| address.parse().unwrap()).to_vec(),
        ..interface()
    };
    assert_eq!(
        printed(|out| fat.print(out)),
        "vif0/16     OS: tap15c17258-85
            Type:Virtual HWaddr:00:00:5e:00:01:00 IPaddr:172.30.100.3
            Vrf:8 Mcast Vrf:8 Flags:PL3L2DEr QOS:-1 Ref:6
            RX packets:3233  bytes:289473 errors:0
            TX packets:15942  bytes:816343 errors:0
            Drops:12
            FatFlows (Protocol/Port): 6:22  - Sip

            FatFlows IPv4 exclude prefix list:
                172.30.100.1
                172.30.100.2
                169.254.0.0

            FatFlows IPv6 exclude prefix list:
                fe80::

"
    );
}

#[test]
fn rules_of_every_kind() {
    let rule = FatFlow {
        protocol: 6,
        port: 0,
        ignore_source: false,
        ignore_destination: true,
        source: None,
        destination: None,
    };
    let prefix: IpAddr = "10.10.0.0".parse().unwrap();
    let many = Interface {
        fat_flows: vec![
            rule,
            FatFlow {
                protocol: 17,
                ignore_destination: false,
                source: Some((prefix, 16, 24)),
                ..rule
            },
        ],
        ..interface()
    };
    let text = printed(|out| many.print(out));
    assert!(
        text.ends_with(
            "            FatFlows (Protocol/Port): 6:* - Dip
                                      17:* AggrSrc 10.10.0.0/16 24

"
        ),
        "{text}"
    );
}

#[test]
fn metadata_of_mirrors_breaks_where_the_line_is_long() {
    let metadata: Vec<u8> = [3, 0x1e]
        .into_iter()
        .chain(*b"default-domain:tim:traffic-net")
        .chain([0xff, 0])
        .collect();
    let mirrored = Interface {
        mirror: Some(0),
        ingress_metadata: metadata,
        ..interface()
    };
    let text = printed(|out| mirrored.print(out));
    assert!(text.contains("Ref:6 Mirror index 0\n"), "{text}");
    let lines = "
            Ingress Mirror Metadata: 3 1e 64 65 66 61 75 6c 74 2d 64
                                     6f 6d 61 69 6e 3a 74 69 6d 3a 74
                                     72 61 66 66 69 63 2d 6e 65 74 ff
                                     0
";
    assert!(text.contains(lines), "{text}");
}

#[test]
fn a_nexthop_to_an_interface() {
    let nexthop = Nexthop {
        id: 37,
        family: "AF_INET",
        references: 4,
        vrf: 3,
        flags: vec!["Valid", "Policy", "Etree Root"],
        shape: NexthopShape::Encap {
            interface: 5,
            header: vec![2, 0x17, 0xf1, 0x90, 0x86, 1, 0, 0, 0x5e, 0, 1, 0, 8, 0],
        },
    };
    assert_eq!(
        printed(|out| nexthop.print(out)),
        "Id:37         Type:Encap          Fmly: AF_INET  Rid:0  Ref_cnt:4          Vrf:3
              Flags:Valid, Policy, Etree Root,
              EncapFmly:0806 Oif:5 Len:14
              Encap Data: 02 17 f1 90 86 01 00 00 5e 00 01 00 08 00

"
    );
}

#[test]
fn a_nexthop_for_mirrors() {
    let nexthop = Nexthop {
        id: 129,
        family: "AF_INET",
        references: 2,
        vrf: -1,
        flags: vec!["Valid", "Udp", "Copy SIP", "Etree Root"],
        shape: NexthopShape::Tunnel {
            interface: 0,
            header: vec![0, 0, 0, 0, 0, 0, 0x0c, 0xc4, 0x7a, 0x59, 0x62, 0x5c, 8, 0],
            source: "192.168.200.11".parse().unwrap(),
            destination: "7.7.7.3".parse().unwrap(),
            ports: Some((8097, 8888)),
            l3_vxlan_mac: None,
        },
    };
    assert_eq!(
        printed(|out| nexthop.print(out)),
        "Id:129        Type:Tunnel         Fmly: AF_INET  Rid:0  Ref_cnt:2          Vrf:-1
              Flags:Valid, Udp, Copy SIP, Etree Root,
              Oif:0 Len:14 Data:00 00 00 00 00 00 0c c4 7a 59 62 5c 08 00
              Sip:192.168.200.11 Dip:7.7.7.3
              Sport:8097 Dport:8888

"
    );
}

#[test]
fn a_nexthop_of_several() {
    let nexthop = Nexthop {
        id: 90,
        family: "AF_INET",
        references: 1,
        vrf: 3,
        flags: vec!["Valid", "Ecmp"],
        shape: NexthopShape::Composite {
            hash: Some("Proto,SrcIP,SrcPort,DstIp,DstPort".to_owned()),
            members: vec![(12, Some(18)), (14, None)],
        },
    };
    let text = printed(|out| nexthop.print(out));
    assert!(
        text.contains("Valid Hash Key Parameters: Proto,SrcIP,SrcPort,DstIp,DstPort\n"),
        "{text}"
    );
    assert!(
        text.contains("              Sub NH(label): 12(18) 14\n"),
        "{text}"
    );
}

#[test]
fn routes_stand_in_columns() {
    let route = |prefix: &str, flags: &str, label, nexthop, mac, index| Route {
        prefix: prefix.parse().unwrap(),
        length: 32,
        replaced: 32,
        flags: flags.to_owned(),
        label,
        nexthop,
        stitched: Some((mac, index)),
    };
    let table = RouteTable {
        vrf: 7,
        v6: false,
        routes: vec![
            route(
                "5.5.5.3",
                "P",
                None,
                81,
                [2, 0xaa, 0xf0, 0x88, 0xf0, 0x65],
                41308,
            ),
            route(
                "5.5.5.4",
                "LP",
                Some(53),
                27,
                [2, 0x1d, 0x96, 0x2a, 0x60, 0xe8],
                27324,
            ),
        ],
    };
    assert_eq!(
        printed(|out| table.print(out)),
        "Flags: L=Label Valid, P=Proxy ARP, T=Trap ARP, F=Flood ARP
vRouter inet4 routing table 0/7/unicast
Destination           PPL        Flags        Label         Nexthop    Stitched MAC(Index)
5.5.5.3/32             32            P          -             81        2:aa:f0:88:f0:65(41308)
5.5.5.4/32             32           LP         53             27        2:1d:96:2a:60:e8(27324)
"
    );
}

#[test]
fn macs_stand_in_columns() {
    let entry = |index, mac, flags: &str, label, nexthop, packets| Bridge {
        index,
        mac,
        flags: flags.to_owned(),
        label,
        nexthop,
        packets,
    };
    let table = BridgeTable {
        vrf: 7,
        entries: vec![
            entry(
                27324,
                [2, 0x1d, 0x96, 0x2a, 0x60, 0xe8],
                "LDf",
                Some(57),
                27,
                0,
            ),
            entry(41308, [2, 0xaa, 0xf0, 0x88, 0xf0, 0x65], "", None, 85, 0),
            entry(222_652, [0, 0, 0x5e, 0, 1, 0], "Df", None, 3, 194),
        ],
    };
    assert_eq!(
        printed(|out| table.print(out)),
        "Flags: L=Label Valid, Df=DHCP flood, Mm=Mac Moved, L2c=L2 Evpn Control Word, N=New Entry, Ec=EvpnControlProcessing
vRouter bridge table 0/7
Index       DestMac                  Flags           Label/VNID      Nexthop           Stats
27324       2:1d:96:2a:60:e8           LDf                   57           27               0
41308       2:aa:f0:88:f0:65                                  -           85               0
222652      0:0:5e:0:1:0                Df                    -            3             194
"
    );
}

#[test]
fn mirrors_labels_and_vnis() {
    let mirrors = MirrorTable {
        mirrors: vec![Mirror {
            index: 0,
            nexthop: 129,
            dynamic: true,
            vni: None,
        }],
    };
    assert_eq!(
        printed(|out| mirrors.print(out)),
        "Mirror Table

Flags:D=Dynamic Mirroring, Hw=NIC Assisted Mirroring

Index    NextHop    Flags       VNI    Vlan
------------------------------------------------
    0        129       D          0       0
"
    );
    let labels = LabelTable {
        labels: vec![(17, 37)],
    };
    assert_eq!(
        printed(|out| labels.print(out)),
        "MPLS Input Label Map\n\n   Label    NextHop\n-------------------\n      17        37\n"
    );
    let vnis = VniTable {
        vnis: vec![(5001, 9)],
    };
    assert_eq!(
        printed(|out| vnis.print(out)),
        "VXLAN Table\n\n VNID    NextHop\n----------------\n   5001    9\n"
    );
}

#[test]
fn every_drop_counter_has_a_line() {
    let drops = DropTable {
        drops: [("INVALID_SOURCE".to_owned(), 3)].into(),
    };
    let text = printed(|out| drops.print(out));
    assert_eq!(text.lines().count(), 51);
    assert!(
        text.contains("\nInvalid Source                3\n"),
        "{text}"
    );
    for reason in underpass_layout::DropReason::ALL {
        let known = super::drops::is_known(reason.name());
        assert!(
            known || *reason == underpass_layout::DropReason::Unknown,
            "{}",
            reason.name()
        );
    }
}
