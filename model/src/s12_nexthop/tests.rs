use super::*;
use crate::testing::{from_vif, put, tables, verdict};
use underpass_layout::tables::{id, NexthopEntry};

const FAR: u128 = 0x0800_0003;

fn entry(kind: NexthopKind) -> NexthopEntry {
    NexthopEntry {
        valid: true,
        kind,
        tunnel: TunnelKind::MplsUdp,
        tunnel_dst: FAR,
        ..NexthopEntry::default()
    }
}

/// A routed packet with a TTL to spare.
fn packet(from: VifKind) -> Meta {
    let mut meta = from_vif(from);
    meta.bridge.l3 = true;
    meta.route.routed = true;
    meta.route.nexthop = 30;
    meta.inner.ttl = 64;
    meta
}

fn judged(entry: NexthopEntry, mut meta: Meta) -> Verdict {
    let mut tables = tables();
    put(&mut tables, id::NEXTHOP, 30, &entry);
    nexthop(&tables, &mut meta);
    assert_eq!(meta.nexthop, entry);
    verdict(&meta)
}

const INVALID_NEXTHOP: Verdict = Verdict::Drop(DropReason::InvalidNexthop);

#[test]
fn each_kind_has_its_end() {
    let of = |kind| judged(entry(kind), packet(VifKind::Vm));
    assert_eq!(of(NexthopKind::Encap), Verdict::Continue);
    assert_eq!(of(NexthopKind::Tunnel), Verdict::Continue);
    assert_eq!(of(NexthopKind::Discard), Verdict::Drop(DropReason::Discard));
    assert_eq!(of(NexthopKind::Receive), Verdict::Punt(PuntReason::Receive));
    assert_eq!(of(NexthopKind::Resolve), Verdict::Punt(PuntReason::Resolve));
    assert_eq!(of(NexthopKind::L2Receive), INVALID_NEXTHOP);
    assert_eq!(of(NexthopKind::Ecmp), INVALID_NEXTHOP, "none was named");
    for kind in NexthopKind::ALL {
        let absent = NexthopEntry {
            valid: false,
            ..entry(*kind)
        };
        assert_eq!(judged(absent, packet(VifKind::Vm)), INVALID_NEXTHOP);
    }
}

#[test]
fn numbers_beyond_the_table_stand_for_their_low_bits() {
    let mut meta = packet(VifKind::Vm);
    meta.route.nexthop = 0x8_0000 | 30;
    assert_eq!(judged(entry(NexthopKind::Encap), meta), Verdict::Continue);
}

#[test]
fn frames_and_packets_need_nexthops_of_their_own() {
    for (l3, bridge, expected) in [
        (true, false, Verdict::Continue),
        (false, true, Verdict::Continue),
        (true, true, INVALID_NEXTHOP),
        (false, false, INVALID_NEXTHOP),
    ] {
        let mut meta = packet(VifKind::Vm);
        meta.bridge.l3 = l3;
        meta.route.routed = l3;
        let entry = NexthopEntry {
            bridge,
            ..entry(NexthopKind::Encap)
        };
        assert_eq!(judged(entry, meta), expected, "l3 {l3} bridge {bridge}");
    }
}

#[test]
fn the_hop_counts_from_a_vm_and_into_a_tunnel() {
    let zero_ttl = Verdict::Punt(PuntReason::ZeroTtl);
    for (from, kind, counts) in [
        (VifKind::Vm, NexthopKind::Encap, true),
        (VifKind::Vm, NexthopKind::Tunnel, true),
        (VifKind::Vm, NexthopKind::Discard, true),
        (VifKind::Vm, NexthopKind::Receive, false),
        (VifKind::Fabric, NexthopKind::Tunnel, true),
        (VifKind::Fabric, NexthopKind::Encap, false),
    ] {
        for (ttl, v6) in [
            (0, false),
            (1, false),
            (2, false),
            (0, true),
            (1, true),
            (2, true),
        ] {
            let mut meta = packet(from);
            meta.inner.ttl = ttl;
            (meta.inner.ipv4, meta.inner.ipv6) = (!v6, v6);
            let ends = judged(entry(kind), meta) == zero_ttl;
            assert_eq!(ends, counts && ttl < 2, "{from} {kind} ttl {ttl}");
        }
    }
    let mut bridged = packet(VifKind::Vm);
    bridged.bridge.l3 = false;
    bridged.route.routed = false;
    bridged.inner.ttl = 1;
    assert_eq!(
        judged(entry(NexthopKind::Tunnel), bridged),
        Verdict::Continue
    );
}

