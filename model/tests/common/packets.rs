//! Packets of tenants, of both families, put together with another crate's headers.

use etherparse::{IpFragOffset, IpNumber, Ipv4Header, Ipv6Header, PacketBuilder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// The VM's address, 10.1.1.3.
pub const VM4: u128 = 0x0a01_0103;
/// The remote VM's, 10.1.1.9.
pub const REMOTE4: u128 = 0x0a01_0109;
/// The VM's address, fd00:1::3.
pub const VM6: u128 = 0xfd00_0001 << 96 | 3;
/// The remote VM's, fd00:1::9.
pub const REMOTE6: u128 = 0xfd00_0001 << 96 | 9;

/// An IP packet in an Ethernet frame.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// IPv6.
    pub v6: bool,
    /// TTL or hop limit.
    pub ttl: u8,
    /// The bytes from the IP header on.
    pub packet: Vec<u8>,
}

impl Tenant {
    /// The frame with these MACs.
    pub fn frame(&self, dst: u64, src: u64) -> Vec<u8> {
        let ethertype: u16 = if self.v6 { 0x86dd } else { 0x0800 };
        let macs = [dst, src].map(|mac| mac.to_be_bytes()[2..].to_vec());
        [&macs.concat()[..], &ethertype.to_be_bytes(), &self.packet].concat()
    }
}

/// A protocol and what is behind the IP headers: a good transport header, or bytes of a protocol without ports.
fn any_upper(v6: bool) -> impl Strategy<Value = (u8, Vec<u8>)> {
    let icmp = if v6 { 58 } else { 1 };
    let icmp_type = select(vec![0_u8, 1, 3, 8, 128, 129, 135, 200]);
    let protocol = select(vec![6_u8, 17, 17, 132, icmp, icmp, 50, 59]);
    let ports = any::<(u16, u16)>();
    (protocol, icmp_type, ports, vec(any::<u8>(), 0..100)).prop_map(
        move |(protocol, icmp_type, (src, dst), payload)| {
            let mut bytes = [src.to_be_bytes(), dst.to_be_bytes()].concat();
            match protocol {
                6 => bytes.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 9, 9, 0, 0, 0, 0]),
                17 => {
                    bytes.extend((8 + payload.len() as u16).to_be_bytes());
                    bytes.extend([0xab, 0xcd]);
                }
                132 => bytes.extend([0; 8]),
                50 | 59 => (),
                _ => bytes = [&[icmp_type, 0, 0, 0], &bytes[..]].concat(),
            }
            bytes.extend(payload);
            (protocol, bytes)
        },
    )
}

/// IPv6 extension headers in front of what is behind them, with the kind of the first.
fn extended(chain: &[(u8, u8)], next: u8, behind: Vec<u8>) -> (u8, Vec<u8>) {
    chain
        .iter()
        .rev()
        .fold((next, behind), |(next, behind), (kind, units)| {
            let mut header = vec![next, *units];
            header.resize(8 * (usize::from(*units) + 1), 1);
            header.extend(behind);
            (*kind, header)
        })
}

fn any_ipv4(ttl: u8) -> impl Strategy<Value = Tenant> {
    let fragment = prop_oneof![4 => Just((0, false)), 1 => (0..100_u16, any::<bool>())];
    (any_upper(false), fragment, any::<u16>()).prop_map(
        move |((protocol, behind), (offset, more), id)| {
            let address = |address: u128| (address as u32).to_be_bytes();
            let length = behind.len() as u16;
            let (src, dst) = (address(VM4), address(REMOTE4));
            let header = Ipv4Header::new(length, ttl, IpNumber(protocol), src, dst);
            let mut header = header.expect("a short payload");
            header.identification = id;
            header.more_fragments = more;
            header.fragment_offset = IpFragOffset::try_new(offset).expect("small");
            header.header_checksum = header.calc_header_checksum();
            Tenant {
                v6: false,
                ttl,
                packet: [&header.to_bytes()[..], &behind].concat(),
            }
        },
    )
}

