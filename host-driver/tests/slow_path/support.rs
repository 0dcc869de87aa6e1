//! A network with every mode, a card that carries it, and IPv4 frames of its guests; those of IPv6 are in `six`.

use std::time::Duration;

use etherparse::{
    ArpEthIpv4Packet, ArpOperation, EtherType, Ethernet2Header, PacketBuilder, TcpHeader,
};
use underpass_host_driver::access::Model;
use underpass_host_driver::driver::REPLAY_SEED;
use underpass_host_driver::session::{Outcome, Session};
use underpass_layout::port;
use underpass_layout::profile::SIM;

pub const ROUTER: [u8; 6] = [0, 0, 0x5e, 0, 1, 0];
pub const NODE: [u8; 6] = [0x0c, 0xc4, 0x7a, 0, 0, 1];
pub const FAR_NODE: [u8; 6] = [0x0c, 0xc4, 0x7a, 0, 0, 2];
pub const BROADCAST: [u8; 6] = [0xff; 6];

/// Node 192.168.0.1 with guests in `red` (l2-l3), `blue` (l3), `green` (l2); red and blue joined by a policy that lets
/// ICMP and TCP to port 80 pass. `red9` is on node 192.168.0.2, `cloud` behind 192.168.0.3, whose MAC is not known.
pub const NETWORK: &str = r#"
node: {name: one}
underlay:
  port: wire0
  mac: "0c:c4:7a:00:00:01"
  address: 192.168.0.1/24
  neighbors: {192.168.0.2: "0c:c4:7a:00:00:02"}
networks:
  - {name: red, vrf: 1, vni: 5001, subnets: [{prefix: 10.1.0.0/24, gateway: 10.1.0.1, dns: 10.1.0.2}, {prefix: "2001:db8:1::/64", gateway: "2001:db8:1::1", dns: "2001:db8:1::2"}]}
  - {name: blue, vrf: 2, mode: l3, subnets: [{prefix: 10.2.0.0/24, gateway: 10.2.0.1}, {prefix: "2001:db8:2::/64", gateway: "2001:db8:2::1"}]}
  - {name: green, vrf: 3, mode: l2}
interfaces:
  - {name: red1, port: vf0, network: red, mac: "02:00:00:00:01:01", addresses: [10.1.0.11, "2001:db8:1::11"], label: 21, l2_label: 22}
  - {name: red2, port: vf1, network: red, mac: "02:00:00:00:01:02", addresses: [10.1.0.12, "2001:db8:1::12"]}
  - {name: blue1, port: vf2, network: blue, mac: "02:00:00:00:02:01", addresses: [10.2.0.11, "2001:db8:2::11"], label: 31}
  - {name: blue2, port: vf3, network: blue, mac: "02:00:00:00:02:02", addresses: [10.2.0.12, "2001:db8:2::12"], mode: packet}
  - {name: green1, port: vf4, network: green, mac: "02:00:00:00:03:01"}
  - {name: green2, port: vf5, network: green, mac: "02:00:00:00:03:02"}
  - {name: green3, port: vf6, network: green, mac: "02:00:00:00:03:03"}
policies:
  - name: p
    networks: [red, blue]
    rules: [{action: pass, protocol: icmp}, {action: pass, protocol: tcp, destination_ports: [80]}]
remote:
  - {network: red, mac: "02:00:00:00:01:09", addresses: [10.1.0.19, "2001:db8:1::19"], next_hops: [{address: 192.168.0.2, encapsulation: vxlan, vni: 5001}]}
  - {network: red, prefix: 172.16.0.0/16, next_hops: [{address: 192.168.0.3, encapsulation: mpls-udp, label: 99}]}
  - {network: red, prefix: "2001:db8:ffff::/48", next_hops: [{address: 192.168.0.3, encapsulation: mpls-udp, label: 99}]}
"#;

/// A guest: its port, MAC and address.
#[derive(Clone, Copy)]
pub struct Guest {
    pub port: u16,
    pub mac: [u8; 6],
    pub ip: [u8; 4],
}

const fn guest(number: u16, network: u8, host: u8) -> Guest {
    Guest {
        port: port::VF0 + number,
        mac: [2, 0, 0, 0, network, host],
        ip: [10, network, 0, 10 + host],
    }
}

pub const RED1: Guest = guest(0, 1, 1);
pub const RED2: Guest = guest(1, 1, 2);
pub const BLUE1: Guest = guest(2, 2, 1);
pub const BLUE2: Guest = guest(3, 2, 2);
pub const GREEN1: Guest = guest(4, 3, 1);
pub const GREEN2: Guest = guest(5, 3, 2);
pub const GREEN3: Guest = guest(6, 3, 3);
/// A guest of red on the other node.
pub const RED9: Guest = guest(0, 1, 9);

pub type Card = Session<Model>;

