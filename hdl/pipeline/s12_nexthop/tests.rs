//! What each kind of nexthop says of which packets, in which order, and by which row of `qos` they are marked.

use super::{nexthop, LATENCY};
use crate::pipeline::bench::Bench;
use underpass_layout::meta::{Meta, RoundKind, ROUND_LIMIT};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{id, Leg, NexthopEntry, NexthopKind, QosEntry, TunnelKind, VifKind};
use underpass_layout::{DropReason, PuntReason, Verdict};

const NEAR: u128 = 0x0a00_0001;
const FAR: u128 = 0x0a00_0002;

fn bench() -> Bench {
    Bench::new(LATENCY, |slot, bus| nexthop(&SIM, slot, bus))
}

fn drop(why: DropReason) -> Verdict {
    Verdict::Drop(why)
}

fn punt(why: PuntReason) -> Verdict {
    Verdict::Punt(why)
}

/// A bridged frame of a VM.
fn frame() -> Meta {
    let mut meta = Meta::default();
    meta.classify.entry.kind = VifKind::Vm;
    meta.inner.ttl = 64;
    meta.parse.src = FAR;
    meta
}

fn with(meta: Meta, change: impl FnOnce(&mut Meta)) -> Meta {
    let mut meta = meta;
    change(&mut meta);
    meta
}

fn routed(ttl: u8) -> Meta {
    with(frame(), |meta| {
        meta.bridge.l3 = true;
        meta.route.routed = true;
        meta.inner.ttl = ttl;
    })
}

fn tunnelled(meta: Meta) -> Meta {
    with(meta, |meta| {
        meta.classify.entry.kind = VifKind::Fabric;
        meta.decap.tunnelled = true;
    })
}

/// The copy for a leg, of what came through a tunnel.
fn copy(leg: Leg) -> Meta {
    with(tunnelled(frame()), |meta| {
        meta.arrival.round.kind = RoundKind::Member;
        meta.member.leg = leg;
    })
}

fn of(kind: NexthopKind) -> NexthopEntry {
    NexthopEntry {
        valid: true,
        kind,
        bridge: true,
        etree_root: true,
        tunnel_dst: NEAR,
        tunnel: TunnelKind::MplsUdp,
        ..Default::default()
    }
}

fn tunnel(tunnel: TunnelKind) -> NexthopEntry {
    NexthopEntry {
        tunnel,
        ..of(NexthopKind::Tunnel)
    }
}

/// The verdicts, each nexthop in a row of its own.
fn judged(cases: &[(Meta, NexthopEntry)]) -> Vec<(Verdict, bool)> {
    let mut bench = bench();
    let mut packets = Vec::new();
    for (row, (meta, entry)) in cases.iter().enumerate() {
        bench.write(id::NEXTHOP, row, entry);
        packets.push(with(*meta, |meta| meta.route.nexthop = row as u32));
    }
    let seen = bench.run(&packets);
    for (out, (_, entry)) in seen.iter().zip(cases) {
        assert_eq!(out.nexthop, *entry);
    }
    let said = |meta: &Meta| (meta.verdict.into(), meta.member.skip);
    seen.iter().map(said).collect()
}

fn check(cases: &[(Meta, NexthopEntry, Verdict)]) {
    let asked: Vec<_> = cases.iter().map(|case| (case.0, case.1)).collect();
    for (number, ((verdict, _), case)) in judged(&asked).into_iter().zip(cases).enumerate() {
        assert_eq!(verdict, case.2, "case {number}: {:?} {:?}", case.0, case.1);
    }
}

#[test]
fn each_kind_has_its_verdict() {
    use NexthopKind::*;
    let open = Verdict::Continue;
    let invalid = drop(DropReason::InvalidNexthop);
    let listed = with(frame(), |meta| meta.member.list = true);
    check(&[
        (frame(), NexthopEntry::default(), invalid),
        (frame(), of(Discard), drop(DropReason::Discard)),
        (frame(), of(Encap), open),
        (routed(64), of(Encap), invalid),
        (frame(), of(Tunnel), open),
        (frame(), of(Receive), punt(PuntReason::Receive)),
        (frame(), of(L2Receive), invalid),
        (frame(), of(Resolve), punt(PuntReason::Resolve)),
        (frame(), of(Ecmp), invalid),
        (frame(), of(List), invalid),
        (listed, of(List), open),
        (frame(), of(Translate), open),
        (routed(64), of(Translate), invalid),
    ]);
}

