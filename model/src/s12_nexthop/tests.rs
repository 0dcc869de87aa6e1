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
