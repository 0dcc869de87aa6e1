//! GRE (RFC 2784 section 2, key field of RFC 2890 section 2) that carries MPLS (RFC 4023 section 3).
//!
//! ```text
//!  0                          2          4
//! | C | R | K | S | .. | ver | protocol | checksum 4 if C | key 4 if K |
//! ```

use super::Header;
use crate::window::Window;

/// Bytes without checksum and key.
pub const LENGTH: usize = 4;
/// Protocol type of unicast MPLS (RFC 4023 section 3).
pub const MPLS: u16 = 0x8847;

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
    fn other_flags_versions_and_protocols_are_not_ours() {
        assert_eq!(length([0x10, 0, 0x88, 0x47]), None, "sequence number");
        assert_eq!(length([0x40, 0, 0x88, 0x47]), None, "routing");
        assert_eq!(length([0x00, 1, 0x88, 0x47]), None, "version 1");
        assert_eq!(length([0x00, 0, 0x08, 0x00]), None, "IPv4");
    }
}
