//! Frames of an exact length for each path.

use super::network::*;
use crate::packets::{Bytes, Ipv4, Ipv6};
use crate::tables::{ROUTER_MAC, TUNNEL_END, TUNNEL_END_V6};
use underpass_layout::meta::ARP_BYTES;
use underpass_layout::shim::{InjectCommand, InjectShim};

/// Ethertypes.
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const ARP: u16 = 0x0806;
/// To everybody.
const BROADCAST: u64 = 0xffff_ffff_ffff;
/// For local experiments (IEEE 802).
const EXPERIMENTAL: u16 = 0x88b5;

/// How a tunnel wraps, with its label or VNI.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wrap {
    /// MPLS over GRE.
    Gre(u32),
    /// MPLS over UDP.
    Udp(u32),
    /// VXLAN.
    Vxlan(u32),
}

/// An Ethernet frame of `bytes` bytes with a payload made to fit.
fn ethernet(
    dst: u64,
    src: u64,
    ethertype: u16,
    bytes: usize,
    payload: impl FnOnce(usize) -> Vec<u8>,
) -> Vec<u8> {
    let mut out = Bytes::default();
    out.mac(dst)
        .mac(src)
        .u16(ethertype)
        .put(&payload(bytes - 14));
    out.done()
}

/// Whether an untagged frame holds IPv6.
pub(super) fn is_ipv6(frame: &[u8]) -> bool {
    frame[12..14] == IPV6.to_be_bytes()
}

fn filled(bytes: usize) -> Vec<u8> {
    let mut out = Bytes::default();
    out.fill(bytes);
    out.done()
}

/// The upper layer of a packet, `bytes` long, with its protocol: UDP with the ports of the flow where its header fits.
fn upper(from_vm3: bool, bytes: usize) -> (u8, Vec<u8>) {
    let [ours, theirs] = FLOW_PORTS;
    let (src_port, dst_port) = if from_vm3 {
        (ours, theirs)
    } else {
        (theirs, ours)
    };
    let mut l4 = Bytes::default();
    let protocol = match bytes.checked_sub(8) {
        Some(rest) => {
            l4.u16(src_port)
                .u16(dst_port)
                .u16(bytes as u16)
                .u16(0)
                .fill(rest);
            17
        }
        None => {
            l4.fill(bytes);
            PROTOCOL_SHORT
        }
    };
    (protocol, l4.done())
}

/// An IPv4 packet of `bytes` bytes.
fn ip(src: u32, dst: u32, bytes: usize) -> Vec<u8> {
    let (protocol, l4) = upper(src == vm_address(3), bytes - 20);
    ipv4(protocol, src, dst).with(&l4)
}

/// An IPv6 packet of `bytes` bytes.
fn ip6(src: u128, dst: u128, bytes: usize) -> Vec<u8> {
    let (protocol, l4) = upper(src == vm_address6(3), bytes - 40);
    ipv6(protocol, src, dst).with(&l4)
}

/// The same with hop-by-hop and destination options in front of the ports.
fn ip6_with_options(src: u128, dst: u128, bytes: usize) -> Vec<u8> {
    let (protocol, l4) = upper(src == vm_address6(3), bytes - 40 - 24);
    let mut payload = Bytes::default();
    payload
        .put(&[60, 0, 1, 4, 0, 0, 0, 0])
        .put(&[protocol, 1, 1, 12])
        .fill(12)
        .put(&l4);
    ipv6(0, src, dst).with(&payload.done())
}

fn ipv4(protocol: u8, src: u32, dst: u32) -> Ipv4 {
    Ipv4 {
        options: 0,
        id: 1,
        fragment: 0x4000,
        ttl: 64,
        protocol,
        src,
        dst,
    }
}

fn ipv6(next: u8, src: u128, dst: u128) -> Ipv6 {
    Ipv6 {
        label: 0,
        next,
        hop_limit: 64,
        src,
        dst,
    }
}

/// From a VM to an address by way of the router.
pub(super) fn routed(vm: u16, dst: u32, bytes: usize) -> Vec<u8> {
    ethernet(ROUTER_MAC, vm_mac(vm), IPV4, bytes, |bytes| {
        ip(vm_address(vm), dst, bytes)
    })
}

/// From a VM to an IPv6 address by way of the router.
pub(super) fn routed6(vm: u16, dst: u128, bytes: usize) -> Vec<u8> {
    ethernet(ROUTER_MAC, vm_mac(vm), IPV6, bytes, |bytes| {
        ip6(vm_address6(vm), dst, bytes)
    })
}

/// The same with extension headers.
pub(super) fn routed6_with_options(vm: u16, dst: u128, bytes: usize) -> Vec<u8> {
    ethernet(ROUTER_MAC, vm_mac(vm), IPV6, bytes, |bytes| {
        ip6_with_options(vm_address6(vm), dst, bytes)
    })
}

/// A neighbour solicitation (RFC 4861), padded.
pub(super) fn solicitation(vm: u16, bytes: usize) -> Vec<u8> {
    ethernet(0x3333_ff00_0001, vm_mac(vm), IPV6, bytes, |bytes| {
        let mut message = Bytes::default();
        message.put(&[135, 0]).fill(bytes - 42);
        let header = Ipv6 {
            hop_limit: 255,
            ..ipv6(58, vm_address6(vm), 0xff02 << 112 | 1)
        };
        header.with(&message.done())
    })
}

