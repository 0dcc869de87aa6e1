//! What a frame is, in a few words, for people: `ICMP echo request 10.1.1.3 > 10.2.2.3 id 7 seq 1`.
//!
//! ```text
//!   MPLSoUDP 192.168.100.3 > 192.168.100.4 label 37 | TCP 10.1.1.3:40000 > 10.2.2.4:80 SYN
//!   └──────────── wrapping(frame) ────────────────┘   └──────── the tenant's packet ──────┘
//! ```
//! IPv6 addresses are in the form of RFC 5952. It guesses where a machine would refuse: bytes that make no sense are
//! described by what still does.

mod icmp;
mod neighbor;
mod tunnel;

use etherparse::{IpNumber, LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice};
use std::net::{IpAddr, SocketAddr};

/// Tunnels within tunnels that are still told apart.
const MAX_DEPTH: usize = 4;

/// The whole frame.
pub fn frame(bytes: &[u8]) -> String {
    let (mut words, mut rest) = (Vec::new(), Layer::Frame(bytes));
    for _ in 0..MAX_DEPTH {
        let (word, within) = layer(rest);
        words.push(word);
        match within {
            Some(within) => rest = within,
            None => break,
        }
    }
    words.join(" | ")
}

/// The tunnel headers of a frame, if it has any.
pub fn wrapping(bytes: &[u8]) -> Option<String> {
    let (word, within) = layer(Layer::Frame(bytes));
    within.map(|_| word)
}

/// What is to be described next.
#[derive(Clone, Copy)]
enum Layer<'a> {
    Frame(&'a [u8]),
    Ip(&'a [u8]),
}

/// One layer in words, and what is inside if it is a tunnel.
fn layer(bytes: Layer<'_>) -> (String, Option<Layer<'_>>) {
    let packet = match bytes {
        Layer::Frame(bytes) => match LaxSlicedPacket::from_ethernet(bytes) {
            Ok(packet) => packet,
            Err(_) => return (format!("{} bytes, no Ethernet header", bytes.len()), None),
        },
        Layer::Ip(bytes) => match LaxSlicedPacket::from_ip(bytes) {
            Ok(packet) => packet,
            Err(_) => return (format!("{} bytes, no IP header", bytes.len()), None),
        },
    };
    let tag = packet
        .vlan_ids()
        .first()
        .map(|id| format!("VLAN {} ", id.value()));
    let (word, within) = match &packet.net {
        Some(net) => network(net, packet.transport.as_ref()),
        None => {
            let ethertype = packet
                .ether_payload()
                .map_or(0, |payload| payload.ether_type.0);
            (format!("ethertype {ethertype:#06x}"), None)
        }
    };
    (tag.unwrap_or_default() + &word, within)
}

fn network<'a>(
    net: &LaxNetSlice<'a>,
    transport: Option<&TransportSlice<'a>>,
) -> (String, Option<Layer<'a>>) {
    match net {
        LaxNetSlice::Arp(arp) => (neighbor::arp(arp), None),
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            let ends = (
                IpAddr::V4(header.source_addr()),
                IpAddr::V4(header.destination_addr()),
            );
            let payload = ip.payload();
            if payload.fragmented {
                let at = header.fragments_offset().byte_offset();
                let protocol = protocol(payload.ip_number);
                return (
                    format!("{protocol} {} > {} fragment at {at}", ends.0, ends.1),
                    None,
                );
            }
            internet(ends, payload.ip_number, payload.payload, transport)
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            let ends = (
                IpAddr::V6(header.source_addr()),
                IpAddr::V6(header.destination_addr()),
            );
            let payload = ip.payload();
            if payload.fragmented {
                let protocol = protocol(payload.ip_number);
                return (format!("{protocol} {} > {} fragment", ends.0, ends.1), None);
            }
            internet(ends, payload.ip_number, payload.payload, transport)
        }
    }
}

fn internet<'a>(
    (src, dst): (IpAddr, IpAddr),
    number: IpNumber,
    payload: &'a [u8],
    transport: Option<&TransportSlice<'a>>,
) -> (String, Option<Layer<'a>>) {
    match transport {
        Some(TransportSlice::Udp(udp)) => {
            if let Some((name, within)) = tunnel::udp(udp) {
                return (format!("{name} {src} > {dst} {}", within.0), Some(within.1));
            }
            let (a, b) = sockets(src, udp.source_port(), dst, udp.destination_port());
            (format!("UDP {a} > {b}"), None)
        }
        Some(TransportSlice::Tcp(tcp)) => {
            let (a, b) = sockets(src, tcp.source_port(), dst, tcp.destination_port());
            (format!("TCP {a} > {b}{}", tcp_flags(tcp)), None)
        }
        Some(TransportSlice::Icmpv4(icmp)) => (icmp::v4(icmp, src, dst), None),
        Some(TransportSlice::Icmpv6(icmp)) => {
            let neighbors = neighbor::discovery(icmp, src);
            (neighbors.unwrap_or_else(|| icmp::v6(icmp, src, dst)), None)
        }
        _ => match tunnel::gre(number, payload) {
            Some((name, within)) => (format!("{name} {src} > {dst} {}", within.0), Some(within.1)),
            None => (format!("{} {src} > {dst}", protocol(number)), None),
        },
    }
}

