use crate::headers::checksum::checksum;
use crate::s13_rewrite::patch::NOTHING;
use crate::s13_rewrite::rewrite;
use crate::testing::{from_vif, Change};
use underpass_layout::meta::{Meta, Patch, RoundKind};
use underpass_layout::tables::{NexthopKind, TunnelKind, VifKind};

/// A TCP header of 24 bytes with its pseudo header in front: SYN, segments of 1460, and a good checksum.
fn segment(odd: bool) -> Vec<u8> {
    let mut bytes = vec![10, 1, 1, 3, 10, 1, 1, 9, 0, 6, 0, 28];
    bytes.extend([
        3, 232, 7, 208, 0, 0, 0, 1, 0, 0, 0, 0, 0x70, 2, 0x20, 0, 0, 0, 0, 0,
    ]);
    let options: [u8; 8] = match odd {
        false => [2, 4, 5, 0xb4, 1, 1, 1, 0],
        true => [1, 2, 4, 5, 0xb4, 1, 1, 0],
    };
    bytes.extend(options);
    let sum = checksum(&bytes);
    bytes[28..30].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// The SYN of a VM that is bridged into a tunnel of 1500 bytes.
fn syn(odd: bool) -> Meta {
    let bytes = segment(odd);
    let mut meta = from_vif(VifKind::Vm);
    meta.arrival.length = 62;
    meta.decap.frame = true;
    meta.inner.ipv4 = true;
    meta.inner.ttl = 64;
    meta.inner.checksum = 0x1234;
    meta.inner.protocol = 6;
    meta.inner.l3_offset = 14;
    meta.inner.l4_offset = 34;
    meta.inner.l4_checksum = u16::from_be_bytes([bytes[28], bytes[29]]);
    meta.syn.offset = 56 + u8::from(odd);
    meta.syn.mss = 1460;
    meta.nexthop.kind = NexthopKind::Tunnel;
    meta.nexthop.tunnel = TunnelKind::MplsUdp;
    meta.nexthop.mtu = 1500;
    meta
}

fn patch_of(mut meta: Meta) -> Patch {
    rewrite(&mut meta);
    meta.rewrite.patch
}

fn with(change: Change) -> Patch {
    let mut meta = syn(false);
    change(&mut meta);
    patch_of(meta)
}

#[test]
fn segments_are_as_long_as_the_tunnel_leaves_room_for() {
    let room: [(Change, u16); 8] = [
        (|_| (), 1500 - 62 - 20 - 20),
        (|meta| meta.bridge.l3 = true, 1500 - 40 - 40),
        (
            |meta| {
                meta.bridge.l3 = true;
                meta.nexthop.l3_vxlan = true;
            },
            1500 - 62 - 40,
        ),
        (|meta| meta.nexthop.tunnel_v6 = true, 1500 - 82 - 40),
        (|meta| meta.inner.l4_offset = 58, 1500 - 62 - 44 - 20),
        (|meta| meta.nexthop.mtu = 103, 1),
        (|meta| meta.nexthop.mtu = 102, 0),
        (|meta| meta.nexthop.mtu = 60, 0),
    ];
    for (i, (change, expected)) in room.into_iter().enumerate() {
        let patch = with(change);
        assert!(patch.on && patch.mss && patch.l4_checksum, "change {i}");
        assert_eq!(
            (patch.mss_offset, patch.new_mss),
            (56, expected),
            "change {i}"
        );
    }
}

#[test]
fn smaller_segments_and_other_packets_stay() {
    assert!(with(|meta| meta.syn.mss = 1399).mss);
    let stay: [Change; 9] = [
        |meta| meta.syn.mss = 1398,
        |meta| meta.syn.offset = 0,
        |meta| meta.classify.entry.kind = VifKind::Fabric,
        |meta| meta.decap.tunnelled = true,
        |meta| meta.nexthop.kind = NexthopKind::Encap,
        |meta| meta.nexthop.mtu = 0,
        |meta| meta.arrival.round.kind = RoundKind::Member,
        |meta| meta.arrival.round.quiet = true,
        |meta| meta.classify.entry.kind = VifKind::Host,
    ];
    for (i, change) in stay.into_iter().enumerate() {
        assert_eq!(with(change), NOTHING, "change {i}");
    }
}

#[test]
fn a_good_checksum_stays_good_wherever_the_size_stands() {
    for odd in [false, true] {
        let patch = patch_of(syn(odd));
        let mut bytes = segment(odd);
        let at = 12 + usize::from(patch.mss_offset) - 34;
        assert_eq!(bytes[at..at + 2], 1460_u16.to_be_bytes());
        bytes[at..at + 2].copy_from_slice(&patch.new_mss.to_be_bytes());
        bytes[28..30].copy_from_slice(&patch.new_l4_checksum.to_be_bytes());
        assert_eq!(checksum(&bytes), 0, "odd {odd}");
        assert_eq!(patch.l4_checksum_offset, 34 + 16);
    }
}

#[test]
fn a_wrong_checksum_stays_as_wrong() {
    let mut meta = syn(true);
    let good = patch_of(meta).new_l4_checksum;
    meta.inner.l4_checksum = meta.inner.l4_checksum.wrapping_add(0x0100);
    assert_eq!(patch_of(meta).new_l4_checksum, good.wrapping_add(0x0100));
}

#[test]
fn the_header_of_a_bridged_packet_keeps_its_checksum() {
    let patch = patch_of(syn(false));
    let expected = Patch {
        on: true,
        l3_offset: 14,
        new_checksum: 0x1234,
        l4_checksum: true,
        l4_checksum_offset: 50,
        new_l4_checksum: patch.new_l4_checksum,
        mss: true,
        mss_offset: 56,
        new_mss: 1398,
        ..NOTHING
    };
    assert_eq!(patch, expected);
}

#[test]
fn what_its_flow_replaces_counts_in_the_same_checksum() {
    let mut meta = syn(false);
    meta.inner.src = 0x0a01_0103;
    meta.key.src = meta.inner.src;
    meta.flow.goes_onward = true;
    meta.flow.onward.snat = true;
    meta.flow.onward.src = 0x0b02_0204;
    let patch = patch_of(meta);
    let mut bytes = segment(false);
    bytes[..4].copy_from_slice(&[11, 2, 2, 4]);
    bytes[34..36].copy_from_slice(&patch.new_mss.to_be_bytes());
    bytes[28..30].copy_from_slice(&patch.new_l4_checksum.to_be_bytes());
    assert_eq!(checksum(&bytes), 0);
    assert!(patch.src && patch.mss);
}