fn any_ipv6(hop_limit: u8) -> impl Strategy<Value = Tenant> {
    let first = select(vec![0_u8, 43, 60]);
    let more = select(vec![43_u8, 60, 51, 135]);
    let chain = (
        proptest::option::weighted(0.4, (first, 0..4_u8)),
        vec((more, 0..3_u8), 0..3),
    );
    let fragment = proptest::option::weighted(0.2, any::<u32>());
    (any_upper(true), chain, fragment, 0..0x10_0000_u32).prop_map(
        move |((protocol, behind), (first, more), fragment, label)| {
            let (next, behind) = match fragment {
                Some(id) => {
                    let header = [&[protocol, 0, 0, 9], &id.to_be_bytes()[..]].concat();
                    (44, [header, behind].concat())
                }
                None => (protocol, behind),
            };
            let chain: Vec<(u8, u8)> = match first {
                Some(first) => [first].into_iter().chain(more).collect(),
                None => Vec::new(),
            };
            let (next, behind) = extended(&chain, next, behind);
            let header = Ipv6Header {
                flow_label: label.try_into().expect("20 bits"),
                payload_length: behind.len() as u16,
                next_header: IpNumber(next),
                hop_limit,
                source: VM6.to_be_bytes(),
                destination: REMOTE6.to_be_bytes(),
                ..Ipv6Header::default()
            };
            Tenant {
                v6: true,
                ttl: hop_limit,
                packet: [&header.to_bytes()[..], &behind].concat(),
            }
        },
    )
}

/// A good packet of either family from the VM to the remote one, that has more than two hops to go.
pub fn any_tenant() -> impl Strategy<Value = Tenant> {
    (3..=254_u8).prop_flat_map(|ttl| prop_oneof![any_ipv4(ttl), any_ipv6(ttl)])
}

/// IPv6 from node 3's tunnel address to ours around a packet.
fn underlay6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let header = Ipv6Header {
        payload_length: payload.len() as u16,
        next_header: IpNumber(next_header),
        hop_limit: 64,
        source: super::FAR6.to_be_bytes(),
        destination: super::OURS6.to_be_bytes(),
        ..Ipv6Header::default()
    };
    let ethernet = super::hex("001b21bbf948001b21bbf94686dd");
    [&ethernet[..], &header.to_bytes(), payload].concat()
}

/// Frames of IPv6, each with its port: from the VM to the gateway and to the remote VM, through every tunnel over IPv6 with
/// either family inside, and neighbour discovery from both sides.
pub fn ipv6_frames() -> Vec<(u16, Vec<u8>)> {
    let ends = (VM6.to_be_bytes(), REMOTE6.to_be_bytes());
    let udp = |(src, dst), src_port, dst_port| {
        let builder = PacketBuilder::ipv6(src, dst, 64).udp(src_port, dst_port);
        let mut packet = Vec::new();
        builder.write(&mut packet, b"payload").expect("it is short");
        Tenant {
            v6: true,
            ttl: 64,
            packet,
        }
    };
    let sent = udp(ends, 1000, 2000);
    let answer = udp((ends.1, ends.0), 2000, 1000);
    let answer4 = super::hex("4500001d0001000040116494 0a010109 0a010103 07d003e8 00090000 61");
    let mut solicitation = udp(ends, 0, 0);
    solicitation.packet.truncate(40);
    solicitation.packet.extend([135, 0, 0, 0, 0, 0, 0, 0]);
    solicitation.packet.extend([1; 16]);
    solicitation.packet[4..8].copy_from_slice(&[0, 24, 58, 255]);

    let (vm, gateway, remote) = (0x0200_0000_0011, super::ROUTER_MAC, 0x0200_0000_0099);
    let (vf0, wire0) = (super::port("vf0"), super::port("wire0"));
    let label = [0x00, 0x02, 0xa1, 0x40];
    let over_udp = |port: u16, behind: &[u8]| {
        let ports = [0xd1fe_u16.to_be_bytes(), port.to_be_bytes()].concat();
        let length = (8 + behind.len() as u16).to_be_bytes();
        underlay6(17, &[&ports[..], &length, &[0, 0], behind].concat())
    };
    let mut frames = vec![
        (vf0, sent.frame(gateway, vm)),
        (vf0, sent.frame(remote, vm)),
        (vf0, solicitation.frame(0x3333_ff00_0009, vm)),
        (
            wire0,
            solicitation.frame(0x001b_21bb_f948, 0x001b_21bb_f946),
        ),
    ];
    for inside in [&answer.packet, &answer4] {
        let labelled = [&label[..], inside].concat();
        frames.push((wire0, over_udp(6635, &labelled)));
        frames.push((
            wire0,
            underlay6(47, &[&[0, 0, 0x88, 0x47], &labelled[..]].concat()),
        ));
    }
    let vni = [8, 0, 0, 0, 0, 0, 50, 0];
    let framed = [&vni[..], &answer.frame(vm, remote)].concat();
    frames.push((wire0, over_udp(4789, &framed)));
    frames
}
