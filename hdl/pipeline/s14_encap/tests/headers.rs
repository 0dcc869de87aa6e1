//! Every kind of header, byte by byte, against one that is written field by field; and where a patch is put in.

use super::{from_vm, Bench};
use crate::stream::frames::Noise;
use underpass_layout::meta::{Arrival, HeaderKind, Meta, Patch, Round, RoundKind};
use underpass_layout::port::SLOW;
use underpass_layout::shim::{InjectCommand, PuntShim};
use underpass_layout::tables::{Leg, NexthopEntry, NexthopKind, QosEntry, TunnelKind};
use underpass_layout::{PuntReason, Record, Verdict};

/// A packet to the other end of a tunnel.
fn to_tunnel(noise: &mut Noise, tunnel: TunnelKind, v6: bool) -> Meta {
    let mut number = || {
        let bytes = noise.bytes(16).try_into().expect("16 bytes");
        u128::from_be_bytes(bytes)
    };
    let mut meta = from_vm();
    meta.nexthop = NexthopEntry {
        valid: true,
        kind: NexthopKind::Tunnel,
        tunnel,
        tunnel_v6: v6,
        tunnel_src: number() >> if v6 { 0 } else { 96 },
        tunnel_dst: number() >> if v6 { 0 } else { 96 },
        copy_tos: number() & 1 == 1,
        dst_mac: number() as u64 >> 16,
        src_mac: number() as u64 >> 16,
        router_mac: number() as u64 >> 16,
        vif: 9,
        port: 1,
        ..Default::default()
    };
    meta.qos = QosEntry {
        valid: number() & 1 == 1,
        dscp: number() as u8 & 63,
        exp: number() as u8 & 7,
        ..Default::default()
    };
    meta.inner.ipv4 = number() & 1 == 1;
    meta.inner.id = number() as u16;
    meta.inner.tos = number() as u8;
    meta.inner.l3_offset = 14;
    meta.inner.ethertype = 0x0800;
    meta.route.label = number() as u32 & 0xf_ffff;
    meta.rewrite.ttl = number() as u8;
    meta.rewrite.entropy = number() as u16;
    meta.rewrite.payload = 20 + (number() as u16 & 0x7ff);
    meta
}

/// The kinds of tunnel with what makes them: a routed packet, a control word, a tree.
const KINDS: [(HeaderKind, TunnelKind, bool, bool, bool); 9] = [
    (HeaderKind::MplsGre, TunnelKind::MplsGre, true, false, false),
    (HeaderKind::MplsUdp, TunnelKind::MplsUdp, true, false, false),
    (HeaderKind::Vxlan, TunnelKind::Vxlan, false, false, false),
    (
        HeaderKind::VxlanRouted,
        TunnelKind::Vxlan,
        true,
        false,
        false,
    ),
    (HeaderKind::Nvgre, TunnelKind::Nvgre, false, false, false),
    (
        HeaderKind::ControlGre,
        TunnelKind::MplsGre,
        false,
        true,
        false,
    ),
    (
        HeaderKind::ControlUdp,
        TunnelKind::MplsUdp,
        false,
        true,
        false,
    ),
    (HeaderKind::TreeGre, TunnelKind::MplsGre, false, false, true),
    (HeaderKind::TreeUdp, TunnelKind::MplsUdp, false, false, true),
];

fn made(noise: &mut Noise, kind: usize, v6: bool) -> Meta {
    let (_, tunnel, routed, control, tree) = KINDS[kind];
    let mut meta = to_tunnel(noise, tunnel, v6);
    meta.bridge.l3 = routed;
    meta.nexthop.l3_vxlan = true;
    meta.bridge.control = control;
    if tree {
        meta.member.leg = Leg::Tree;
        meta.arrival.round = Round {
            kind: RoundKind::Member,
            label: noise.below(1 << 24) as u32,
            ..Default::default()
        };
    }
    meta
}

fn word(value: u16) -> Vec<u8> {
    value.to_be_bytes().to_vec()
}

fn mac(value: u64) -> Vec<u8> {
    value.to_be_bytes()[2..].to_vec()
}

fn ethernet(dst: u64, src: u64, ethertype: u16) -> Vec<u8> {
    [mac(dst), mac(src), word(ethertype)].concat()
}

