//! s4_inner: the tenant's own headers.  Reads: `arrival.round.known`, `decap`.  Writes: `inner`.
//!
//! ```text
//!   decap.offset           l3_offset
//!   | Ethernet | tag? |    | IPv4 |              TCP, UDP, SCTP, ICMP           decap.frame
//!                          | IPv6 | extensions | TCP, UDP, SCTP, ICMPv6
//!                          | ARP
//!                          | IPv4, IPv6         likewise                       not decap.frame
//! ```
//! Of a part of a packet, the first one too, the ports are those that the slow path knew, if it knew them; then the first
//! part is read as a whole packet is. Of a packet for the node itself only the TTL matters here.

use crate::decide::Decide;
use crate::headers::arp;
use crate::headers::ethernet::{self, Ethernet};
use crate::headers::extension::{self, Part, Upper};
use crate::headers::ipv4::{self, Ipv4};
use crate::headers::ipv6::{self, Ipv6};
use crate::headers::tcp::{self, Tcp};
use crate::headers::{icmp, udp};
use crate::window::Window;
use underpass_layout::meta::{ArpKind, Inner, Known, Meta, EXTENSION_BYTES, WINDOW_BYTES};
use underpass_layout::DropReason;

/// The hop limit of neighbour discovery: it was sent on this link (RFC 4861 section 7.1).
const NEIGHBOR_HOP_LIMIT: u8 = 255;

/// Bytes of UDP, SCTP and ICMP headers that the card reads.
const READ_BYTES: usize = 8;

/// The packet contradicts itself.
struct Malformed;

/// Reads the headers of the tenant's packet.
pub fn inner(window: &Window<'_>, meta: &mut Meta) {
    let host = meta.decap.host;
    if !meta.open() && !host {
        return;
    }
    let start = usize::from(meta.decap.offset);
    let end = usize::from(meta.arrival.length);
    let known = meta.arrival.round.known;
    let outcome = match meta.decap.frame {
        true => read_ethernet(window, start, end, &mut meta.inner),
        false => read_ip_version(window, start, end, &mut meta.inner),
    }
    .and_then(|()| read_behind(window, end, &known, &mut meta.inner));
    if let Err(Malformed) = outcome {
        // Nobody is to take half of it for the packet's ends.
        meta.inner = Inner::default();
        if !host {
            meta.drop(DropReason::InvalidPacket);
        }
    } else if host && meta.inner.ipv4 && meta.inner.ttl == 0 {
        meta.drop(DropReason::TtlExceeded);
    }
}

fn read_ethernet(
    window: &Window<'_>,
    start: usize,
    end: usize,
    inner: &mut Inner,
) -> Result<(), Malformed> {
    let ethernet = Ethernet::read(window, start);
    if end < start + ethernet.length() {
        return Err(Malformed);
    }
    inner.dst_mac = ethernet.dst;
    inner.src_mac = ethernet.src;
    inner.ethertype = ethernet.ethertype;
    inner.tagged = ethernet.tagged;
    if ethernet.tagged {
        inner.priority = ethernet::priority(window, start);
    }
    inner.l3_offset = (start + ethernet.length()) as u8;
    Ok(())
}

/// Without an Ethernet header the version says what it is, as below an MPLS label (RFC 4928 section 2).
fn read_ip_version(
    window: &Window<'_>,
    start: usize,
    end: usize,
    inner: &mut Inner,
) -> Result<(), Malformed> {
    inner.ethertype = match window.byte(start) >> 4 {
        4 if end > start => ethernet::IPV4,
        6 if end > start => ethernet::IPV6,
        _ => return Err(Malformed),
    };
    inner.l3_offset = start as u8;
    Ok(())
}

