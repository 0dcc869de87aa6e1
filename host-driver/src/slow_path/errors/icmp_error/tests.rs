use super::*;
use etherparse::{Icmpv4Slice, Icmpv6Slice, Ipv4Slice, Ipv6Slice, PacketBuilder};

const GATEWAY: [u8; 4] = [10, 1, 0, 1];
const SENDER: [u8; 4] = [10, 1, 0, 11];
const SENDER6: [u8; 16] = [0x20, 1, 13, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11];
const OTHER6: [u8; 16] = [0x20, 1, 13, 0xb8, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

fn frame(to: [u8; 6], dst: [u8; 4], data: usize) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2([2; 6], to)
        .ipv4(SENDER, dst, 1)
        .udp(40_000, 33_434)
        .write(&mut frame, &vec![7; data])
        .unwrap();
    frame
}

fn frame6(data: usize) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2([2; 6], [4; 6])
        .ipv6(SENDER6, OTHER6, 1)
        .udp(40_000, 33_434)
        .write(&mut frame, &vec![7; data])
        .unwrap();
    frame
}

fn icmp(kind: u8, ttl: u8) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2([2; 6], [4; 6])
        .ipv4(SENDER, [8, 8, 8, 8], ttl)
        .icmpv4_raw(kind, 0, [0; 4])
        .write(&mut frame, &[0x45; 40])
        .unwrap();
    frame
}

fn may(frame: &[u8]) -> bool {
    Tenant::read(frame, 0, true).is_some_and(|tenant| may_tell(&tenant))
}

#[test]
fn an_ipv4_sender_hears_from_the_gateway_what_it_had_sent() {
    // What fills the frame up to its minimum is not quoted.
    let mut frame = frame([4; 6], [8, 8, 8, 8], 3);
    let length = frame.len();
    frame.resize(60, 0);
    let tenant = Tenant::read(&frame, 0, true).unwrap();
    let error = packet(&tenant, GATEWAY.into(), Fault::HopLimit).unwrap();
    let ip = Ipv4Slice::from_slice(&error).unwrap();
    let header = ip.header().to_header();
    assert_eq!((header.source, header.destination), (GATEWAY, SENDER));
    assert_eq!(header.header_checksum, header.calc_header_checksum());
    let icmp = Icmpv4Slice::from_slice(ip.payload().payload).unwrap();
    assert_eq!((icmp.type_u8(), icmp.code_u8()), (11, 0));
    let sum = icmp.icmp_type().calc_checksum(icmp.payload());
    assert_eq!(sum, icmp.checksum());
    assert_eq!(icmp.payload(), &frame[14..length]);
}

#[test]
fn a_long_packet_is_quoted_as_far_as_the_error_may_reach() {
    let frame = frame([4; 6], [8, 8, 8, 8], 1400);
    let tenant = Tenant::read(&frame, 0, true).unwrap();
    let error = packet(&tenant, GATEWAY.into(), Fault::TooBig(1450)).unwrap();
    assert_eq!(error.len(), 576);
    assert_eq!(
        error[20..28],
        [&[3, 4][..], &error[22..24], &[0, 0, 5, 170]].concat()
    );
    assert_eq!(error[28..], frame[14..14 + 548]);
}

#[test]
fn an_ipv6_sender_hears_likewise() {
    for (fault, kind, value) in [(Fault::HopLimit, 3, 0), (Fault::TooBig(1430), 2, 1430)] {
        let frame = frame6(1400);
        let tenant = Tenant::read(&frame, 0, true).unwrap();
        let error = packet(&tenant, OTHER6.into(), fault).unwrap();
        assert_eq!(error.len(), 1280);
        let ip = Ipv6Slice::from_slice(&error).unwrap();
        assert_eq!(ip.header().destination(), SENDER6);
        let icmp = Icmpv6Slice::from_slice(ip.payload().payload).unwrap();
        assert!(icmp.is_checksum_valid(OTHER6, SENDER6));
        assert_eq!((icmp.type_u8(), icmp.code_u8()), (kind, 0));
        assert_eq!(icmp.slice()[4..8], u32::to_be_bytes(value));
        assert_eq!(icmp.payload(), &frame[14..14 + 1232]);
    }
}

#[test]
fn families_are_not_mixed() {
    let frame = frame([4; 6], [8, 8, 8, 8], 3);
    let tenant = Tenant::read(&frame, 0, true).unwrap();
    assert_eq!(packet(&tenant, OTHER6.into(), Fault::HopLimit), None);
}

#[test]
fn nobody_is_told_about_what_was_for_many_or_from_nobody() {
    assert!(may(&frame([4; 6], [8, 8, 8, 8], 3)));
    assert!(may(&frame6(3)));
    assert!(!may(&frame([0xff; 6], [8, 8, 8, 8], 3)));
    for many in [[224, 0, 0, 1], [255; 4], [0; 4], [127, 0, 0, 1]] {
        assert!(!may(&frame([4; 6], many, 3)), "{many:?}");
    }
    let mut from_nobody = frame([4; 6], [8, 8, 8, 8], 3);
    from_nobody[26..30].fill(0);
    assert!(!may(&from_nobody));
    let mut six = frame6(3);
    six[14 + 8..14 + 24].fill(0);
    assert!(!may(&six));
}

#[test]
fn errors_cause_no_errors_and_questions_do() {
    for (kind, told) in [
        (0, true),
        (3, false),
        (5, false),
        (8, true),
        (11, false),
        (12, false),
    ] {
        assert_eq!(may(&icmp(kind, 1)), told, "{kind}");
    }
    for (kind, told) in [
        (1, false),
        (2, false),
        (127, false),
        (128, true),
        (137, false),
    ] {
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv6(SENDER6, OTHER6, 1)
            .icmpv6_raw(kind, 0, [0; 4])
            .write(&mut frame, &[0x60; 60])
            .unwrap();
        assert_eq!(may(&frame), told, "{kind}");
    }
}

#[test]
fn of_a_packet_in_parts_the_first_one_counts() {
    let mut first = frame([4; 6], [8, 8, 8, 8], 24);
    first[14 + 6] = 0x20;
    assert!(may(&first));
    let mut later = first.clone();
    later[14 + 7] = 3;
    assert!(!may(&later));
    // The first part of an error is an error.
    let mut error = icmp(3, 1);
    error[14 + 6] = 0x20;
    assert!(!may(&error));
    let mut question = icmp(8, 1);
    question[14 + 6] = 0x20;
    assert!(may(&question));
}
