//! IPv6 extension headers (RFC 8200 section 4): how far the card reads to find the ports.
//!
//! ```text
//!   | IPv6 40 | hop-by-hop 0, routing 43, destination 60 | again | TCP, UDP, SCTP, ICMPv6     Known
//!             |                                                  | fragment 44                Fragment
//!             |                                                  | a third, others, too long  Unknown
//!              ◀─── EXTENSION_HEADERS, EXTENSION_BYTES at most ──▶
//!  each:  0             1                                 2
//!        | next header | length in 8 bytes, less the first | ..
//! ```

use super::ipv6::{self, Ipv6};
use crate::window::Window;
use underpass_layout::meta::{EXTENSION_BYTES, EXTENSION_HEADERS};

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;
const HIP: u8 = 139;
const SHIM6: u8 = 140;

/// Bytes of a fragment header, and fewest of any other.
const SMALLEST: usize = 8;
/// The fragment offset, within the word that also holds the M flag.
const OFFSET_MASK: u16 = 0xfff8;

/// What is behind the extension headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upper {
    /// A header of this protocol (or none, 59), so many bytes behind the IPv6 header.
    Known(u8, usize),
    /// A part of a packet; the ports may be in another part.
    Fragment(Part),
    /// More extension headers than the card reads, or one that it does not know (the rest of IANA's list but ESP, which
    /// hides all behind it and so is as good as a protocol).
    Unknown,
}

/// A part of a packet, as its fragment header has it (RFC 8200 section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What is right behind that header, in the first part.
    pub protocol: u8,
    /// So many bytes behind the IPv6 header that header ends.
    pub skipped: usize,
    /// Nothing of the packet comes before this part.
    pub first: bool,
}

/// Reads over the extension headers behind the good header `ip` at `at`. None: one is cut short.
pub fn walk(window: &Window<'_>, at: usize, ip: &Ipv6) -> Option<Upper> {
    let behind = at + ipv6::LENGTH;
    let mut next = ip.next_header;
    let mut total = 0;
    for _ in 0..EXTENSION_HEADERS {
        if !is_read_over(next) {
            break;
        }
        if ip.payload_length < total + SMALLEST {
            return None;
        }
        let length = (usize::from(window.byte(behind + total + 1)) + 1) * 8;
        if total + length > EXTENSION_BYTES {
            return Some(Upper::Unknown);
        }
        if ip.payload_length < total + length {
            return None;
        }
        next = window.byte(behind + total);
        total += length;
    }
    match next {
        AUTHENTICATION | MOBILITY | HIP | SHIM6 => Some(Upper::Unknown),
        next if is_read_over(next) => Some(Upper::Unknown),
        FRAGMENT if ip.payload_length < total + SMALLEST => None,
        FRAGMENT => Some(Upper::Fragment(Part {
            protocol: window.byte(behind + total),
            skipped: total + SMALLEST,
            first: window.be16(behind + total + 2) & OFFSET_MASK == 0,
        })),
        next => Some(Upper::Known(next, total)),
    }
}

fn is_read_over(next: u8) -> bool {
    matches!(next, HOP_BY_HOP | ROUTING | DESTINATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is behind a header whose next header and payload are these.
    fn behind(next_header: u8, payload: &[u8]) -> Option<Upper> {
        let mut packet = vec![0; ipv6::LENGTH];
        packet[0] = 0x60;
        packet[5] = payload.len() as u8;
        packet[6] = next_header;
        packet.extend(payload);
        let window = Window::new(&packet);
        let ip = Ipv6::read(&window, 0, packet.len()).expect("a good header");
        walk(&window, 0, &ip)
    }

    /// Extension headers, each given as next header and length field, and ten bytes behind.
    fn chain(headers: &[(u8, u8)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (next, length) in headers {
            let start = bytes.len();
            bytes.extend([*next, *length]);
            bytes.resize(start + 8 * (usize::from(*length) + 1), 0xee);
        }
        bytes.resize(bytes.len() + 10, 0xdd);
        bytes
    }

    #[test]
    fn up_to_two_headers_are_read_over() {
        assert_eq!(behind(17, &chain(&[])), Some(Upper::Known(17, 0)));
        for first in [0, 43, 60] {
            assert_eq!(behind(first, &chain(&[(6, 0)])), Some(Upper::Known(6, 8)));
            assert_eq!(
                behind(first, &chain(&[(60, 1), (58, 1)])),
                Some(Upper::Known(58, 32))
            );
            let three = chain(&[(60, 0), (first, 0), (17, 0)]);
            assert_eq!(behind(0, &three), Some(Upper::Unknown));
        }
    }

    #[test]
    fn what_is_longer_than_the_card_reads_is_unknown_even_if_cut_short() {
        assert_eq!(behind(0, &chain(&[(6, 3)])), Some(Upper::Known(6, 32)));
        assert_eq!(behind(0, &chain(&[(6, 4)])), Some(Upper::Unknown));
        assert_eq!(behind(0, &chain(&[(60, 2), (6, 1)])), Some(Upper::Unknown));
        assert_eq!(behind(0, &[6, 255, 0, 0, 0, 0, 0, 0]), Some(Upper::Unknown));
    }

    #[test]
    fn what_is_cut_short_is_malformed() {
        assert_eq!(behind(0, &[]), None);
        assert_eq!(behind(60, &[6, 0, 1, 2, 3, 4, 5]), None);
        assert_eq!(
            behind(43, &[6, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3]),
            None
        );
        let whole = [6, 0, 1, 2, 3, 4, 5, 6];
        assert_eq!(behind(0, &whole), Some(Upper::Known(6, 8)));
        let second = [60, 0, 1, 2, 3, 4, 5, 6, 6, 0, 1, 2, 3, 4, 5];
        assert_eq!(behind(0, &second), None);
    }

    /// What is said of a part that is not the first.
    fn later(protocol: u8, skipped: usize) -> Option<Upper> {
        let first = false;
        Some(Upper::Fragment(Part {
            protocol,
            skipped,
            first,
        }))
    }

    #[test]
    fn a_fragment_header_ends_the_search() {
        assert_eq!(behind(44, &chain(&[(6, 0)])), later(6, 8));
        let behind_options = chain(&[(44, 0), (58, 0)]);
        assert_eq!(behind(60, &behind_options), later(58, 16));
        assert_eq!(behind(44, &[6, 0, 0, 1, 0, 0, 0]), None);
        let fourth = chain(&[(43, 0), (44, 0), (17, 0)]);
        assert_eq!(behind(0, &fourth), later(17, 24));
    }

    #[test]
    fn the_first_part_is_the_one_at_offset_zero() {
        for (word, first) in [
            (0x0001, true),
            (0x0007, true),
            (0x0008, false),
            (0x8000, false),
        ] {
            let [high, low] = u16::to_be_bytes(word);
            let found = behind(44, &[6, 0, high, low, 0, 0, 0, 9]);
            assert!(
                matches!(found, Some(Upper::Fragment(part)) if part.first == first),
                "{word:#06x}"
            );
        }
    }

    #[test]
    fn others_are_unknown_and_protocols_are_protocols() {
        for next in [51, 135, 139, 140] {
            assert_eq!(behind(next, &chain(&[])), Some(Upper::Unknown), "{next}");
            assert_eq!(behind(0, &chain(&[(next, 0)])), Some(Upper::Unknown));
        }
        for next in [1, 50, 59, 132, 255] {
            assert_eq!(behind(next, &[]), Some(Upper::Known(next, 0)), "{next}");
        }
    }
}
