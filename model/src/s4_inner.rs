//! s4_inner: the tenant's own headers.  Reads: `decap`.  Writes: `inner`.
//!
//! ```text
//!   decap.offset           l3_offset
//!   | Ethernet | tag? |    | IPv4 | TCP, UDP, SCTP, ICMP        decap.frame
//!                          | IPv4, IPv6                         not decap.frame
//! ```

use crate::decide::Decide;
use crate::headers::ethernet::{self, Ethernet};
use crate::headers::ipv4::{self, Ipv4};
use crate::window::Window;
use underpass_layout::meta::{Inner, Meta};
use underpass_layout::DropReason;

/// Bytes of an IPv6 header (RFC 8200 section 3).
const IPV6_LENGTH: usize = 40;
/// ICMP echo reply and echo request (RFC 792).
const ICMP_ECHO: [u8; 2] = [0, 8];

/// The packet contradicts itself.
struct Malformed;

/// Reads the headers of the tenant's packet.
pub fn inner(window: &Window, meta: &mut Meta) {
    if !meta.open() {
        return;
    }
    let start = usize::from(meta.decap.offset);
    let end = usize::from(meta.arrival.length);
    let outcome = match meta.decap.frame {
        true => read_ethernet(window, start, end, &mut meta.inner),
        false => read_ip_version(window, start, end, &mut meta.inner),
    }
    .and_then(|()| read_ip(window, end, &mut meta.inner));
    if let Err(Malformed) = outcome {
        meta.drop(DropReason::InvalidPacket);
    }
}

fn read_ethernet(
    window: &Window,
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
    inner.l3_offset = (start + ethernet.length()) as u8;
    Ok(())
}

/// Without an Ethernet header the version says what it is, as below an MPLS label (RFC 4928 section 2).
fn read_ip_version(
    window: &Window,
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

fn read_ip(window: &Window, end: usize, inner: &mut Inner) -> Result<(), Malformed> {
    let at = usize::from(inner.l3_offset);
    let room = end.saturating_sub(at);
    match inner.ethertype {
        ethernet::IPV4 => {
            let ip = Ipv4::read(window, at, room).ok_or(Malformed)?;
            inner.ipv4 = true;
            inner.fragment = ip.fragment;
            inner.protocol = ip.protocol;
            inner.ttl = ip.ttl;
            inner.id = ip.id;
            inner.checksum = ip.checksum;
            inner.src = ip.src;
            inner.dst = ip.dst;
            if !ip.fragment {
                read_ports(window, at, &ip, inner)?;
            }
        }
        ethernet::IPV6 => {
            if room < IPV6_LENGTH || window.byte(at) >> 4 != 6 {
                return Err(Malformed);
            }
            inner.ipv6 = true;
        }
        _ => (),
    }
    Ok(())
}

/// The ports as flow keys have them. A header of which a part is missing is no header.
fn read_ports(window: &Window, at: usize, ip: &Ipv4, inner: &mut Inner) -> Result<(), Malformed> {
    let needed = match ip.protocol {
        ipv4::TCP => 20,  // RFC 9293 section 3.1
        ipv4::UDP => 8,   // RFC 768
        ipv4::SCTP => 12, // RFC 9260 section 3.1
        ipv4::ICMP => 8,  // RFC 792
        _ => return Ok(()),
    };
    if ip.total_length < ip.header_length + needed {
        return Err(Malformed);
    }
    let l4 = at + ip.header_length;
    (inner.src_port, inner.dst_port) = match ip.protocol {
        ipv4::ICMP => {
            let kind = window.byte(l4);
            if ICMP_ECHO.contains(&kind) {
                (window.be16(l4 + 4), 0)
            } else {
                (0, kind.into())
            }
        }
        _ => (window.be16(l4), window.be16(l4 + 2)),
    };
    Ok(())
}

#[cfg(test)]
mod tests;
