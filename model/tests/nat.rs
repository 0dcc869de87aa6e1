//! Flows that go on with other addresses and ports: every kind of packet through every kind of translation, and each
//! checksum over the whole packet afterwards.
//!
//! ```text
//!   VM 10.1.1.3 ─▶ flow: SNAT 10.84.1.5, SPAT 5000, DNAT 10.1.1.77, DPAT 6000, any of them ─▶ tunnel
//! ```

mod common;

use common::packets::{REMOTE4, REMOTE6, VM4, VM6};
use common::{from_vif, port, Network, ROUTER_MAC};
use underpass_layout::tables::{FlowKey, FlowKey6, OnwardEntry, TunnelKind, VifEntry};
use underpass_layout::Verdict;

const VM_MAC: u64 = 0x0200_0000_0011;
/// Addresses and ports that a flow puts in the stead of the VM's and the remote one's.
const NEW_SRC4: u128 = 0x0a54_0105;
const NEW_DST4: u128 = 0x0a01_014d;
const NEW_SRC6: u128 = 0xfd00_0054 << 96 | 0xffff_0005;
const NEW_DST6: u128 = 0xfd00_0077 << 96 | 0x4d;
const NEW_SRC_PORT: u16 = 5000;
const NEW_DST_PORT: u16 = 6000;
/// A router between, which sends errors of its own.
const ROUTER4: u128 = 0x0a01_0101;
const ROUTER6: u128 = 0xfd00_0001 << 96 | 1;

const TCP: u8 = 6;
const UDP: u8 = 17;
const SCTP: u8 = 132;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

/// The kinds of translation of one flow, each one bit of `kinds`.
fn onward(kinds: u8, v6: bool) -> OnwardEntry {
    let (src, dst) = match v6 {
        false => (NEW_SRC4, NEW_DST4),
        true => (NEW_SRC6, NEW_DST6),
    };
    OnwardEntry {
        snat: kinds & 1 != 0,
        spat: kinds & 2 != 0,
        dnat: kinds & 4 != 0,
        dpat: kinds & 8 != 0,
        src,
        dst,
        src_port: NEW_SRC_PORT,
        dst_port: NEW_DST_PORT,
        ..OnwardEntry::default()
    }
}

/// One end of a packet and the other.
type Ends = [(u128, u16); 2];

/// The VM and the remote one.
fn ends(v6: bool) -> Ends {
    match v6 {
        false => [(VM4, 1000), (REMOTE4, 2000)],
        true => [(VM6, 1000), (REMOTE6, 2000)],
    }
}

/// Those after a translation, ports only where they are replaced.
fn translated(kinds: u8, v6: bool, ports: bool) -> Ends {
    let onward = onward(kinds, v6);
    let [(mut src, mut src_port), (mut dst, mut dst_port)] = ends(v6);
    if onward.snat {
        src = onward.src;
    }
    if onward.spat && ports {
        src_port = onward.src_port;
    }
    if onward.dnat {
        dst = onward.dst;
    }
    if onward.dpat && ports {
        dst_port = onward.dst_port;
    }
    [(src, src_port), (dst, dst_port)]
}

/// The one's complement sum over bytes: all ones over what has a good checksum in it.
fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| match *pair {
        [high, low] => u64::from(high) << 8 | u64::from(low),
        _ => u64::from(pair[0]) << 8,
    });
    let mut sum: u64 = words.sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    sum as u16
}

fn address(v6: bool, address: u128) -> Vec<u8> {
    match v6 {
        false => (address as u32).to_be_bytes().to_vec(),
        true => address.to_be_bytes().to_vec(),
    }
}

/// Addresses, protocol and length, over which transport checksums are.
fn pseudo(v6: bool, src: u128, dst: u128, protocol: u8, length: usize) -> Vec<u8> {
    let tail = [0, 0, 0, protocol];
    let length = (length as u32).to_be_bytes();
    [&address(v6, src)[..], &address(v6, dst), &length, &tail].concat()
}

