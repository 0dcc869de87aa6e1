//! ICMP echo for the addresses that the node answers at: gateways and DNS servers.

use etherparse::{
    EtherType, Ethernet2Header, Icmpv4Header, Icmpv4Type, IpNumber, Ipv4Header, Ipv4Slice,
};

use super::tenant::Tenant;

/// Time to live of what the node itself sends.
const TTL: u8 = 64;

/// The frame that answers an echo request of a guest. None: it is no such request, or a damaged one.
pub fn answer(tenant: &Tenant<'_>) -> Option<Vec<u8>> {
    let packet = Ipv4Slice::from_slice(tenant.ip()).ok()?;
    let asked = packet.header().to_header();
    if asked.protocol != IpNumber::ICMP || packet.is_payload_fragmented() || !tenant.is_frame {
        return None;
    }
    let (icmp, data) = Icmpv4Header::from_slice(packet.payload().payload).ok()?;
    let Icmpv4Type::EchoRequest(echo) = icmp.icmp_type else {
        return None;
    };
    if icmp.icmp_type.calc_checksum(data) != icmp.checksum {
        return None;
    }
    let ethernet = Ethernet2Header {
        source: tenant.dst_mac().0,
        destination: tenant.src_mac().0,
        ether_type: EtherType::IPV4,
    };
    let payload = u16::try_from(Icmpv4Header::MIN_LEN + data.len()).ok()?;
    let mut ip = Ipv4Header::new(
        payload,
        TTL,
        IpNumber::ICMP,
        asked.destination,
        asked.source,
    )
    .ok()?;
    ip.identification = asked.identification;
    ip.header_checksum = ip.calc_header_checksum();
    let icmp = Icmpv4Header::with_checksum(Icmpv4Type::EchoReply(echo), data);
    Some(
        [
            &ethernet.to_bytes()[..],
            &ip.to_bytes(),
            &icmp.to_bytes(),
            data,
        ]
        .concat(),
    )
}