fn sockets(src: IpAddr, src_port: u16, dst: IpAddr, dst_port: u16) -> (SocketAddr, SocketAddr) {
    (
        SocketAddr::new(src, src_port),
        SocketAddr::new(dst, dst_port),
    )
}

/// `TCP`, `SCTP`, or the number.
fn protocol(number: IpNumber) -> String {
    match number.keyword_str() {
        Some(name) => name.to_owned(),
        None => format!("IP protocol {}", number.0),
    }
}

fn tcp_flags(tcp: &TcpSlice<'_>) -> String {
    let flags = [
        (tcp.syn(), " SYN"),
        (tcp.fin(), " FIN"),
        (tcp.rst(), " RST"),
        (tcp.ack(), " ACK"),
    ];
    flags
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, name)| *name)
        .collect()
}

/// `02:00:00:01:01:03`
pub fn mac(bytes: [u8; 6]) -> String {
    bytes.map(|byte| format!("{byte:02x}")).join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{ArpEthIpv4Packet, ArpOperation, Icmpv6Type, PacketBuilder};

    const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const B: [u8; 6] = [2, 0, 0, 0, 0, 2];

    fn echo() -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2(A, B)
            .ipv4([10, 1, 1, 3], [10, 1, 1, 4], 64)
            .icmpv4_echo_request(7, 1)
            .write(&mut bytes, &[0; 8])
            .unwrap();
        bytes
    }

    /// `payload` in a UDP packet between two nodes.
    fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2(A, B)
            .ipv4([192, 168, 100, 3], [192, 168, 100, 4], 64)
            .udp(50000, port)
            .write(&mut bytes, payload)
            .unwrap();
        bytes
    }

    #[test]
    fn a_plain_packet() {
        assert_eq!(
            frame(&echo()),
            "ICMP echo request 10.1.1.3 > 10.1.1.4 id 7 seq 1"
        );
        assert_eq!(wrapping(&echo()), None);
    }

    #[test]
    fn a_copy_along_a_tree() {
        let plain = udp(4789, &[&[8, 0, 0, 0, 0, 0, 5, 0][..], &echo()].concat());
        let word = (4700u32 << 12 | 1 << 8 | 64).to_be_bytes();
        let labelled = |within: &[u8]| [&word[..], &[0; 4], within].concat();
        assert_eq!(
            frame(&udp(6635, &labelled(&plain[14..]))),
            "MPLSoUDP 192.168.100.3 > 192.168.100.4 label 4700 control word | \
             VXLAN 192.168.100.3 > 192.168.100.4 vni 5 | \
             ICMP echo request 10.1.1.3 > 10.1.1.4 id 7 seq 1"
        );
        assert_eq!(
            frame(&udp(6635, &labelled(&echo()))),
            "MPLSoUDP 192.168.100.3 > 192.168.100.4 label 4700 control word | \
             ICMP echo request 10.1.1.3 > 10.1.1.4 id 7 seq 1"
        );
    }

    #[test]
    fn a_virtual_subnet() {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2(A, B)
            .ip(etherparse::IpHeaders::Ipv4(
                etherparse::Ipv4Header::new(
                    0,
                    64,
                    IpNumber::GRE,
                    [192, 168, 100, 3],
                    [192, 168, 100, 4],
                )
                .unwrap(),
                Default::default(),
            ))
            .write(
                &mut bytes,
                IpNumber::GRE,
                &[&[0x20, 0, 0x65, 0x58, 0, 3, 0x84, 9][..], &echo()].concat(),
            )
            .unwrap();
        assert_eq!(
            frame(&bytes),
            "NVGRE 192.168.100.3 > 192.168.100.4 vsid 900 | ICMP echo request 10.1.1.3 > 10.1.1.4 id 7 seq 1"
        );
    }

    #[test]
    fn a_request_for_a_mac() {
        let arp = ArpEthIpv4Packet {
            operation: ArpOperation::REQUEST,
            sender_mac: A,
            sender_ipv4: [10, 1, 1, 3],
            target_mac: [0; 6],
            target_ipv4: [10, 1, 1, 1],
        };
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2(A, [0xff; 6])
            .arp(arp.into())
            .write(&mut bytes)
            .unwrap();
        assert_eq!(frame(&bytes), "ARP who has 10.1.1.1? tell 10.1.1.3");
    }

    #[test]
    fn tunnels_and_what_is_in_them() {
        let bare = &echo()[14..];
        let label = |label: u32| (label << 12 | 0x140).to_be_bytes().to_vec();
        let mpls = udp(6635, &[&label(37)[..], bare].concat());
        assert_eq!(
            frame(&mpls),
            "MPLSoUDP 192.168.100.3 > 192.168.100.4 label 37 | ICMP echo request 10.1.1.3 > 10.1.1.4 id 7 seq 1"
        );
        assert_eq!(
            wrapping(&mpls).as_deref(),
            Some("MPLSoUDP 192.168.100.3 > 192.168.100.4 label 37")
        );
        let bridged = udp(51234, &[&label(38)[..], &echo()].concat());
        assert!(frame(&bridged)
            .ends_with("label 38 | ICMP echo request 10.1.1.3 > 10.1.1.4 id 7 seq 1"));
        let vxlan = udp(
            4789,
            &[&[8, 0, 0, 0, 0, 0x13, 0x89, 0][..], &echo()].concat(),
        );
        assert!(frame(&vxlan).starts_with("VXLAN 192.168.100.3 > 192.168.100.4 vni 5001 | ICMP"));
    }

    #[test]
    fn mpls_in_gre() {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2(A, B)
            .ipv4([192, 168, 100, 3], [192, 168, 100, 1], 64)
            .write(
                &mut bytes,
                IpNumber::GRE,
                &[&[0, 0, 0x88, 0x47, 0, 1, 0x41, 0x40][..], &echo()[14..]].concat(),
            )
            .unwrap();
        assert!(
            frame(&bytes).starts_with("MPLSoGRE 192.168.100.3 > 192.168.100.1 label 20 | ICMP"),
            "{}",
            frame(&bytes)
        );
    }

    fn six(host: u8) -> [u8; 16] {
        let mut address = [0; 16];
        address[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        address[15] = host;
        address
    }

    fn icmpv6(kind: Icmpv6Type, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2(A, B)
            .ipv6(six(3), six(4), 255)
            .icmpv6(kind)
            .write(&mut bytes, payload)
            .unwrap();
        bytes
    }

    #[test]
    fn packets_of_ipv6() {
        let echo = Icmpv6Type::EchoRequest(etherparse::IcmpEchoHeader { id: 7, seq: 1 });
        let echo = icmpv6(echo, &[0; 8]);
        assert_eq!(
            frame(&echo),
            "ICMPv6 echo request 2001:db8::3 > 2001:db8::4 id 7 seq 1"
        );
        let ask = icmpv6(Icmpv6Type::NeighborSolicitation, &six(4));
        assert_eq!(frame(&ask), "ND who has 2001:db8::4? tell 2001:db8::3");
        let flags = etherparse::icmpv6::NeighborAdvertisementHeader {
            router: false,
            solicited: true,
            r#override: false,
        };
        let option = [&six(4)[..], &[2, 1], &B].concat();
        let tell = icmpv6(Icmpv6Type::NeighborAdvertisement(flags), &option);
        assert_eq!(frame(&tell), "ND 2001:db8::4 is at 02:00:00:00:00:02");
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2(A, B)
            .ipv6(six(3), six(4), 64)
            .tcp(40000, 80, 1, 1)
            .syn()
            .write(&mut bytes, &[])
            .unwrap();
        assert_eq!(
            frame(&bytes),
            "TCP [2001:db8::3]:40000 > [2001:db8::4]:80 SYN"
        );
    }

    #[test]
    fn tunnels_between_ipv6_nodes() {
        let bare = &echo()[14..];
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2(A, B)
            .ipv6(six(3), six(4), 64)
            .udp(50000, 6635)
            .write(
                &mut bytes,
                &[&(37u32 << 12 | 0x140).to_be_bytes()[..], bare].concat(),
            )
            .unwrap();
        // The checksum of a tunnel's UDP is zero (RFC 6935).
        bytes[60..62].fill(0);
        assert_eq!(
            frame(&bytes),
            "MPLSoUDP 2001:db8::3 > 2001:db8::4 label 37 | ICMP echo request 10.1.1.3 > 10.1.1.4 id 7 seq 1"
        );
    }

    #[test]
    fn nothing_makes_it_stumble() {
        for length in 0..60 {
            frame(&udp(4789, &[8; 8])[..length.min(50)]);
        }
        assert_eq!(frame(&[1, 2, 3]), "3 bytes, no Ethernet header");
    }
}
