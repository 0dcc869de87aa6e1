//! The captures of examples/routed-setup.
//!
//! | file             | enters | what is in it                                                                            |
//! |------------------|--------|------------------------------------------------------------------------------------------|
//! | vm1.pcap         | vf0    | questions for the gateway and for who is on the wire; pings to the wire and far away     |
//! | vm2.pcap         | vf1    | a question for vm1, and a ping to it                                                     |
//! | wire1.pcap       | wire1  | questions for a guest, and for nobody; answers to the node and to the pings              |
//! | vm3.pcap         | vf0    | a question to a name server far away, and a ping                                         |
//! | tunnel.pcap      | wire0  | a guest on another node asks the same server, from the same port                         |
//! | outside.pcap     | wire1  | the router's MAC; answers; an error; what is for the address and answers nobody          |

use std::net::Ipv6Addr;
use std::path::Path;

use etherparse::{ArpEthIpv4Packet, ArpOperation, PacketBuilder};

use crate::frames::*;
use crate::Outcome;

const VXLAN: u16 = 4789;
const DNS: u16 = 53;
/// The port that both guests ask the name server from, and the one that the second of them gets.
const PORT: u16 = 4000;
const OTHER_PORT: u16 = 30774;

const fn on_wire(mac: [u8; 6], last: u8) -> Host {
    Host {
        mac,
        ip: [192, 0, 2, last],
        ip6: Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, last as u16),
    }
}

const VM1: Host = on_wire([2, 0, 0, 0, 2, 10], 10);
const VM2: Host = on_wire([2, 0, 0, 0, 2, 11], 11);
const ROUTER1: Host = on_wire([2, 0, 0, 0, 2, 1], 1);
const PRINTER: Host = on_wire([2, 0, 0, 0, 2, 50], 50);
/// The node, as the wire knows it.
const COMPUTE1: Host = on_wire([0x0c, 0xc4, 0x7a, 0x4c, 0x67, 0x94], 254);

const VM3: Host = guest(1, 3);
const VM5: Host = guest(1, 5);
const TUNNEL_TO: Host = on_underlay([0x0c, 0xc4, 0x7a, 0x59, 0x62, 0x5c], 4);
const TUNNEL_FROM: Host = on_underlay([0x0c, 0xc4, 0x7a, 0x4c, 0x67, 0x93], 3);
const OUTSIDE: Host = outside([0x0c, 0xc4, 0x7a, 0x59, 0x62, 0x5d], [198, 51, 100, 2]);
const UPSTREAM: Host = outside([2, 0, 0, 0, 3, 1], [198, 51, 100, 1]);
/// Somebody far away, by the router of either scene.
const SERVER: [u8; 4] = [203, 0, 113, 9];

const fn on_underlay(mac: [u8; 6], last: u8) -> Host {
    outside(mac, [192, 168, 100, last])
}

const fn outside(mac: [u8; 6], ip: [u8; 4]) -> Host {
    Host {
        mac,
        ip,
        ip6: Ipv6Addr::UNSPECIFIED,
    }
}

/// Writes them all.
pub fn write(to: &Path) -> Outcome<()> {
    compute(to)?;
    router(to)
}

fn compute(to: &Path) -> Outcome<()> {
    let far = Host {
        mac: ROUTER1.mac,
        ip: SERVER,
        ..ROUTER1
    };
    let vm1 = [
        (100, arp(VM1, ROUTER1.ip)?),
        (110, arp(VM1, PRINTER.ip)?),
        (140, echo(VM1, ROUTER, PRINTER.ip, 1, 1)?),
        (170, echo(VM1, ROUTER, PRINTER.ip, 1, 2)?),
        (180, echo(VM1, ROUTER, SERVER, 2, 1)?),
        (210, solicit(VM1, ROUTER1.ip6)?),
        (220, echo6(VM1, ROUTER, PRINTER.ip6, 3, 1)?),
    ];
    let vm2 = [
        (120, arp(VM2, VM1.ip)?),
        (130, echo(VM2, ROUTER, VM1.ip, 4, 1)?),
    ];
    let wire1 = [
        (104, arp(PRINTER, VM1.ip)?),
        (106, arp(PRINTER, [192, 0, 2, 77])?),
        (150, is_at(PRINTER, COMPUTE1)?),
        (160, echo_reply(PRINTER, COMPUTE1.mac, VM1.ip, 1, 1)?),
        (190, is_at(ROUTER1, COMPUTE1)?),
        (200, echo_reply(far, COMPUTE1.mac, VM1.ip, 2, 1)?),
        (230, advertise(PRINTER, COMPUTE1)?),
        (240, solicit(PRINTER, VM1.ip6)?),
        (250, echo_reply6(PRINTER, COMPUTE1.mac, VM1.ip6, 3, 1)?),
    ];
    crate::frames::write(to, "vm1.pcap", &vm1)?;
    crate::frames::write(to, "vm2.pcap", &vm2)?;
    crate::frames::write(to, "wire1.pcap", &wire1)
}

fn router(to: &Path) -> Outcome<()> {
    let far = Host {
        ip: SERVER,
        ..UPSTREAM
    };
    let vm3 = [
        (100, udp(VM3, ROUTER, SERVER, (PORT, DNS))?),
        (150, echo(VM3, ROUTER, SERVER, 1, 1)?),
        (210, udp(VM3, ROUTER, SERVER, (PORT, DNS))?),
    ];
    let asked = udp(VM5, ROUTER, SERVER, (PORT, DNS))?;
    let tunnel = [(
        130,
        over_udp(TUNNEL_FROM, TUNNEL_TO, VXLAN, &vxlan(5001, &asked))?,
    )];
    let answer = |port| udp(far, OUTSIDE.mac, OUTSIDE.ip, (DNS, port));
    let outside = [
        (110, is_at(UPSTREAM, OUTSIDE)?),
        (120, answer(PORT)?),
        (140, answer(OTHER_PORT)?),
        (160, echo_reply(far, OUTSIDE.mac, OUTSIDE.ip, 1, 1)?),
        (170, error()?),
        (180, answer(9999)?),
        (190, echo(far, OUTSIDE.mac, OUTSIDE.ip, 9, 1)?),
    ];
    crate::frames::write(to, "vm3.pcap", &vm3)?;
    crate::frames::write(to, "tunnel.pcap", &tunnel)?;
    crate::frames::write(to, "outside.pcap", &outside)
}

/// The answer to a question for a MAC.
fn is_at(from: Host, to: Host) -> Outcome<Vec<u8>> {
    let packet = ArpEthIpv4Packet {
        operation: ArpOperation::REPLY,
        sender_mac: from.mac,
        sender_ipv4: from.ip,
        target_mac: to.mac,
        target_ipv4: to.ip,
    };
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, to.mac)
        .arp(packet.into())
        .write(&mut frame)?;
    Ok(frame)
}

fn udp(from: Host, mac: [u8; 6], to: [u8; 4], ports: (u16, u16)) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, mac)
        .ipv4(from.ip, to, 64)
        .udp(ports.0, ports.1)
        .write(&mut frame, b"what is its address?")?;
    Ok(frame)
}

/// The router cannot reach the server, and quotes what the second guest sent there.
fn error() -> Outcome<Vec<u8>> {
    let sent = udp(OUTSIDE, UPSTREAM.mac, SERVER, (OTHER_PORT, DNS))?;
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(UPSTREAM.mac, OUTSIDE.mac)
        .ipv4(UPSTREAM.ip, OUTSIDE.ip, 64)
        .icmpv4_raw(3, 1, [0; 4])
        .write(&mut frame, &packet(&sent)[..28])?;
    Ok(frame)
}