#[test]
fn from_tunnel_to_tunnel_only_routed_and_never_back() {
    let mut meta = packet(VifKind::Fabric);
    meta.decap.tunnelled = true;
    meta.parse.src = FAR + 1;
    assert_eq!(judged(entry(NexthopKind::Tunnel), meta), Verdict::Continue);
    meta.parse.src = FAR;
    let back = judged(entry(NexthopKind::Tunnel), meta);
    assert_eq!(back, Verdict::Drop(DropReason::PacketLoop));
    meta.bridge.l3 = false;
    meta.route.routed = false;
    let bridged = judged(entry(NexthopKind::Tunnel), meta);
    assert_eq!(bridged, Verdict::Drop(DropReason::InvalidSource));
}

#[test]
fn the_way_back_is_of_one_family() {
    let back = Verdict::Drop(DropReason::PacketLoop);
    for (tunnel_v6, came_v6) in [(false, true), (true, false), (true, true)] {
        let mut meta = packet(VifKind::Fabric);
        meta.decap.tunnelled = true;
        meta.parse.src = FAR;
        meta.parse.v6 = came_v6;
        let entry = NexthopEntry {
            tunnel_v6,
            ..entry(NexthopKind::Tunnel)
        };
        assert_eq!(judged(entry, meta) == back, tunnel_v6 == came_v6);
    }
}

#[test]
fn a_tunnel_must_wrap_somehow() {
    let entry = NexthopEntry {
        tunnel: TunnelKind::None,
        ..entry(NexthopKind::Tunnel)
    };
    assert_eq!(judged(entry, packet(VifKind::Vm)), INVALID_NEXTHOP);
}

/// A frame from a VM.
fn frame(from: VifKind) -> Meta {
    let mut meta = packet(from);
    meta.bridge.l3 = false;
    meta.route.routed = false;
    meta
}

/// The copy of a frame for a leg of a list.
fn copy(leg: Leg, tunnelled: bool) -> Meta {
    let mut meta = frame(VifKind::Fabric);
    meta.arrival.round.kind = RoundKind::Member;
    meta.decap.tunnelled = tunnelled;
    meta.parse.src = FAR;
    meta.member.leg = leg;
    meta
}

#[test]
fn what_goes_round_takes_no_hop() {
    let mut listed = frame(VifKind::Vm);
    listed.inner.ttl = 1;
    assert_eq!(judged(entry(NexthopKind::List), listed), INVALID_NEXTHOP);
    listed.member.list = true;
    assert_eq!(judged(entry(NexthopKind::List), listed), Verdict::Continue);
    let mut routed = packet(VifKind::Vm);
    routed.inner.ttl = 1;
    for (meta, bridge) in [(routed, false), (listed, true)] {
        let other_vrf = |bridge| NexthopEntry {
            bridge,
            ..entry(NexthopKind::Translate)
        };
        assert_eq!(judged(other_vrf(bridge), meta), Verdict::Continue);
        assert_eq!(judged(other_vrf(!bridge), meta), INVALID_NEXTHOP);
        let mut last = meta;
        last.arrival.round.hops = ROUND_LIMIT - 1;
        assert_eq!(judged(other_vrf(bridge), last), Verdict::Continue);
        last.arrival.round.hops = ROUND_LIMIT;
        let loops = Verdict::Drop(DropReason::PacketLoop);
        assert_eq!(judged(other_vrf(bridge), last), loops);
    }
}

#[test]
fn a_copy_does_not_go_back_to_the_end_that_sent_it() {
    let nobody = Verdict::Drop(DropReason::Unknown);
    let tunnel = entry(NexthopKind::Tunnel);
    for (leg, skips) in [
        (Leg::Tree, true),
        (Leg::Tor, true),
        (Leg::Evpn, false),
        (Leg::Local, false),
    ] {
        let expected = if skips { nobody } else { Verdict::Continue };
        assert_eq!(judged(tunnel, copy(leg, true)), expected, "{leg}");
        assert_eq!(judged(tunnel, copy(leg, false)), Verdict::Continue);
        let mut elsewhere = copy(leg, true);
        elsewhere.parse.src += 1;
        assert_eq!(judged(tunnel, elsewhere), Verdict::Continue);
    }
    let mut skipped = copy(Leg::Local, true);
    skipped.member.skip = true;
    let invalid = NexthopEntry {
        valid: false,
        ..tunnel
    };
    assert_eq!(judged(invalid, skipped), nobody, "there is no packet");
}