/// RFC 1071, word by word.
fn checksum(header: &[u8]) -> u16 {
    let mut sum = 0u32;
    for word in header.chunks(2) {
        sum += u32::from(word[0]) << 8 | u32::from(word[1]);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// RFC 791.
fn ipv4(tos: u8, id: u16, protocol: u8, src: u128, dst: u128, behind: usize) -> Vec<u8> {
    let mut header = vec![0x45, tos];
    header.extend(word(20 + behind as u16));
    header.extend(word(id));
    header.extend([0, 0, 64, protocol, 0, 0]);
    header.extend((src as u32).to_be_bytes());
    header.extend((dst as u32).to_be_bytes());
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&word(sum));
    header
}

fn udp(meta: &Meta, port: u16, behind: usize) -> Vec<u8> {
    let length = 8 + behind as u16;
    [meta.rewrite.entropy, port, length, 0].map(word).concat()
}

fn vxlan(vni: u32) -> Vec<u8> {
    [0x0800_0000, vni << 8].map(u32::to_be_bytes).concat()
}

/// The headers of a packet with this identification.
fn expected(meta: &Meta, kind: HeaderKind, id: u16) -> Vec<u8> {
    let (nexthop, qos) = (&meta.nexthop, &meta.qos);
    let payload = usize::from(meta.rewrite.payload);
    let exp = if qos.valid { qos.exp } else { 0 };
    let mpls = meta.route.label << 12 | u32::from(exp) << 9 | 1 << 8 | u32::from(meta.rewrite.ttl);
    let mpls = mpls.to_be_bytes().to_vec();
    let tree = || {
        let (src, dst) = (nexthop.tunnel_src, nexthop.tunnel_dst);
        [
            vec![0; 4],
            ipv4(0, id, 17, src, dst, 16 + payload),
            udp(meta, 4789, 8 + payload),
            vxlan(meta.arrival.round.label),
        ]
        .concat()
    };
    let gre = || vec![0, 0, 0x88, 0x47];
    let over_udp = |parts: Vec<Vec<u8>>| {
        let parts = parts.concat();
        [udp(meta, 6635, parts.len() + payload), parts].concat()
    };
    let (protocol, behind) = match kind {
        HeaderKind::MplsGre => (47, [gre(), mpls].concat()),
        HeaderKind::ControlGre => (47, [gre(), mpls, vec![0; 4]].concat()),
        HeaderKind::TreeGre => (47, [gre(), mpls, tree()].concat()),
        HeaderKind::MplsUdp => (17, over_udp(vec![mpls])),
        HeaderKind::ControlUdp => (17, over_udp(vec![mpls, vec![0; 4]])),
        HeaderKind::TreeUdp => (17, over_udp(vec![mpls, tree()])),
        HeaderKind::Nvgre => {
            let key = meta.route.label << 8 | u32::from(meta.rewrite.entropy & 0xff);
            (
                47,
                [vec![0x20, 0, 0x65, 0x58], key.to_be_bytes().to_vec()].concat(),
            )
        }
        HeaderKind::Vxlan => {
            let udp = udp(meta, 4789, 8 + payload);
            (17, [udp, vxlan(meta.route.label)].concat())
        }
        HeaderKind::VxlanRouted => {
            let udp = udp(meta, 4789, 22 + payload);
            let inner = ethernet(nexthop.router_mac, nexthop.src_mac, 0x0800);
            (17, [udp, vxlan(meta.route.label), inner].concat())
        }
        other => panic!("{other:?} is no tunnel"),
    };
    let tos = match (qos.valid, nexthop.copy_tos) {
        (true, _) => qos.dscp << 2,
        (false, true) => meta.inner.tos,
        (false, false) => 0,
    };
    let (src, dst) = (nexthop.tunnel_src, nexthop.tunnel_dst);
    let length = behind.len() + payload;
    let (ethertype, ip) = if nexthop.tunnel_v6 {
        let first = 6 << 28 | u32::from(tos) << 20 | u32::from(meta.rewrite.entropy);
        let mut ip = first.to_be_bytes().to_vec();
        ip.extend(word(length as u16));
        ip.extend([protocol, 64]);
        ip.extend(src.to_be_bytes());
        ip.extend(dst.to_be_bytes());
        (0x86dd, ip)
    } else {
        (0x0800, ipv4(tos, id, protocol, src, dst, length))
    };
    let outside = ethernet(nexthop.dst_mac, nexthop.src_mac, ethertype);
    [outside, ip, behind].concat()
}

/// The peer takes the inner packet's identification in GRE; a tree's header is its own packet.
fn takes_inner_id(meta: &Meta, kind: HeaderKind) -> bool {
    let gre = [
        HeaderKind::MplsGre,
        HeaderKind::ControlGre,
        HeaderKind::Nvgre,
    ];
    gre.contains(&kind) && meta.inner.ipv4
}

#[test]
fn every_tunnels_header_is_right_in_every_byte() {
    let mut noise = Noise(3);
    let mut cases = Vec::new();
    for i in 0..KINDS.len() * 120 {
        let kind = i % KINDS.len();
        // A tree is IPv4's alone.
        let v6 = i % 2 == 1 && !KINDS[kind].4;
        cases.push((KINDS[kind].0, made(&mut noise, kind, v6)));
    }
    let packets: Vec<Meta> = cases.iter().map(|case| case.1).collect();
    let mut counter = 1;
    for ((kind, meta), edit) in cases.iter().zip(Bench::new().edits(&packets)) {
        let id = if takes_inner_id(meta, *kind) {
            meta.inner.id
        } else {
            counter
        };
        counter += u16::from(!takes_inner_id(meta, *kind) && !meta.nexthop.tunnel_v6);
        let header = expected(meta, *kind, id);
        let at = format!("{kind:?} {meta:#?}");
        assert_eq!(edit.header[..header.len()], header, "{at}");
        assert!(edit.header[header.len()..].iter().all(|byte| *byte == 0));
        assert_eq!((edit.kind, edit.add as usize), (*kind, header.len()));
        assert_eq!(edit.length, meta.rewrite.payload + u16::from(edit.add));
        let l3 = if meta.bridge.l3 { 14 } else { 0 };
        assert_eq!((edit.strip, edit.port, edit.vif), (l3, 1, 9), "{at}");
        assert!(!edit.errand.on && !edit.drop);
    }
}

#[test]
fn an_interface_gets_an_ethernet_header_in_front_of_what_is_routed() {
    let mut noise = Noise(5);
    let mut routed = to_tunnel(&mut noise, TunnelKind::None, false);
    routed.nexthop.kind = NexthopKind::Encap;
    routed.bridge.l3 = true;
    let mut bridged = routed;
    bridged.bridge.l3 = false;
    let edits = Bench::new().edits(&[routed, bridged]);
    let header = ethernet(routed.nexthop.dst_mac, routed.nexthop.src_mac, 0x0800);
    assert_eq!(edits[0].header[..14], header);
    assert_eq!(
        (edits[0].kind, edits[0].add, edits[0].strip),
        (HeaderKind::Ethernet, 14, 14)
    );
    assert_eq!(
        (edits[1].kind, edits[1].add, edits[1].strip),
        (HeaderKind::Bare, 0, 0)
    );
    assert_eq!(edits[1].header, [0; 96]);
}

#[test]
fn the_slow_path_learns_as_what_a_packet_comes_and_where_it_entered() {
    let mut meta = from_vm();
    meta.verdict = Verdict::Punt(PuntReason::Learn).bits();
    let mut copy = meta;
    copy.arrival.port = underpass_layout::port::ROUND;
    copy.arrival.round.kind = RoundKind::Tenant;
    copy.arrival.round.port = 0x105;
    for (edit, (port, round)) in Bench::new()
        .edits(&[meta, copy])
        .iter()
        .zip([(0x103, RoundKind::First), (0x105, RoundKind::Tenant)])
    {
        let words: Vec<u32> = edit.header[..64]
            .chunks(4)
            .map(|word| u32::from_le_bytes(word.try_into().expect("four bytes")))
            .collect();
        let shim = PuntShim::unpack(&words).expect("codes that are known");
        assert_eq!((shim.port, shim.round), (port, round));
        assert_eq!((shim.vif, shim.length), (3, 200));
        assert_eq!(shim.reason, PuntReason::Learn);
        assert_eq!(
            (edit.port, edit.kind, edit.length),
            (SLOW, HeaderKind::Shim, 264)
        );
    }
}

#[test]
fn places_of_a_patch_are_behind_the_shim_as_the_packet_is() {
    let mut noise = Noise(4);
    let patch = Patch {
        on: true,
        l3_offset: 14,
        l4_offset: 34,
        l4_checksum_offset: 50,
        quoted_l3_offset: 42,
        quoted_l4_offset: 62,
        mss_offset: 71,
        ..Default::default()
    };
    let behind = Patch {
        l3_offset: 64 + 14,
        l4_offset: 64 + 34,
        l4_checksum_offset: 64 + 50,
        quoted_l3_offset: 64 + 42,
        quoted_l4_offset: 64 + 62,
        mss_offset: 64 + 71,
        ..patch
    };
    let mut meta = to_tunnel(&mut noise, TunnelKind::Vxlan, false);
    meta.rewrite.patch = patch;
    let mut injected = meta;
    injected.arrival = Arrival {
        injected: true,
        command: InjectCommand::Receive,
        ..Default::default()
    };
    let mut transmitted = injected;
    transmitted.arrival.command = InjectCommand::Transmit;
    transmitted.verdict = Verdict::Deliver.bits();
    let patches: Vec<Patch> = Bench::new()
        .edits(&[meta, injected, transmitted])
        .iter()
        .map(|edit| edit.patch)
        .collect();
    assert_eq!(patches, [patch, behind, Patch::default()]);
}
