//! Tunnel headers in words, and where what is inside them starts.

use etherparse::{EtherType, IpNumber, LaxSlicedPacket, UdpSlice};

use super::Layer;

/// UDP port of MPLS (RFC 7510), and the one that vRouters used before it.
const MPLS_UDP_PORTS: [u16; 2] = [6635, 51234];
/// UDP port of VXLAN (RFC 7348).
const VXLAN_UDP_PORT: u16 = 4789;
/// Ethertype of an MPLS unicast packet.
const MPLS: EtherType = EtherType(0x8847);
/// Ethertype of a frame in GRE, and the flags of a GRE header that has a key alone.
const BRIDGED: EtherType = EtherType(0x6558);
const KEY_ONLY: u8 = 0x20;
/// Ethertypes of what is found in a tenant's frame: IPv4, ARP, a VLAN tag, IPv6.
const ETHERTYPES: [[u8; 2]; 4] = [[0x08, 0x00], [0x08, 0x06], [0x81, 0x00], [0x86, 0xdd]];

/// The name of a tunnel over UDP with its label, and what is inside.
pub(super) fn udp<'a>(udp: &UdpSlice<'a>) -> Option<(&'static str, (String, Layer<'a>))> {
    let payload = udp.payload();
    if MPLS_UDP_PORTS.contains(&udp.destination_port()) {
        return Some(("MPLSoUDP", mpls(payload)?));
    }
    if udp.destination_port() != VXLAN_UDP_PORT {
        return None;
    }
    let (header, within) = payload.split_first_chunk::<8>()?;
    let vni = u32::from_be_bytes([0, header[4], header[5], header[6]]);
    // A peer that routes into VXLAN may leave the inner Ethernet header out.
    let is_ip = |byte: &u8| matches!(byte >> 4, 4 | 6);
    let is_frame = |at: &[u8]| ETHERTYPES.iter().any(|one| one == at);
    let bare = within.first().is_some_and(is_ip) && !within.get(12..14).is_some_and(is_frame);
    let within = match bare {
        true => Layer::Ip(within),
        false => Layer::Frame(within),
    };
    Some(("VXLAN", (format!("vni {vni}"), within)))
}

/// The name of a tunnel over GRE, MPLS (RFC 4023) or NVGRE (RFC 7637), with its label, and what is under it.
pub(super) fn gre(number: IpNumber, payload: &[u8]) -> Option<(&'static str, (String, Layer<'_>))> {
    let (header, rest) = payload.split_first_chunk::<4>()?;
    let ethertype = EtherType(u16::from_be_bytes([header[2], header[3]]));
    let options = 4 * usize::from(header[0] >> 7) + 4 * usize::from(header[0] >> 5 & 1);
    match ethertype {
        _ if number != IpNumber::GRE => None,
        MPLS => Some(("MPLSoGRE", mpls(rest.get(options..)?)?)),
        BRIDGED if header[0] == KEY_ONLY => {
            let (key, frame) = rest.split_first_chunk::<4>()?;
            let subnet = u32::from_be_bytes(*key) >> 8;
            Some(("NVGRE", (format!("vsid {subnet}"), Layer::Frame(frame))))
        }
        _ => None,
    }
}

/// The label, and what is under it: an IP packet if the first nibble says so, else a frame (RFC 4928 section 3). Behind
/// a control word of zeros may stand the headers of a copy along a multicast tree.
fn mpls(bytes: &[u8]) -> Option<(String, Layer<'_>)> {
    let (word, within) = bytes.split_first_chunk::<4>()?;
    let label = u32::from_be_bytes(*word) >> 12;
    if let Some(within) = within.strip_prefix(&[0; 4]) {
        let is_tree = within.first() == Some(&0x45)
            && within.get(22..24) == Some(&VXLAN_UDP_PORT.to_be_bytes());
        let within = match is_tree {
            true => Layer::Ip(within),
            false => Layer::Frame(within),
        };
        return Some((format!("label {label} control word"), within));
    }
    let within = match within.first()? >> 4 {
        4 | 6 if LaxSlicedPacket::from_ip(within).is_ok() => Layer::Ip(within),
        _ => Layer::Frame(within),
    };
    Some((format!("label {label}"), within))
}
