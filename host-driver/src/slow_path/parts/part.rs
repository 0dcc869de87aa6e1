//! One part of a packet that was cut: which packet, which part, and of the first one the ports.
//!
//! ```text
//!   IPv4:  identification, flags and offset of its header                                        (RFC 791)
//!   IPv6:  | IPv6 | extension headers | fragment header: next, offset, more, identification | .. |  (RFC 8200 4.5)
//! ```
//! The first part is read as if it were a whole packet, by the model's own stage: its ports are what the card would have
//! found in the packet before it was cut.

use crate::slow_path::key::address;
use crate::slow_path::tenant::Tenant;
use std::net::IpAddr;

/// Bytes of the IPv6 header, and of a fragment header.
const IPV6: usize = 40;
const FRAGMENT: usize = 8;
/// Next headers that may stand in front of a fragment header, and its own.
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const OPTIONS: u8 = 60;
const FRAGMENT_HEADER: u8 = 44;
/// Extension headers in front of a fragment header that are read over; the card reads fewer.
const EXTENSIONS: usize = 8;
/// IP protocol of TCP.
const TCP: u8 = 6;

/// Ports as flow keys have them, source first.
pub type Ports = (u16, u16);

/// Which packet a part is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PacketId {
    /// The VRF that it is in.
    pub vrf: u16,
    /// K(nh) of its flow.
    pub nexthop: u32,
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
    pub dst: IpAddr,
    /// What is cut.
    pub protocol: u8,
    /// Its identification.
    pub id: u32,
}

/// A part of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Identification of the packet.
    id: u32,
    protocol: u8,
    /// Where it starts within what was cut, bytes.
    offset: u16,
    /// Where the headers end that each part has: bytes from the IP header on.
    header: usize,
    /// Of IPv6 the place that names the fragment header.
    named_at: Option<usize>,
}

impl Part {
    /// Reads a part of a packet. None: it is whole, or its headers lie.
    pub fn of(tenant: &Tenant<'_>) -> Option<Part> {
        if !tenant.headers.fragment {
            return None;
        }
        let ip = tenant.packet();
        let half = |at: usize| Some(u16::from_be_bytes([*ip.get(at)?, *ip.get(at + 1)?]));
        if tenant.headers.ipv4 {
            return Some(Part {
                id: half(4)?.into(),
                protocol: tenant.headers.protocol,
                offset: (half(6)? & 0x1fff) << 3,
                header: usize::from(ip.first()? & 0xf) * 4,
                named_at: None,
            });
        }
        let (mut named_at, mut at) = (6, IPV6);
        for _ in 0..EXTENSIONS {
            let next = *ip.get(named_at)?;
            if next == FRAGMENT_HEADER {
                let id = u32::from(half(at + 4)?) << 16 | u32::from(half(at + 6)?);
                return Some(Part {
                    id,
                    protocol: *ip.get(at)?,
                    offset: half(at + 2)? & !7,
                    header: at + FRAGMENT,
                    named_at: Some(named_at),
                });
            }
            if ![HOP_BY_HOP, ROUTING, OPTIONS].contains(&next) {
                return None;
            }
            named_at = at;
            at += 8 * (1 + usize::from(*ip.get(at + 1)?));
        }
        None
    }

    /// The packet that it is a part of.
    pub fn packet(&self, tenant: &Tenant<'_>, vrf: u16, nexthop: u32) -> PacketId {
        let headers = &tenant.headers;
        PacketId {
            vrf,
            nexthop,
            src: address(headers.src, headers.ipv6),
            dst: address(headers.dst, headers.ipv6),
            protocol: self.protocol,
            id: self.id,
        }
    }

    /// Nothing of the packet comes before it.
    pub const fn is_first(&self) -> bool {
        self.offset == 0
    }

    /// It would write over the flags of a TCP header, which the first part showed (RFC 3128).
    pub const fn hides_flags(&self) -> bool {
        self.protocol == TCP && self.offset == 8
    }

    /// What it brings of the packet that was cut.
    pub fn upper<'a>(&self, tenant: &Tenant<'a>) -> &'a [u8] {
        tenant.packet().get(self.header..).unwrap_or_default()
    }

    /// The ports that the whole packet had. None: this is not its first part, or one that is too short to have them, or
    /// they are not those of its protocol: behind the fragment header stand more headers. Flows of parts have the number
    /// that the fragment header names, so what these hide would meet no rule about it.
    pub fn ports(&self, tenant: &Tenant<'_>) -> Option<Ports> {
        if !self.is_first() {
            return None;
        }
        let whole = self.as_whole(tenant)?;
        let headers = Tenant::read(&whole, 0, false)?.headers;
        let reached = headers.l4_offset != 0 && !headers.extension;
        let is_said = headers.protocol == self.protocol;
        (!headers.fragment && reached && is_said).then_some((headers.src_port, headers.dst_port))
    }

    /// The first part as a packet of its own, from its IP header on.
    fn as_whole(&self, tenant: &Tenant<'_>) -> Option<Vec<u8>> {
        let mut whole = tenant.packet().to_vec();
        let Some(named_at) = self.named_at else {
            whole.get_mut(6..8)?.fill(0);
            return Some(whole);
        };
        *whole.get_mut(named_at)? = self.protocol;
        let start = self.header.checked_sub(FRAGMENT)?;
        whole.drain(start..self.header.min(whole.len()));
        let length = u16::try_from(whole.len().checked_sub(IPV6)?).ok()?;
        whole.get_mut(4..6)?.copy_from_slice(&length.to_be_bytes());
        Some(whole)
    }
}

#[cfg(test)]
mod tests;
