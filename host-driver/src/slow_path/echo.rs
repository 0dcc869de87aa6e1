//! ICMP and ICMPv6 echo for the addresses that the node answers at: gateways and DNS servers.

use etherparse::{
    EtherType, Ethernet2Header, Icmpv4Header, Icmpv4Type, Icmpv6Header, Icmpv6Slice, Icmpv6Type,
    IpNumber, Ipv4Header, Ipv4Slice, Ipv6Header, Ipv6Slice,
};

use super::tenant::Tenant;

/// Time to live, or hop limit, of what the node itself sends.
const TTL: u8 = 64;

/// The frame that answers an echo request of a guest. None: it is no such request, or a damaged one.
pub fn answer(tenant: &Tenant<'_>) -> Option<Vec<u8>> {
    if !tenant.is_frame {
        return None;
    }
    let (ether_type, packet) = match tenant.headers.ipv6 {
        false => (EtherType::IPV4, answer_v4(tenant.ip())?),
        true => (EtherType::IPV6, answer_v6(tenant.ip())?),
    };
    let ethernet = Ethernet2Header {
        source: tenant.dst_mac().0,
        destination: tenant.src_mac().0,
        ether_type,
    };
    Some([&ethernet.to_bytes()[..], &packet].concat())
}

fn answer_v4(packet: &[u8]) -> Option<Vec<u8>> {
    let packet = Ipv4Slice::from_slice(packet).ok()?;
    let asked = packet.header().to_header();
    if asked.protocol != IpNumber::ICMP || packet.is_payload_fragmented() {
        return None;
    }
    let (icmp, data) = Icmpv4Header::from_slice(packet.payload().payload).ok()?;
    let Icmpv4Type::EchoRequest(echo) = icmp.icmp_type else {
        return None;
    };
    if icmp.icmp_type.calc_checksum(data) != icmp.checksum {
        return None;
    }
    let payload = u16::try_from(Icmpv4Header::MIN_LEN + data.len()).ok()?;
    let (src, dst) = (asked.destination, asked.source);
    let mut ip = Ipv4Header::new(payload, TTL, IpNumber::ICMP, src, dst).ok()?;
    ip.identification = asked.identification;
    ip.header_checksum = ip.calc_header_checksum();
    let icmp = Icmpv4Header::with_checksum(Icmpv4Type::EchoReply(echo), data);
    Some([&ip.to_bytes()[..], &icmp.to_bytes(), data].concat())
}

/// An answer has no extension headers, whatever the question had.
fn answer_v6(packet: &[u8]) -> Option<Vec<u8>> {
    let packet = Ipv6Slice::from_slice(packet).ok()?;
    let (asked, payload) = (packet.header().to_header(), packet.payload());
    if payload.ip_number != IpNumber::IPV6_ICMP || payload.fragmented {
        return None;
    }
    let icmp = Icmpv6Slice::from_slice(payload.payload).ok()?;
    let Icmpv6Type::EchoRequest(echo) = icmp.icmp_type() else {
        return None;
    };
    if !icmp.is_checksum_valid(asked.source, asked.destination) {
        return None;
    }
    let ip = Ipv6Header {
        payload_length: u16::try_from(icmp.slice().len()).ok()?,
        next_header: IpNumber::IPV6_ICMP,
        hop_limit: TTL,
        source: asked.destination,
        destination: asked.source,
        ..Ipv6Header::default()
    };
    let reply = Icmpv6Type::EchoReply(echo);
    let icmp6 =
        Icmpv6Header::with_checksum(reply, ip.source, ip.destination, icmp.payload()).ok()?;
    Some([&ip.to_bytes()[..], &icmp6.to_bytes(), icmp.payload()].concat())
}
