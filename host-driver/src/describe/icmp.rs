//! ICMP and ICMPv6 in words: `ICMP echo request 10.1.1.3 > 10.2.2.3 id 7 seq 1`.

use std::net::IpAddr;

use etherparse::{IcmpEchoHeader, Icmpv4Slice, Icmpv4Type, Icmpv6Slice, Icmpv6Type};

/// An ICMP packet.
pub(super) fn v4(icmp: &Icmpv4Slice<'_>, src: IpAddr, dst: IpAddr) -> String {
    let (name, echo) = match icmp.icmp_type() {
        Icmpv4Type::EchoRequest(echo) => ("echo request", Some(echo)),
        Icmpv4Type::EchoReply(echo) => ("echo reply", Some(echo)),
        Icmpv4Type::DestinationUnreachable(_) => ("unreachable", None),
        Icmpv4Type::TimeExceeded(_) => ("time exceeded", None),
        _ => return format!("ICMP type {} {src} > {dst}", icmp.type_u8()),
    };
    format!("ICMP {name} {src} > {dst}{}", numbers(echo))
}

/// An ICMPv6 packet that is no neighbour's.
pub(super) fn v6(icmp: &Icmpv6Slice<'_>, src: IpAddr, dst: IpAddr) -> String {
    let (name, echo) = match icmp.icmp_type() {
        Icmpv6Type::EchoRequest(echo) => ("echo request", Some(echo)),
        Icmpv6Type::EchoReply(echo) => ("echo reply", Some(echo)),
        Icmpv6Type::DestinationUnreachable(_) => ("unreachable", None),
        Icmpv6Type::PacketTooBig { .. } => ("packet too big", None),
        Icmpv6Type::TimeExceeded(_) => ("time exceeded", None),
        Icmpv6Type::RouterSolicitation => ("router solicitation", None),
        Icmpv6Type::RouterAdvertisement(_) => ("router advertisement", None),
        Icmpv6Type::Redirect => ("redirect", None),
        _ => return format!("ICMPv6 type {} {src} > {dst}", icmp.type_u8()),
    };
    format!("ICMPv6 {name} {src} > {dst}{}", numbers(echo))
}

fn numbers(echo: Option<IcmpEchoHeader>) -> String {
    echo.map_or_else(String::new, |echo| {
        format!(" id {} seq {}", echo.id, echo.seq)
    })
}
