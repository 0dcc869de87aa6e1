//! Ethernet II (IEEE 802.3 clause 3) with at most one VLAN tag (IEEE 802.1Q clause 9).
//!
//! ```text
//!  0        6        12          14
//! | dst mac | src mac | ethertype | payload
//! | dst mac | src mac | 0x8100    | tag 2 | ethertype | payload
//! ```

use super::Header;
use crate::window::Window;

/// Bytes without a tag.
pub const LENGTH: usize = 14;
/// Bytes with a tag.
pub const TAGGED_LENGTH: usize = 18;
/// Bits of a tag that name the VLAN; 0: none, the tag gives a priority alone (IEEE 802.1Q clause 9.6).
pub const VLAN_ID: u16 = 0x0fff;
/// IPv4.
pub const IPV4: u16 = 0x0800;
/// ARP (RFC 826).
pub const ARP: u16 = 0x0806;
/// IPv6.
pub const IPV6: u16 = 0x86dd;
/// A customer VLAN tag. Service tags (0x88a8) are payload like any other.
pub const VLAN: u16 = 0x8100;
/// The address of all stations.
pub const BROADCAST: u64 = 0xffff_ffff_ffff;

/// What a frame starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ethernet {
    /// Destination.
    pub dst: u64,
    /// Source.
    pub src: u64,
    /// Type of the payload, behind a tag if there is one.
    pub ethertype: u16,
    /// There is a VLAN tag.
    pub tagged: bool,
}

impl Ethernet {
    /// Reads the header at `at`.
    pub fn read(window: &Window<'_>, at: usize) -> Self {
        let outer = window.be16(at + 12);
        let tagged = outer == VLAN;
        Ethernet {
            dst: window.mac(at),
            src: window.mac(at + 6),
            ethertype: if tagged { window.be16(at + 16) } else { outer },
            tagged,
        }
    }

    /// Its bytes.
    pub fn length(&self) -> usize {
        if self.tagged {
            TAGGED_LENGTH
        } else {
            LENGTH
        }
    }
}

/// The priority in the tag of a tagged frame at `at` (IEEE 802.1Q clause 9.6).
pub fn priority(window: &Window<'_>, at: usize) -> u8 {
    window.byte(at + LENGTH) >> 5
}

/// The VLAN in the tag in front of what starts at `at`; 0: none, see [`VLAN_ID`].
pub fn vlan_before(window: &Window<'_>, at: usize) -> u16 {
    window.be16(at - 4) & VLAN_ID
}

/// Does this address name a group of stations (IEEE 802 clause 8: first bit on the wire)?
pub fn is_group(mac: u64) -> bool {
    mac >> 40 & 1 == 1
}

/// Appends an untagged header.
pub fn write(to: &mut Header, dst: u64, src: u64, ethertype: u16) {
    to.put(&dst.to_be_bytes()[2..]);
    to.put(&src.to_be_bytes()[2..]);
    to.put(&ethertype.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_hides_the_ethertype() {
        let frame = [
            2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0x00, 0xa0, 0x05, 0x08, 0x00,
        ];
        let read = Ethernet::read(&Window::new(&frame), 0);
        assert_eq!(
            read,
            Ethernet {
                dst: 0x0200_0000_0001,
                src: 0x0200_0000_0002,
                ethertype: IPV4,
                tagged: true,
            }
        );
        assert_eq!(read.length(), 18);
        assert_eq!(priority(&Window::new(&frame), 0), 5);
    }

    #[test]
    fn what_is_written_is_read() {
        let mut header = Header::EMPTY;
        write(&mut header, 0x0102_0304_0506, 0x0a0b_0c0d_0e0f, ARP);
        assert_eq!(
            header.written(),
            [1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 0x08, 0x06]
        );
    }

    #[test]
    fn the_first_bit_on_the_wire_makes_a_group() {
        assert!(is_group(BROADCAST));
        assert!(is_group(0x0100_5e00_0001));
        assert!(!is_group(0x0200_0000_0001));
    }
}
