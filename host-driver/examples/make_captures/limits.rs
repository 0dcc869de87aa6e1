//! The captures of examples/limits.
//!
//! | file     | enters | what is in it                                                                                |
//! |----------|--------|----------------------------------------------------------------------------------------------|
//! | red1.pcap| vf0    | ARP, true and false; a packet whose time runs out; packets too long; SYNs; a cut datagram     |

use std::net::Ipv6Addr;
use std::path::Path;

use etherparse::{
    IpFragOffset, IpHeaders, IpNumber, Ipv4Header, PacketBuilder, TcpHeader, TcpOptionElement,
    UdpHeader,
};

use crate::frames::*;
use crate::Outcome;

const RED1: Host = guest(1, 3);
const RED2: Host = guest(1, 4);
const GATEWAY: [u8; 4] = [10, 1, 1, 1];
/// Behind the tunnel.
const FAR: [u8; 4] = [10, 1, 2, 9];
const FAR6: Ipv6Addr = address6(2, 9);
/// Where `traceroute` starts to count (its manual page).
const TRACEROUTE: u16 = 33434;
/// Identifications of packets that are whole, and of the one in pieces.
const WHOLE: u16 = 7;
const CUT: u16 = 8;
/// Bytes of UDP in the datagram that comes in pieces, and in its first piece.
const DATAGRAM: usize = 2008;
const FIRST_PIECE: usize = 1480;

/// Writes them all.
pub fn write(to: &Path) -> Outcome<()> {
    let [first, second] = pieces()?;
    let red1 = [
        (0, arp(RED1, RED2.ip)?),
        (10, arp(RED1, GATEWAY)?),
        (20, lie()?),
        (30, udp(1, false, TRACEROUTE, 32)?),
        (40, udp(64, true, 5001, 1472)?),
        (50, udp(64, false, 5002, 1472)?),
        (60, udp6(5003, 1452)?),
        (
            70,
            syn(
                IpHeaders::Ipv4(ip(64, true, IpNumber::TCP, 24)?, Default::default()),
                1460,
            )?,
        ),
        (80, syn(ip6_headers(IpNumber::TCP, 24)?, 1440)?),
        (90, second),
        (100, first),
    ];
    crate::frames::write(to, "red1.pcap", &red1)
}

/// red1 says to be red2.
fn lie() -> Outcome<Vec<u8>> {
    let liar = Host {
        ip: RED2.ip,
        ..RED1
    };
    arp(liar, GATEWAY)
}

fn ip(ttl: u8, whole: bool, protocol: IpNumber, payload: usize) -> Outcome<Ipv4Header> {
    let mut ip = Ipv4Header::new(u16::try_from(payload)?, ttl, protocol, RED1.ip, FAR)?;
    ip.identification = WHOLE;
    ip.dont_fragment = whole;
    Ok(ip)
}

fn ip6_headers(protocol: IpNumber, payload: usize) -> Outcome<IpHeaders> {
    let ip = etherparse::Ipv6Header {
        payload_length: u16::try_from(payload)?,
        next_header: protocol,
        hop_limit: 64,
        source: RED1.ip6.octets(),
        destination: FAR6.octets(),
        ..Default::default()
    };
    Ok(IpHeaders::Ipv6(ip, Default::default()))
}

fn udp(ttl: u8, whole: bool, port: u16, payload: usize) -> Outcome<Vec<u8>> {
    let ip = ip(ttl, whole, IpNumber::UDP, 8 + payload)?;
    let builder = PacketBuilder::ethernet2(RED1.mac, ROUTER);
    let mut frame = Vec::new();
    let builder = builder.ip(IpHeaders::Ipv4(ip, Default::default()));
    builder
        .udp(40000, port)
        .write(&mut frame, &counting(payload))?;
    Ok(frame)
}

fn udp6(port: u16, payload: usize) -> Outcome<Vec<u8>> {
    let builder = PacketBuilder::ethernet2(RED1.mac, ROUTER);
    let builder = builder.ip(ip6_headers(IpNumber::UDP, 8 + payload)?);
    let mut frame = Vec::new();
    builder
        .udp(40000, port)
        .write(&mut frame, &counting(payload))?;
    Ok(frame)
}

/// The first segment of a connection, with the largest segment that its sender's own link carries.
fn syn(ip: IpHeaders, segment: u16) -> Outcome<Vec<u8>> {
    let mut tcp = TcpHeader {
        syn: true,
        ..TcpHeader::new(40001, 80, 1000, 64240)
    };
    tcp.set_options(&[TcpOptionElement::MaximumSegmentSize(segment)])?;
    let mut frame = Vec::new();
    let builder = PacketBuilder::ethernet2(RED1.mac, ROUTER).ip(ip);
    builder.tcp_header(tcp).write(&mut frame, &[])?;
    Ok(frame)
}

/// A datagram that red1's own link could not carry whole.
fn pieces() -> Outcome<[Vec<u8>; 2]> {
    let payload = counting(DATAGRAM - 8);
    let whole = ip(64, false, IpNumber::UDP, DATAGRAM)?;
    let udp = UdpHeader::with_ipv4_checksum(40002, 5004, &whole, &payload)?;
    let bytes = [&udp.to_bytes()[..], &payload].concat();
    let piece = |from: usize, to: usize| -> Outcome<Vec<u8>> {
        let mut ip = ip(64, false, IpNumber::UDP, to - from)?;
        ip.identification = CUT;
        ip.more_fragments = to < bytes.len();
        ip.fragment_offset = IpFragOffset::try_new(u16::try_from(from / 8)?)?;
        ip.header_checksum = ip.calc_header_checksum();
        let ethernet = [&ROUTER[..], &RED1.mac, &[8, 0]].concat();
        Ok([&ethernet[..], &ip.to_bytes(), &bytes[from..to]].concat())
    };
    Ok([piece(0, FIRST_PIECE)?, piece(FIRST_PIECE, DATAGRAM)?])
}

/// Bytes that count up.
fn counting(length: usize) -> Vec<u8> {
    (0..length).map(|at| at as u8).collect()
}
