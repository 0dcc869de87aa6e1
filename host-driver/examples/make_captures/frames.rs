//! Frames as hosts and other nodes send them, of both families, and the captures that they go into.

use std::fs::File;
use std::net::Ipv6Addr;
use std::path::Path;
use std::time::Duration;

use etherparse::icmpv6::NeighborAdvertisementHeader;
use etherparse::{
    ArpEthIpv4Packet, ArpOperation, IcmpEchoHeader, Icmpv6Type, IpHeaders, IpNumber, PacketBuilder,
    PacketBuilderStep, TcpHeader,
};
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::{DataLink, Endianness, TsResolution};

use crate::Outcome;

/// 2026-01-01 00:00:00 UTC.
const START: Duration = Duration::from_secs(1_767_225_600);
/// The MAC of every gateway towards guests.
pub const ROUTER: [u8; 6] = [0, 0, 0x5e, 0, 1, 0];
/// Bytes of Ethernet, IPv6 and the place of the checksum in UDP.
const UDP6_CHECKSUM: usize = 14 + 40 + 6;

/// Somebody who sends, with an address of each family.
#[derive(Clone, Copy)]
pub struct Host {
    pub mac: [u8; 6],
    pub ip: [u8; 4],
    pub ip6: Ipv6Addr,
}

/// A guest of red (1) or blue (2).
pub const fn guest(network: u8, host: u8) -> Host {
    Host {
        mac: [2, 0, 0, network, network, host],
        ip: [10, network, network, host],
        ip6: address6(network, host),
    }
}

/// An address of red (1) or blue (2).
pub const fn address6(network: u8, host: u8) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, network as u16, 0, 0, 0, 0, host as u16)
}

/// Who has `target`?
pub fn arp(from: Host, target: [u8; 4]) -> Outcome<Vec<u8>> {
    let packet = ArpEthIpv4Packet {
        operation: ArpOperation::REQUEST,
        sender_mac: from.mac,
        sender_ipv4: from.ip,
        target_mac: [0; 6],
        target_ipv4: target,
    };
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, [0xff; 6])
        .arp(packet.into())
        .write(&mut frame)?;
    Ok(frame)
}

/// The same question in IPv6.
pub fn solicit(from: Host, target: Ipv6Addr) -> Outcome<Vec<u8>> {
    let [.., a, b, c] = target.octets();
    let [ab, cd] = [u16::from_be_bytes([0xff, a]), u16::from_be_bytes([b, c])];
    let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, ab, cd);
    let payload = [&target.octets()[..], &[1, 1], &from.mac].concat();
    let builder = PacketBuilder::ethernet2(from.mac, [0x33, 0x33, 0xff, a, b, c]);
    let builder = builder.ipv6(from.ip6.octets(), group.octets(), 255);
    let mut frame = Vec::new();
    let builder = builder.icmpv6(Icmpv6Type::NeighborSolicitation);
    builder.write(&mut frame, &payload)?;
    Ok(frame)
}

/// The answer to [`solicit`].
pub fn advertise(from: Host, to: Host) -> Outcome<Vec<u8>> {
    let flags = NeighborAdvertisementHeader {
        router: false,
        solicited: true,
        r#override: true,
    };
    let payload = [&from.ip6.octets()[..], &[2, 1], &from.mac].concat();
    let builder = PacketBuilder::ethernet2(from.mac, to.mac);
    let builder = builder.ipv6(from.ip6.octets(), to.ip6.octets(), 255);
    let mut frame = Vec::new();
    let builder = builder.icmpv6(Icmpv6Type::NeighborAdvertisement(flags));
    builder.write(&mut frame, &payload)?;
    Ok(frame)
}

fn ip(from: Host, mac: [u8; 6], to: [u8; 4]) -> PacketBuilderStep<IpHeaders> {
    PacketBuilder::ethernet2(from.mac, mac).ipv4(from.ip, to, 64)
}

fn ip6(from: Host, mac: [u8; 6], to: Ipv6Addr) -> PacketBuilderStep<IpHeaders> {
    PacketBuilder::ethernet2(from.mac, mac).ipv6(from.ip6.octets(), to.octets(), 64)
}

/// What `ping` sends.
pub fn echo(from: Host, mac: [u8; 6], to: [u8; 4], id: u16, seq: u16) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip(from, mac, to)
        .icmpv4_echo_request(id, seq)
        .write(&mut frame, &payload())?;
    Ok(frame)
}

pub fn echo_reply(from: Host, mac: [u8; 6], to: [u8; 4], id: u16, seq: u16) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip(from, mac, to)
        .icmpv4_echo_reply(id, seq)
        .write(&mut frame, &payload())?;
    Ok(frame)
}

/// What `ping -6` sends.
pub fn echo6(from: Host, mac: [u8; 6], to: Ipv6Addr, id: u16, seq: u16) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip6(from, mac, to)
        .icmpv6(Icmpv6Type::EchoRequest(IcmpEchoHeader { id, seq }))
        .write(&mut frame, &payload())?;
    Ok(frame)
}

pub fn echo_reply6(from: Host, mac: [u8; 6], to: Ipv6Addr, id: u16, seq: u16) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip6(from, mac, to)
        .icmpv6(Icmpv6Type::EchoReply(IcmpEchoHeader { id, seq }))
        .write(&mut frame, &payload())?;
    Ok(frame)
}

/// 56 bytes that count up.
fn payload() -> Vec<u8> {
    (0..56).collect()
}

