use super::*;
use crate::decide::Decide;
use crate::s14_encap::{encap, Identification};
use crate::testing::from_vif;
use underpass_layout::tables::{NexthopEntry, NexthopKind, VifKind};
use underpass_layout::{DropReason, PuntReason, Verdict};

const FAR: u128 = 0x0800_0003;

/// A frame of 62 bytes from the VM behind interface 3 to that behind interface 4.
fn from_vm() -> Meta {
    let mut meta = from_vif(VifKind::Vm);
    meta.arrival.port = 0x101;
    meta.arrival.length = 62;
    meta.classify.vif = 3;
    meta.decap.frame = true;
    meta.decap.vrf = 2;
    meta.inner.l3_offset = 14;
    meta.rewrite.entropy = 0xd1fe;
    meta.nexthop = NexthopEntry {
        valid: true,
        kind: NexthopKind::Encap,
        bridge: true,
        vif: 4,
        port: 0x102,
        ..NexthopEntry::default()
    };
    meta
}

/// The same frame from another node: 50 bytes of headers in front.
fn from_tunnel() -> Meta {
    let mut meta = from_vm();
    meta.classify.entry.kind = VifKind::Fabric;
    meta.classify.vif = 0;
    meta.arrival.port = 0;
    meta.arrival.length = 112;
    meta.parse.tunnel = TunnelKind::Vxlan;
    meta.parse.src = FAR;
    meta.parse.label = 5002;
    meta.decap.tunnelled = true;
    meta.decap.offset = 50;
    meta.inner.l3_offset = 64;
    meta
}

/// That of [`from_tunnel`] as it comes back, out of its tunnel.
const TENANT: Round = Round {
    kind: RoundKind::Tenant,
    received: true,
    flowed: true,
    tunnelled: true,
    frame: true,
    vrf: 2,
    tunnel: TunnelKind::Vxlan,
    outer_src: FAR,
    outer_label: 5002,
    ..FIRST
};

/// That of [`from_vm`] once more.
const AGAIN: Round = Round {
    kind: RoundKind::Again,
    vif: 3,
    port: 0x101,
    received: true,
    ..FIRST
};

fn edited(meta: Meta) -> Edit {
    let mut meta = meta;
    let edit = encap(&mut Identification::default(), &mut meta);
    assert_eq!(edit.errand.on, edit.port == port::ROUND);
    edit
}

/// What comes back, and what leaves for it: bytes taken off the front, length.
fn rounds(meta: Meta) -> (Errand, u8, u16) {
    let edit = edited(meta);
    assert!(edit.errand.on && !edit.drop);
    assert_eq!(
        (edit.kind, edit.add, edit.vif),
        (HeaderKind::Bare, 0, meta.classify.vif)
    );
    (edit.errand, edit.strip, edit.length)
}

fn behind(mirrors: [u16; 3], round: Round) -> Errand {
    Errand {
        on: true,
        mirror: mirrors[0],
        second: mirrors[1],
        third: mirrors[2],
        entropy: 0xd1fe,
        round,
        ..NONE
    }
}

fn mirror_flow(meta: &mut Meta) {
    meta.flow.goes_onward = true;
    (meta.flow.onward.mirror, meta.flow.onward.second_mirror) = (6, 7);
}

#[test]
fn what_has_no_errand_leaves() {
    let edit = edited(from_vm());
    assert_eq!((edit.port, edit.errand), (0x102, NONE));
}

#[test]
fn an_interface_mirrors_what_it_receives_whatever_becomes_of_it() {
    let verdicts = [
        Verdict::Continue,
        Verdict::Deliver,
        Verdict::Drop(DropReason::L2NoRoute),
        Verdict::Punt(PuntReason::Arp),
    ];
    for verdict in verdicts {
        let mut meta = from_vm();
        meta.classify.entry.mirror = 5;
        meta.decide(verdict);
        assert_eq!(rounds(meta), (behind([5, 0, 0], AGAIN), 0, 62), "{verdict}");
        let mut tunnelled = from_tunnel();
        tunnelled.classify.entry.mirror = 5;
        tunnelled.decide(verdict);
        let again = Round {
            vif: 0,
            port: 0,
            ..AGAIN
        };
        assert_eq!(rounds(tunnelled), (behind([5, 0, 0], again), 0, 112));
    }
}

