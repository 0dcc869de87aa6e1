//! What a packet goes round for, in which order, and with what it comes back.

use super::{from_vm, none, Bench};
use underpass_layout::meta::{Edit, Errand, HeaderKind, Known, Meta, Patch, Round, RoundKind};
use underpass_layout::port::ROUND;
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::{Leg, NexthopEntry, NexthopKind, TunnelKind};
use underpass_layout::{DropReason, PuntReason, Verdict};

const RX: u16 = 11;
const ONE: u16 = 22;
const TWO: u16 = 33;

fn with(meta: Meta, change: impl FnOnce(&mut Meta)) -> Meta {
    let mut meta = meta;
    change(&mut meta);
    meta
}

fn mirrored(meta: Meta) -> Meta {
    with(meta, |meta| meta.classify.entry.mirror = RX)
}

fn flows(meta: Meta, one: u16, two: u16) -> Meta {
    with(meta, |meta| {
        meta.flow.goes_onward = true;
        meta.flow.onward.mirror = one;
        meta.flow.onward.second_mirror = two;
    })
}

fn learns(meta: Meta) -> Meta {
    with(meta, |meta| meta.bridge.learn = true)
}

/// A frame from a VXLAN tunnel, 50 bytes into the packet.
fn tunnelled(meta: Meta) -> Meta {
    with(meta, |meta| {
        meta.decap.tunnelled = true;
        meta.decap.offset = 50;
        meta.decap.nexthop = 77;
        meta.decap.label = 78;
        meta.decap.direct = true;
        meta.decap.flood_unknown = true;
        meta.parse.tunnel = TunnelKind::Vxlan;
        meta.parse.src = 0x0a00_0001;
        meta.parse.label = 4096;
        meta.inner.l3_offset = 64;
        meta.rewrite.payload = 150;
    })
}

fn comes_as(meta: Meta, kind: RoundKind) -> Meta {
    with(meta, |meta| {
        meta.arrival.port = ROUND;
        meta.arrival.round.kind = kind;
        meta.arrival.round.port = 0x103;
        meta.arrival.round.vif = 3;
    })
}

/// What comes back as it came.
fn again() -> Round {
    Round {
        kind: RoundKind::Again,
        vif: 3,
        port: 0x103,
        received: true,
        ..Default::default()
    }
}

/// What comes back out of the tunnel of [`tunnelled`].
fn tenant() -> Round {
    Round {
        kind: RoundKind::Tenant,
        flowed: true,
        tunnelled: true,
        frame: true,
        vrf: 2,
        direct: true,
        nexthop: 77,
        label: 78,
        flood_unknown: true,
        tunnel: TunnelKind::Vxlan,
        outer_src: 0x0a00_0001,
        outer_label: 4096,
        ..again()
    }
}

fn for_mirrors(mirrors: [u16; 3], round: Round) -> Errand {
    let [mirror, second, third] = mirrors;
    Errand {
        on: true,
        mirror,
        second,
        third,
        entropy: 0xe1c3,
        round,
        ..Default::default()
    }
}

/// It goes round with nothing in front and so much off it.
fn bare(strip: u8, length: u16, errand: Errand) -> Edit {
    Edit {
        port: ROUND,
        vif: 3,
        strip,
        length,
        errand,
        ..Default::default()
    }
}

fn check(cases: &[(Meta, Edit)]) {
    let packets: Vec<Meta> = cases.iter().map(|case| case.0).collect();
    for (number, (seen, (meta, edit))) in Bench::new().run(&packets).iter().zip(cases).enumerate() {
        assert_eq!(seen.edit, *edit, "case {number}: {meta:#?}");
        let verdict = match Verdict::from(meta.verdict) {
            Verdict::Continue => Verdict::Deliver,
            decided => decided,
        };
        assert_eq!((seen.verdict, seen.lost), (verdict, false), "case {number}");
    }
}

