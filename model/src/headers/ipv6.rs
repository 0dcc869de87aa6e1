//! IPv6 (RFC 8200 section 3).
//!
//! ```text
//!  0                                  4                6             7           8     24    40
//! | ver | traffic class | flow label | payload length | next header | hop limit | src | dst |
//! ```

use super::Header;
use crate::window::Window;

/// Bytes; extension headers are payload here.
pub const LENGTH: usize = 40;

/// Where the next header lies.
pub const NEXT_HEADER_OFFSET: usize = 6;

/// Hop limit of the headers that we make.
const OUR_HOP_LIMIT: u8 = 64;
const FLOW_LABEL_MASK: u32 = 0xf_ffff;

/// A header that does not contradict itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6 {
    /// Traffic class.
    pub traffic_class: u8,
    /// Bytes behind the header.
    pub payload_length: usize,
    /// What is right behind it.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source.
    pub src: u128,
    /// Destination.
    pub dst: u128,
}

impl Ipv6 {
    /// Reads the header at `at`, behind which and with which the packet has `room` bytes. None: it is cut short, is of
    /// another version, or is longer with its payload than the room.
    pub fn read(window: &Window<'_>, at: usize, room: usize) -> Option<Self> {
        let payload_length = usize::from(window.be16(at + 4));
        let fits = room >= LENGTH && window.byte(at) >> 4 == 6 && LENGTH + payload_length <= room;
        fits.then(|| Ipv6 {
            traffic_class: (window.be16(at) >> 4) as u8,
            payload_length,
            next_header: window.byte(at + 6),
            hop_limit: window.byte(at + 7),
            src: window.be128(at + 8),
            dst: window.be128(at + 24),
        })
    }
}

/// What differs from one header of ours to the next.
#[derive(Clone, Copy, Debug)]
pub struct Outer {
    /// Traffic class.
    pub traffic_class: u8,
    /// Bytes behind the header.
    pub payload_length: u16,
    /// The same for all packets of a flow (RFC 6437 section 3, RFC 6438 section 3); 20 bits.
    pub flow_label: u32,
    /// What is right behind it.
    pub next_header: u8,
    /// Source.
    pub src: u128,
    /// Destination.
    pub dst: u128,
}

/// Appends a header: hop limit 64.
pub fn write(to: &mut Header, outer: &Outer) {
    let first = 6 << 28 | u32::from(outer.traffic_class) << 20 | outer.flow_label & FLOW_LABEL_MASK;
    to.put(&first.to_be_bytes());
    to.put(&outer.payload_length.to_be_bytes());
    to.put(&[outer.next_header, OUR_HOP_LIMIT]);
    to.put(&outer.src.to_be_bytes());
    to.put(&outer.dst.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From 2001:db8::1 to 2001:db8::2, UDP with 12 bytes, hop limit 61, traffic class and flow label all ones.
    const HEADER: [u8; 40] = [
        0x6f, 0xff, 0xff, 0xff, 0, 12, 17, 61, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        1, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
    ];
    const NETWORK: u128 = 0x2001_0db8 << 96;

    fn read_with(change: impl Fn(&mut [u8; 40]), room: usize) -> Option<Ipv6> {
        let mut bytes = HEADER;
        change(&mut bytes);
        Ipv6::read(&Window::new(&bytes), 0, room)
    }

    #[test]
    fn a_good_header_is_read() {
        let expected = Ipv6 {
            traffic_class: 0xff,
            payload_length: 12,
            next_header: 17,
            hop_limit: 61,
            src: NETWORK | 1,
            dst: NETWORK | 2,
        };
        assert_eq!(read_with(|_| (), 52), Some(expected));
        assert_eq!(read_with(|_| (), 60), Some(expected), "padding behind it");
    }

    #[test]
    fn a_header_that_contradicts_itself_is_refused() {
        assert!(read_with(|h| h[5] = 0, 39).is_none(), "cut short");
        assert!(read_with(|h| h[5] = 0, 40).is_some(), "no payload");
        assert!(read_with(|_| (), 51).is_none(), "longer than the packet");
        assert!(read_with(|h| h[0] = 0x45, 100).is_none(), "version 4");
        assert!(
            read_with(|h| h[4] = 0xff, 60000).is_none(),
            "both bytes count"
        );
    }

    #[test]
    fn the_bytes_of_rfc_8200() {
        let mut header = Header::EMPTY;
        let outer = Outer {
            traffic_class: 0x91,
            payload_length: 0x0102,
            flow_label: 0xabc_dead,
            next_header: 47,
            src: NETWORK | 1,
            dst: NETWORK | 2,
        };
        write(&mut header, &outer);
        let mut expected = HEADER;
        expected[..8].copy_from_slice(&[0x69, 0x1c, 0xde, 0xad, 1, 2, 47, 64]);
        assert_eq!(header.written(), expected);
    }
}