/// A card that carries a network.
pub fn card_of(text: &str) -> Card {
    let network = underpass_table_compiler::parse("test.yaml", text);
    Session::start(Model::new(&SIM), network.unwrap(), REPLAY_SEED).unwrap()
}

/// A card that carries [`NETWORK`] with `more` behind it.
pub fn card_with(more: &str) -> Card {
    card_of(&format!("{NETWORK}{more}"))
}

pub fn card() -> Card {
    card_with("")
}

/// Sends a frame at a time in milliseconds.
pub fn send_at(card: &mut Card, millis: u64, port: u16, frame: &[u8]) -> Outcome {
    card.advance(Duration::from_millis(millis)).unwrap();
    card.send(port, frame).unwrap()
}

pub fn arp(operation: ArpOperation, to: [u8; 6], sender: Guest, target: [u8; 4]) -> Vec<u8> {
    let packet = ArpEthIpv4Packet {
        operation,
        sender_mac: sender.mac,
        sender_ipv4: sender.ip,
        target_mac: [0; 6],
        target_ipv4: target,
    };
    let ethernet = Ethernet2Header {
        source: sender.mac,
        destination: to,
        ether_type: EtherType::ARP,
    };
    [&ethernet.to_bytes()[..], &packet.to_bytes()[..]].concat()
}

pub fn who_has(sender: Guest, target: [u8; 4]) -> Vec<u8> {
    arp(ArpOperation::REQUEST, BROADCAST, sender, target)
}

pub fn is_at(sender: Guest, to: Guest) -> Vec<u8> {
    arp(ArpOperation::REPLY, to.mac, sender, to.ip)
}

/// An echo request to an address through a MAC.
pub fn echo(from: Guest, mac: [u8; 6], to: [u8; 4], seq: u16) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, mac)
        .ipv4(from.ip, to, 64)
        .icmpv4_echo_request(7, seq)
        .write(&mut frame, b"payload!")
        .unwrap();
    frame
}

/// The answer to [`echo`].
pub fn echo_reply(from: Guest, mac: [u8; 6], to: [u8; 4], seq: u16) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, mac)
        .ipv4(from.ip, to, 64)
        .icmpv4_echo_reply(7, seq)
        .write(&mut frame, b"payload!")
        .unwrap();
    frame
}

pub fn tcp(from: Guest, mac: [u8; 6], to: [u8; 4], ports: (u16, u16)) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, mac)
        .ipv4(from.ip, to, 64)
        .tcp(ports.0, ports.1, 1, 1000)
        .syn()
        .write(&mut frame, &[])
        .unwrap();
    frame
}

/// A TCP segment with some flags (`SAFR`), a sequence and an acknowledgement number.
pub fn segment(
    from: Guest,
    mac: [u8; 6],
    to: [u8; 4],
    ports: (u16, u16),
    (flags, seq, ack): (&str, u32, u32),
) -> Vec<u8> {
    let mut tcp = TcpHeader::new(ports.0, ports.1, seq, 1000);
    tcp.syn = flags.contains('S');
    tcp.ack = flags.contains('A');
    tcp.fin = flags.contains('F');
    tcp.rst = flags.contains('R');
    tcp.acknowledgment_number = ack;
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, mac)
        .ipv4(from.ip, to, 64)
        .tcp_header(tcp)
        .write(&mut frame, &[])
        .unwrap();
    frame
}

pub fn udp(from: Guest, mac: [u8; 6], to: [u8; 4], ports: (u16, u16)) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(from.mac, mac)
        .ipv4(from.ip, to, 64)
        .udp(ports.0, ports.1)
        .write(&mut frame, b"payload!")
        .unwrap();
    frame
}

/// The only frame that left, and its port.
pub fn left(outcome: &Outcome) -> (u16, &[u8]) {
    match &outcome.departures[..] {
        [(port, frame)] => (*port, frame),
        _ => panic!("{outcome:?}"),
    }
}

/// `frame` in VXLAN from the other node.
pub fn vxlan(vni: u32, frame: &[u8]) -> Vec<u8> {
    let vni = vni.to_be_bytes();
    let header = [8, 0, 0, 0, vni[1], vni[2], vni[3], 0];
    tunnel(4789, &[&header, frame].concat())
}

/// An IP packet (a frame without its Ethernet header) under an MPLS label, from the other node.
pub fn mpls(label: u32, frame: &[u8]) -> Vec<u8> {
    let word = (label << 12 | 1 << 8 | 64).to_be_bytes();
    tunnel(6635, &[&word, &frame[14..]].concat())
}

fn tunnel(port: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(FAR_NODE, NODE)
        .ipv4([192, 168, 0, 2], [192, 168, 0, 1], 64)
        .udp(50000, port)
        .write(&mut frame, payload)
        .unwrap();
    frame
}

/// The ports on which something left.
pub fn ports(outcome: &Outcome) -> Vec<u16> {
    outcome.departures.iter().map(|(port, _)| *port).collect()
}