#[test]
fn mirrors_come_first_and_closed_up() {
    let flowed = Round {
        flowed: true,
        ..again()
    };
    let learnt = Errand {
        learn: true,
        ..for_mirrors([0; 3], again())
    };
    let case = |meta: Meta, mirrors, round| (meta, bare(0, 200, for_mirrors(mirrors, round)));
    let vm = from_vm();
    check(&[
        case(mirrored(vm), [RX, 0, 0], again()),
        case(flows(vm, ONE, TWO), [ONE, TWO, 0], flowed),
        case(flows(vm, 0, TWO), [TWO, 0, 0], flowed),
        case(flows(mirrored(vm), 0, TWO), [RX, TWO, 0], flowed),
        case(flows(mirrored(vm), ONE, 0), [RX, ONE, 0], flowed),
        case(flows(mirrored(vm), ONE, TWO), [RX, ONE, TWO], flowed),
        (learns(vm), bare(0, 200, learnt)),
    ]);
}

#[test]
fn a_copy_comes_before_every_verdict() {
    let decided =
        |verdict: Verdict| with(mirrored(from_vm()), |meta| meta.verdict = verdict.bits());
    let errand = for_mirrors([RX, 0, 0], again());
    check(
        &[
            Verdict::Drop(DropReason::FlowActionDrop),
            Verdict::Punt(PuntReason::Arp),
            Verdict::Deliver,
        ]
        .map(|verdict| (decided(verdict), bare(0, 200, errand))),
    );
}

#[test]
fn what_was_done_is_not_done_again() {
    let vm = flows(mirrored(from_vm()), ONE, TWO);
    let back = comes_as(vm, RoundKind::Again);
    let flowed = Round {
        flowed: true,
        ..again()
    };
    let done = with(back, |meta| meta.arrival.round.flowed = true);
    let member = comes_as(learns(vm), RoundKind::Member);
    let quiet = with(comes_as(vm, RoundKind::Tenant), |meta| {
        meta.arrival.round.quiet = true;
    });
    let none_there = with(mirrored(from_vm()), |meta| {
        meta.classify.entry.valid = false
    });
    let seen = Bench::new().edits(&[back, done, member, quiet, none_there]);
    assert_eq!(seen[0], bare(0, 200, for_mirrors([ONE, TWO, 0], flowed)));
    for edit in &seen[1..] {
        assert_eq!(edit.errand, none());
    }
}

#[test]
fn what_the_slow_path_sends_is_mirrored_for_its_flow_alone() {
    let injected = with(flows(mirrored(from_vm()), ONE, 0), |meta| {
        meta.arrival.injected = true;
        meta.arrival.command = InjectCommand::Receive;
        meta.arrival.port = underpass_layout::port::SLOW;
    });
    let round = Round {
        flowed: true,
        port: underpass_layout::port::SLOW,
        ..again()
    };
    check(&[(injected, bare(64, 200, for_mirrors([ONE, 0, 0], round)))]);
}

#[test]
fn out_of_a_tunnel_the_interface_is_first_and_the_flow_in_the_next_round() {
    let packet = tunnelled(from_vm());
    let rx = for_mirrors([RX, 0, 0], again());
    let learnt = Errand {
        learn: true,
        ..for_mirrors([0; 3], again())
    };
    let flowed = for_mirrors([ONE, TWO, 0], tenant());
    let tree = with(flows(packet, ONE, 0), |meta| meta.decap.tree = true);
    let of_tree = Round {
        tree: true,
        ..tenant()
    };
    let judged = with(comes_as(flows(packet, ONE, 0), RoundKind::Tenant), |meta| {
        meta.arrival.round.judged = true;
        meta.arrival.round.hops = 3;
        meta.decap.offset = 0;
    });
    let of_judged = Round {
        judged: true,
        hops: 3,
        ..tenant()
    };
    let local = comes_as(flows(from_vm(), ONE, 0), RoundKind::Tenant);
    let of_local = Round {
        kind: RoundKind::Tenant,
        flowed: true,
        frame: true,
        vrf: 2,
        ..again()
    };
    check(&[
        (flows(mirrored(packet), ONE, TWO), bare(0, 200, rx)),
        (flows(learns(packet), ONE, TWO), bare(0, 200, learnt)),
        (flows(packet, ONE, TWO), bare(50, 150, flowed)),
        (tree, bare(14, 186, for_mirrors([ONE, 0, 0], of_tree))),
        (judged, bare(0, 200, for_mirrors([ONE, 0, 0], of_judged))),
        (local, bare(0, 200, for_mirrors([ONE, 0, 0], of_local))),
    ]);
}