fn read_behind(
    window: &Window<'_>,
    end: usize,
    known: &Known,
    inner: &mut Inner,
) -> Result<(), Malformed> {
    let room = end.saturating_sub(inner.l3_offset.into());
    match inner.ethertype {
        ethernet::IPV4 => read_ipv4(window, room, known, inner),
        ethernet::IPV6 => read_ipv6(window, room, known, inner),
        ethernet::ARP => {
            read_arp(window, room, inner);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What is wrong with ARP is for the stage to say that knows who is to answer it. Behind a tag it is for a network that only
/// guests know, but for a tag without a VLAN: who gets that takes it for none.
fn read_arp(window: &Window<'_>, room: usize, inner: &mut Inner) {
    let at = usize::from(inner.l3_offset);
    let for_priority = inner.tagged && ethernet::vlan_before(window, at) == 0;
    let read = arp::Arp::read(window, at, room).filter(|_| !for_priority);
    let Some(arp) = read else {
        inner.arp = ArpKind::Malformed;
        return;
    };
    inner.arp = match arp.operation {
        arp::REQUEST => ArpKind::Request,
        _ => ArpKind::Other,
    };
    inner.arp_mac = arp.sender_mac;
    inner.src = arp.sender.into();
    inner.dst = arp.target.into();
}

fn read_ipv4(
    window: &Window<'_>,
    room: usize,
    known: &Known,
    inner: &mut Inner,
) -> Result<(), Malformed> {
    let at = usize::from(inner.l3_offset);
    let ip = Ipv4::read(window, at, room).ok_or(Malformed)?;
    inner.ipv4 = true;
    inner.fragment = ip.fragment;
    inner.protocol = ip.protocol;
    inner.tos = ip.tos;
    inner.ttl = ip.ttl;
    inner.id = ip.id;
    inner.checksum = ip.checksum;
    inner.src = ip.src.into();
    inner.dst = ip.dst.into();
    let (l4, length) = (at + ip.header_length, ip.total_length - ip.header_length);
    if ip.fragment {
        return read_part(window, l4, length, ip.first, known, inner);
    }
    match ip.protocol {
        _ if is_out_of_reach(inner, l4) => return out_of_reach(length, inner),
        icmp::V4 => {
            at_least(icmp::LENGTH, length)?;
            (inner.src_port, inner.dst_port) = icmp::ports(window, l4);
            inner.l4_checksum = window.be16(l4 + icmp::CHECKSUM_OFFSET);
        }
        _ => read_upper(window, l4, length, inner)?,
    }
    inner.l4_offset = l4 as u8;
    Ok(())
}

fn read_ipv6(
    window: &Window<'_>,
    room: usize,
    known: &Known,
    inner: &mut Inner,
) -> Result<(), Malformed> {
    let at = usize::from(inner.l3_offset);
    let ip = Ipv6::read(window, at, room).ok_or(Malformed)?;
    inner.ipv6 = true;
    inner.tos = ip.traffic_class;
    inner.ttl = ip.hop_limit;
    inner.src = ip.src;
    inner.dst = ip.dst;
    let skipped = match extension::walk(window, at, &ip).ok_or(Malformed)? {
        Upper::Known(protocol, skipped) => {
            inner.protocol = protocol;
            skipped
        }
        Upper::Fragment(Part {
            protocol,
            skipped,
            first,
        }) => {
            inner.protocol = protocol;
            inner.fragment = true;
            let (l4, length) = (at + ipv6::LENGTH + skipped, ip.payload_length - skipped);
            // An upper header further behind is as good as in another part.
            let seen = first && skipped <= EXTENSION_BYTES;
            return read_part(window, l4, length, seen, known, inner);
        }
        Upper::Unknown => {
            inner.extension = true;
            return Ok(());
        }
    };
    let (l4, length) = (at + ipv6::LENGTH + skipped, ip.payload_length - skipped);
    match inner.protocol {
        _ if is_out_of_reach(inner, l4) => return out_of_reach(length, inner),
        icmp::V6 => {
            at_least(icmp::LENGTH, length)?;
            (inner.src_port, inner.dst_port) = icmp::ports6(window, l4);
            inner.l4_checksum = window.be16(l4 + icmp::CHECKSUM_OFFSET);
            inner.neighbor = icmp::is_neighbor(window, l4) && ip.hop_limit == NEIGHBOR_HOP_LIMIT;
        }
        _ => read_upper(window, l4, length, inner)?,
    }
    inner.l4_offset = l4 as u8;
    Ok(())
}

/// A part of a packet, `length` bytes from `l4` on. What stands in the first one is seen only where the slow path knew the
/// ports: until then nobody may ask for it.
fn read_part(
    window: &Window<'_>,
    l4: usize,
    length: usize,
    first: bool,
    known: &Known,
    inner: &mut Inner,
) -> Result<(), Malformed> {
    if !known.ports {
        return Ok(());
    }
    if first {
        let icmp = if inner.ipv6 { icmp::V6 } else { icmp::V4 };
        let seen = !is_out_of_reach(inner, l4);
        if inner.protocol == icmp && seen {
            at_least(icmp::LENGTH, length)?;
            inner.l4_checksum = window.be16(l4 + icmp::CHECKSUM_OFFSET);
        } else if seen {
            read_upper(window, l4, length, inner)?;
        } else if let Some(needed) = least(inner.protocol) {
            at_least(needed, length)?;
        }
        if seen {
            inner.l4_offset = l4 as u8;
        }
    }
    (inner.src_port, inner.dst_port) = (known.src_port, known.dst_port);
    Ok(())
}

/// The header at `l4`, of whose packet `length` bytes are left.
fn read_upper(
    window: &Window<'_>,
    l4: usize,
    length: usize,
    inner: &mut Inner,
) -> Result<(), Malformed> {
    let Some(needed) = least(inner.protocol) else {
        return Ok(());
    };
    at_least(needed, length)?;
    (inner.src_port, inner.dst_port) = (window.be16(l4), window.be16(l4 + 2));
    match inner.protocol {
        ipv4::TCP => {
            let segment = Tcp::read(window, l4, length);
            inner.l4_checksum = window.be16(l4 + tcp::CHECKSUM_OFFSET);
            inner.tcp_flags = segment.flags;
            inner.tcp_seq = segment.seq;
            inner.tcp_ack = segment.ack;
        }
        ipv4::UDP => inner.l4_checksum = window.be16(l4 + udp::CHECKSUM_OFFSET),
        _ => (),
    }
    Ok(())
}

/// Bytes of a header with ports.
fn least(protocol: u8) -> Option<usize> {
    match protocol {
        ipv4::TCP => Some(tcp::LENGTH),
        ipv4::UDP => Some(udp::LENGTH),
        ipv4::SCTP => Some(12), // RFC 9260 section 3.1
        _ => None,
    }
}

/// Does the header at `l4` leave the window? Options, tags and extension headers within a tunnel take it there, or the
/// headers of a multicast tree.
fn is_out_of_reach(inner: &Inner, l4: usize) -> bool {
    let icmp = if inner.ipv6 { icmp::V6 } else { icmp::V4 };
    let read = match inner.protocol {
        ipv4::TCP => tcp::LENGTH,
        ipv4::UDP | ipv4::SCTP => READ_BYTES,
        protocol if protocol == icmp => READ_BYTES,
        _ => return false,
    };
    l4 + read > WINDOW_BYTES
}

/// What is not seen whole is as good as behind extension headers that the card does not read.
fn out_of_reach(length: usize, inner: &mut Inner) -> Result<(), Malformed> {
    if let Some(needed) = least(inner.protocol) {
        at_least(needed, length)?;
    }
    inner.extension = true;
    inner.protocol = 0;
    Ok(())
}

/// A header of which a part is missing is no header.
fn at_least(needed: usize, length: usize) -> Result<(), Malformed> {
    if length < needed {
        return Err(Malformed);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
