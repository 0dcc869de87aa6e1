use super::*;
use crate::testing::{from_vif, hex, verdict};
use underpass_layout::tables::{Leg, NexthopEntry, VifKind};

const OURS: u128 = 0x0800_0002;
const FAR: u128 = 0x0800_0003;

/// A packet of 48 bytes in a frame of 62 that goes into a tunnel.
fn packet(tunnel: TunnelKind, l3: bool) -> Meta {
    let mut meta = from_vif(VifKind::Vm);
    meta.arrival.length = 62;
    meta.decap.frame = true;
    meta.inner.l3_offset = 14;
    meta.inner.ethertype = 0x0800;
    meta.inner.ipv4 = true;
    meta.inner.id = 7;
    meta.bridge.l3 = l3;
    meta.route.label = 48;
    meta.rewrite.patch.on = l3;
    meta.rewrite.ttl = 63;
    meta.rewrite.payload = if l3 { 48 } else { 62 };
    meta.rewrite.entropy = 0xd1fe;
    meta.nexthop = NexthopEntry {
        valid: true,
        kind: NexthopKind::Tunnel,
        vif: 4,
        port: 1,
        dst_mac: 0x001b_21bb_f946,
        src_mac: 0x001b_21bb_f948,
        tunnel,
        tunnel_src: OURS,
        tunnel_dst: FAR,
        router_mac: 0x0200_0000_00aa,
        ..NexthopEntry::default()
    };
    meta
}

fn edited(mut meta: Meta) -> Edit {
    let edit = encap(&mut Identification::default(), &mut meta);
    assert_ne!(verdict(&meta), Verdict::Continue);
    edit
}

fn header(edit: &Edit) -> &[u8] {
    let (text, rest) = edit.header.split_at(edit.add.into());
    assert!(rest.iter().all(|byte| *byte == 0));
    text
}

