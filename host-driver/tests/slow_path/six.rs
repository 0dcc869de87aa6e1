//! IPv6 frames of the guests of [`NETWORK`](crate::support::NETWORK), and of their neighbours.

use std::net::Ipv6Addr;

use etherparse::icmpv6::NeighborAdvertisementHeader;
use etherparse::{IcmpEchoHeader, Icmpv6Type, PacketBuilder};

use crate::support::*;

pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// Flags of an advertisement.
pub const ROUTER_FLAG: u8 = 0x80;
pub const SOLICITED: u8 = 0x40;
pub const OVERRIDE: u8 = 0x20;

/// A guest's address: 10.1.0.11 is 2001:db8:1::11.
pub fn ip6(guest: Guest) -> Ipv6Addr {
    let [_, network, _, host] = guest.ip;
    let host = u16::from(host / 10 * 16 + host % 10);
    Ipv6Addr::new(0x2001, 0xdb8, network.into(), 0, 0, 0, 0, host)
}

/// The gateway of a guest's network.
pub fn gateway6(guest: Guest) -> Ipv6Addr {
    Ipv6Addr::from_bits(ip6(guest).to_bits() >> 64 << 64 | 1)
}

/// The group in which who has an address hears who asks for it.
pub fn solicited_node(target: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = target.octets();
    let [ab, cd] = [u16::from_be_bytes([0xff, a]), u16::from_be_bytes([b, c])];
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, ab, cd)
}

/// The MAC of a group.
pub fn group_mac(group: Ipv6Addr) -> [u8; 6] {
    let [.., a, b, c, d] = group.octets();
    [0x33, 0x33, a, b, c, d]
}

/// An ICMPv6 packet that keeps all rules but those that its parts break.
#[derive(Clone)]
pub struct Icmp {
    pub mac: [u8; 6],
    pub to: [u8; 6],
    pub src: Ipv6Addr,
    pub dst: Ipv6Addr,
    pub hop_limit: u8,
    pub kind: Icmpv6Type,
    pub payload: Vec<u8>,
}

impl Icmp {
    pub fn frame(&self) -> Vec<u8> {
        let mut frame = Vec::new();
        PacketBuilder::ethernet2(self.mac, self.to)
            .ipv6(self.src.octets(), self.dst.octets(), self.hop_limit)
            .icmpv6(self.kind)
            .write(&mut frame, &self.payload)
            .unwrap();
        frame
    }
}

/// Option 1 (of who asks) or 2 (of who is asked for) with a MAC.
pub fn mac_option(number: u8, mac: [u8; 6]) -> Vec<u8> {
    [&[number, 1][..], &mac].concat()
}

/// Who has `target`?
pub fn solicitation(mac: [u8; 6], src: Ipv6Addr, target: Ipv6Addr) -> Icmp {
    let dst = solicited_node(target);
    Icmp {
        mac,
        to: group_mac(dst),
        src,
        dst,
        hop_limit: 255,
        kind: Icmpv6Type::NeighborSolicitation,
        payload: [&target.octets()[..], &mac_option(1, mac)].concat(),
    }
}

pub fn solicit(from: Guest, target: Ipv6Addr) -> Vec<u8> {
    solicitation(from.mac, ip6(from), target).frame()
}

/// Does nobody have `target`?
pub fn probe(from: Guest, target: Ipv6Addr) -> Vec<u8> {
    let mut probe = solicitation(from.mac, Ipv6Addr::UNSPECIFIED, target);
    probe.payload.truncate(16);
    probe.frame()
}

/// `target` is at `mac`, says who has it to who asked for it.
pub fn advertisement(mac: [u8; 6], target: Ipv6Addr, to: [u8; 6], dst: Ipv6Addr) -> Icmp {
    let solicited = !dst.is_multicast();
    let flags = NeighborAdvertisementHeader {
        router: false,
        solicited,
        r#override: true,
    };
    Icmp {
        mac,
        to,
        src: target,
        dst,
        hop_limit: 255,
        kind: Icmpv6Type::NeighborAdvertisement(flags),
        payload: [&target.octets()[..], &mac_option(2, mac)].concat(),
    }
}

pub fn advertise(from: Guest, to: Guest) -> Vec<u8> {
    advertisement(from.mac, ip6(from), to.mac, ip6(to)).frame()
}

/// What a guest says unasked when it has moved.
pub fn announce(from: Guest) -> Vec<u8> {
    advertisement(from.mac, ip6(from), group_mac(ALL_NODES), ALL_NODES).frame()
}

fn echo_kind(reply: bool, seq: u16) -> Icmpv6Type {
    let echo = IcmpEchoHeader { id: 7, seq };
    match reply {
        true => Icmpv6Type::EchoReply(echo),
        false => Icmpv6Type::EchoRequest(echo),
    }
}

fn echo_frame(from: Guest, mac: [u8; 6], dst: Ipv6Addr, kind: Icmpv6Type) -> Vec<u8> {
    let echo = Icmp {
        mac: from.mac,
        to: mac,
        src: ip6(from),
        dst,
        hop_limit: 64,
        kind,
        payload: b"payload!".to_vec(),
    };
    echo.frame()
}

/// An echo request to an address through a MAC.
pub fn echo6(from: Guest, mac: [u8; 6], to: Ipv6Addr, seq: u16) -> Vec<u8> {
    echo_frame(from, mac, to, echo_kind(false, seq))
}

/// The answer to [`echo6`].
pub fn echo_reply6(from: Guest, mac: [u8; 6], to: Ipv6Addr, seq: u16) -> Vec<u8> {
    echo_frame(from, mac, to, echo_kind(true, seq))
}

/// A SYN from any address.
pub fn tcp_from(
    src: Ipv6Addr,
    from: Guest,
    mac: [u8; 6],
    to: Ipv6Addr,
    ports: (u16, u16),
) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, mac)
        .ipv6(src.octets(), to.octets(), 64)
        .tcp(ports.0, ports.1, 1, 1000)
        .syn()
        .write(&mut frame, &[])
        .unwrap();
    frame
}

pub fn tcp6(from: Guest, mac: [u8; 6], to: Ipv6Addr, ports: (u16, u16)) -> Vec<u8> {
    tcp_from(ip6(from), from, mac, to, ports)
}

pub fn udp6(from: Guest, mac: [u8; 6], to: Ipv6Addr, ports: (u16, u16)) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, mac)
        .ipv6(ip6(from).octets(), to.octets(), 64)
        .udp(ports.0, ports.1)
        .write(&mut frame, b"hello")
        .unwrap();
    frame
}

/// A frame whose IPv6 packet has these bytes of extension headers in front of its payload; `next` is the first one's
/// number.
pub fn extended(frame: &[u8], next: u8, headers: &[u8]) -> Vec<u8> {
    let mut long = [&frame[..54], headers, &frame[54..]].concat();
    let length = u16::from_be_bytes([frame[18], frame[19]]) + headers.len() as u16;
    long[18..20].copy_from_slice(&length.to_be_bytes());
    long[20] = next;
    long
}

/// The checksum over an ICMPv6 packet that starts behind the 40 bytes of its IPv6 header: 0 where it holds.
pub fn checksum6(packet: &[u8]) -> u16 {
    let length = (packet.len() - 40) as u32;
    let pseudo = [&packet[8..40], &length.to_be_bytes(), &[0, 0, 0, 58]].concat();
    let words = [pseudo.as_slice(), &packet[40..]].concat();
    let pairs = words
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)));
    let mut sum: u32 = pairs.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
