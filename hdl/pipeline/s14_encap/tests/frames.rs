//! Copies of one broadcast frame as the peer sends them: the bytes are those that it was seen to send.
//!
//! Identifications are its own there (two counts, where a tree has one header within another), so they and the checksums
//! over them are compared as what they mean.

use super::{from_vm, Bench};
use underpass_layout::meta::{Edit, HeaderKind, Meta, Round, RoundKind};
use underpass_layout::tables::{Leg, NexthopEntry, NexthopKind, TunnelKind};

const FRAME: &str = "ffffffffffff02000000001188b56162636465666768696a6b6c6d6e6f7071727374";
const TREE_GRE: &str =
    "001b21bbf946001b21bbf94808004500006600020000402f6a630800000208000003000088470125c14000000000\
     450000460001000040116aa20800000208000003e1c312b5003200000800000000000500\
     ffffffffffff02000000001188b56162636465666768696a6b6c6d6e6f7071727374";
const TREE_UDP: &str =
    "001b21bbf946001b21bbf94808004500006a0004000040116a7a0800000208000004e1c319eb005600000125d140\
     00000000450000460003000040116a9f0800000208000004e1c312b5003200000800000000000500\
     ffffffffffff02000000001188b56162636465666768696a6b6c6d6e6f7071727374";
const HEAD_END: &str =
    "001b21bbf946001b21bbf9480800450000420005000040116aa00800000208000005e1c319eb002e00000125e140\
     ffffffffffff02000000001188b56162636465666768696a6b6c6d6e6f7071727374";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).expect("hex digits");
        u8::from_str_radix(text, 16).expect("hex digits")
    };
    digits.chunks(2).map(pair).collect()
}

/// The copy for this leg, out of the list that label 5 led to.
fn copy(leg: Leg, tunnel: TunnelKind, far: u8, label: u32) -> Meta {
    let mut meta = from_vm();
    let length = bytes(FRAME).len() as u16;
    meta.arrival.length = length;
    meta.arrival.round = Round {
        kind: RoundKind::Member,
        label: 5,
        vif: 3,
        ..Default::default()
    };
    meta.rewrite.payload = length;
    meta.member.leg = leg;
    meta.route.label = label;
    meta.nexthop = NexthopEntry {
        valid: true,
        kind: NexthopKind::Tunnel,
        tunnel,
        tunnel_src: 0x0800_0002,
        tunnel_dst: 0x0800_0000 | u128::from(far),
        dst_mac: 0x001b_21bb_f946,
        src_mac: 0x001b_21bb_f948,
        ..Default::default()
    };
    meta
}

/// The frame as this edit has it.
fn sent(edit: &Edit, frame: &[u8]) -> Vec<u8> {
    let frame = &frame[edit.strip.into()..];
    let sent = [&edit.header[..edit.add.into()], frame].concat();
    assert_eq!(sent.len(), edit.length.into());
    sent
}

/// Takes identification and checksum out of the IPv4 header at `at`, whose sum must be right.
fn unnumbered(frame: &mut [u8], at: usize) {
    let header = &frame[at..at + 20];
    let words = header.chunks(2);
    let sum: u32 = words
        .map(|word| u32::from(word[0]) << 8 | u32::from(word[1]))
        .sum();
    assert_eq!((header[0], sum % 0xffff), (0x45, 0), "{header:x?}");
    frame[at + 4..at + 6].fill(0);
    frame[at + 10..at + 12].fill(0);
}

#[test]
fn copies_have_the_bytes_that_the_peer_sends() {
    let cases = [
        (
            copy(Leg::Tree, TunnelKind::MplsGre, 3, 4700),
            TREE_GRE,
            HeaderKind::TreeGre,
        ),
        (
            copy(Leg::Tree, TunnelKind::MplsUdp, 4, 4701),
            TREE_UDP,
            HeaderKind::TreeUdp,
        ),
        (
            copy(Leg::Evpn, TunnelKind::MplsUdp, 5, 4702),
            HEAD_END,
            HeaderKind::MplsUdp,
        ),
    ];
    let packets = cases.map(|(meta, ..)| meta);
    let trees = [Some(46), Some(50), None];
    for (((_, golden, kind), tree), edit) in
        cases.iter().zip(trees).zip(Bench::new().edits(&packets))
    {
        let (mut ours, mut theirs) = (sent(&edit, &bytes(FRAME)), bytes(golden));
        let id = ours[18..20].to_vec();
        for at in [Some(14), tree].into_iter().flatten() {
            assert_eq!(ours[at + 4..at + 6], id, "one number for both headers");
            unnumbered(&mut ours, at);
            unnumbered(&mut theirs, at);
        }
        assert_eq!(ours, theirs, "{kind:?}");
        assert_eq!(edit.kind, *kind);
    }
}

/// What came along a tree goes on along it with the headers that it has, and to all others without.
#[test]
fn a_trees_headers_stay_on_the_tree() {
    let along = bytes(TREE_GRE).split_off(46);
    let packet = |leg, tunnel| {
        let mut meta = copy(leg, tunnel, 4, 4701);
        meta.arrival.length = along.len() as u16;
        meta.decap.tunnelled = true;
        meta.decap.tree = true;
        meta.decap.offset = 36;
        meta.rewrite.payload = along.len() as u16 - if leg == Leg::Tree { 0 } else { 36 };
        meta
    };
    let mut local = packet(Leg::Local, TunnelKind::None);
    local.nexthop.kind = NexthopKind::Encap;
    let packets = [
        packet(Leg::Tree, TunnelKind::MplsUdp),
        packet(Leg::Tree, TunnelKind::MplsGre),
        local,
    ];
    let edits = Bench::new().edits(&packets);
    assert_eq!(edits[0].kind, HeaderKind::ControlUdp);
    assert_eq!(sent(&edits[0], &along)[50..], along);
    assert_eq!(sent(&edits[0], &along)[42..50], bytes("0125d14000000000"));
    assert_eq!(edits[1].kind, HeaderKind::ControlGre);
    assert_eq!(
        sent(&edits[1], &along)[34..46],
        bytes("000088470125d14000000000")
    );
    assert_eq!(edits[2].kind, HeaderKind::Bare);
    assert_eq!(sent(&edits[2], &along), bytes(FRAME));
}