#[test]
fn mpls_over_gre_takes_the_inner_identification() {
    let edit = edited(packet(TunnelKind::MplsGre, true));
    let expected = hex("001b21bbf946 001b21bbf948 0800
         45 00 004c 0007 0000 40 2f 6a78 08000002 08000003
         0000 8847
         00030 1 3f");
    assert_eq!(header(&edit), expected);
    assert_eq!(
        (edit.kind, edit.strip, edit.patch.on),
        (HeaderKind::MplsGre, 14, true)
    );
    assert_eq!((edit.port, edit.vif, edit.length), (1, 4, 90));
}

#[test]
fn mpls_over_udp_carries_a_frame_whole() {
    let edit = edited(packet(TunnelKind::MplsUdp, false));
    let expected = hex("001b21bbf946 001b21bbf948 0800
         45 00 005e 0001 0000 40 11 6a8a 08000002 08000003
         d1fe 19eb 004a 0000
         00030 1 3f");
    assert_eq!(header(&edit), expected);
    assert_eq!(
        (edit.kind, edit.strip, edit.patch.on),
        (HeaderKind::MplsUdp, 0, false)
    );
    assert_eq!(edit.length, 62 + 46);
}

#[test]
fn vxlan_carries_a_frame_whole() {
    let edit = edited(packet(TunnelKind::Vxlan, false));
    let expected = hex("001b21bbf946 001b21bbf948 0800
         45 00 0062 0001 0000 40 11 6a86 08000002 08000003
         d1fe 12b5 004e 0000
         08 000000 000030 00");
    assert_eq!(header(&edit), expected);
    assert_eq!((edit.kind, edit.length), (HeaderKind::Vxlan, 62 + 50));
}

#[test]
fn vxlan_gives_a_routed_packet_a_frame_where_the_peer_wants_one() {
    let mut meta = packet(TunnelKind::Vxlan, true);
    let bare = edited(meta);
    assert_eq!(
        (bare.kind, bare.add, bare.strip),
        (HeaderKind::Vxlan, 50, 14)
    );
    assert_eq!(bare.header[16..18], (48 + 36_u16).to_be_bytes());
    meta.nexthop.l3_vxlan = true;
    let framed = edited(meta);
    assert_eq!((framed.kind, framed.add), (HeaderKind::VxlanRouted, 64));
    assert_eq!(framed.header[50..64], hex("0200000000aa 001b21bbf948 0800"));
    assert_eq!(framed.header[16..18], (48 + 50_u16).to_be_bytes());
    assert_eq!(framed.header[38..40], (48 + 30_u16).to_be_bytes());
    assert_eq!(framed.length, 48 + 64);
}

#[test]
fn identifications_count_up_where_none_is_taken_over() {
    let mut ids = Identification(0xffff);
    let mut id_of = |tunnel, ipv4| {
        let mut meta = packet(tunnel, false);
        meta.inner.ipv4 = ipv4;
        let edit = encap(&mut ids, &mut meta);
        u16::from_be_bytes([edit.header[18], edit.header[19]])
    };
    assert_eq!(id_of(TunnelKind::MplsUdp, true), 0xffff);
    assert_eq!(id_of(TunnelKind::MplsGre, true), 7);
    assert_eq!(id_of(TunnelKind::MplsGre, false), 0);
    assert_eq!(id_of(TunnelKind::Vxlan, true), 1);
}

#[test]
fn an_interface_gets_a_new_ethernet_header_or_the_frame_as_it_is() {
    let mut meta = packet(TunnelKind::None, true);
    meta.nexthop.kind = NexthopKind::Encap;
    let routed = edited(meta);
    assert_eq!(header(&routed), hex("001b21bbf946 001b21bbf948 0800"));
    assert_eq!(
        (routed.kind, routed.strip, routed.patch.on),
        (HeaderKind::Ethernet, 14, true)
    );
    assert_eq!((routed.port, routed.vif, routed.length), (1, 4, 62));
    meta.rewrite.patch.on = false;
    assert!(!edited(meta).patch.on);
    meta.bridge.l3 = false;
    meta.decap.offset = 50;
    let bridged = edited(meta);
    assert_eq!(
        (bridged.kind, bridged.strip, bridged.add),
        (HeaderKind::Bare, 50, 0)
    );
    assert_eq!((bridged.patch.on, bridged.length), (false, 12));
}

#[test]
fn the_shim_of_an_injected_packet_goes_too() {
    let mut meta = packet(TunnelKind::MplsGre, true);
    meta.arrival.injected = true;
    meta.arrival.command = InjectCommand::Receive;
    let edit = edited(meta);
    assert_eq!((edit.strip, edit.length), (14 + 64, 90));
}

#[test]
fn a_frame_that_crosses_or_is_transmitted_stays_as_it_is() {
    let mut meta = from_vif(VifKind::Fabric);
    meta.arrival.length = 62;
    meta.arrival.inject_port = 0x101;
    meta.arrival.inject_vif = 9;
    meta.classify.entry.cross_port = 0x100;
    meta.classify.entry.cross_vif = 1;
    meta.decide(Verdict::Deliver);
    let crossed = edited(meta);
    let expected = Edit {
        drop: false,
        port: 0x100,
        vif: 1,
        strip: 0,
        patch: NOTHING,
        kind: HeaderKind::Bare,
        add: 0,
        header: [0; HEADER_BYTES],
        length: 62,
        errand: errand::NONE,
    };
    assert_eq!(crossed, expected);
    meta.arrival.injected = true;
    meta.arrival.command = InjectCommand::Receive;
    assert_eq!(
        edited(meta),
        Edit {
            strip: 64,
            ..expected
        }
    );
    meta.arrival.command = InjectCommand::Transmit;
    let transmitted = Edit {
        port: 0x101,
        vif: 9,
        strip: 64,
        ..expected
    };
    assert_eq!(edited(meta), transmitted);
}

/// A packet that came through MPLS over UDP, routed, and punted because it met no flow.
fn punted() -> Meta {
    let mut meta = packet(TunnelKind::MplsUdp, true);
    meta.arrival.port = 1;
    meta.classify.vif = 3;
    meta.parse.tunnel = TunnelKind::MplsUdp;
    meta.parse.label = 42;
    meta.parse.src = FAR;
    meta.decap.tunnelled = true;
    meta.decap.offset = 46;
    meta.decap.vrf = 0x102;
    meta.inner.l3_offset = 60;
    meta.route.nexthop = 30;
    meta.flow.nexthop = 23;
    meta.punt(PuntReason::FlowMiss);
    meta
}

#[test]
fn the_slow_path_learns_what_is_known() {
    let edit = edited(punted());
    let expected = hex("02 02 0300 0100 0201 2e 3c 3e00
         17000000 1e000000 2a000000 03000008");
    assert_eq!(header(&edit)[..28], expected);
    assert_eq!(
        header(&edit)[28..],
        [0; 36],
        "the rest of the address, and padding"
    );
    assert_eq!((edit.port, edit.vif), (port::SLOW, 3));
    assert_eq!(
        (edit.strip, edit.length, edit.kind),
        (0, 62 + 64, HeaderKind::Shim)
    );
    let mut injected = punted();
    injected.arrival.injected = true;
    let edit = edited(injected);
    assert_eq!((edit.strip, edit.add, edit.length), (64, 64, 62 + 64));
}

#[test]
fn a_tunnel_that_is_not_ours_is_not_told() {
    let mut meta = punted();
    meta.decap.tunnelled = false;
    let edit = edited(meta);
    assert_eq!(edit.header[1], 0);
    assert_eq!(edit.header[20..], [0; HEADER_BYTES - 20]);
}

#[test]
fn a_drop_leaves_nothing_but_whose_it_was() {
    let mut meta = punted();
    meta.drop(DropReason::Discard);
    let expected = Edit {
        drop: true,
        vif: 3,
        ..Edit::default()
    };
    assert_eq!(edited(meta), expected);
}

const OURS6: u128 = 0x2001_0db8 << 96 | 2;
const FAR6: u128 = 0x2001_0db8 << 96 | 3;

/// The same packet into a tunnel between IPv6 addresses.
fn packet_over_ipv6(tunnel: TunnelKind, l3: bool) -> Meta {
    let mut meta = packet(tunnel, l3);
    meta.nexthop.tunnel_v6 = true;
    meta.nexthop.tunnel_src = OURS6;
    meta.nexthop.tunnel_dst = FAR6;
    meta
}

/// Ethernet and IPv6 of those headers, with payload length and next header.
fn outer6(length: &str, next: &str) -> String {
    let net = "20010db8 00000000 00000000 0000";
    format!("001b21bbf946 001b21bbf948 86dd 6000d1fe {length} {next} 40 {net}0002 {net}0003")
}

#[test]
fn mpls_over_gre_over_ipv6() {
    let edit = edited(packet_over_ipv6(TunnelKind::MplsGre, true));
    let expected = hex(&format!("{} 0000 8847 00030 1 3f", outer6("0038", "2f")));
    assert_eq!(header(&edit), expected);
    assert_eq!((edit.kind, edit.length), (HeaderKind::MplsGre, 48 + 62));
}

#[test]
fn mpls_over_udp_over_ipv6() {
    let edit = edited(packet_over_ipv6(TunnelKind::MplsUdp, false));
    let behind = "d1fe 19eb 004a 0000 00030 1 3f";
    let expected = hex(&format!("{} {behind}", outer6("004a", "11")));
    assert_eq!(header(&edit), expected);
    assert_eq!((edit.kind, edit.length), (HeaderKind::MplsUdp, 62 + 66));
}

#[test]
fn vxlan_over_ipv6() {
    let edit = edited(packet_over_ipv6(TunnelKind::Vxlan, false));
    let behind = "d1fe 12b5 004e 0000 08 000000 000030 00";
    let expected = hex(&format!("{} {behind}", outer6("004e", "11")));
    assert_eq!(header(&edit), expected);
    assert_eq!((edit.kind, edit.length), (HeaderKind::Vxlan, 62 + 70));
    let mut longest = packet_over_ipv6(TunnelKind::Vxlan, true);
    longest.nexthop.l3_vxlan = true;
    let edit = edited(longest);
    assert_eq!((edit.kind, edit.add), (HeaderKind::VxlanRouted, 84));
    assert_eq!(edit.header[18..20], (48 + 30_u16).to_be_bytes());
    assert_eq!(edit.header[58..60], (48 + 30_u16).to_be_bytes());
}

#[test]
fn a_routed_packet_in_vxlan_tells_its_family() {
    for ethertype in [0x0800_u16, 0x86dd] {
        let mut meta = packet(TunnelKind::Vxlan, true);
        meta.inner.ethertype = ethertype;
        meta.inner.ipv4 = ethertype == 0x0800;
        meta.inner.ipv6 = !meta.inner.ipv4;
        meta.rewrite.patch.on = meta.inner.ipv4;
        meta.nexthop.l3_vxlan = true;
        let edit = edited(meta);
        assert_eq!(edit.header[62..64], ethertype.to_be_bytes());
        assert_eq!(edit.patch.on, meta.inner.ipv4);
        meta.nexthop.kind = NexthopKind::Encap;
        assert_eq!(edited(meta).header[12..14], ethertype.to_be_bytes());
    }
}

#[test]
fn over_ipv6_no_identification_is_used_up() {
    let mut ids = Identification(5);
    for tunnel in [TunnelKind::MplsGre, TunnelKind::MplsUdp, TunnelKind::Vxlan] {
        let mut meta = packet_over_ipv6(tunnel, false);
        meta.inner.ipv4 = false;
        encap(&mut ids, &mut meta);
        assert_eq!(ids, Identification(5));
    }
    let mut ipv6_in_gre = packet(TunnelKind::MplsGre, true);
    (ipv6_in_gre.inner.ipv4, ipv6_in_gre.inner.ipv6) = (false, true);
    let edit = encap(&mut ids, &mut ipv6_in_gre);
    assert_eq!(edit.header[18..20], [0, 5], "IPv6 has none to take over");
    assert_eq!(ids, Identification(6));
}

#[test]
fn the_slow_path_learns_of_an_ipv6_tunnel() {
    let mut meta = punted();
    meta.parse.v6 = true;
    meta.parse.src = FAR6;
    let edit = edited(meta);
    assert_eq!(
        header(&edit)[..2],
        [2, 0x12],
        "tunnel kind, and v6 above it"
    );
    assert_eq!(header(&edit)[24..40], FAR6.to_le_bytes());
    meta.decap.tunnelled = false;
    let edit = edited(meta);
    assert_eq!((edit.header[1], &edit.header[24..40]), (0, &[0; 16][..]));
}

#[test]
fn the_type_of_service_is_copied_out_where_the_nexthop_says_so() {
    for l3 in [true, false] {
        for tunnel_v6 in [false, true] {
            let mut meta = packet(TunnelKind::MplsUdp, l3);
            meta.inner.tos = 0xb9;
            meta.nexthop.tunnel_v6 = tunnel_v6;
            let tos = |meta| {
                let edit = edited(meta);
                let first = u16::from_be_bytes([edit.header[14], edit.header[15]]);
                match tunnel_v6 {
                    true => (first >> 4) as u8,
                    false => first as u8,
                }
            };
            assert_eq!(tos(meta), 0, "the peer leaves it zero");
            meta.nexthop.copy_tos = true;
            assert_eq!(tos(meta), 0xb9);
        }
    }
}

#[test]
fn the_shim_names_the_rules_that_held() {
    let mut meta = packet(TunnelKind::MplsUdp, true);
    meta.receiver.fat_set = 0x3ff;
    meta.punt(PuntReason::FlowMiss);
    let edit = edited(meta);
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(edit.header.chunks(4)) {
        *word = u32::from_le_bytes(bytes.try_into().unwrap());
    }
    let shim: PuntShim = underpass_layout::Record::unpack(&words).unwrap();
    assert_eq!((shim.reason, shim.fat_set), (PuntReason::FlowMiss, 0x3ff));
    assert!(!edit.patch.on, "it leaves as it came");
}

/// The copy of a frame for a leg of a list.
fn leg(tunnel: TunnelKind, leg: Leg, decap: u8, tree: bool) -> Meta {
    let mut meta = packet(tunnel, false);
    meta.arrival.round.kind = RoundKind::Member;
    meta.arrival.round.label = 5002;
    meta.member.leg = leg;
    meta.decap.offset = decap;
    meta.decap.tree = tree;
    meta.rewrite.ttl = 64;
    meta
}

const UDP_TREE: &str = "001b21bbf946 001b21bbf948 0800
    45 00 0086 0001 0000 40 11 6a62 08000002 08000003
    d1fe 19eb 0072 0000
    00030 1 40 00000000
    45 00 0062 0001 0000 40 11 6a86 08000002 08000003
    d1fe 12b5 004e 0000
    08000000 00138a00";

#[test]
fn along_a_tree_the_frame_goes_in_vxlan_within() {
    let edit = edited(leg(TunnelKind::MplsUdp, Leg::Tree, 0, false));
    assert_eq!(header(&edit), hex(UDP_TREE));
    assert_eq!(
        (edit.kind, edit.add, edit.strip),
        (HeaderKind::TreeUdp, 86, 0)
    );
    let edit = edited(leg(TunnelKind::MplsGre, Leg::Tree, 0, false));
    assert_eq!((edit.kind, edit.add), (HeaderKind::TreeGre, 82));
    assert_eq!(header(&edit)[18..20], [0, 1], "it takes no number over");
    assert_eq!(header(&edit)[34..46], hex("0000 8847 00030140 00000000"));
    assert_eq!(header(&edit)[46..], hex(UDP_TREE)[50..]);
}

#[test]
fn from_tree_to_tree_the_headers_within_stay() {
    let mut meta = leg(TunnelKind::MplsUdp, Leg::Tree, 36, true);
    meta.arrival.length = 98;
    meta.rewrite.payload = 98;
    let edit = edited(meta);
    assert_eq!(
        (edit.kind, edit.add, edit.strip),
        (HeaderKind::ControlUdp, 50, 0)
    );
    assert_eq!(edit.length, 148);
    assert_eq!(header(&edit)[16..18], [0, 134]);
    assert_eq!(header(&edit)[42..], hex("00030140 00000000"));
    let mut other = leg(TunnelKind::Vxlan, Leg::Evpn, 36, true);
    other.arrival.length = 98;
    assert_eq!(edited(other).strip, 36, "no other leg wants them");
}

#[test]
fn a_control_word_goes_behind_the_label() {
    let mut meta = packet(TunnelKind::MplsGre, false);
    meta.bridge.control = true;
    let edit = edited(meta);
    assert_eq!((edit.kind, edit.add), (HeaderKind::ControlGre, 46));
    assert_eq!(
        header(&edit)[16..20],
        [0, 94, 0, 7],
        "length, number of the packet"
    );
    assert_eq!(header(&edit)[38..], hex("0003013f 00000000"));
    meta.nexthop.tunnel = TunnelKind::Vxlan;
    assert_eq!(edited(meta).kind, HeaderKind::Vxlan);
}

#[test]
fn nvgre_has_the_subnet_in_its_key() {
    let edit = edited(packet(TunnelKind::Nvgre, false));
    assert_eq!((edit.kind, edit.add), (HeaderKind::Nvgre, 42));
    assert_eq!(header(&edit)[16..24], hex("005a 0007 0000 40 2f"));
    assert_eq!(header(&edit)[34..], hex("20006558 000030 fe"));
}

#[test]
fn the_forwarding_class_marks_the_tunnel() {
    let mut meta = packet(TunnelKind::MplsUdp, true);
    meta.nexthop.copy_tos = true;
    meta.inner.tos = 0xff;
    (meta.qos.dscp, meta.qos.exp) = (46, 5);
    assert_eq!(header(&edited(meta))[15], 0xff, "there is no class");
    meta.qos.valid = true;
    let edit = edited(meta);
    assert_eq!(header(&edit)[15], 46 << 2);
    assert_eq!(header(&edit)[42..], hex("00030 b 3f"));
    meta.nexthop.tunnel_v6 = true;
    assert_eq!(header(&edited(meta))[14..16], [0x6b, 0x80], "46 << 2");
}

#[test]
fn the_port_of_rounds_is_nobodys() {
    let mut meta = packet(TunnelKind::MplsUdp, true);
    meta.nexthop.port = port::ROUND;
    let mut after = meta;
    let edit = encap(&mut Identification::default(), &mut after);
    assert_eq!(edit, DROPPED);
    assert_eq!(
        verdict(&after),
        Verdict::Drop(DropReason::InterfaceTxDiscard)
    );
    meta.arrival.injected = true;
    meta.arrival.command = InjectCommand::Transmit;
    meta.arrival.inject_port = port::ROUND;
    meta.decide(Verdict::Deliver);
    assert!(edited(meta).drop);
}
