use super::patch::NOTHING;
use super::*;
use crate::testing::{from_vif, verdict};
use underpass_layout::meta::{Patch, Rewrite};
use underpass_layout::tables::VifKind;
use underpass_layout::Verdict;

/// A routed UDP packet of 48 bytes in a frame of 62, from a VM.
fn packet() -> Meta {
    let mut meta = from_vif(VifKind::Vm);
    meta.arrival.length = 62;
    meta.bridge.l3 = true;
    meta.route.routed = true;
    meta.decap.frame = true;
    meta.decap.vrf = 2;
    meta.inner.l3_offset = 14;
    meta.inner.ipv4 = true;
    meta.inner.ttl = 64;
    meta.inner.protocol = 17;
    meta.inner.checksum = 0x64a9;
    meta.inner.src = 0x0a01_0103;
    meta.inner.dst = 0x0a01_0109;
    meta.inner.src_port = 1000;
    meta.inner.dst_port = 2000;
    meta.nexthop.kind = NexthopKind::Tunnel;
    meta.nexthop.tunnel = TunnelKind::MplsGre;
    meta
}

fn bridged() -> Meta {
    let mut meta = packet();
    meta.bridge.l3 = false;
    meta.route.routed = false;
    meta
}

fn rewritten(mut meta: Meta) -> Meta {
    rewrite(&mut meta);
    meta
}

#[test]
fn a_routed_packet_has_one_hop_less() {
    // 0x64a9 with TTL 64 is 0x65a9 with TTL 63: the peer's own packet.
    let rewrite = rewritten(packet()).rewrite;
    let expected = Patch {
        on: true,
        l3_offset: 14,
        ttl: true,
        new_ttl: 63,
        new_checksum: 0x65a9,
        ..NOTHING
    };
    assert_eq!(rewrite.patch, expected);
    assert_eq!((rewrite.ttl, rewrite.payload), (63, 48));
}

#[test]
fn a_packet_from_a_tunnel_to_a_vm_keeps_its_ttl() {
    let mut meta = packet();
    meta.classify.entry.kind = VifKind::Fabric;
    meta.nexthop.kind = NexthopKind::Encap;
    let rewrite = rewritten(meta).rewrite;
    assert_eq!((rewrite.patch, rewrite.ttl), (NOTHING, 64));
}

#[test]
fn the_label_over_a_frame_starts_anew() {
    let mut meta = bridged();
    meta.inner.ttl = 9;
    let rewrite = rewritten(meta).rewrite;
    assert_eq!(
        (rewrite.patch, rewrite.ttl, rewrite.payload),
        (NOTHING, 64, 62)
    );
    meta.decap.offset = 50;
    assert_eq!(rewritten(meta).rewrite.payload, 12);
}

#[test]
fn a_label_is_never_sent_with_ttl_0() {
    let mut meta = packet();
    meta.route.routed = false;
    meta.inner.ttl = 0;
    assert_eq!(rewritten(meta).rewrite.ttl, 64);
}

#[test]
fn the_source_port_stays_with_the_flow() {
    let port = |change: fn(&mut Meta)| {
        let mut meta = packet();
        change(&mut meta);
        rewritten(meta).rewrite.entropy
    };
    let same = port(|_| ());
    assert!(same >= 49152);
    assert_eq!(same, entropy(2, 17, 1000, 2000, 0x0a01_0103, 0x0a01_0109));
    assert_eq!(
        same,
        port(|meta| (meta.inner.ttl, meta.inner.src_mac) = (9, 9))
    );
    assert_ne!(same, port(|meta| meta.inner.src_port = 1001));
    assert_ne!(same, port(|meta| meta.decap.vrf = 3));
    let frame = |meta: &mut Meta| {
        meta.inner.ipv4 = false;
        (meta.inner.src_mac, meta.inner.dst_mac) = (0x0200_0000_0011, 0x0200_0000_0012);
    };
    let expected = entropy(2, 0, 0, 0, 0x0200_0000_0011, 0x0200_0000_0012);
    assert_eq!(port(frame), expected);
}

#[test]
fn what_does_not_fit_the_underlay_is_punted() {
    let routed_vxlan = |meta: &mut Meta| {
        meta.nexthop.tunnel = TunnelKind::Vxlan;
        meta.nexthop.l3_vxlan = true;
    };
    type Case = (Meta, fn(&mut Meta), u16);
    let cases: [Case; 6] = [
        (packet(), |_| (), 48 + 28),
        (
            packet(),
            |meta| meta.nexthop.tunnel = TunnelKind::MplsUdp,
            48 + 32,
        ),
        (
            packet(),
            |meta| meta.nexthop.tunnel = TunnelKind::Vxlan,
            48 + 36,
        ),
        (packet(), routed_vxlan, 48 + 36 + 14),
        (bridged(), routed_vxlan, 62 + 36),
        (bridged(), |_| (), 62 + 28),
    ];
    for (i, (mut meta, change, length)) in cases.into_iter().enumerate() {
        change(&mut meta);
        let with_mtu = |mtu| {
            let mut meta = meta;
            meta.nexthop.mtu = mtu;
            verdict(&rewritten(meta))
        };
        assert_eq!(with_mtu(length), Verdict::Continue, "case {i}");
        assert_eq!(
            with_mtu(length - 1),
            Verdict::Punt(PuntReason::TooBig),
            "case {i}"
        );
        assert_eq!(with_mtu(0), Verdict::Continue, "case {i}");
    }
}

#[test]
fn an_interface_has_no_limit_here() {
    let mut meta = packet();
    meta.nexthop.kind = NexthopKind::Encap;
    meta.nexthop.mtu = 20;
    assert_eq!(verdict(&rewritten(meta)), Verdict::Continue);
}

