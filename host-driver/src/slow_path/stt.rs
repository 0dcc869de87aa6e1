//! STT (draft-davie-stt-08): taken off here, and handed back to the card as VXLAN between the same tunnel ends.
//!
//! ```text
//!   | Ethernet | IP, protocol 6 | TCP-like header 20 | STT 18 | Ethernet of the tenant | ..
//!                                 seq: frame length 16, offset of this segment 16
//!                                                      version 1 flags 1 l4 1 - 1 mss 2 tag 2 context 8 padding 2
//!   | Ethernet | IP, protocol 17 | UDP 8 | VXLAN 8, VNI: low 24 bits of the context | Ethernet of the tenant | ..
//! ```
//! Frames of one segment alone: a sender that fills several would have to be put together from packets in any order.

use underpass_layout::DropReason;

use super::ethernet::{self, VLAN};

/// Bytes of headers.
const IPV4: usize = 20;
const IPV6: usize = 40;
const TCP: usize = 20;
const STT: usize = 18;
/// IP protocol of UDP, and its port of VXLAN (RFC 7348).
const UDP: u8 = 17;
const VXLAN_PORT: u16 = 4789;
/// Flags: the checksum of the upper layer is that of the pseudo header alone; it is TCP, else UDP.
const CHECKSUM_PARTIAL: u8 = 0x02;
const IS_TCP: u8 = 0x08;
/// Of the tag: there is one.
const HAS_TAG: u16 = 0x1000;
/// First of the source ports that tunnels have.
const DYNAMIC_PORTS: u16 = 0xc000;

/// The packet as VXLAN.
///
/// # Errors
/// It is no whole STT frame, or one that this does not read.
pub fn as_vxlan(packet: &[u8]) -> Result<Vec<u8>, DropReason> {
    let parts = Parts::read(packet).ok_or(DropReason::InvalidPacket)?;
    let stt = parts.stt.get(..STT).ok_or(DropReason::InvalidPacket)?;
    let frame = parts.stt.get(STT..).ok_or(DropReason::InvalidPacket)?;
    let segment = usize::from(half(&parts.tcp[4..6]));
    let offset = half(&parts.tcp[6..8]);
    if offset != 0 || segment != parts.stt.len() {
        return Err(DropReason::Fragments);
    }
    if stt[0] != 0 || frame.len() < ethernet::LENGTH {
        return Err(DropReason::InvalidProtocol);
    }
    let mut frame = frame.to_vec();
    if stt[1] & CHECKSUM_PARTIAL != 0 {
        fill_checksum(&mut frame, stt[2].into(), stt[1] & IS_TCP != 0)
            .ok_or(DropReason::InvalidPacket)?;
    }
    let tag = half(&stt[6..8]);
    if tag & HAS_TAG != 0 {
        // Priority, then the flag where a frame has its drop eligibility, then the VLAN.
        let words = [VLAN, tag & !HAS_TAG];
        frame.splice(12..12, words.into_iter().flat_map(u16::to_be_bytes));
    }
    let vni = [stt[13], stt[14], stt[15]];
    // The sender's port says which flow it is.
    let port = half(&parts.tcp[..2]) | DYNAMIC_PORTS;
    parts.around(port, vni, &frame)
}

/// Headers of a packet.
struct Parts<'a> {
    ethernet: &'a [u8],
    ip: &'a [u8],
    tcp: &'a [u8],
    /// From the STT header on, as long as the IP header says.
    stt: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(packet: &'a [u8]) -> Option<Parts<'a>> {
        let (ethertype, start) = ethernet::payload(packet)?;
        let (ethernet, rest) = packet.split_at_checked(start)?;
        let (header, length) = match ethertype {
            ethernet::IPV4 => {
                let header = usize::from(rest.first()? & 0xf) * 4;
                (header, usize::from(half(rest.get(2..4)?)))
            }
            ethernet::IPV6 => (IPV6, IPV6 + usize::from(half(rest.get(4..6)?))),
            _ => return None,
        };
        let (ip, rest) = rest.get(..length)?.split_at_checked(header)?;
        let (tcp, stt) = rest.split_at_checked(TCP)?;
        (ip.len() >= IPV4).then_some(Parts {
            ethernet,
            ip,
            tcp,
            stt,
        })
    }

    fn around(&self, port: u16, vni: [u8; 3], frame: &[u8]) -> Result<Vec<u8>, DropReason> {
        let udp_length =
            u16::try_from(8 + 8 + frame.len()).map_err(|_| DropReason::InvalidPacket)?;
        let mut ip = match self.ip.first().map(|byte| byte >> 4) {
            // Options are for the way that is behind it.
            Some(4) => self.ip[..IPV4].to_vec(),
            _ => self.ip.to_vec(),
        };
        if ip.len() == IPV4 {
            let length = u16::try_from(IPV4)
                .ok()
                .and_then(|header| header.checked_add(udp_length))
                .ok_or(DropReason::InvalidPacket)?;
            ip[0] = 0x45;
            ip[2..4].copy_from_slice(&length.to_be_bytes());
            ip[9] = UDP;
            ip[10..12].fill(0);
            let checksum = !sum(&ip);
            ip[10..12].copy_from_slice(&checksum.to_be_bytes());
        } else {
            ip[4..6].copy_from_slice(&udp_length.to_be_bytes());
            ip[6] = UDP;
        }
        let [high, low] = udp_length.to_be_bytes();
        let [from, to] = [port, VXLAN_PORT].map(u16::to_be_bytes);
        let udp = [from[0], from[1], to[0], to[1], high, low, 0, 0];
        let vxlan = [8, 0, 0, 0, vni[0], vni[1], vni[2], 0];
        Ok([self.ethernet, &ip, &udp, &vxlan, frame].concat())
    }
}

