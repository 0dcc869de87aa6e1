//! Writes the captures of examples/two-computes: what the guests of both nodes and the wire send, always the same bytes.
//!
//! ```text
//!   cargo run -p underpass-host-driver --example make_two_computes -- examples/two-computes
//! ```
//! | file       | enters        | what is in it                                                          |
//! |------------|---------------|------------------------------------------------------------------------|
//! | red1.pcap  | compute-1 vf0 | ARP; echo to red2, the gateway and red3; TCP to blue1 and blue2        |
//! | red2.pcap  | compute-1 vf1 | answers to red1                                                        |
//! | blue1.pcap | compute-1 vf2 | the answer to red1's connection                                        |
//! | edge1.pcap | compute-1 vf3 | ARP; echo to the host behind the SDN gateway                           |
//! | wire0.pcap | compute-1     | answers of red3, blue2 and the host behind the gateway; a wrong label  |
//! | red3.pcap  | compute-2 vf0 | the answer to red1's echo                                              |
//! | blue2.pcap | compute-2 vf1 | the answer to red1's connection                                        |

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etherparse::{
    ArpEthIpv4Packet, ArpOperation, IpNumber, PacketBuilder, PacketBuilderStep, TcpHeader,
};
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::{DataLink, Endianness, TsResolution};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// 2026-01-01 00:00:00 UTC.
const START: Duration = Duration::from_secs(1_767_225_600);

/// Somebody who sends.
#[derive(Clone, Copy)]
struct Host {
    mac: [u8; 6],
    ip: [u8; 4],
}

const ROUTER: [u8; 6] = [0, 0, 0x5e, 0, 1, 0];
const RED1: Host = guest(1, 3);
const RED2: Host = guest(1, 4);
const RED3: Host = guest(1, 5);
const BLUE1: Host = guest(2, 3);
const BLUE2: Host = guest(2, 4);
const EDGE1: Host = Host {
    mac: [2, 0, 0xc0, 0xa8, 1, 3],
    ip: [192, 168, 1, 3],
};
/// Behind the SDN gateway.
const CLOUD: Host = Host {
    mac: [0; 6],
    ip: [100, 100, 100, 100],
};
const COMPUTE1: Host = Host {
    mac: [0x0c, 0xc4, 0x7a, 0x4c, 0x67, 0x93],
    ip: [192, 168, 100, 3],
};
const COMPUTE2: Host = Host {
    mac: [0x0c, 0xc4, 0x7a, 0x59, 0x62, 0x5c],
    ip: [192, 168, 100, 4],
};
const GATEWAY: Host = Host {
    mac: [0x2c, 0x6b, 0xf5, 0x12, 0x34, 0x01],
    ip: [192, 168, 100, 1],
};

/// A guest of red (1) or blue (2).
const fn guest(network: u8, host: u8) -> Host {
    Host {
        mac: [2, 0, 0, network, network, host],
        ip: [10, network, network, host],
    }
}

fn arp(from: Host, target: [u8; 4]) -> Outcome<Vec<u8>> {
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

fn ip(from: Host, mac: [u8; 6], to: [u8; 4]) -> PacketBuilderStep<etherparse::IpHeaders> {
    PacketBuilder::ethernet2(from.mac, mac).ipv4(from.ip, to, 64)
}

/// What `ping` sends.
fn echo(from: Host, mac: [u8; 6], to: [u8; 4], id: u16, seq: u16) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip(from, mac, to)
        .icmpv4_echo_request(id, seq)
        .write(&mut frame, &payload())?;
    Ok(frame)
}

fn echo_reply(from: Host, mac: [u8; 6], to: [u8; 4], id: u16, seq: u16) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip(from, mac, to)
        .icmpv4_echo_reply(id, seq)
        .write(&mut frame, &payload())?;
    Ok(frame)
}

/// 56 bytes that count up.
fn payload() -> Vec<u8> {
    (0..56).collect()
}

fn syn(from: Host, to: [u8; 4], ports: (u16, u16)) -> Outcome<Vec<u8>> {
    tcp(
        from,
        to,
        TcpHeader {
            syn: true,
            ..TcpHeader::new(ports.0, ports.1, 1000, 64240)
        },
    )
}

fn syn_ack(from: Host, to: [u8; 4], ports: (u16, u16)) -> Outcome<Vec<u8>> {
    let header = TcpHeader::new(ports.0, ports.1, 5000, 64240);
    tcp(
        from,
        to,
        TcpHeader {
            syn: true,
            ack: true,
            acknowledgment_number: 1001,
            ..header
        },
    )
}

