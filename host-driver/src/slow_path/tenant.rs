//! The tenant's packet within a punted frame.
//!
//! ```text
//!   | outer headers | Ethernet (where it is a frame) | IP | ...
//!                   ▲ shim.offset                    ▲ shim.l3_offset
//! ```
//! The headers are read by the model's own stage, so that what the slow path sets up is what the card will look for.

use std::net::Ipv4Addr;

use underpass_layout::meta::{Arrival, Decap, Inner, Meta};
use underpass_layout::tables::{FlowKey, TunnelKind};
use underpass_layout::VerdictKind;
use underpass_model::s4_inner;
use underpass_model::window::Window;
use underpass_table_compiler::Mac;

use crate::driver::Punt;

/// IP protocol of ICMP.
pub const ICMP: u8 = 1;

/// The tenant's packet.
#[derive(Clone, Copy, Debug)]
pub struct Tenant<'a> {
    /// From its first byte on.
    pub bytes: &'a [u8],
    /// It starts with Ethernet.
    pub is_frame: bool,
    /// Its headers.
    pub headers: Inner,
    /// Bytes in front of its IP header.
    l3_start: usize,
}

impl<'a> Tenant<'a> {
    /// The packet, as far as the card got with it. A punt from before the headers were read starts with Ethernet.
    /// None: the headers contradict themselves.
    pub fn of(punt: &'a Punt) -> Option<Tenant<'a>> {
        let (offset, l3_offset) = (punt.shim.offset, punt.shim.l3_offset);
        Tenant::read(&punt.frame, offset, l3_offset != offset || l3_offset == 0)
    }

    /// Reads the headers from `offset` on.
    pub fn read(frame: &'a [u8], offset: u8, is_frame: bool) -> Option<Tenant<'a>> {
        let mut meta = Meta {
            arrival: Arrival {
                length: u16::try_from(frame.len()).ok()?,
                ..Arrival::default()
            },
            decap: Decap {
                frame: is_frame,
                offset,
                ..Decap::default()
            },
            ..Meta::default()
        };
        s4_inner::inner(&Window::new(frame), &mut meta);
        (meta.verdict.kind == VerdictKind::Continue).then_some(Tenant {
            bytes: frame.get(usize::from(offset)..)?,
            is_frame,
            headers: meta.inner,
            l3_start: usize::from(meta.inner.l3_offset.saturating_sub(offset)),
        })
    }

    /// Where it goes, if it is a frame.
    pub fn dst_mac(&self) -> Mac {
        mac(self.headers.dst_mac)
    }

    /// Where it comes from, if it is a frame.
    pub fn src_mac(&self) -> Mac {
        mac(self.headers.src_mac)
    }

    /// The IPv4 addresses, source first.
    pub fn addresses(&self) -> Option<(Ipv4Addr, Ipv4Addr)> {
        let headers = &self.headers;
        headers
            .ipv4
            .then(|| (headers.src.into(), headers.dst.into()))
    }

    /// From the IP header on.
    pub fn ip(&self) -> &'a [u8] {
        self.bytes.get(self.l3_start..).unwrap_or_default()
    }

    /// The key of its flow under K(nh) `nexthop`.
    pub fn flow_key(&self, nexthop: u32) -> FlowKey {
        let headers = &self.headers;
        FlowKey {
            nexthop,
            protocol: headers.protocol,
            src_port: headers.src_port,
            dst_port: headers.dst_port,
            src: headers.src,
            dst: headers.dst,
        }
    }
}

/// The key of the answers to a flow, under K(nh) `nexthop`. An ICMP echo has its identifier in both directions, and
/// other ICMP has no answers of another type.
pub fn answer_key(key: &FlowKey, nexthop: u32) -> FlowKey {
    let (src_port, dst_port) = match key.protocol {
        ICMP => (key.src_port, key.dst_port),
        _ => (key.dst_port, key.src_port),
    };
    FlowKey {
        nexthop,
        src_port,
        dst_port,
        src: key.dst,
        dst: key.src,
        ..*key
    }
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