#[test]
fn it_does_so_once_and_not_for_the_slow_path() {
    let changes: [fn(&mut Meta); 5] = [
        |meta| meta.arrival.injected = true,
        |meta| meta.arrival.round.kind = RoundKind::Again,
        |meta| meta.arrival.round.kind = RoundKind::Member,
        |meta| meta.arrival.round.quiet = true,
        |meta| meta.classify.entry.valid = false,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut meta = from_vm();
        meta.classify.entry.mirror = 5;
        change(&mut meta);
        assert!(!edited(meta).errand.on, "change {i}");
    }
}

#[test]
fn a_flow_mirrors_with_the_interface_where_the_packet_is_as_it_came() {
    let mut meta = from_vm();
    mirror_flow(&mut meta);
    let flowed = Round {
        flowed: true,
        ..AGAIN
    };
    assert_eq!(rounds(meta), (behind([6, 7, 0], flowed), 0, 62));
    meta.classify.entry.mirror = 5;
    meta.flow.onward.mirror = 0;
    assert_eq!(rounds(meta), (behind([5, 7, 0], flowed), 0, 62));
    meta.arrival.injected = true;
    assert_eq!(rounds(meta), (behind([7, 0, 0], flowed), 64, 62));
    meta.arrival.round.flowed = true;
    assert!(!edited(meta).errand.on);
}

#[test]
fn from_a_tunnel_a_flow_mirrors_the_tenants_packet() {
    let mut meta = from_tunnel();
    mirror_flow(&mut meta);
    assert_eq!(rounds(meta), (behind([6, 7, 0], TENANT), 50, 62));
    meta.decap.tree = true;
    let tree = Round {
        tree: true,
        ..TENANT
    };
    assert_eq!(rounds(meta), (behind([6, 7, 0], tree), 14, 98));
    meta.classify.entry.mirror = 5;
    let again = Round {
        vif: 0,
        port: 0,
        ..AGAIN
    };
    assert_eq!(
        rounds(meta),
        (behind([5, 0, 0], again), 0, 112),
        "the flow's come later"
    );
}

#[test]
fn a_new_source_is_learnt_from_as_it_came() {
    for (mut meta, round) in [
        (from_vm(), AGAIN),
        (
            from_tunnel(),
            Round {
                vif: 0,
                port: 0,
                ..AGAIN
            },
        ),
    ] {
        meta.bridge.learn = true;
        let expected = Errand {
            learn: true,
            ..behind([0; 3], round)
        };
        assert_eq!(rounds(meta), (expected, 0, meta.arrival.length));
    }
}

#[test]
fn a_list_has_a_copy_for_each_member() {
    let mut meta = from_tunnel();
    meta.nexthop.kind = NexthopKind::List;
    (meta.member.list, meta.member.count, meta.member.first) = (true, 3, 40);
    meta.member.origin = Leg::Evpn;
    (meta.route.nexthop, meta.route.label) = (90, 5003);
    meta.decap.flood_unknown = true;
    let round = Round {
        kind: RoundKind::Member,
        judged: true,
        direct: true,
        nexthop: 90,
        label: 5003,
        origin: Leg::Evpn,
        position: 40,
        ..TENANT
    };
    let errand = Errand {
        members: 3,
        ..behind([0; 3], round)
    };
    assert_eq!(rounds(meta), (errand, 50, 62));
    meta.classify.entry.mirror = 5;
    assert_eq!(rounds(meta).0.members, 0, "its mirror comes first");
}