#[test]
fn the_last_hop_is_told_of_unless_the_packet_leaves_later() {
    let of_frames = |kind| NexthopEntry {
        bridge: false,
        ..of(kind)
    };
    let listed = with(routed(1), |meta| meta.member.list = true);
    let zero = punt(PuntReason::ZeroTtl);
    check(&[
        (routed(1), of_frames(NexthopKind::Encap), zero),
        (routed(1), of(NexthopKind::Tunnel), zero),
        (tunnelled(routed(1)), of(NexthopKind::Tunnel), zero),
        (
            tunnelled(routed(1)),
            of_frames(NexthopKind::Encap),
            Verdict::Continue,
        ),
        (
            routed(1),
            of_frames(NexthopKind::Translate),
            Verdict::Continue,
        ),
        (listed, of(NexthopKind::List), Verdict::Continue),
    ]);
}

#[test]
fn a_tunnel_takes_what_it_can_carry() {
    let open = Verdict::Continue;
    let invalid = drop(DropReason::InvalidNexthop);
    let v6 = NexthopEntry {
        tunnel_v6: true,
        ..tunnel(TunnelKind::MplsGre)
    };
    check(&[
        (frame(), tunnel(TunnelKind::None), invalid),
        (frame(), tunnel(TunnelKind::Stt), invalid),
        (frame(), tunnel(TunnelKind::Nvgre), open),
        (routed(64), tunnel(TunnelKind::Nvgre), invalid),
        (copy(Leg::Tree), tunnel(TunnelKind::MplsGre), open),
        (copy(Leg::Tree), tunnel(TunnelKind::MplsUdp), open),
        (copy(Leg::Tree), tunnel(TunnelKind::Vxlan), invalid),
        (copy(Leg::Tree), tunnel(TunnelKind::Nvgre), invalid),
        (copy(Leg::Tree), v6, invalid),
        (copy(Leg::Evpn), v6, open),
    ]);
}

#[test]
fn out_of_one_tunnel_into_another_goes_what_is_routed_or_a_copy() {
    let back = NexthopEntry {
        tunnel_dst: FAR,
        ..of(NexthopKind::Tunnel)
    };
    let other_family = NexthopEntry {
        tunnel_v6: true,
        ..back
    };
    let open = Verdict::Continue;
    check(&[
        (
            tunnelled(frame()),
            of(NexthopKind::Tunnel),
            drop(DropReason::InvalidSource),
        ),
        (tunnelled(routed(64)), of(NexthopKind::Tunnel), open),
        (tunnelled(routed(64)), back, drop(DropReason::PacketLoop)),
        (tunnelled(routed(64)), other_family, open),
        (copy(Leg::Evpn), of(NexthopKind::Tunnel), open),
        (copy(Leg::Evpn), back, open),
    ]);
}

#[test]
fn a_copy_does_not_return_to_the_end_that_sent_it() {
    let back = NexthopEntry {
        tunnel_dst: FAR,
        ..of(NexthopKind::Tunnel)
    };
    // It is none, whatever else would be said of it.
    let impossible = NexthopEntry {
        tunnel: TunnelKind::None,
        ..back
    };
    let unresolved = NexthopEntry {
        kind: NexthopKind::Resolve,
        ..back
    };
    let of_vm = with(copy(Leg::Tree), |meta| meta.decap.tunnelled = false);
    let known = with(copy(Leg::Local), |meta| meta.member.skip = true);
    let decided = with(known, |meta| {
        meta.verdict = drop(DropReason::InvalidInterface).bits();
    });
    let none = (drop(DropReason::Unknown), true);
    let seen = judged(&[
        (copy(Leg::Tree), back),
        (copy(Leg::Tor), back),
        (copy(Leg::Tree), impossible),
        (known, NexthopEntry::default()),
        (copy(Leg::Local), back),
        (of_vm, back),
        (copy(Leg::Tree), unresolved),
        (decided, back),
    ]);
    assert_eq!(seen[..4], [none; 4]);
    assert_eq!(seen[4], (Verdict::Continue, false));
    assert_eq!(seen[5], (Verdict::Continue, false));
    assert_eq!(seen[6], (punt(PuntReason::Resolve), false));
    assert_eq!(seen[7], (drop(DropReason::InvalidInterface), false));
}

