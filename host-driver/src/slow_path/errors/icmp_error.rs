//! ICMP and ICMPv6 errors: a packet went too far, or is too long for the tunnel.
//!
//! ```text
//!   | IPv4 | ICMP   type 11, or 3 code 4 | the packet, from its IP header on |    at most 576 bytes   (RFC 1812 4.3.2.3)
//!   | IPv6 | ICMPv6 type 3, or 2         | likewise                          |    at most 1280 bytes  (RFC 4443 2.4 c)
//! ```
//! No error is about an error, about a later part of a packet, about what was for many, or about what nobody in
//! particular sent (RFC 1812 4.3.2.7, RFC 4443 2.4 e).

use std::net::IpAddr;

use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::icmpv6::TimeExceededCode;
use etherparse::{
    icmpv4, Icmpv4Header, Icmpv4Type, Icmpv6Header, Icmpv6Type, IpDscp, IpNumber, Ipv4Header,
    Ipv6Header,
};

use crate::slow_path::key::{ICMP, ICMPV6};
use crate::slow_path::part::Part;
use crate::slow_path::tenant::Tenant;

/// Time to live, or hop limit, of what the node itself sends.
const TTL: u8 = 64;
/// Longest error of IPv4.
const LONGEST: usize = 576;
/// Longest error of IPv6: the link MTU that every link has.
const LONGEST6: usize = 1280;
/// ICMP messages that are errors: unreachable, source quench, redirect, time exceeded, parameter problem.
const ERRORS: [u8; 5] = [3, 4, 5, 11, 12];
/// ICMPv6 errors are below; redirects are none but are treated so.
const FIRST_QUERY6: u8 = 128;
const REDIRECT6: u8 = 137;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It may not take another hop.
    HopLimit,
    /// It may be so long at most, bytes from its IP header on.
    TooBig(u16),
}

/// Whether somebody may be told what went wrong with a packet.
pub fn may_tell(tenant: &Tenant<'_>) -> bool {
    let for_many = tenant.is_frame && !tenant.dst_mac().is_unicast();
    let Some((src, dst)) = tenant.addresses() else {
        return false;
    };
    !for_many && is_of_one(src) && is_of_one(dst) && is_first(tenant) && !is_error(tenant)
}

/// The packet that tells its sender, from its IP header on. None: sender and `from` are of two families.
pub fn packet(tenant: &Tenant<'_>, from: IpAddr, fault: Fault) -> Option<Vec<u8>> {
    let (to, _) = tenant.addresses()?;
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let room = LONGEST - Ipv4Header::MIN_LEN - Icmpv4Header::MIN_LEN;
            let quoted = quoted(tenant, room);
            let kind =
                match fault {
                    Fault::HopLimit => {
                        Icmpv4Type::TimeExceeded(icmpv4::TimeExceededCode::TtlExceededInTransit)
                    }
                    Fault::TooBig(next_hop_mtu) => Icmpv4Type::DestinationUnreachable(
                        DestUnreachableHeader::FragmentationNeeded { next_hop_mtu },
                    ),
                };
            let length = u16::try_from(Icmpv4Header::MIN_LEN + quoted.len()).ok()?;
            let (from, to) = (from.octets(), to.octets());
            let mut ip = Ipv4Header::new(length, TTL, IpNumber::ICMP, from, to).ok()?;
            // Network control (RFC 1812 4.3.2.5).
            ip.dscp = IpDscp::CS6;
            ip.header_checksum = ip.calc_header_checksum();
            let icmp = Icmpv4Header::with_checksum(kind, quoted);
            Some([&ip.to_bytes()[..], &icmp.to_bytes(), quoted].concat())
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let room = LONGEST6 - Ipv6Header::LEN - Icmpv6Header::MIN_LEN;
            let quoted = quoted(tenant, room);
            let kind = match fault {
                Fault::HopLimit => Icmpv6Type::TimeExceeded(TimeExceededCode::HopLimitExceeded),
                Fault::TooBig(mtu) => Icmpv6Type::PacketTooBig { mtu: mtu.into() },
            };
            let ip = Ipv6Header {
                payload_length: u16::try_from(Icmpv6Header::MIN_LEN + quoted.len()).ok()?,
                next_header: IpNumber::IPV6_ICMP,
                hop_limit: TTL,
                source: from.octets(),
                destination: to.octets(),
                ..Ipv6Header::default()
            };
            let icmp = Icmpv6Header::with_checksum(kind, ip.source, ip.destination, quoted).ok()?;
            Some([&ip.to_bytes()[..], &icmp.to_bytes(), quoted].concat())
        }
        _ => None,
    }
}

/// As much of the packet as there is room for; what only fills its frame up is none of it.
fn quoted<'a>(tenant: &Tenant<'a>, room: usize) -> &'a [u8] {
    let packet = tenant.packet();
    &packet[..packet.len().min(room)]
}

/// An address that one host has.
fn is_of_one(address: IpAddr) -> bool {
    let is_net = matches!(address, IpAddr::V4(address) if address.is_broadcast() || address.octets()[0] == 0);
    !address.is_unspecified() && !address.is_multicast() && !address.is_loopback() && !is_net
}

/// The whole packet, or the first part of it.
fn is_first(tenant: &Tenant<'_>) -> bool {
    let part = || Part::of(tenant).is_some_and(|part| part.is_first());
    !tenant.headers.fragment || part()
}

/// An ICMP error or a redirect, or what may be one.
fn is_error(tenant: &Tenant<'_>) -> bool {
    let headers = &tenant.headers;
    let kind = || {
        let whole = match headers.fragment {
            true => Part::of(tenant)?.upper(tenant),
            false => {
                let at = usize::from(headers.l4_offset).checked_sub(headers.l3_offset.into())?;
                tenant.packet().get(at..).filter(|_| at > 0)?
            }
        };
        whole.first().copied()
    };
    match (headers.ipv6, headers.protocol) {
        // Behind more extension headers than are read there may be anything.
        (true, _) if headers.extension => true,
        (true, ICMPV6) => kind().is_none_or(|kind| kind < FIRST_QUERY6 || kind == REDIRECT6),
        (false, ICMP) => kind().is_none_or(|kind| ERRORS.contains(&kind)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
