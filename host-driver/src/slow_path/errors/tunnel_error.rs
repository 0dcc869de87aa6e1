//! ICMP errors about packets of our tunnels.
//!
//! ```text
//!   | Ethernet | IP | ICMP error | quoted: IP from us to a tunnel's end .. |
//!                 │                                └─ "too big": the tunnels to that end carry less for a while (`path_mtu`)
//!                 └─ the host's stack gets it too, if there is one
//! ```

use std::net::IpAddr;

use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

use crate::slow_path::ethernet;

/// Bytes of an ICMP header of either family.
const ICMP_BYTES: usize = 8;
/// Type and code of "fragmentation needed", and of "packet too big".
const NEEDED: [u8; 2] = [3, 4];
const TOO_BIG6: [u8; 2] = [2, 0];
/// MTUs that links are known to have, for routers that do not say theirs (RFC 1191 section 7.1).
const PLATEAUS: [u16; 9] = [32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 508, 296];

/// A packet of ours was too long for a link on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// Who had sent it, as it is quoted.
    pub from: IpAddr,
    /// The tunnel end that it was for.
    pub to: IpAddr,
    /// What that link carries, bytes of an IP packet.
    pub mtu: u32,
}

impl TooLong {
    /// Reads a frame. None: it says something else, or contradicts itself.
    pub fn read(frame: &[u8]) -> Option<TooLong> {
        let (ethertype, start) = ethernet::payload(frame)?;
        let ip = frame.get(start..)?;
        if ethertype == ethernet::IPV4 {
            let header = usize::from(ip.first()? & 0xf) * 4;
            let icmp = ip.get(header..).filter(|icmp| icmp.starts_with(&NEEDED))?;
            let quoted = Ipv4HeaderSlice::from_slice(icmp.get(ICMP_BYTES..)?).ok()?;
            let said = u16::from_be_bytes([*icmp.get(6)?, *icmp.get(7)?]);
            let mtu = match said {
                0 => below(quoted.total_len()),
                said => said,
            };
            return Some(TooLong {
                from: quoted.source_addr().into(),
                to: quoted.destination_addr().into(),
                mtu: mtu.into(),
            });
        }
        if ethertype != ethernet::IPV6 {
            return None;
        }
        let icmp = ip.get(Ipv6HeaderSlice::from_slice(ip).ok()?.slice().len()..)?;
        let icmp = Some(icmp).filter(|icmp| icmp.starts_with(&TOO_BIG6))?;
        let quoted = Ipv6HeaderSlice::from_slice(icmp.get(ICMP_BYTES..)?).ok()?;
        let mtu: [u8; 4] = icmp.get(4..ICMP_BYTES)?.try_into().ok()?;
        Some(TooLong {
            from: quoted.source_addr().into(),
            to: quoted.destination_addr().into(),
            mtu: u32::from_be_bytes(mtu),
        })
    }
}

/// The next smaller MTU that links are known to have.
fn below(length: u16) -> u16 {
    let mut plateaus = PLATEAUS.into_iter();
    plateaus.find(|plateau| *plateau < length).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    const US: [u8; 4] = [192, 168, 0, 1];
    const END: [u8; 4] = [192, 168, 0, 2];

    fn quote(length: usize) -> Vec<u8> {
        let mut quoted = Vec::new();
        PacketBuilder::ipv4(US, END, 64)
            .udp(50_000, 4789)
            .write(&mut quoted, &vec![0; length - 28])
            .unwrap();
        quoted.truncate(28);
        quoted
    }

    fn needed(mtu: u16, quoted: &[u8]) -> Vec<u8> {
        let [high, low] = mtu.to_be_bytes();
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([10, 9, 9, 9], US, 60)
            .icmpv4_raw(3, 4, [0, 0, high, low])
            .write(&mut frame, quoted)
            .unwrap();
        frame
    }

    fn told(mtu: u32) -> Option<TooLong> {
        Some(TooLong {
            from: US.into(),
            to: END.into(),
            mtu,
        })
    }

    #[test]
    fn a_router_says_how_much_its_link_carries() {
        assert_eq!(TooLong::read(&needed(1400, &quote(1500))), told(1400));
    }

    #[test]
    fn of_a_router_that_does_not_the_next_plateau_is_taken() {
        assert_eq!(TooLong::read(&needed(0, &quote(1500))), told(1492));
        assert_eq!(TooLong::read(&needed(0, &quote(1492))), told(1006));
    }

    #[test]
    fn behind_a_tag_and_over_ipv6_likewise() {
        let plain = needed(1400, &quote(1500));
        let tagged = [&plain[..12], &[0x81, 0, 0, 9], &plain[12..]].concat();
        assert_eq!(TooLong::read(&tagged), told(1400));
        let (us, end) = ([1; 16], [2; 16]);
        let (mut quoted, mut frame) = (Vec::new(), Vec::new());
        PacketBuilder::ipv6(us, end, 64)
            .udp(50_000, 4789)
            .write(&mut quoted, &[0; 20])
            .unwrap();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv6([9; 16], us, 60)
            .icmpv6_raw(2, 0, [0, 0, 5, 0])
            .write(&mut frame, &quoted)
            .unwrap();
        let told = TooLong {
            from: us.into(),
            to: end.into(),
            mtu: 1280,
        };
        assert_eq!(TooLong::read(&frame), Some(told));
    }

    #[test]
    fn other_errors_and_halves_say_nothing() {
        let frame = needed(1400, &quote(1500));
        for length in 0..14 + 20 + 8 + 20 {
            assert_eq!(TooLong::read(&frame[..length]), None, "{length}");
        }
        let mut unreachable = frame;
        unreachable[14 + 20 + 1] = 3;
        assert_eq!(TooLong::read(&unreachable), None);
    }
}