/// Completes a checksum in which the sum of the pseudo header stands. None: it would be outside the frame.
fn fill_checksum(frame: &mut [u8], start: usize, is_tcp: bool) -> Option<()> {
    let place = start + if is_tcp { 16 } else { 6 };
    let covered = frame.get(start..)?;
    frame.get(place..place + 2)?;
    let checksum = match !sum(covered) {
        0 if !is_tcp => u16::MAX,
        checksum => checksum,
    };
    frame
        .get_mut(place..place + 2)?
        .copy_from_slice(&checksum.to_be_bytes());
    Some(())
}

/// One's complement sum in 16-bit words, an odd last byte filled up with zero (RFC 1071).
fn sum(bytes: &[u8]) -> u16 {
    let sum: u64 = bytes
        .chunks(2)
        .map(|half| match half {
            [high, low] => u64::from(u16::from_be_bytes([*high, *low])),
            [high] => u64::from(*high) << 8,
            _ => 0,
        })
        .sum();
    let fold = |sum: u64| (sum & 0xffff) + (sum >> 16);
    fold(fold(fold(sum))) as u16
}

fn half(bytes: &[u8]) -> u16 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// UDP from 10.1.1.3:1000 to 10.1.1.4:2000 with four bytes, its checksum as given.
    fn tenant(checksum: u16) -> Vec<u8> {
        let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
        frame.extend([0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0]);
        frame.extend([10, 1, 1, 3, 10, 1, 1, 4]);
        frame.extend([3, 0xe8, 7, 0xd0, 0, 12]);
        frame.extend(checksum.to_be_bytes());
        frame.extend(*b"abcd");
        frame
    }

    /// STT over IPv4 from 192.0.2.9 to 192.0.2.1 with context 900.
    fn packet(frame: &[u8], flags: u8, tag: u16) -> Vec<u8> {
        let segment = (STT + frame.len()) as u16;
        let mut packet = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 8, 0];
        packet.extend([0x45, 0]);
        packet.extend((IPV4 as u16 + TCP as u16 + segment).to_be_bytes());
        packet.extend([0, 7, 0, 0, 64, 6, 0, 0, 192, 0, 2, 9, 192, 0, 2, 1]);
        packet.extend([0x12, 0x34, 0x1d, 0x2f]);
        packet.extend(segment.to_be_bytes());
        packet.extend([0, 0, 0, 0, 0, 1, 0x50, 0x10, 0, 0, 0, 0, 0, 0]);
        packet.extend([0, flags, 34, 0, 0, 0]);
        packet.extend(tag.to_be_bytes());
        packet.extend([0, 0, 0, 0, 0, 0, 3, 0x84, 0, 0]);
        packet.extend(frame);
        packet
    }

    /// Where the tenant's frame starts in a VXLAN packet.
    const FRAME: usize = ethernet::LENGTH + IPV4 + 8 + 8;

    #[test]
    fn a_frame_comes_back_as_vxlan_between_the_same_ends() {
        let vxlan = as_vxlan(&packet(&tenant(0), 0, 0)).expect("a frame");
        assert_eq!(vxlan[..14], packet(&tenant(0), 0, 0)[..14]);
        assert_eq!(sum(&vxlan[14..34]), 0xffff);
        assert_eq!(
            half(&vxlan[16..18]),
            (vxlan.len() - ethernet::LENGTH) as u16
        );
        assert_eq!(vxlan[26..34], [192, 0, 2, 9, 192, 0, 2, 1]);
        assert_eq!(vxlan[34..38], [0xd2, 0x34, 0x12, 0xb5]);
        assert_eq!(half(&vxlan[38..40]), (vxlan.len() - 34) as u16);
        assert_eq!(vxlan[42..50], [8, 0, 0, 0, 0, 3, 0x84, 0]);
        assert_eq!(vxlan[FRAME..], tenant(0));
    }

    #[test]
    fn an_open_checksum_is_filled_in() {
        let pseudo = sum(&[10, 1, 1, 3, 10, 1, 1, 4, 0, 17, 0, 12]);
        let vxlan = as_vxlan(&packet(&tenant(pseudo), CHECKSUM_PARTIAL, 0)).expect("a frame");
        let udp = &vxlan[FRAME + 34..];
        let covered = [&[10, 1, 1, 3, 10, 1, 1, 4, 0, 17, 0, 12], udp].concat();
        assert_eq!(sum(&covered), 0xffff);
    }

    #[test]
    fn a_tag_goes_into_the_frame() {
        let vxlan = as_vxlan(&packet(&tenant(0), 0, 0xb007)).expect("a frame");
        assert_eq!(vxlan[FRAME + 12..FRAME + 18], [0x81, 0, 0xa0, 7, 8, 0]);
        assert_eq!(vxlan.len(), FRAME + tenant(0).len() + 4);
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let whole = packet(&tenant(0), 0, 0);
        for length in 0..whole.len() {
            assert!(as_vxlan(&whole[..length]).is_err(), "{length}");
        }
        let mut part = whole.clone();
        part[34 + 7] = 1;
        assert_eq!(as_vxlan(&part), Err(DropReason::Fragments));
        let mut longer = whole.clone();
        longer[34 + 4] = 1;
        assert_eq!(as_vxlan(&longer), Err(DropReason::Fragments));
        let mut version = whole;
        version[54] = 1;
        assert_eq!(as_vxlan(&version), Err(DropReason::InvalidProtocol));
    }
}
