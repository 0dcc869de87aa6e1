//! GRE (RFC 2784 section 2, key field of RFC 2890 section 2) that carries MPLS (RFC 4023 section 3) or Ethernet with a key
//! (NVGRE, RFC 7637 section 3.2).
//!
//! ```text
//!  0                          2          4
//! | C | R | K | S | .. | ver | protocol | checksum 4 if C | key 4 if K |
//!                                                          virtual subnet 3, flow 1
//! ```

use super::Header;
use crate::window::Window;

/// Bytes without checksum and key.
pub const LENGTH: usize = 4;
/// Protocol type of unicast MPLS (RFC 4023 section 3).
pub const MPLS: u16 = 0x8847;

/// Protocol type of Ethernet frames (RFC 7637 section 3.2).
pub const ETHERNET: u16 = 0x6558;
/// Bytes with the key, and nothing else.
pub const KEYED_LENGTH: usize = 8;

const CHECKSUM: u16 = 0x8000;
const KEY: u16 = 0x2000;

/// Bytes of the header at `at` if MPLS follows it. Checksum and key are stepped over; any other flag or version
/// says that it is no tunnel of ours.
pub fn length_before_mpls(window: &Window<'_>, at: usize) -> Option<usize> {
    let flags = window.be16(at);
    let ours = flags & !(CHECKSUM | KEY) == 0 && window.be16(at + 2) == MPLS;
    let optional = |flag| if flags & flag != 0 { 4 } else { 0 };
    ours.then(|| LENGTH + optional(CHECKSUM) + optional(KEY))
}

/// Is the header at `at` one of NVGRE?
pub fn is_nvgre(window: &Window<'_>, at: usize) -> bool {
    window.be16(at) == KEY && window.be16(at + 2) == ETHERNET
}

/// Appends a header of NVGRE. A virtual subnet of more than 24 bits is cut.
pub fn write_nvgre(to: &mut Header, subnet: u32, flow: u8) {
    to.put(&KEY.to_be_bytes());
    to.put(&ETHERNET.to_be_bytes());
    to.put(&(subnet << 8 | u32::from(flow)).to_be_bytes());
}

/// Appends a header without options, in front of MPLS.
pub fn write(to: &mut Header) {
    to.put(&[0, 0]);
    to.put(&MPLS.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(bytes: [u8; 4]) -> Option<usize> {
        length_before_mpls(&Window::new(&bytes), 0)
    }

    #[test]
    fn checksum_and_key_are_tolerated() {
        assert_eq!(length([0x00, 0, 0x88, 0x47]), Some(4));
        assert_eq!(length([0x80, 0, 0x88, 0x47]), Some(8));
        assert_eq!(length([0x20, 0, 0x88, 0x47]), Some(8));
        assert_eq!(length([0xa0, 0, 0x88, 0x47]), Some(12));
    }

    #[test]
    fn the_bytes_of_rfc_7637() {
        let mut header = Header::EMPTY;
        write_nvgre(&mut header, 5002, 0x7f);
        assert_eq!(header.written(), [0x20, 0, 0x65, 0x58, 0, 0x13, 0x8a, 0x7f]);
        assert!(is_nvgre(&Window::new(header.written()), 0));
        assert!(!is_nvgre(&Window::new(&[0xa0, 0, 0x65, 0x58]), 0));
        assert!(!is_nvgre(&Window::new(&[0x20, 0, 0x88, 0x47]), 0));
    }

    #[test]
    fn other_flags_versions_and_protocols_are_not_ours() {
        assert_eq!(length([0x10, 0, 0x88, 0x47]), None, "sequence number");
        assert_eq!(length([0x40, 0, 0x88, 0x47]), None, "routing");
        assert_eq!(length([0x00, 1, 0x88, 0x47]), None, "version 1");
        assert_eq!(length([0x00, 0, 0x08, 0x00]), None, "IPv4");
    }
}