#[test]
fn of_what_is_decided_only_the_source_port_is_known() {
    let mut meta = packet();
    let open = rewritten(meta).rewrite;
    meta.decide(Verdict::Drop(DropReason::FlowActionDrop));
    let expected = Rewrite {
        entropy: open.entropy,
        ..Rewrite::default()
    };
    assert_eq!(rewritten(meta).rewrite, expected);
}

const NETWORK6: u128 = 0x2001_0db8 << 96;

/// The same packet over IPv6.
fn packet6() -> Meta {
    let mut meta = packet();
    (meta.inner.ipv4, meta.inner.ipv6) = (false, true);
    meta.inner.checksum = 0;
    meta.inner.src |= NETWORK6;
    meta.inner.dst |= NETWORK6;
    meta
}

#[test]
fn the_hop_limit_stays_but_by_option_and_is_the_labels_ttl() {
    for (hop_limit, ttl) in [(64, 64), (2, 2), (0, 64)] {
        let mut meta = packet6();
        meta.inner.ttl = hop_limit;
        let rewrite = rewritten(meta).rewrite;
        let found = (rewrite.patch, rewrite.ttl, rewrite.payload);
        assert_eq!(found, (NOTHING, ttl, 48), "hop limit {hop_limit}");
    }
    let mut meta = packet6();
    meta.classify.entry.hop_limit = true;
    let rewrite = rewritten(meta).rewrite;
    let expected = Patch {
        on: true,
        v6: true,
        l3_offset: 14,
        ttl: true,
        new_ttl: 63,
        ..NOTHING
    };
    assert_eq!((rewrite.patch, rewrite.ttl), (expected, 63), "by option");
    let mut bridged = packet6();
    bridged.bridge.l3 = false;
    bridged.inner.ttl = 9;
    assert_eq!(rewritten(bridged).rewrite.ttl, 64);
}

#[test]
fn all_of_an_ipv6_address_counts_for_the_source_port() {
    let port = |change: fn(&mut Meta)| {
        let mut meta = packet6();
        change(&mut meta);
        rewritten(meta).rewrite.entropy
    };
    let same = port(|_| ());
    let (src, dst) = (NETWORK6 | 0x0a01_0103, NETWORK6 | 0x0a01_0109);
    assert_eq!(same, entropy(2, 17, 1000, 2000, fold48(src), fold48(dst)));
    assert_eq!(same, port(|meta| meta.inner.src_mac = 9));
    let changes: [fn(&mut Meta); 5] = [
        |meta| meta.inner.src ^= 1 << 127,
        |meta| meta.inner.src ^= 1 << 64,
        |meta| meta.inner.dst ^= 1,
        |meta| meta.inner.dst ^= 1 << 48,
        |meta| meta.inner.dst_port += 1,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        assert_ne!(same, port(change), "change {i}");
    }
}

#[test]
fn an_outer_header_of_ipv6_takes_forty_bytes() {
    for (tunnel, behind_ip) in [
        (TunnelKind::MplsGre, 8),
        (TunnelKind::MplsUdp, 12),
        (TunnelKind::Vxlan, 16),
    ] {
        for mut meta in [packet(), packet6()] {
            meta.nexthop.tunnel = tunnel;
            meta.nexthop.tunnel_v6 = true;
            meta.nexthop.mtu = 48 + 40 + behind_ip;
            assert_eq!(verdict(&rewritten(meta)), Verdict::Continue);
            meta.nexthop.mtu -= 1;
            let too_big = Verdict::Punt(PuntReason::TooBig);
            assert_eq!(verdict(&rewritten(meta)), too_big);
        }
    }
}

#[test]
fn the_node_gets_its_packets_with_one_hop_less() {
    let mut meta = packet();
    meta.decap.host = true;
    meta.verdict = Verdict::Deliver.bits();
    let expected = Rewrite {
        patch: Patch {
            on: true,
            l3_offset: 14,
            ttl: true,
            new_ttl: 63,
            new_checksum: 0x65a9,
            ..NOTHING
        },
        entropy: rewritten(meta).rewrite.entropy,
        ..Rewrite::default()
    };
    assert_eq!(rewritten(meta).rewrite, expected);
    let others: [fn(&mut Meta); 3] = [
        |meta| meta.decap.host = false,
        |meta| meta.inner.ipv4 = false,
        |meta| meta.verdict = Verdict::Drop(DropReason::TtlExceeded).bits(),
    ];
    for (i, change) in others.into_iter().enumerate() {
        let mut meta = meta;
        change(&mut meta);
        assert_eq!(rewritten(meta).rewrite.patch, NOTHING, "change {i}");
    }
}

#[test]
fn of_a_later_part_only_addresses_are_replaced() {
    let mut meta = packet();
    meta.inner.fragment = true;
    meta.key.src = meta.inner.src;
    meta.flow.goes_onward = true;
    let onward = &mut meta.flow.onward;
    (onward.snat, onward.spat) = (true, true);
    (onward.src, onward.src_port) = (0x0b01_0103, 4000);
    for protocol in [6, 17] {
        meta.inner.protocol = protocol;
        meta.inner.l4_offset = 0;
        meta.inner.l4_checksum = 0;
        let later = rewritten(meta).rewrite.patch;
        assert!(later.on && later.src && !later.src_port && !later.l4_checksum);
        meta.inner.l4_offset = 34;
        meta.inner.l4_checksum = 0xabcd;
        let first = rewritten(meta).rewrite.patch;
        assert!(first.src && first.src_port && first.l4_checksum);
    }
}