/// All TCP here crosses networks, so it goes to the router.
fn tcp(from: Host, to: [u8; 4], header: TcpHeader) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    ip(from, ROUTER, to)
        .tcp_header(header)
        .write(&mut frame, &[])?;
    Ok(frame)
}

/// A label at the bottom of the stack.
fn mpls(label: u32, packet: &[u8]) -> Vec<u8> {
    [&(label << 12 | 1 << 8 | 63).to_be_bytes()[..], packet].concat()
}

fn over_udp(from: Host, port: u16, payload: &[u8]) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    let builder = PacketBuilder::ethernet2(from.mac, COMPUTE1.mac).ipv4(from.ip, COMPUTE1.ip, 64);
    builder.udp(51000, port).write(&mut frame, payload)?;
    Ok(frame)
}

fn over_gre(from: Host, payload: &[u8]) -> Outcome<Vec<u8>> {
    let mut frame = Vec::new();
    let builder = PacketBuilder::ethernet2(from.mac, COMPUTE1.mac).ipv4(from.ip, COMPUTE1.ip, 64);
    builder.write(
        &mut frame,
        IpNumber::GRE,
        &[&[0, 0, 0x88, 0x47], payload].concat(),
    )?;
    Ok(frame)
}

fn vxlan(vni: u32, frame: &[u8]) -> Vec<u8> {
    [&[8, 0, 0, 0][..], &(vni << 8).to_be_bytes(), frame].concat()
}

/// The packet in a frame.
fn packet(frame: &[u8]) -> &[u8] {
    &frame[14..]
}

/// Frames with the milliseconds at which they are sent.
fn write(to: &Path, name: &str, frames: &[(u64, Vec<u8>)]) -> Outcome<()> {
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

fn main() -> Outcome<()> {
    let to = std::env::args_os().nth(1).map(PathBuf::from);
    let to = to.ok_or("expected the directory to write to")?;
    let red1 = [
        (0, arp(RED1, RED2.ip)?),
        (10, echo(RED1, RED2.mac, RED2.ip, 1, 1)?),
        (20, echo(RED1, RED2.mac, RED2.ip, 1, 2)?),
        (30, arp(RED1, [10, 1, 1, 1])?),
        (40, echo(RED1, ROUTER, [10, 1, 1, 1], 2, 1)?),
        (50, syn(RED1, BLUE1.ip, (40001, 80))?),
        (60, syn(RED1, BLUE1.ip, (40002, 22))?),
        (70, arp(RED1, RED3.ip)?),
        (80, echo(RED1, RED3.mac, RED3.ip, 3, 1)?),
        (90, syn(RED1, BLUE2.ip, (40003, 443))?),
        (100, syn(RED1, CLOUD.ip, (40004, 443))?),
    ];
    write(&to, "red1.pcap", &red1)?;
    let red2 = [
        (12, echo_reply(RED2, RED1.mac, RED1.ip, 1, 1)?),
        (22, echo_reply(RED2, RED1.mac, RED1.ip, 1, 2)?),
    ];
    write(&to, "red2.pcap", &red2)?;
    write(
        &to,
        "blue1.pcap",
        &[(52, syn_ack(BLUE1, RED1.ip, (80, 40001))?)],
    )?;
    let edge1 = [
        (110, arp(EDGE1, [192, 168, 1, 1])?),
        (120, echo(EDGE1, ROUTER, CLOUD.ip, 4, 1)?),
        (130, echo(EDGE1, ROUTER, CLOUD.ip, 4, 2)?),
    ];
    write(&to, "edge1.pcap", &edge1)?;

    let red3 = (85, echo_reply(RED3, RED1.mac, RED1.ip, 3, 1)?);
    let blue2 = (95, syn_ack(BLUE2, RED1.ip, (443, 40003))?);
    let cloud = |seq| echo_reply(CLOUD, ROUTER, EDGE1.ip, 4, seq);
    let wire0 = [
        (85, over_udp(COMPUTE2, 4789, &vxlan(5001, &red3.1))?),
        (95, over_udp(COMPUTE2, 6635, &mpls(25, packet(&blue2.1)))?),
        (125, over_gre(GATEWAY, &mpls(17, packet(&cloud(1)?)))?),
        (135, over_gre(GATEWAY, &mpls(17, packet(&cloud(2)?)))?),
        (140, over_gre(GATEWAY, &mpls(4000, packet(&cloud(3)?)))?),
    ];
    write(&to, "wire0.pcap", &wire0)?;
    write(&to, "red3.pcap", &[red3])?;
    write(&to, "blue2.pcap", &[blue2])
}
