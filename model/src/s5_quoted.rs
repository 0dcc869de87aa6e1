//! s5_quoted: the packet that an ICMP error is about, and what a SYN announces.  Reads: `inner`.  Writes: `quoted`, `syn`.
//!
//! ```text
//!   inner.l3_offset  inner.l4_offset  quoted.l3_offset  quoted.l4_offset
//!   | IPv4           | ICMP 8         | IPv4            | TCP, UDP, SCTP, ICMP: 8 bytes
//!   | IPv6           | ICMPv6 8       | IPv6            | likewise
//! ```
//! The quoted packet went the other way, so it is the answer's flow that the error belongs to. Only its first eight
//! bytes behind the IP header are sure to be there (RFC 792), and only those are read.

use crate::decide::Decide;
use crate::headers::tcp::{self, options};
use crate::headers::{icmp, ipv4, ipv6};
use crate::window::Window;
use underpass_layout::meta::{Inner, Meta, Quoted, Syn, WINDOW_BYTES};

/// Bytes that are quoted behind the IP header.
const BEHIND: usize = 8;
/// The fragment offset, within the word that also holds the flags.
const FRAGMENT_OFFSET_MASK: u16 = 0x1fff;

/// Reads what the tenant's ICMP error quotes, or the maximum segment size of its SYN.
pub fn quoted(window: &Window<'_>, meta: &mut Meta) {
    if !meta.open() {
    } else if is_error(window, &meta.inner) {
        read_quote(window, meta);
    } else if is_syn(&meta.inner) {
        let (at, end) = (meta.inner.l4_offset.into(), meta.arrival.length.into());
        if let Some(found) = options::segment_size(window, at, end) {
            meta.syn = Syn {
                offset: found.at as u8,
                mss: found.size,
            };
        }
    }
}

/// TCP with SYN whose header is there.
fn is_syn(inner: &Inner) -> bool {
    (inner.ipv4 || inner.ipv6)
        && inner.l4_offset != 0
        && inner.protocol == ipv4::TCP
        && inner.tcp_flags & tcp::SYN != 0
}

fn read_quote(window: &Window<'_>, meta: &mut Meta) {
    let inner = &meta.inner;
    let at = usize::from(inner.l4_offset) + icmp::LENGTH;
    let end = end_of_ip(window, inner).min(WINDOW_BYTES);
    let read = match inner.ipv6 {
        false => read_ipv4(window, at, end),
        true => read_ipv6(window, at, end),
    };
    meta.quoted = match read {
        None => Quoted {
            unreadable: true,
            ..Quoted::default()
        },
        Some(quoted) if is_nested(window, &quoted, inner.ipv6) => Quoted {
            nested: true,
            ..Quoted::default()
        },
        Some(quoted) => quoted,
    };
    meta.quoted.error = true;
}

fn is_error(window: &Window<'_>, inner: &Inner) -> bool {
    let at = usize::from(inner.l4_offset);
    if at == 0 || inner.fragment {
        return false;
    }
    match inner.ipv6 {
        false => inner.ipv4 && inner.protocol == icmp::V4 && icmp::is_error(window, at),
        true => inner.protocol == icmp::V6 && icmp::is_error6(window, at),
    }
}

/// Where the tenant's packet ends, by its own length: padding behind it is no part of it.
fn end_of_ip(window: &Window<'_>, inner: &Inner) -> usize {
    let at = usize::from(inner.l3_offset);
    match inner.ipv6 {
        false => at + usize::from(window.be16(at + 2)),
        true => at + ipv6::LENGTH + usize::from(window.be16(at + 4)),
    }
}

/// The quoted IPv4 packet at `at`; what is from `end` on cannot be seen. Of a part that is not the first, the ports are
/// in another.
fn read_ipv4(window: &Window<'_>, at: usize, end: usize) -> Option<Quoted> {
    let first = window.byte(at);
    let header = usize::from(first & 0xf) * 4;
    let l4 = at + header;
    let whole = window.be16(at + 6) & FRAGMENT_OFFSET_MASK == 0;
    if first >> 4 != 4 || header < ipv4::LENGTH || l4 + BEHIND > end || !whole {
        return None;
    }
    let protocol = window.byte(at + 9);
    let (src_port, dst_port) = match protocol {
        icmp::V4 => icmp::ports(window, l4),
        _ => ports(window, l4, protocol),
    };
    Some(Quoted {
        protocol,
        src: window.be32(at + 12).into(),
        dst: window.be32(at + 16).into(),
        src_port,
        dst_port,
        checksum: window.be16(at + ipv4::CHECKSUM_OFFSET),
        l3_offset: at as u8,
        l4_offset: l4 as u8,
        ..Quoted::default()
    })
}

/// The quoted IPv6 packet at `at`; extension headers count as its upper layer.
fn read_ipv6(window: &Window<'_>, at: usize, end: usize) -> Option<Quoted> {
    let l4 = at + ipv6::LENGTH;
    if window.byte(at) >> 4 != 6 || l4 + BEHIND > end {
        return None;
    }
    let protocol = window.byte(at + 6);
    let (src_port, dst_port) = match protocol {
        icmp::V6 => icmp::ports6(window, l4),
        _ => ports(window, l4, protocol),
    };
    Some(Quoted {
        protocol,
        src: window.be128(at + 8),
        dst: window.be128(at + 24),
        src_port,
        dst_port,
        l3_offset: at as u8,
        l4_offset: l4 as u8,
        ..Quoted::default()
    })
}

fn ports(window: &Window<'_>, l4: usize, protocol: u8) -> (u16, u16) {
    match ipv4::has_ports(protocol) {
        true => (window.be16(l4), window.be16(l4 + 2)),
        false => (0, 0),
    }
}

fn is_nested(window: &Window<'_>, quoted: &Quoted, v6: bool) -> bool {
    let at = usize::from(quoted.l4_offset);
    match v6 {
        false => quoted.protocol == icmp::V4 && icmp::is_error(window, at),
        true => quoted.protocol == icmp::V6 && icmp::is_error6(window, at),
    }
}

#[cfg(test)]
mod tests;