/// From a VM to a MAC.
pub(super) fn bridged(vm: u16, dst: u64, bytes: usize) -> Vec<u8> {
    ethernet(dst, vm_mac(vm), EXPERIMENTAL, bytes, filled)
}

/// From elsewhere to a VM.
pub(super) fn to_vm(vm: u16, bytes: usize) -> Vec<u8> {
    ethernet(vm_mac(vm), REMOTE_MAC, EXPERIMENTAL, bytes, filled)
}

/// From elsewhere to the router, for a VM.
pub(super) fn to_router(vm: u16, bytes: usize) -> Vec<u8> {
    ethernet(ROUTER_MAC, REMOTE_MAC, IPV4, bytes, |bytes| {
        ip(VXLAN_NET, vm_address(vm), bytes)
    })
}

/// Under ARP's type, but nothing of the kind.
pub(super) fn no_arp(vm: u16, bytes: usize) -> Vec<u8> {
    ethernet(BROADCAST, vm_mac(vm), ARP, bytes, filled)
}

/// An ARP request of a VM for an address (RFC 826), padded.
pub(super) fn arp(vm: u16, target: u32, bytes: usize) -> Vec<u8> {
    ethernet(BROADCAST, vm_mac(vm), ARP, bytes, |bytes| {
        let mut request = Bytes::default();
        request.u16(1).u16(IPV4).put(&[6, 4]).u16(1);
        request.mac(vm_mac(vm)).u32(vm_address(vm));
        request.mac(0).u32(target).fill(bytes - ARP_BYTES);
        request.done()
    })
}

/// A packet of the underlay that is for no tunnel of ours.
pub(super) fn underlay(bytes: usize) -> Vec<u8> {
    ethernet(FABRIC_MAC, REMOTE_FABRIC_MAC, IPV4, bytes, |bytes| {
        ip(REMOTE, TUNNEL_END, bytes)
    })
}

/// A frame of `bytes` bytes that comes through a tunnel, around a packet made to fit.
pub(super) fn wrapped(wrap: Wrap, bytes: usize, inner: impl FnOnce(usize) -> Vec<u8>) -> Vec<u8> {
    ethernet(FABRIC_MAC, REMOTE_FABRIC_MAC, IPV4, bytes, |bytes| {
        let (protocol, l4) = tunnel(wrap, bytes - 20, inner);
        ipv4(protocol, REMOTE, TUNNEL_END).with(&l4)
    })
}

/// The same over IPv6.
pub(super) fn wrapped_in_v6(
    wrap: Wrap,
    bytes: usize,
    inner: impl FnOnce(usize) -> Vec<u8>,
) -> Vec<u8> {
    ethernet(FABRIC_MAC, REMOTE_FABRIC_MAC, IPV6, bytes, |bytes| {
        let (protocol, l4) = tunnel(wrap, bytes - 40, inner);
        ipv6(protocol, REMOTE_V6, TUNNEL_END_V6).with(&l4)
    })
}

/// A tunnel header and what it carries, `bytes` in all, with the protocol.
fn tunnel(wrap: Wrap, bytes: usize, inner: impl FnOnce(usize) -> Vec<u8>) -> (u8, Vec<u8>) {
    let (protocol, header) = match wrap {
        Wrap::Gre(_) => (47, 8),
        Wrap::Udp(_) => (17, 12),
        Wrap::Vxlan(_) => (17, 16),
    };
    let udp_length = bytes as u16;
    let mpls = |label: u32| label << 12 | 1 << 8 | 64;
    let mut l4 = Bytes::default();
    match wrap {
        Wrap::Gre(label) => l4.u16(0).u16(0x8847).u32(mpls(label)),
        Wrap::Udp(label) => l4
            .u16(50_000)
            .u16(6635)
            .u16(udp_length)
            .u16(0)
            .u32(mpls(label)),
        Wrap::Vxlan(vni) => l4
            .u16(50_000)
            .u16(4789)
            .u16(udp_length)
            .u16(0)
            .u32(0x0800_0000)
            .u32(vni << 8),
    };
    l4.put(&inner(bytes - header));
    (protocol, l4.done())
}

/// A tunnel's frame around an IPv4 packet for a VM.
pub(super) fn wrapped_ip(wrap: Wrap, vm: u16, bytes: usize) -> Vec<u8> {
    wrapped(wrap, bytes, |bytes| ip(GRE_NET, vm_address(vm), bytes))
}

/// A tunnel's frame, IPv6 outside and inside.
pub(super) fn wrapped_ip6(wrap: Wrap, vm: u16, bytes: usize) -> Vec<u8> {
    wrapped_in_v6(wrap, bytes, |bytes| ip6(UDP_NET6, vm_address6(vm), bytes))
}

/// A frame behind the shim that has it sent to VM 2, or received from VM 1.
pub(super) fn injected(command: InjectCommand, frame: &[u8]) -> Vec<u8> {
    let vm = if command == InjectCommand::Transmit {
        2
    } else {
        1
    };
    let shim = InjectShim {
        command,
        vif: vm_vif(vm),
        port: vm_port(vm),
        ..Default::default()
    };
    let mut bytes: Vec<u8> = shim
        .pack()
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    bytes.extend_from_slice(frame);
    bytes
}
