//! IPv4 (RFC 791 section 3.1).
//!
//! ```text
//!  0          1     2             4    6               8     9          10         12    16
//! | ver | ihl | tos | total length | id | flags, offset | ttl | protocol | checksum | src | dst | options
//! ```

use super::checksum::checksum;
use super::Header;
use crate::window::Window;

/// Bytes without options.
pub const LENGTH: usize = 20;
/// Protocol number of IGMP.
pub const IGMP: u8 = 2;
/// Protocol number of TCP.
pub const TCP: u8 = 6;
/// Protocol number of UDP.
pub const UDP: u8 = 17;
/// Protocol number of GRE.
pub const GRE: u8 = 47;
/// Protocol number of SCTP.
pub const SCTP: u8 = 132;
/// Do packets of this protocol start with a source and a destination port?
pub fn has_ports(protocol: u8) -> bool {
    matches!(protocol, TCP | UDP | SCTP)
}

/// Where the total length lies.
pub const TOTAL_LENGTH_OFFSET: usize = 2;
/// Where the identification lies.
pub const ID_OFFSET: usize = 4;
/// Where the TTL lies.
pub const TTL_OFFSET: usize = 8;
/// Where the protocol lies.
pub const PROTOCOL_OFFSET: usize = 9;
/// Where the checksum lies.
pub const CHECKSUM_OFFSET: usize = 10;

/// TTL of the headers that we make.
const OUR_TTL: u8 = 64;
/// MF and the fragment offset, within the word that also holds DF.
const FRAGMENT_MASK: u16 = 0x3fff;
/// The fragment offset, within the same word.
const OFFSET_MASK: u16 = 0x1fff;

/// The bytes that the header at `at` says to have, options included.
pub fn header_length(window: &Window<'_>, at: usize) -> usize {
    usize::from(window.byte(at) & 0xf) * 4
}

/// A header that does not contradict itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4 {
    /// Bytes of the header, options included.
    pub header_length: usize,
    /// Bytes of header and payload.
    pub total_length: usize,
    /// Type of service.
    pub tos: u8,
    /// Identification.
    pub id: u16,
    /// It is part of a larger packet, the first part too.
    pub fragment: bool,
    /// Nothing of that packet comes before it.
    pub first: bool,
    /// Time to live.
    pub ttl: u8,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Header checksum; it is carried, never checked, as the peer does.
    pub checksum: u16,
    /// Source.
    pub src: u32,
    /// Destination.
    pub dst: u32,
}

impl Ipv4 {
    /// Reads the header at `at`, behind which and with which the packet has `room` bytes. None: it is cut short,
    /// is of another version, or its lengths contradict each other or the room.
    pub fn read(window: &Window<'_>, at: usize, room: usize) -> Option<Self> {
        let header: [u8; LENGTH] = window.read(at);
        let be16 = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let be32 = |at: usize| u32::from(be16(at)) << 16 | u32::from(be16(at + 2));
        let first = header[0];
        let header_length = usize::from(first & 0xf) * 4;
        let total_length = usize::from(be16(2));
        let fits = room >= LENGTH
            && first >> 4 == 4
            && header_length >= LENGTH
            && room >= header_length
            && total_length >= header_length
            && total_length <= room;
        fits.then(|| Ipv4 {
            header_length,
            total_length,
            tos: header[1],
            id: be16(4),
            fragment: be16(6) & FRAGMENT_MASK != 0,
            first: be16(6) & OFFSET_MASK == 0,
            ttl: header[TTL_OFFSET],
            protocol: header[9],
            checksum: be16(CHECKSUM_OFFSET),
            src: be32(12),
            dst: be32(16),
        })
    }
}

/// What differs from one header of ours to the next.
#[derive(Clone, Copy, Debug)]
pub struct Outer {
    /// Type of service.
    pub tos: u8,
    /// Bytes of header and payload.
    pub total_length: u16,
    /// Identification.
    pub id: u16,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Source.
    pub src: u32,
    /// Destination.
    pub dst: u32,
}

/// Appends a header: no flags, not a fragment, TTL 64, no options.
pub fn write(to: &mut Header, outer: &Outer) {
    let mut bytes = [0; LENGTH];
    bytes[0] = 0x45;
    bytes[1] = outer.tos;
    bytes[2..4].copy_from_slice(&outer.total_length.to_be_bytes());
    bytes[4..6].copy_from_slice(&outer.id.to_be_bytes());
    bytes[TTL_OFFSET] = OUR_TTL;
    bytes[9] = outer.protocol;
    bytes[12..16].copy_from_slice(&outer.src.to_be_bytes());
    bytes[16..20].copy_from_slice(&outer.dst.to_be_bytes());
    let checksum = checksum(&bytes);
    bytes[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 2].copy_from_slice(&checksum.to_be_bytes());
    to.put(&bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 1071's arithmetic in a real header: 192.168.0.1 to 192.168.0.199, UDP.
    const HEADER: [u8; 20] = [
        0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00,
        0x01, 0xc0, 0xa8, 0x00, 0xc7,
    ];

    fn read_with(change: impl Fn(&mut [u8; 20]), room: usize) -> Option<Ipv4> {
        let mut bytes = HEADER;
        change(&mut bytes);
        Ipv4::read(&Window::new(&bytes), 0, room)
    }

    #[test]
    fn a_good_header_is_read() {
        let read = read_with(|_| (), 115).unwrap();
        assert_eq!((read.header_length, read.total_length), (20, 115));
        assert_eq!((read.ttl, read.protocol, read.checksum), (64, 17, 0xb861));
        assert_eq!((read.src, read.dst), (0xc0a8_0001, 0xc0a8_00c7));
        assert!(!read.fragment, "DF alone makes no fragment");
    }

    #[test]
    fn a_header_that_contradicts_itself_is_refused() {
        assert!(read_with(|_| (), 19).is_none(), "cut short");
        assert!(read_with(|_| (), 114).is_none(), "longer than the packet");
        assert!(read_with(|h| h[0] = 0x65, 200).is_none(), "version 6");
        assert!(read_with(|h| h[0] = 0x44, 200).is_none(), "ihl 4");
        assert!(read_with(|h| h[3] = 19, 200).is_none(), "total below 20");
        assert!(read_with(|h| h[0] = 0x46, 23).is_none(), "options cut");
        let options_end_behind_the_packet = |h: &mut [u8; 20]| (h[0], h[3]) = (0x46, 23);
        assert!(read_with(options_end_behind_the_packet, 200).is_none());
    }

    #[test]
    fn first_middle_and_last_parts_are_fragments() {
        assert!(read_with(|h| h[6] = 0x20, 200).unwrap().fragment);
        assert!(
            read_with(|h| h[6..8].copy_from_slice(&[0x20, 1]), 200)
                .unwrap()
                .fragment
        );
        assert!(
            read_with(|h| h[6..8].copy_from_slice(&[0, 1]), 200)
                .unwrap()
                .fragment
        );
    }

    #[test]
    fn our_header_has_a_good_checksum() {
        let mut header = Header::EMPTY;
        let outer = Outer {
            tos: 0,
            total_length: 0x004c,
            id: 7,
            protocol: GRE,
            src: 0x0800_0002,
            dst: 0x0800_0003,
        };
        write(&mut header, &outer);
        assert_eq!(
            header.written(),
            [0x45, 0, 0, 0x4c, 0, 7, 0, 0, 0x40, 0x2f, 0x6a, 0x78, 8, 0, 0, 2, 8, 0, 0, 3]
        );
        assert_eq!(checksum(header.written()), 0);
    }
}