#[test]
fn leaves_of_an_e_tree_reach_its_roots_alone() {
    let leaf = with(frame(), |meta| meta.classify.entry.learn = true);
    let root = with(leaf, |meta| meta.classify.entry.etree_root = true);
    let far = tunnelled(leaf);
    let listed = with(leaf, |meta| meta.member.list = true);
    let copy = with(leaf, |meta| meta.arrival.round.kind = RoundKind::Member);
    let to_leaf = |kind| NexthopEntry {
        etree_root: false,
        ..of(kind)
    };
    let between = drop(DropReason::LeafToLeaf);
    let open = Verdict::Continue;
    check(&[
        (leaf, to_leaf(NexthopKind::Encap), between),
        (leaf, to_leaf(NexthopKind::Tunnel), between),
        (copy, to_leaf(NexthopKind::Encap), between),
        (leaf, of(NexthopKind::Encap), open),
        (root, to_leaf(NexthopKind::Encap), open),
        (frame(), to_leaf(NexthopKind::Encap), open),
        (far, to_leaf(NexthopKind::Encap), open),
        (listed, to_leaf(NexthopKind::List), open),
        (
            with(leaf, |meta| meta.bridge.l3 = true),
            to_leaf(NexthopKind::Tunnel),
            open,
        ),
    ]);
}

#[test]
fn translations_end() {
    let after = |hops| with(frame(), |meta| meta.arrival.round.hops = hops);
    check(&[
        (
            after(ROUND_LIMIT - 1),
            of(NexthopKind::Translate),
            Verdict::Continue,
        ),
        (
            after(ROUND_LIMIT),
            of(NexthopKind::Translate),
            drop(DropReason::PacketLoop),
        ),
        (
            after(ROUND_LIMIT),
            of(NexthopKind::Encap),
            Verdict::Continue,
        ),
    ]);
}

#[test]
fn a_mark_is_found_by_dscp_or_by_priority() {
    let mut bench = bench();
    // Every row says where it is.
    for row in 0..1024usize {
        let entry = QosEntry {
            valid: true,
            dscp: (row % 64) as u8,
            exp: (row / 64 % 8) as u8,
            priority: (row / 512) as u8,
            ..Default::default()
        };
        bench.write(id::QOS, row, &entry);
    }
    let of_interface = |map| with(frame(), |meta| meta.classify.entry.qos = map);
    let dscp = |meta, dscp: u8| {
        with(meta, |meta| {
            meta.inner.ipv6 = true;
            meta.inner.tos = dscp << 2 | 3;
        })
    };
    let priority = |meta, priority| {
        with(meta, |meta: &mut Meta| {
            meta.inner.tagged = true;
            meta.inner.priority = priority;
        })
    };
    let of_flow = |meta, map| {
        with(meta, |meta: &mut Meta| {
            meta.flow.goes_onward = true;
            meta.flow.onward.qos = map;
        })
    };
    let not_onward = with(of_flow(dscp(of_interface(2), 46), 3), |meta| {
        meta.flow.goes_onward = false;
    });
    let cases = [
        (dscp(of_interface(0), 46), None),
        (dscp(of_interface(2), 46), Some(2 * 128 + 46)),
        (dscp(of_interface(1), 63), Some(128 + 63)),
        (priority(of_interface(2), 5), Some(2 * 128 + 72 + 5)),
        (priority(dscp(of_interface(2), 9), 5), Some(2 * 128 + 9)),
        (of_interface(2), None),
        (of_flow(dscp(of_interface(2), 46), 3), Some(3 * 128 + 46)),
        (of_flow(dscp(of_interface(2), 46), 0), Some(2 * 128 + 46)),
        (
            of_flow(priority(of_interface(0), 7), 7),
            Some(7 * 128 + 72 + 7),
        ),
        (not_onward, Some(2 * 128 + 46)),
    ];
    let packets = cases.map(|case| case.0);
    for ((_, row), out) in cases.iter().zip(bench.run(&packets)) {
        let qos = out.qos;
        let found =
            usize::from(qos.priority) * 512 + usize::from(qos.exp) * 64 + usize::from(qos.dscp);
        assert_eq!(qos.valid.then_some(found), *row);
    }
}

#[test]
fn an_answer_leaves_whatever_row_0_says() {
    let mut bench = bench();
    bench.write(id::NEXTHOP, 0, &tunnel(TunnelKind::MplsUdp));
    let answered = with(frame(), |meta| meta.answer.on = true);
    let refused = with(answered, |meta| meta.verdict = punt(PuntReason::Arp).bits());
    let out = bench.run(&[answered, refused]);
    assert_eq!(Verdict::from(out[0].verdict), Verdict::Deliver);
    assert_eq!(out[0].nexthop, NexthopEntry::default());
    assert_eq!(Verdict::from(out[1].verdict), punt(PuntReason::Arp));
}
