//! Another packet behind the headers that one came with.
//!
//! ```text
//!   | Ethernet |                                | packet |     from a guest: nothing in front knows its length
//!   | Ethernet | IP | UDP, GRE | ..  | Ethernet | packet |     from a tunnel: lengths and checksums of IP and UDP do
//! ```

use underpass_model::headers::checksum::checksum;

use crate::slow_path::ethernet;

/// Bytes of an IPv6 header.
const IPV6_HEADER: usize = 40;
/// IP protocol of UDP.
const UDP: u8 = 17;

/// `packet` behind `front`, which ends where the packet starts that came with it. None: the headers in front contradict
/// themselves.
pub fn reframe(front: &[u8], is_tunnelled: bool, packet: &[u8]) -> Option<Vec<u8>> {
    let mut frame = [front, packet].concat();
    if is_tunnelled {
        correct(&mut frame)?;
    }
    Some(frame)
}

/// Writes the lengths of the outer headers.
fn correct(frame: &mut [u8]) -> Option<()> {
    let (ethertype, start) = ethernet::payload(frame)?;
    let is_v6 = ethertype == ethernet::IPV6;
    if !is_v6 && ethertype != ethernet::IPV4 {
        return None;
    }
    let ip = frame.get_mut(start..)?;
    let (protocol, header) = match is_v6 {
        true => (*ip.get(6)?, IPV6_HEADER),
        false => (*ip.get(9)?, usize::from(ip.first()? & 0xf) * 4),
    };
    let behind = u16::try_from(ip.len().checked_sub(header)?).ok()?;
    if is_v6 {
        put(ip, 4, behind)?;
    } else {
        put(ip, 2, behind.checked_add(header as u16)?)?;
        put(ip, 10, 0)?;
        let sum = checksum(ip.get(..header)?);
        put(ip, 10, sum)?;
    }
    if protocol == UDP {
        put(ip, header + 4, behind)?;
        // The sum was over what stood behind; a tunnel needs none (RFC 7348, RFC 7510, RFC 6935).
        put(ip, header + 6, 0)?;
    }
    Some(())
}

fn put(bytes: &mut [u8], at: usize, word: u16) -> Option<()> {
    bytes
        .get_mut(at..at + 2)
        .map(|place| place.copy_from_slice(&word.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{NetSlice, PacketBuilder, SlicedPacket, TransportSlice};

    #[test]
    fn nothing_in_front_of_a_guests_packet_changes() {
        assert_eq!(reframe(&[1; 14], false, &[2; 3]).unwrap().len(), 17);
    }

    #[test]
    fn the_outer_headers_of_a_tunnel_have_the_new_length() {
        let old = [7; 100];
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .udp(50_000, 6635)
            .write(&mut v4, &old)
            .unwrap();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv6([1; 16], [2; 16], 64)
            .udp(50_000, 6635)
            .write(&mut v6, &old)
            .unwrap();
        for frame in [v4, v6] {
            // Four bytes of a label stay in front of the packet.
            let front = &frame[..frame.len() - old.len() + 4];
            let framed = reframe(front, true, &[9; 33]).unwrap();
            let read = SlicedPacket::from_ethernet(&framed).unwrap();
            let Some(TransportSlice::Udp(udp)) = read.transport else {
                panic!("{read:?}");
            };
            assert_eq!((udp.length(), udp.checksum()), (8 + 4 + 33, 0));
            if let Some(NetSlice::Ipv4(ip)) = read.net {
                let header = ip.header().to_header();
                assert_eq!(header.header_checksum, header.calc_header_checksum());
            }
            assert!(framed.ends_with(&[9; 33]));
        }
    }

    #[test]
    fn headers_that_are_none_are_refused() {
        assert_eq!(reframe(&[0; 20], true, &[0; 9]), None);
        assert_eq!(reframe(&[], true, &[]), None);
    }
}
