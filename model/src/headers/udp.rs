//! UDP (RFC 768) as a tunnel's carrier.
//!
//! ```text
//!  0          2          4        6
//! | src port | dst port | length | checksum |
//! ```

use super::Header;
use crate::window::Window;

/// Bytes.
pub const LENGTH: usize = 8;
/// Bytes of both ports.
pub const PORTS_LENGTH: usize = 4;
/// Where the length lies.
pub const LENGTH_OFFSET: usize = 4;
/// Where the checksum lies.
pub const CHECKSUM_OFFSET: usize = 6;
/// Destination port of MPLS over UDP (RFC 7510 section 6).
pub const MPLS: u16 = 6635;
/// The port the peer used for MPLS over UDP before one was assigned; accepted, never sent.
pub const MPLS_OLD: u16 = 51234;
/// Destination port of VXLAN (RFC 7348 section 8).
pub const VXLAN: u16 = 4789;

/// The destination port of the header at `at`.
pub fn dst_port(window: &Window<'_>, at: usize) -> u16 {
    window.be16(at + 2)
}

/// Appends a header without checksum (0: allowed for tunnels by RFC 7510 section 3.1, RFC 7348 section 5, and over IPv6
/// by RFC 6935).
/// `length` counts header and payload.
pub fn write(to: &mut Header, src_port: u16, dst_port: u16, length: u16) {
    to.put(&src_port.to_be_bytes());
    to.put(&dst_port.to_be_bytes());
    to.put(&length.to_be_bytes());
    to.put(&[0, 0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_rfc_768() {
        let mut header = Header::EMPTY;
        write(&mut header, 0xd1fe, MPLS, 0x4a);
        assert_eq!(header.written(), [0xd1, 0xfe, 0x19, 0xeb, 0, 0x4a, 0, 0]);
        assert_eq!(dst_port(&Window::new(header.written()), 0), 6635);
    }
}
