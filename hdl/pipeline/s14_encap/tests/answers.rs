//! ARP requests that are answered, with their bytes; and packets for the host itself.

use super::{from_vm, none, Bench};
use underpass_layout::meta::{ArpKind, Edit, Errand, HeaderKind, Meta, Patch, Round, RoundKind};
use underpass_layout::port::{ROUND, SLOW};
use underpass_layout::registers::ROUND_PACKETS_MAX;
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::TunnelKind;
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Who asks: 02:00:00:00:00:07, 10.1.0.7, for 10.1.0.9, which has 02:00:00:00:00:09.
const ANSWER: [u8; 42] = [
    2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 9, 8, 6, // Ethernet
    0, 1, 8, 0, 6, 4, 0, 2, // a reply
    2, 0, 0, 0, 0, 9, 10, 1, 0, 9, // from
    2, 0, 0, 0, 0, 7, 10, 1, 0, 7, // to
];

/// A request of the VM, padded to 60 bytes.
fn request() -> Meta {
    let mut meta = from_vm();
    meta.arrival.length = 60;
    meta.inner.l3_offset = 14;
    meta.inner.ethertype = 0x0806;
    meta.inner.arp = ArpKind::Request;
    meta.inner.arp_mac = 0x0200_0000_0007;
    meta.inner.src = 0x0a01_0007;
    meta.inner.dst = 0x0a01_0009;
    meta.answer.on = true;
    meta.answer.mac = 0x0200_0000_0009;
    meta.verdict = Verdict::Deliver.bits();
    meta
}

/// The same out of a VXLAN tunnel.
fn from_tunnel() -> Meta {
    let mut meta = request();
    meta.arrival.port = 1;
    meta.arrival.length = 110;
    meta.decap.tunnelled = true;
    meta.decap.offset = 50;
    meta.decap.nexthop = 77;
    meta.decap.flood_unknown = true;
    meta.parse.tunnel = TunnelKind::Vxlan;
    meta.parse.src = 0x0a00_0001;
    meta.parse.label = 4096;
    meta.inner.l3_offset = 64;
    meta
}

/// The answer, to leave by `port`, with so much taken off.
fn answered(port: u16, strip: u8) -> Edit {
    let mut header = [0; 96];
    header[..42].copy_from_slice(&ANSWER);
    Edit {
        port,
        vif: 3,
        strip,
        kind: HeaderKind::Arp,
        add: 42,
        header,
        length: 60,
        ..Default::default()
    }
}

/// As what the answer to a tunnel comes back.
fn round() -> Round {
    Round {
        kind: RoundKind::Tenant,
        hops: 1,
        vif: 3,
        port: 1,
        received: true,
        flowed: true,
        judged: true,
        frame: true,
        vrf: 2,
        ..Default::default()
    }
}

fn errand(round: Round) -> Errand {
    Errand {
        on: true,
        entropy: 0xe1c3,
        round,
        ..Default::default()
    }
}

#[test]
fn an_answer_leaves_where_the_request_came_from() {
    let mut injected = request();
    injected.arrival.injected = true;
    injected.arrival.command = InjectCommand::Receive;
    let mut again = request();
    again.arrival.port = ROUND;
    again.arrival.round.kind = RoundKind::Again;
    again.arrival.round.port = 0x155;
    // Nothing is known of where these would lead.
    let mut sent = request();
    sent.nexthop.mirror = 9;
    sent.classify.entry.cross_port = ROUND;
    let mut long = request();
    long.arrival.length = 1500;
    let seen = Bench::new().run(&[request(), injected, again, sent, long]);
    let edits: Vec<Edit> = seen.iter().map(|seen| seen.edit).collect();
    let of_long = Edit {
        length: 1500,
        ..answered(0x103, 42)
    };
    assert_eq!(
        edits,
        [
            answered(0x103, 42),
            answered(0x103, 64 + 42),
            answered(0x155, 42),
            answered(0x103, 42),
            of_long
        ]
    );
    assert!(seen.iter().all(|seen| seen.verdict == Verdict::Deliver));
}

#[test]
fn the_slow_path_is_not_answered() {
    let mut injected = request();
    injected.arrival.injected = true;
    injected.arrival.command = InjectCommand::Receive;
    injected.arrival.port = SLOW;
    let mut again = request();
    again.arrival.round.kind = RoundKind::Again;
    again.arrival.round.port = SLOW;
    let mut of_tunnel = from_tunnel();
    of_tunnel.arrival.port = SLOW;
    let seen = Bench::new().run(&[injected, again, of_tunnel]);
    for seen in &seen[..2] {
        let why = DropReason::InterfaceTxDiscard;
        assert_eq!((seen.verdict, seen.edit.drop), (Verdict::Drop(why), true));
    }
    assert!(seen[2].edit.errand.on);
}