/// All TCP here crosses networks, so it goes to the router.
pub fn syn(from: Host, to: [u8; 4], ports: (u16, u16)) -> Outcome<Vec<u8>> {
    tcp(ip(from, ROUTER, to), syn_header(ports))
}

pub fn syn_ack(from: Host, to: [u8; 4], ports: (u16, u16)) -> Outcome<Vec<u8>> {
    tcp(ip(from, ROUTER, to), syn_ack_header(ports))
}

pub fn syn6(from: Host, to: Ipv6Addr, ports: (u16, u16)) -> Outcome<Vec<u8>> {
    tcp(ip6(from, ROUTER, to), syn_header(ports))
}

pub fn syn_ack6(from: Host, to: Ipv6Addr, ports: (u16, u16)) -> Outcome<Vec<u8>> {
    tcp(ip6(from, ROUTER, to), syn_ack_header(ports))
}

fn syn_header(ports: (u16, u16)) -> TcpHeader {
    TcpHeader {
        syn: true,
        ..TcpHeader::new(ports.0, ports.1, 1000, 64240)
    }
}

fn syn_ack_header(ports: (u16, u16)) -> TcpHeader {
    TcpHeader {
        syn: true,
        ack: true,
        acknowledgment_number: 1001,
        ..TcpHeader::new(ports.0, ports.1, 5000, 64240)
    }
}

fn tcp(ip: PacketBuilderStep<IpHeaders>, header: TcpHeader) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip.tcp_header(header).write(&mut frame, &[])?;
    Ok(frame)
}

/// A segment of a connection whose two sides start at sequence numbers 1000 and 5000.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    Syn,
    SynAck,
    Ack,
    /// The first bytes that a side sends, with an acknowledgement of what came before.
    Data(&'a [u8]),
}

pub fn segment(from: Host, to: [u8; 4], ports: (u16, u16), part: Part<'_>) -> Outcome<Vec<u8>> {
    // The side with the lower port answers.
    let (ours, theirs) = if ports.0 < ports.1 {
        (5001, 1001)
    } else {
        (1001, 5001)
    };
    let later = TcpHeader {
        ack: true,
        acknowledgment_number: theirs,
        ..TcpHeader::new(ports.0, ports.1, ours, 64240)
    };
    let (header, payload) = match part {
        Part::Syn => (syn_header(ports), &[][..]),
        Part::SynAck => (syn_ack_header(ports), &[][..]),
        Part::Ack => (later, &[][..]),
        Part::Data(payload) => (TcpHeader { psh: true, ..later }, payload),
    };
    let mut frame = Vec::new();
    ip(from, ROUTER, to)
        .tcp_header(header)
        .write(&mut frame, payload)?;
    Ok(frame)
}

/// A datagram of a protocol that nobody here speaks.
pub fn datagram(from: Host, mac: [u8; 6], to: [u8; 4], payload: &[u8]) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip(from, mac, to)
        .udp(40000, 40000)
        .write(&mut frame, payload)?;
    Ok(frame)
}

/// A label at the bottom of the stack.
pub fn mpls(label: u32, packet: &[u8]) -> Vec<u8> {
    [&(label << 12 | 1 << 8 | 63).to_be_bytes()[..], packet].concat()
}

pub fn vxlan(vni: u32, frame: &[u8]) -> Vec<u8> {
    [&[8, 0, 0, 0][..], &(vni << 8).to_be_bytes(), frame].concat()
}

/// The packet in a frame.
pub fn packet(frame: &[u8]) -> &[u8] {
    &frame[14..]
}

pub fn over_udp(from: Host, to: Host, port: u16, payload: &[u8]) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip(from, to.mac, to.ip)
        .udp(51000, port)
        .write(&mut frame, payload)?;
    Ok(frame)
}

pub fn over_gre(from: Host, to: Host, payload: &[u8]) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip(from, to.mac, to.ip).write(&mut frame, IpNumber::GRE, &gre(payload))?;
    Ok(frame)
}

/// The checksum of a tunnel's UDP is zero, as RFC 6935 allows.
pub fn over_udp6(from: Host, to: Host, port: u16, payload: &[u8]) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip6(from, to.mac, to.ip6)
        .udp(51000, port)
        .write(&mut frame, payload)?;
    frame[UDP6_CHECKSUM..UDP6_CHECKSUM + 2].fill(0);
    Ok(frame)
}

pub fn over_gre6(from: Host, to: Host, payload: &[u8]) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip6(from, to.mac, to.ip6).write(&mut frame, IpNumber::GRE, &gre(payload))?;
    Ok(frame)
}

fn gre(payload: &[u8]) -> Vec<u8> {
    [&[0, 0, 0x88, 0x47], payload].concat()
}

/// Frames with the milliseconds at which they are sent.
pub fn write(to: &Path, name: &str, frames: &[(u64, Vec<u8>)]) -> Outcome<()> {
    let header = PcapHeader {
        datalink: DataLink::ETHERNET,
        ts_resolution: TsResolution::MicroSecond,
        endianness: Endianness::Little,
        ..PcapHeader::default()
    };
    let mut writer = PcapWriter::with_header(File::create(to.join(name))?, header)?;
    for (millis, frame) in frames {
        let time = START + Duration::from_millis(*millis);
        writer.write_packet(&PcapPacket::new(time, u32::try_from(frame.len())?, frame))?;
    }
    Ok(())
}