/// An IP packet with a good header checksum and, where `checksum` says where it is, a good one over what it carries.
fn packet(
    v6: bool,
    src: u128,
    dst: u128,
    protocol: u8,
    upper: &[u8],
    checksum: Option<usize>,
) -> Vec<u8> {
    let mut upper = upper.to_vec();
    if let Some(at) = checksum {
        upper[at..at + 2].fill(0);
        let front = match protocol {
            ICMP => Vec::new(),
            _ => pseudo(v6, src, dst, protocol, upper.len()),
        };
        let value = !sum(&[front, upper.clone()].concat());
        upper[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }
    let mut header = match v6 {
        false => {
            let length = 20 + upper.len() as u16;
            let mut header = vec![0x45, 0, 0, 0, 0, 7, 0x40, 0, 64, protocol, 0, 0];
            header[2..4].copy_from_slice(&length.to_be_bytes());
            header
        }
        true => {
            let length = (upper.len() as u16).to_be_bytes();
            vec![0x60, 0, 0, 0, length[0], length[1], protocol, 64]
        }
    };
    header.extend(address(v6, src));
    header.extend(address(v6, dst));
    if !v6 {
        let value = !sum(&header);
        header[10..12].copy_from_slice(&value.to_be_bytes());
    }
    [header, upper].concat()
}

/// What a protocol carries between two ports: some payload of odd length.
fn upper(protocol: u8, src_port: u16, dst_port: u16) -> (Vec<u8>, Option<usize>) {
    let ports = [src_port.to_be_bytes(), dst_port.to_be_bytes()].concat();
    let payload = b"seventeen letters";
    match protocol {
        TCP => {
            let rest = [0, 0, 0, 1, 0, 0, 0, 9, 0x50, 0x10, 0x20, 0, 0, 0, 0, 0];
            ([&ports[..], &rest, payload].concat(), Some(16))
        }
        UDP => {
            let length = 8 + payload.len() as u8;
            let rest = [0, length, 0, 0];
            ([&ports[..], &rest, payload].concat(), Some(6))
        }
        SCTP => {
            let rest = [1, 2, 3, 4, 0xaa, 0xbb, 0xcc, 0xdd];
            ([&ports[..], &rest, payload].concat(), None)
        }
        // An echo with its identifier in the place of a source port.
        ICMP => {
            let echo = [&[8, 0, 0, 0], &ports[..2], &[0, 1], payload].concat();
            (echo, Some(2))
        }
        _ => {
            let echo = [&[128, 0, 0, 0], &ports[..2], &[0, 1], payload].concat();
            (echo, Some(2))
        }
    }
}

/// A packet of a protocol between two ends.
fn between(v6: bool, protocol: u8, ends: Ends) -> Vec<u8> {
    let [(src, src_port), (dst, dst_port)] = ends;
    let (upper, checksum) = upper(protocol, src_port, dst_port);
    packet(v6, src, dst, protocol, &upper, checksum)
}

/// The ports of a flow's key: an echo has its identifier and nothing, or the type of a reply.
fn key_ports(protocol: u8) -> (u16, u16) {
    match protocol {
        ICMP => (1000, 0),
        ICMPV6 => (1000, 129),
        _ => (1000, 2000),
    }
}

/// The VM's network, with a flow of that protocol that goes onward so.
fn network(v6: bool, protocol: u8, kinds: u8) -> Network {
    let mut network = Network::new();
    network.vm(3, 2, true);
    network.tunnel(TunnelKind::MplsGre);
    for address in [REMOTE4, NEW_DST4, REMOTE6, NEW_DST6] {
        network.route(2, address, 30, 48);
    }
    let (src_port, dst_port) = key_ports(protocol);
    let [(src, _), (dst, _)] = ends(v6);
    let onward = onward(kinds, v6);
    if v6 {
        let key = FlowKey6 {
            nexthop: 23,
            protocol,
            src_port,
            dst_port,
            ..FlowKey6::default()
        };
        network.onward_flow6(2, key.between(src, dst), onward, from_vif(3));
    } else {
        let key = FlowKey {
            v6,
            nexthop: 23,
            protocol,
            src_port,
            dst_port,
            src: src as u32,
            dst: dst as u32,
        };
        network.onward_flow(2, key, onward, from_vif(3));
    }
    network
}

/// What leaves for the tunnel of a packet from the VM, its outer headers off.
fn sent(network: &mut Network, v6: bool, packet: &[u8]) -> Vec<u8> {
    let ethertype: [u8; 2] = if v6 { [0x86, 0xdd] } else { [8, 0] };
    let macs = [ROUTER_MAC, VM_MAC].map(|mac| mac.to_be_bytes()[2..].to_vec());
    let frame = [&macs.concat()[..], &ethertype, packet].concat();
    let output = network.core.process(&frame, port("vf0"));
    assert_eq!(output.verdict, Verdict::Deliver);
    assert!(output.meta.flow.hit, "the flow is found");
    output.frame[output.edit.add.into()..].to_vec()
}

/// The same packet one hop on.
fn one_hop_on(v6: bool, packet: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    if !v6 {
        packet[8] -= 1;
        packet[10..12].fill(0);
        let value = !sum(&packet[..20]);
        packet[10..12].copy_from_slice(&value.to_be_bytes());
    }
    packet
}

#[test]
fn every_kind_of_every_protocol_has_good_checksums() {
    for (v6, protocol) in [
        (false, TCP),
        (false, UDP),
        (false, SCTP),
        (false, ICMP),
        (true, TCP),
        (true, UDP),
        (true, SCTP),
        (true, ICMPV6),
    ] {
        for kinds in 0..16 {
            let mut network = network(v6, protocol, kinds);
            let packet = between(v6, protocol, ends(v6));
            let ports = [TCP, UDP, SCTP].contains(&protocol);
            // Made anew with the other addresses and ports, checksums over all of it: the same bytes.
            let expected = between(v6, protocol, translated(kinds, v6, ports));
            let found = sent(&mut network, v6, &packet);
            let what = format!("v6 {v6} protocol {protocol} kinds {kinds:04b}");
            assert_eq!(found, one_hop_on(v6, &expected), "{what}");
        }
    }
}

#[test]
fn udp_without_a_checksum_stays_so_over_ipv4() {
    let mut network = network(false, UDP, 15);
    let mut packet = between(false, UDP, ends(false));
    packet[26..28].fill(0);
    let mut expected = between(false, UDP, translated(15, false, true));
    expected[26..28].fill(0);
    let found = sent(&mut network, false, &packet);
    assert_eq!(found, one_hop_on(false, &expected));
}

#[test]
fn a_udp_checksum_that_becomes_zero_is_sent_as_ones() {
    for v6 in [false, true] {
        let mut network = network(v6, UDP, 15);
        let l4 = if v6 { 40 } else { 20 };
        let [(src, src_port), (dst, dst_port)] = ends(v6);
        let [(new_src, new_src_port), (new_dst, new_dst_port)] = translated(15, v6, true);
        let (mut upper, at) = upper(UDP, src_port, dst_port);
        let mut after = upper.clone();
        after[..2].copy_from_slice(&new_src_port.to_be_bytes());
        after[2..4].copy_from_slice(&new_dst_port.to_be_bytes());
        // Two bytes of payload that make the sum of the packet that leaves all ones.
        after[6..10].fill(0);
        let front = pseudo(v6, new_src, new_dst, UDP, after.len());
        let missing = !sum(&[front, after].concat());
        upper[8..10].copy_from_slice(&missing.to_be_bytes());
        let packet = packet(v6, src, dst, UDP, &upper, at);
        let found = sent(&mut network, v6, &packet);
        assert_eq!(found[l4 + 6..l4 + 8], [0xff, 0xff], "v6 {v6}");
    }
}

/// An ICMP error from `sender` to `receiver` about a packet between two ends, of which only the start is quoted.
fn error(v6: bool, sender: u128, receiver: u128, protocol: u8, ends: Ends) -> Vec<u8> {
    let mut quoted = between(v6, protocol, ends);
    quoted.truncate(if v6 { 48 } else { 28 });
    error_about(v6, sender, receiver, &quoted)
}

fn error_about(v6: bool, sender: u128, receiver: u128, quoted: &[u8]) -> Vec<u8> {
    let (kind, protocol) = if v6 { (1, ICMPV6) } else { (3, ICMP) };
    let message = [&[kind, 1, 0, 0, 0, 0, 0, 0], quoted].concat();
    packet(v6, sender, receiver, protocol, &message, Some(2))
}

/// The VM answers a packet of the remote one's with an error: what it quotes is of the other direction, so there the
/// VM's address is the destination.
#[test]
fn an_error_of_the_vm_is_translated_with_its_quote() {
    for (v6, protocol) in [
        (false, TCP),
        (false, UDP),
        (false, SCTP),
        (false, ICMP),
        (true, TCP),
        (true, UDP),
        (true, SCTP),
        (true, ICMPV6),
    ] {
        for kinds in 0..16 {
            for from_router in [false, true] {
                let mut network = network(v6, protocol, kinds);
                let swap = |[a, b]: Ends| match protocol {
                    // The identifier is that of both directions.
                    ICMP | ICMPV6 => [(b.0, a.1), (a.0, b.1)],
                    _ => [b, a],
                };
                let ports = [TCP, UDP, SCTP].contains(&protocol);
                let (before, after) = (ends(v6), translated(kinds, v6, ports));
                let router = if v6 { ROUTER6 } else { ROUTER4 };
                let senders = match from_router {
                    true => [router, router],
                    false => [before[0].0, after[0].0],
                };
                let came = error(v6, senders[0], before[1].0, protocol, swap(before));
                let quote_after = {
                    let mut quoted = between(v6, protocol, swap(after));
                    quoted.truncate(if v6 { 48 } else { 28 });
                    // Transport checksums within the quote stay as they came.
                    let l4 = if v6 { 40 } else { 20 };
                    let came_l4 = l4 + 8 + l4;
                    if let (UDP | ICMP | ICMPV6, Some(at)) = (protocol, upper(protocol, 0, 0).1) {
                        quoted[l4 + at..l4 + at + 2]
                            .copy_from_slice(&came[came_l4 + at..came_l4 + at + 2]);
                    }
                    quoted
                };
                let expected = error_about(v6, senders[1], after[1].0, &quote_after);
                let found = sent(&mut network, v6, &came);
                let what = format!(
                    "v6 {v6} protocol {protocol} kinds {kinds:04b} from router {from_router}"
                );
                assert_eq!(found, one_hop_on(v6, &expected), "{what}");
            }
        }
    }
}

#[test]
fn a_hop_limit_goes_down_where_the_interface_says_so() {
    let mut network = network(true, UDP, 15);
    let entry = VifEntry {
        hop_limit: true,
        ..*network.core.tables.vif(3)
    };
    network.put(underpass_layout::tables::id::VIF, 3, &entry);
    let packet = between(true, UDP, ends(true));
    let mut expected = between(true, UDP, translated(15, true, true));
    expected[7] -= 1;
    assert_eq!(sent(&mut network, true, &packet), expected);
}