#[test]
fn an_answer_to_a_tunnel_goes_round() {
    let mut later = from_tunnel();
    later.arrival.port = ROUND;
    later.arrival.round.kind = RoundKind::Tenant;
    later.arrival.round.port = 1;
    later.arrival.round.hops = 3;
    later.arrival.round.known.ports = true;
    let edit = |round| Edit {
        errand: errand(round),
        ..answered(ROUND, 92)
    };
    let seen = Bench::new().edits(&[from_tunnel(), later]);
    assert_eq!(seen[0], edit(round()));
    let again = Round { hops: 4, ..round() };
    assert_eq!(seen[1], edit(again));
}

#[test]
fn an_answer_that_cannot_go_round_is_none() {
    let mut looped = from_tunnel();
    looped.arrival.round.kind = RoundKind::Tenant;
    looped.arrival.round.hops = 4;
    let mut mirrored = looped;
    mirrored.arrival.round.kind = RoundKind::First;
    mirrored.classify.entry.mirror = 11;
    let dropped = Edit {
        drop: true,
        vif: 3,
        ..Default::default()
    };
    let mut bench = Bench::new();
    let seen = bench.run(&[looped, mirrored]);
    assert_eq!(seen[0].verdict, Verdict::Drop(DropReason::PacketLoop));
    assert_eq!(seen[0].edit, dropped);
    assert_eq!(seen[1].verdict, Verdict::Deliver);
    assert_eq!(seen[1].edit.errand.mirror, 11);

    bench.run(&[from_tunnel(); ROUND_PACKETS_MAX]);
    let mut wished = from_tunnel();
    wished.classify.entry.mirror = 11;
    for (meta, why, lost) in [
        (from_tunnel(), DropReason::NoCopyRoom, false),
        (wished, DropReason::NoCopyRoom, false),
        (mirrored, DropReason::PacketLoop, true),
    ] {
        let seen = &bench.run(&[meta])[0];
        assert_eq!((seen.verdict, seen.lost), (Verdict::Drop(why), lost));
        assert_eq!(seen.edit, dropped);
    }
}

#[test]
fn copies_of_a_request_come_before_its_answer() {
    let mut mirrored = request();
    mirrored.classify.entry.mirror = 11;
    let mut of_tunnel = from_tunnel();
    of_tunnel.bridge.learn = true;
    let seen = Bench::new().edits(&[mirrored, of_tunnel]);
    for (edit, learn, length) in [(seen[0], false, 60), (seen[1], true, 110)] {
        assert_eq!((edit.port, edit.strip, edit.length), (ROUND, 0, length));
        assert_eq!((edit.kind, edit.add), (HeaderKind::Bare, 0));
        assert_eq!(edit.errand.round.kind, RoundKind::Again);
        assert_eq!(edit.errand.learn, learn);
    }
}

#[test]
fn the_slow_path_is_shown_who_announces_itself() {
    let mut shown = from_vm();
    shown.answer.shown = true;
    let mut quiet = shown;
    quiet.arrival.round.quiet = true;
    let mut punted = shown;
    punted.verdict = Verdict::Punt(PuntReason::Arp).bits();
    let seen = Bench::new().edits(&[shown, quiet, punted]);
    let errand = seen[0].errand;
    assert_eq!((errand.learn, errand.round.kind), (true, RoundKind::Again));
    assert_eq!(seen[1].errand, none());
    assert_eq!(seen[2].errand, none());
}

#[test]
fn what_is_decided_otherwise_is_not_answered() {
    let mut punted = request();
    punted.verdict = Verdict::Punt(PuntReason::Arp).bits();
    let mut dropped = request();
    dropped.verdict = Verdict::Drop(DropReason::InvalidArp).bits();
    let seen = Bench::new().edits(&[punted, dropped]);
    assert_eq!((seen[0].kind, seen[0].strip), (HeaderKind::Shim, 0));
    assert!(seen[1].drop);
}

#[test]
fn a_packet_for_the_host_crosses_with_one_hop_less() {
    let patch = Patch {
        on: true,
        l3_offset: 14,
        ttl: true,
        new_ttl: 63,
        ..Default::default()
    };
    let mut host = from_vm();
    host.classify.entry.cross_vif = 4;
    host.classify.entry.cross_port = 5;
    host.decap.host = true;
    host.rewrite.patch = patch;
    host.verdict = Verdict::Deliver.bits();
    let mut other = host;
    other.decap.host = false;
    let mut injected = host;
    injected.arrival.injected = true;
    let mut mirrored = host;
    mirrored.classify.entry.mirror = 11;
    let seen = Bench::new().edits(&[host, other, injected, mirrored]);
    let crossed = Edit {
        port: 5,
        vif: 4,
        length: 200,
        patch,
        ..Default::default()
    };
    assert_eq!(seen[0], crossed);
    assert_eq!(seen[1].patch, Patch::default());
    let behind = Patch {
        l3_offset: 78,
        l4_offset: 64,
        l4_checksum_offset: 64,
        quoted_l3_offset: 64,
        quoted_l4_offset: 64,
        mss_offset: 64,
        ..patch
    };
    assert_eq!((seen[2].strip, seen[2].patch), (64, behind));
    assert_eq!((seen[3].port, seen[3].patch), (ROUND, Patch::default()));
}