/// To the list that is nexthop 70 under label 71.
fn to_list(meta: Meta) -> Meta {
    with(meta, |meta| {
        meta.member.list = true;
        meta.member.count = 6;
        meta.member.first = 40;
        meta.member.origin = Leg::Tor;
        meta.route.nexthop = 70;
        meta.route.label = 71;
        meta.nexthop.kind = NexthopKind::List;
        meta.nexthop.mirror = 9;
    })
}

#[test]
fn a_list_gets_what_was_in_the_tunnel_once_for_each_member() {
    let round = Round {
        kind: RoundKind::Member,
        judged: true,
        nexthop: 70,
        label: 71,
        flood_unknown: false,
        origin: Leg::Tor,
        position: 40,
        ..tenant()
    };
    let of_list = |round| Errand {
        members: 6,
        ..for_mirrors([0; 3], round)
    };
    let quiet = with(
        comes_as(to_list(tunnelled(from_vm())), RoundKind::Tenant),
        |meta| {
            meta.arrival.round.quiet = true;
            meta.arrival.round.hops = 2;
        },
    );
    let of_quiet = Round {
        quiet: true,
        hops: 2,
        ..round
    };
    let tree = with(to_list(tunnelled(from_vm())), |meta| {
        meta.decap.tree = true;
    });
    let of_tree = Round {
        tree: true,
        ..round
    };
    let first = Round {
        flowed: true,
        ..again()
    };
    check(&[
        (to_list(tunnelled(from_vm())), bare(50, 150, of_list(round))),
        (quiet, bare(50, 150, of_list(of_quiet))),
        (tree, bare(14, 186, of_list(of_tree))),
        (
            flows(to_list(from_vm()), ONE, 0),
            bare(0, 200, for_mirrors([ONE, 0, 0], first)),
        ),
    ]);
}

#[test]
fn another_vrf_gets_the_packet_as_it_is_rewritten() {
    let patch = Patch {
        on: true,
        l3_offset: 64,
        ..Default::default()
    };
    let framed = with(tunnelled(from_vm()), |meta| {
        meta.nexthop.kind = NexthopKind::Translate;
        meta.nexthop.vrf = 8;
        meta.nexthop.mirror = 9;
        meta.rewrite.patch = patch;
        meta.arrival.round.hops = 0;
    });
    let routed = with(comes_as(framed, RoundKind::Tenant), |meta| {
        meta.bridge.l3 = true;
        meta.arrival.round.hops = 2;
        meta.arrival.round.quiet = true;
        meta.rewrite.payload = 136;
    });
    let round = Round {
        judged: true,
        hops: 1,
        vrf: 8,
        direct: false,
        nexthop: 0,
        label: 0,
        ..tenant()
    };
    let of_routed = Round {
        frame: false,
        quiet: true,
        hops: 3,
        ..round
    };
    let edit = |strip, length, round| Edit {
        patch,
        ..bare(strip, length, for_mirrors([0; 3], round))
    };
    check(&[
        (framed, edit(50, 150, round)),
        (routed, edit(64, 136, of_routed)),
    ]);
}

/// Routed into a tunnel behind interface 9 that is mirrored.
fn to_mirrored() -> Meta {
    with(from_vm(), |meta| {
        meta.bridge.l3 = true;
        meta.inner.l3_offset = 14;
        meta.rewrite.payload = 186;
        meta.rewrite.patch.on = true;
        meta.nexthop = NexthopEntry {
            valid: true,
            kind: NexthopKind::Tunnel,
            tunnel: TunnelKind::MplsUdp,
            vif: 9,
            port: 1,
            mirror: 44,
            ..Default::default()
        };
    })
}

