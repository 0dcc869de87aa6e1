//! How numbers are shown.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use underpass_layout::port;
use underpass_layout::tables::{TunnelKind, VifKind};

/// A port by its name where it has one.
pub(super) struct Port(pub(super) u16);

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match port::name(self.0) {
            Some(name) => f.write_str(name),
            None if self.0 == port::SLOW => f.write_str("slow"),
            None if self.0 == port::ROUND => f.write_str("round"),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

/// A MAC address.
pub(super) struct Mac(pub(super) u64);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, _, a, b, c, d, e, g] = self.0.to_be_bytes();
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// An IP address; IPv4 in the low 32 bits.
pub(super) fn ip(v6: bool, address: u128) -> IpAddr {
    if v6 {
        Ipv6Addr::from(address).into()
    } else {
        Ipv4Addr::from(address as u32).into()
    }
}

/// An address with a port behind it: an IPv6 address stands in brackets (RFC 5952 section 6).
pub(super) fn end(v6: bool, address: u128, port: u16) -> SocketAddr {
    SocketAddr::new(ip(v6, address), port)
}

/// An encapsulation as the operator writes it.
pub(super) fn tunnel(kind: TunnelKind) -> &'static str {
    match kind {
        TunnelKind::None => "none",
        TunnelKind::MplsGre => "mpls-gre",
        TunnelKind::MplsUdp => "mpls-udp",
        TunnelKind::Vxlan => "vxlan",
        TunnelKind::Nvgre => "nvgre",
        TunnelKind::Stt => "stt",
    }
}

/// What the number in a tunnel header is called.
pub(super) fn label_word(kind: TunnelKind) -> &'static str {
    match kind {
        TunnelKind::Vxlan => "vni",
        TunnelKind::Nvgre => "subnet",
        _ => "label",
    }
}

/// What is behind an interface.
pub(super) fn vif_kind(kind: VifKind) -> &'static str {
    match kind {
        VifKind::Fabric => "fabric",
        VifKind::Host => "host",
        VifKind::Agent => "agent",
        VifKind::Vm => "vm",
    }
}

/// An IP protocol by its name where it has a short one.
pub(super) fn protocol(number: u8) -> String {
    match number {
        1 => "icmp".into(),
        6 => "tcp".into(),
        17 => "udp".into(),
        58 => "icmpv6".into(),
        132 => "sctp".into(),
        other => format!("protocol {other}"),
    }
}

/// Protocol, addresses and ports of a packet.
pub(super) fn ends(v6: bool, number: u8, addresses: [u128; 2], ports: [u16; 2]) -> String {
    let [src, dst] = addresses;
    let [src_port, dst_port] = ports;
    let (src, dst) = (end(v6, src, src_port), end(v6, dst, dst_port));
    format!("{} {src} > {dst}", protocol(number))
}

/// A nexthop, with the label that it takes.
pub(super) fn target(nexthop: u32, label: u32) -> String {
    match label {
        0 => format!("nexthop {nexthop}"),
        label => format!("nexthop {nexthop}, label {label}"),
    }
}