#[test]
fn another_vrf_is_a_hop() {
    let mut meta = from_tunnel();
    meta.nexthop.kind = NexthopKind::Translate;
    meta.nexthop.vrf = 9;
    meta.rewrite.patch.on = true;
    meta.arrival.round.hops = 2;
    meta.decap.flood_unknown = true;
    let frame = Round {
        judged: true,
        vrf: 9,
        hops: 3,
        flood_unknown: true,
        ..TENANT
    };
    assert_eq!(rounds(meta), (behind([0; 3], frame), 50, 62));
    meta.bridge.l3 = true;
    let packet = Round {
        frame: false,
        ..frame
    };
    assert_eq!(rounds(meta), (behind([0; 3], packet), 64, 48));
    assert!(edited(meta).patch.on);
}

#[test]
fn what_leaves_is_mirrored_as_it_leaves() {
    let mut meta = from_vm();
    meta.nexthop.mirror = 8;
    let plain = edited(from_vm());
    let edit = edited(meta);
    let transmit = Round {
        kind: RoundKind::Transmit,
        vif: 4,
        port: 0x102,
        received: true,
        flowed: true,
        judged: true,
        ..FIRST
    };
    let expected = Edit {
        port: port::ROUND,
        errand: behind([8, 0, 0], transmit),
        ..plain
    };
    assert_eq!(edit, expected);
    meta.arrival.round.quiet = true;
    assert_eq!(edited(meta), plain, "a copy for an analyzer");
}

#[test]
fn what_only_has_to_be_transmitted_is() {
    let mut meta = from_vif(VifKind::Vm);
    meta.arrival.length = 62;
    meta.arrival.round = Round {
        kind: RoundKind::Transmit,
        vif: 4,
        port: 0x102,
        ..FIRST
    };
    meta.decide(Verdict::Deliver);
    let edit = edited(meta);
    assert_eq!(
        (edit.port, edit.vif, edit.strip, edit.length),
        (0x102, 4, 0, 62)
    );
}

/// All that the slow path can know.
const KNOWN: Known = Known {
    ports: true,
    src_port: 11,
    dst_port: 22,
    routed: true,
    nexthop: 33,
    label: 44,
};

#[test]
fn what_the_slow_path_knew_comes_along_to_where_it_holds() {
    let mut again = from_vm();
    again.arrival.injected = true;
    again.arrival.round.known = KNOWN;
    again.arrival.round.judged = true;
    mirror_flow(&mut again);
    let round = rounds(again).0.round;
    assert_eq!((round.kind, round.known), (RoundKind::Again, KNOWN));
    assert!(round.judged);
    let mut tenant = from_tunnel();
    tenant.arrival.round.known = KNOWN;
    mirror_flow(&mut tenant);
    assert_eq!(rounds(tenant).0.round.known, KNOWN);
    let mut translated = from_tunnel();
    translated.arrival.round.known = KNOWN;
    translated.nexthop.kind = NexthopKind::Translate;
    let ports = Known {
        ports: true,
        src_port: 11,
        dst_port: 22,
        ..Known::default()
    };
    assert_eq!(rounds(translated).0.round.known, ports, "another VRF");
    let mut list = from_tunnel();
    list.arrival.round.known = KNOWN;
    (list.member.list, list.member.count) = (true, 2);
    assert_eq!(rounds(list).0.round.known, Known::default());
    let mut transmit = from_vm();
    transmit.arrival.round.known = KNOWN;
    transmit.nexthop.mirror = 8;
    assert_eq!(edited(transmit).errand.round.known, Known::default());
}

#[test]
fn what_tells_is_shown_unless_the_slow_path_gets_it() {
    let mut meta = from_vm();
    meta.answer.shown = true;
    let expected = Errand {
        learn: true,
        ..behind([0; 3], AGAIN)
    };
    assert_eq!(rounds(meta), (expected, 0, 62));
    meta.decide(Verdict::Punt(PuntReason::Arp));
    assert!(!edited(meta).errand.on);
    meta.decide(Verdict::Drop(DropReason::L2NoRoute));
    assert!(edited(meta).errand.learn);
}