#[test]
fn what_an_interface_is_sent_is_mirrored_as_it_leaves() {
    let plain = with(to_mirrored(), |meta| meta.nexthop.mirror = 0);
    let quiet = with(comes_as(to_mirrored(), RoundKind::Tenant), |meta| {
        meta.arrival.round.quiet = true;
    });
    let seen = Bench::new().edits(&[to_mirrored(), plain, quiet]);
    let round = Round {
        kind: RoundKind::Transmit,
        vif: 9,
        port: 1,
        flowed: true,
        judged: true,
        ..again()
    };
    assert_eq!(seen[0].errand, for_mirrors([44, 0, 0], round));
    assert_eq!((seen[0].port, seen[0].vif), (ROUND, 9));
    assert_eq!(seen[0].kind, HeaderKind::MplsUdp);
    // Else as without a mirror, but for the number of the packet.
    for other in [&seen[1], &seen[2]] {
        assert_eq!((other.port, other.errand), (1, none()));
        let same = |edit: &Edit| (edit.strip, edit.add, edit.kind, edit.length, edit.patch);
        assert_eq!(same(&seen[0]), same(other));
    }
    assert_eq!(seen[0].header[18..20], [0, 1]);
    assert_eq!(seen[1].header[18..20], [0, 2]);
}

#[test]
fn what_goes_round_without_headers_takes_no_number() {
    let plain = with(to_mirrored(), |meta| meta.nexthop.mirror = 0);
    let seen = Bench::new().edits(&[plain, mirrored(plain), flows(plain, ONE, 0), plain]);
    assert_eq!(seen[0].header[18..20], [0, 1]);
    assert_eq!((seen[1].header, seen[2].header), ([0; 96], [0; 96]));
    assert_eq!(seen[3].header[18..20], [0, 2]);
}

#[test]
fn what_a_mirror_has_leaves_as_it_is() {
    let meta = with(comes_as(from_vm(), RoundKind::Transmit), |meta| {
        meta.arrival.round.vif = 9;
        meta.arrival.round.port = 1;
        meta.verdict = Verdict::Deliver.bits();
    });
    let edit = Edit {
        port: 1,
        vif: 9,
        length: 200,
        ..Default::default()
    };
    check(&[(meta, edit)]);
}

/// What the slow path knew of a packet.
const KNOWN: Known = Known {
    ports: true,
    src_port: 1000,
    dst_port: 2000,
    routed: true,
    nexthop: 55,
    label: 66,
};

#[test]
fn what_the_slow_path_knew_comes_along_as_long_as_it_holds() {
    let known = |meta: Meta| {
        with(meta, |meta| {
            meta.arrival.round.known = KNOWN;
            meta.arrival.round.judged = true;
        })
    };
    let carried = |known: Known| Round {
        known,
        judged: true,
        ..again()
    };
    let in_other_vrf = Known {
        routed: false,
        nexthop: 0,
        label: 0,
        ..KNOWN
    };
    let seen = Bench::new().edits(&[
        known(mirrored(from_vm())),
        known(flows(tunnelled(from_vm()), ONE, 0)),
        known(with(tunnelled(from_vm()), |meta| {
            meta.nexthop.kind = NexthopKind::Translate;
        })),
        known(to_list(from_vm())),
        known(to_mirrored()),
    ]);
    let rounds: Vec<(RoundKind, Known, bool)> = seen
        .iter()
        .map(|edit| edit.errand.round)
        .map(|round| (round.kind, round.known, round.judged))
        .collect();
    assert_eq!(seen[0].errand.round, carried(KNOWN));
    assert_eq!(
        rounds[1..],
        [
            (RoundKind::Tenant, KNOWN, true),
            (RoundKind::Tenant, in_other_vrf, true),
            (RoundKind::Member, Known::default(), true),
            (RoundKind::Transmit, Known::default(), true),
        ]
    );
}

#[test]
fn the_port_of_rounds_is_nobodys() {
    let to_round = with(from_vm(), |meta| meta.nexthop.port = ROUND);
    let transmitted = with(comes_as(from_vm(), RoundKind::Transmit), |meta| {
        meta.verdict = Verdict::Deliver.bits();
        meta.arrival.round.port = ROUND;
    });
    let why = DropReason::InterfaceTxDiscard;
    for seen in Bench::new().run(&[to_round, transmitted]) {
        assert_eq!(seen.verdict, Verdict::Drop(why));
        assert!(seen.edit.drop && seen.edit.errand == none());
    }
}