#[test]
fn leaves_reach_only_roots() {
    let mut leaf = frame(VifKind::Vm);
    leaf.classify.entry.learn = true;
    let leaf_to_leaf = Verdict::Drop(DropReason::LeafToLeaf);
    for kind in [NexthopKind::Encap, NexthopKind::Tunnel] {
        let of = |etree_root| NexthopEntry {
            bridge: true,
            etree_root,
            ..entry(kind)
        };
        assert_eq!(judged(of(false), leaf), leaf_to_leaf, "{kind}");
        assert_eq!(judged(of(true), leaf), Verdict::Continue, "{kind}");
        let changes: [fn(&mut Meta); 3] = [
            |meta| meta.classify.entry.etree_root = true,
            |meta| meta.classify.entry.learn = false,
            |meta| meta.classify.entry.kind = VifKind::Fabric,
        ];
        for (i, change) in changes.into_iter().enumerate() {
            let mut other = leaf;
            change(&mut other);
            assert_eq!(judged(of(false), other), Verdict::Continue, "change {i}");
        }
    }
}

#[test]
fn along_a_tree_goes_mpls_over_ipv4_and_nvgre_carries_frames() {
    use TunnelKind::{MplsGre, MplsUdp, Nvgre, Stt, Vxlan};
    let wraps = |tunnel, tunnel_v6, meta| {
        let entry = NexthopEntry {
            tunnel,
            tunnel_v6,
            ..entry(NexthopKind::Tunnel)
        };
        judged(entry, meta) == Verdict::Continue
    };
    let tree = copy(Leg::Tree, false);
    for (tunnel, of_tree) in [
        (MplsGre, true),
        (MplsUdp, true),
        (Vxlan, false),
        (Nvgre, false),
    ] {
        assert_eq!(wraps(tunnel, false, tree), of_tree, "{tunnel}");
        assert!(!wraps(tunnel, true, tree), "{tunnel}");
        assert!(wraps(tunnel, true, copy(Leg::Evpn, false)), "{tunnel}");
    }
    assert!(
        !wraps(Stt, false, frame(VifKind::Vm)),
        "the card makes none"
    );
    assert!(wraps(Nvgre, false, frame(VifKind::Vm)));
    assert!(!wraps(Nvgre, false, packet(VifKind::Vm)), "routed");
}

#[test]
fn the_forwarding_class_is_that_of_dscp_or_priority() {
    let mut tables = tables();
    for (row, dscp) in [(2 * 128 + 46, 1), (2 * 128 + 72 + 5, 2), (3 * 128 + 46, 3)] {
        let class = QosEntry {
            valid: true,
            dscp,
            ..QosEntry::default()
        };
        put(&mut tables, id::QOS, row, &class);
    }
    let dscp = |change: fn(&mut Meta)| {
        let mut meta = frame(VifKind::Vm);
        meta.classify.entry.qos = 2;
        (meta.inner.ipv4, meta.inner.tos) = (true, 46 << 2 | 3);
        (meta.inner.tagged, meta.inner.priority) = (true, 5);
        change(&mut meta);
        nexthop(&tables, &mut meta);
        meta.qos.dscp
    };
    assert_eq!(dscp(|_| ()), 1);
    assert_eq!(dscp(|meta| meta.inner.ipv4 = false), 2);
    assert_eq!(
        dscp(|meta| {
            (meta.inner.ipv4, meta.inner.tagged) = (false, false);
        }),
        0
    );
    assert_eq!(dscp(|meta| meta.flow.onward.qos = 3), 3, "the flow's map");
    assert_eq!(dscp(|meta| meta.classify.entry.qos = 0), 0, "no map");
    assert_eq!(dscp(|meta| meta.classify.entry.qos = 10), 1, "low bits");
}

#[test]
fn what_is_answered_takes_no_nexthop() {
    let mut meta = packet(VifKind::Vm);
    meta.answer.on = true;
    meta.classify.entry.qos = 1;
    let before = (meta.nexthop, meta.qos);
    let mut tables = tables();
    put(&mut tables, id::NEXTHOP, 30, &entry(NexthopKind::Discard));
    nexthop(&tables, &mut meta);
    assert_eq!(verdict(&meta), Verdict::Deliver);
    assert_eq!((meta.nexthop, meta.qos), before);
}
