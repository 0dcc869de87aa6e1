use super::*;
use etherparse::PacketBuilder;

/// A packet of ports 7 and 80, cut into parts of `size` bytes of data, from its IP header on.
fn parts(size: usize) -> Vec<Vec<u8>> {
    let mut whole = Vec::new();
    PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
        .udp(7, 80)
        .write(&mut whole, &[9; 100])
        .unwrap();
    whole[4..6].copy_from_slice(&[0x12, 0x34]);
    whole[6] = 0;
    crate::slow_path::cut::cut(&whole, 20 + size).unwrap()
}

/// A part of an IPv6 packet, behind `extensions` whose first is named `first`.
fn part6(first: u8, extensions: &[u8], offset: u16, data: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    let length = (extensions.len() + 8 + data.len()) as u16;
    packet.extend(length.to_be_bytes());
    packet.extend([first, 64]);
    packet.extend([1; 16]);
    packet.extend([2; 16]);
    packet.extend(extensions);
    packet.extend([17, 0]);
    packet.extend((offset | 1).to_be_bytes());
    packet.extend([0xde, 0xad, 0xbe, 0xef]);
    packet.extend(data);
    packet
}

fn read(packet: &[u8]) -> (Tenant<'_>, Part) {
    let tenant = Tenant::read(packet, 0, false).unwrap();
    let part = Part::of(&tenant).unwrap();
    (tenant, part)
}

const UDP: [u8; 16] = [0, 7, 0, 80, 0, 108, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9];

#[test]
fn the_first_part_has_the_ports_and_all_are_of_one_packet() {
    let parts = parts(48);
    assert_eq!(parts.len(), 3);
    let mut ids = Vec::new();
    for (number, packet) in parts.iter().enumerate() {
        let (tenant, part) = read(packet);
        assert_eq!(part.is_first(), number == 0);
        assert_eq!(part.ports(&tenant), (number == 0).then_some((7, 80)));
        ids.push(part.packet(&tenant, 1, 6));
    }
    assert_eq!(ids[0].id, 0x1234);
    assert_eq!((ids[1], ids[2]), (ids[0], ids[0]));
    assert_ne!(read(&parts[0]).1.packet(&read(&parts[0]).0, 2, 6), ids[0]);
}

#[test]
fn a_whole_packet_is_no_part() {
    let whole = &parts(1000)[0];
    let tenant = Tenant::read(whole, 0, false).unwrap();
    assert_eq!(Part::of(&tenant), None);
}

#[test]
fn ipv6_likewise_behind_any_headers_that_parts_have() {
    let options = [44, 0, 1, 4, 0, 0, 0, 0];
    for (first, extensions) in [(44, &[][..]), (60, &options), (0, &options)] {
        let packet = part6(first, extensions, 0, &UDP);
        let (tenant, part) = read(&packet);
        assert_eq!(part.ports(&tenant), Some((7, 80)));
        assert_eq!(part.packet(&tenant, 1, 6).id, 0xdead_beef);
        assert_eq!(part.upper(&tenant), UDP);
        let packet = part6(first, extensions, 16, &UDP);
        let (tenant, part) = read(&packet);
        assert_eq!((part.is_first(), part.ports(&tenant)), (false, None));
    }
}

#[test]
fn what_stands_behind_more_headers_has_no_ports() {
    let behind = [&[17, 0, 1, 4, 0, 0, 0, 0], &UDP[..]].concat();
    let mut packet = part6(44, &[], 0, &behind);
    packet[IPV6] = OPTIONS;
    let (tenant, part) = read(&packet);
    assert_eq!(part.ports(&tenant), None);
}

#[test]
fn a_first_part_that_is_too_short_has_no_ports() {
    let packet = part6(44, &[], 0, &UDP[..4]);
    let (tenant, part) = read(&packet);
    assert!(part.is_first());
    assert_eq!(part.ports(&tenant), None);
    // Of TCP eight bytes have the ports, but not the flags, which a later part could bring.
    let mut tcp = parts(8)[0].clone();
    tcp[9] = TCP;
    let (tenant, part) = read(&tcp);
    assert_eq!(part.ports(&tenant), None);
    let mut over = parts(8)[1].clone();
    over[9] = TCP;
    assert!(read(&over).1.hides_flags());
}
