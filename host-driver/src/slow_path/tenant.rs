//! The tenant's packet within a punted frame.
//!
//! ```text
//!   | outer headers | Ethernet (where it is a frame) | IP | ...
//!                   ▲ shim.offset                    ▲ shim.l3_offset
//! ```
//! The headers are read by the model's own stage, so that what the slow path sets up is what the card will look for.

use std::net::IpAddr;
use std::sync::LazyLock;

use underpass_layout::meta::{Inner, Known, Meta, Quoted};
use underpass_layout::tables::TunnelKind;
use underpass_layout::VerdictKind;
use underpass_model::window::Window;
use underpass_model::{s4_inner, s5_quoted, s8_key};
use underpass_table_compiler::Mac;

use super::key::{addresses, Key, ICMPV6};
use super::part::Ports;
use crate::driver::Punt;

/// ICMPv6 types of neighbour discovery (RFC 4861).
const NEIGHBOR_DISCOVERY: std::ops::RangeInclusive<u16> = 133..=137;

/// Bytes of an IPv6 header, and of the MACs of a frame.
const IPV6_HEADER: usize = 40;
const MACS: usize = 12;

/// Nothing is known of a packet. `Meta::default` reads its zeros bit by bit, which took a fifth of the time of a set-up.
static UNKNOWN: LazyLock<Meta> = LazyLock::new(Meta::default);

/// The tenant's packet.
#[derive(Clone, Copy, Debug)]
pub struct Tenant<'a> {
    /// From its first byte on.
    pub bytes: &'a [u8],
    /// It starts with Ethernet.
    pub is_frame: bool,
    /// Its headers.
    pub headers: Inner,
    /// The packet that it is an ICMP error about.
    quoted: Quoted,
    /// Bytes in front of its IP header.
    l3_start: usize,
}

impl<'a> Tenant<'a> {
    /// The packet, as far as the card got with it. None: the headers contradict themselves.
    pub fn of(punt: &'a Punt) -> Option<Tenant<'a>> {
        Tenant::read(&punt.frame, punt.shim.offset, is_frame(punt))
    }

    /// Reads the headers from `offset` on.
    pub fn read(frame: &'a [u8], offset: u8, is_frame: bool) -> Option<Tenant<'a>> {
        let meta = read_headers(frame, offset, is_frame, Known::default())?;
        Some(Tenant {
            bytes: frame.get(usize::from(offset)..)?,
            is_frame,
            headers: meta.inner,
            quoted: meta.quoted,
            l3_start: usize::from(meta.inner.l3_offset.saturating_sub(offset)),
        })
    }

    /// The same part of a packet, whose first part had these ports.
    pub fn with_ports(mut self, (src_port, dst_port): Ports) -> Tenant<'a> {
        self.headers.src_port = src_port;
        self.headers.dst_port = dst_port;
        self
    }

    /// It is an ICMP error, and its flow is that of the packet that it is about.
    pub const fn is_about_another(&self) -> bool {
        self.quoted.error
    }

    /// Where it goes, if it is a frame.
    pub fn dst_mac(&self) -> Mac {
        mac(self.headers.dst_mac)
    }

    /// Where it comes from, if it is a frame.
    pub fn src_mac(&self) -> Mac {
        mac(self.headers.src_mac)
    }

    /// The addresses, source first.
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        addresses(&self.headers)
    }

    /// It looks like neighbour discovery but has been through a router, which RFC 4861 forbids: a forgery from afar.
    pub fn is_stray_discovery(&self) -> bool {
        let headers = &self.headers;
        headers.ipv6
            && headers.protocol == ICMPV6
            && NEIGHBOR_DISCOVERY.contains(&headers.dst_port)
            && !headers.neighbor
    }

    /// From the IP header on.
    pub fn ip(&self) -> &'a [u8] {
        self.bytes.get(self.l3_start..).unwrap_or_default()
    }

    /// The IP packet. What only fills its frame up is none of it.
    pub fn packet(&self) -> &'a [u8] {
        let ip = self.ip();
        let word = |at: usize| match ip.get(at..at + 2) {
            Some(&[high, low]) => usize::from(u16::from_be_bytes([high, low])),
            _ => 0,
        };
        let length = match (self.headers.ipv4, self.headers.ipv6) {
            (true, _) => word(2),
            (_, true) => IPV6_HEADER + word(4),
            _ => ip.len(),
        };
        ip.get(..length).unwrap_or(ip)
    }

    /// What stands between its MACs and its IP header: an ethertype, perhaps behind a tag.
    pub fn types(&self) -> Option<&'a [u8]> {
        let types = self.bytes.get(MACS..self.l3_start);
        types.filter(|_| self.is_frame)
    }

    /// The key of its flow under K(nh) `nexthop`, whatever fat flows leave of it.
    pub fn plain_key(&self, nexthop: u32) -> Option<Key> {
        let headers = &self.headers;
        let is_ip = headers.ipv4 || headers.ipv6;
        let plain = s8_key::plain(headers, &self.quoted);
        Key::new(&plain, headers.ipv6, nexthop).filter(|_| is_ip)
    }
}

/// What the model's stages read of a tenant's packet from `offset` on. None: its headers contradict themselves.
pub fn read_headers(frame: &[u8], offset: u8, is_frame: bool, known: Known) -> Option<Meta> {
    let mut meta = *UNKNOWN;
    meta.arrival.length = u16::try_from(frame.len()).ok()?;
    meta.arrival.round.known = known;
    meta.decap.frame = is_frame;
    meta.decap.offset = offset;
    let window = Window::new(frame);
    s4_inner::inner(&window, &mut meta);
    s5_quoted::quoted(&window, &mut meta);
    (meta.verdict.kind == VerdictKind::Continue).then_some(meta)
}

/// Ports as the card is told them.
pub fn known_ports(ports: Option<Ports>) -> Known {
    let (src_port, dst_port) = ports.unwrap_or_default();
    Known {
        ports: ports.is_some(),
        src_port,
        dst_port,
        ..Known::default()
    }
}

/// Whether a punted packet starts with Ethernet. One from before its headers were read does.
pub fn is_frame(punt: &Punt) -> bool {
    let (offset, l3_offset) = (punt.shim.offset, punt.shim.l3_offset);
    l3_offset != offset || l3_offset == 0
}

/// Whether a punted frame came through a tunnel.
pub fn is_tunnelled(punt: &Punt) -> bool {
    punt.shim.tunnel != TunnelKind::None
}

/// A MAC as the layout has it, first byte most significant.
fn mac(value: u64) -> Mac {
    let [_, _, bytes @ ..] = value.to_be_bytes();
    Mac(bytes)
}
