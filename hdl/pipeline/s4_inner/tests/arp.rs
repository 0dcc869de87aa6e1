//! ARP, well-formed and not.

use super::*;
use underpass_layout::meta::ArpKind;

const SENDER: [u8; 6] = [2, 0xaa, 0xbb, 0xcc, 0xdd, 1];

/// A request of 10.0.0.7 for 10.0.0.9.
fn request() -> Vec<u8> {
    let mut bytes = vec![0, 1, 8, 0, 6, 4, 0, 1];
    bytes.extend(SENDER);
    bytes.extend([10, 0, 0, 7]);
    bytes.extend([0; 6]);
    bytes.extend([10, 0, 0, 9]);
    bytes
}

fn frame(tag: bool, arp: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xff; 6];
    bytes.extend(SENDER);
    if tag {
        bytes.extend([0x81, 0, 0x20, 7]);
    }
    bytes.extend([8, 6]);
    bytes.extend(arp);
    bytes
}

#[test]
fn a_request_is_read_behind_a_tag_too() {
    let mut bench = Bench::new();
    for (tag, operation) in [(false, 1), (true, 1), (false, 2), (true, 9), (false, 256)] {
        let mut arp = request();
        arp[6..8].copy_from_slice(&u16::to_be_bytes(operation));
        for padding in [0, 18] {
            let mut bytes = frame(tag, &arp);
            bytes.resize(bytes.len() + padding, 0xee);
            let found = inner(&mut bench, &bytes);
            let kind = match operation {
                1 => ArpKind::Request,
                _ => ArpKind::Other,
            };
            let expected = Inner {
                dst_mac: 0xffff_ffff_ffff,
                src_mac: 0x02aa_bbcc_dd01,
                ethertype: 0x0806,
                tagged: tag,
                priority: u8::from(tag),
                l3_offset: if tag { 18 } else { 14 },
                arp: kind,
                arp_mac: 0x02aa_bbcc_dd01,
                src: 0x0a00_0007,
                dst: 0x0a00_0009,
                ..Inner::default()
            };
            assert_eq!(found, expected, "operation {operation}");
        }
    }
}

#[test]
fn a_tag_without_a_vlan_is_no_way_past_the_questions() {
    let mut bench = Bench::new();
    for (tag, kind) in [
        (0x0000, ArpKind::Malformed),
        (0xf000, ArpKind::Malformed),
        (0x0001, ArpKind::Request),
        (0x0800, ArpKind::Request),
    ] {
        let mut bytes = frame(true, &request());
        bytes[14..16].copy_from_slice(&u16::to_be_bytes(tag));
        assert_eq!(inner(&mut bench, &bytes).arp, kind, "{tag:#06x}");
    }
}

#[test]
fn what_is_cut_short_or_of_another_kind_is_malformed_and_says_nothing() {
    let mut bench = Bench::new();
    let read = |inner: Inner| (inner.arp, inner.arp_mac, inner.src, inner.dst);
    for length in 0..28 {
        let found = inner(&mut bench, &frame(false, &request()[..length]));
        assert_eq!(read(found), (ArpKind::Malformed, 0, 0, 0), "{length} bytes");
    }
    for byte in 0..6 {
        for bit in 0..8 {
            let mut arp = request();
            arp[byte] ^= 1 << bit;
            let found = inner(&mut bench, &frame(false, &arp));
            assert_eq!(read(found), (ArpKind::Malformed, 0, 0, 0), "{arp:02x?}");
        }
    }
}

#[test]
fn the_same_bytes_under_another_type_or_without_a_frame_are_none() {
    let mut bench = Bench::new();
    let mut other = frame(false, &request());
    other[12..14].copy_from_slice(&[0x80, 0x35]);
    let found = inner(&mut bench, &other);
    assert_eq!((found.arp, found.arp_mac, found.src), (ArpKind::None, 0, 0));
    let packet = frame(false, &ipv4(0, 17, &ports(1, 2, 8)));
    assert_eq!(inner(&mut bench, &packet).arp, ArpKind::Malformed);
    let plain = ethernet(false, &ipv4(0, 17, &ports(1, 2, 8)));
    assert_eq!(inner(&mut bench, &plain).arp, ArpKind::None);
}
