//! ARP for IPv4 over Ethernet (RFC 826).
//!
//! ```text
//!  0          2          4      5      6    8            14       18           24
//! | hw 1     | 0x0800   | 6    | 4    | op | sender mac | sender | target mac | target |
//! ```

use super::{ethernet, Header};
use crate::window::Window;
use underpass_layout::meta::ARP_BYTES;

/// Who has this address?
pub const REQUEST: u16 = 1;
/// This MAC has it.
const REPLY: u16 = 2;
/// Ethernet addresses of 6 bytes for IPv4 addresses of 4.
const KIND: [u8; 6] = [0, 1, 8, 0, 6, 4];

/// A packet that does not contradict itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// [`REQUEST`], or anything else.
    pub operation: u16,
    /// The MAC that the sender says to have.
    pub sender_mac: u64,
    /// The address that it says to have.
    pub sender: u32,
    /// The address that it asks for, or answers.
    pub target: u32,
}

impl Arp {
    /// Reads the packet at `at`, from which on there are `room` bytes. None: it is cut short, or about other addresses.
    pub fn read(window: &Window<'_>, at: usize, room: usize) -> Option<Self> {
        let fits = room >= ARP_BYTES && window.read(at) == KIND;
        fits.then(|| Arp {
            operation: window.be16(at + 6),
            sender_mac: window.mac(at + 8),
            sender: window.be32(at + 14),
            target: window.be32(at + 24),
        })
    }
}

/// Who has which address, and who wanted to know.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The MAC that was asked for.
    pub mac: u64,
    /// The address that has it.
    pub address: u32,
    /// Who asked.
    pub asker_mac: u64,
    /// The address of who asked.
    pub asker: u32,
}

/// Appends a reply, behind an Ethernet header.
pub fn write(to: &mut Header, answer: &Answer) {
    ethernet::write(to, answer.asker_mac, answer.mac, ethernet::ARP);
    to.put(&KIND);
    to.put(&REPLY.to_be_bytes());
    to.put(&answer.mac.to_be_bytes()[2..]);
    to.put(&answer.address.to_be_bytes());
    to.put(&answer.asker_mac.to_be_bytes()[2..]);
    to.put(&answer.asker.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 02:00:00:00:00:11, 10.1.1.3, asks for 10.1.1.1.
    const ASKS: [u8; ARP_BYTES] = [
        0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0x11, 10, 1, 1, 3, 0, 0, 0, 0, 0, 0, 10, 1, 1, 1,
    ];

    #[test]
    fn a_request_is_read_with_its_ends() {
        let found = Arp::read(&Window::new(&ASKS), 0, ARP_BYTES);
        let expected = Arp {
            operation: REQUEST,
            sender_mac: 0x0200_0000_0011,
            sender: 0x0a01_0103,
            target: 0x0a01_0101,
        };
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn lengths_and_kinds_that_lie_are_refused() {
        assert!(Arp::read(&Window::new(&ASKS), 0, ARP_BYTES - 1).is_none());
        for place in 0..KIND.len() {
            let mut bytes = ASKS;
            bytes[place] ^= 1;
            let window = Window::new(&bytes);
            assert!(Arp::read(&window, 0, ARP_BYTES).is_none(), "byte {place}");
        }
    }

    #[test]
    fn the_bytes_of_rfc_826() {
        let mut header = Header::EMPTY;
        let answer = Answer {
            mac: 0x0000_5e00_0100,
            address: 0x0a01_0101,
            asker_mac: 0x0200_0000_0011,
            asker: 0x0a01_0103,
        };
        write(&mut header, &answer);
        let expected = [
            2, 0, 0, 0, 0, 0x11, 0, 0, 0x5e, 0, 1, 0, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, 0, 0, 0x5e, 0,
            1, 0, 10, 1, 1, 1, 2, 0, 0, 0, 0, 0x11, 10, 1, 1, 3,
        ];
        assert_eq!(header.written(), expected);
    }
}
