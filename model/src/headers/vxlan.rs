//! VXLAN (RFC 7348 section 5).
//!
//! ```text
//!  0             1          4     7
//! | flags, I 08 | reserved | VNI | reserved |
//! ```

use super::Header;
use crate::window::Window;

/// Bytes.
pub const LENGTH: usize = 8;

const VNI_VALID: u8 = 0x08;
/// Router alert. No RFC has this bit; the peer reads the lowest of the flags so.
const ALERT: u8 = 0x01;
const VNI_MASK: u32 = 0xff_ffff;

/// The VNI of the header at `at`, and whether its I bit says that it counts.
pub fn read(window: &Window<'_>, at: usize) -> (u32, bool) {
    let vni = window.be32(at + 4) >> 8;
    (vni, window.byte(at) & VNI_VALID != 0)
}

/// Is the packet under the header at `at` for the router to look at?
pub fn has_alert(window: &Window<'_>, at: usize) -> bool {
    window.byte(at) & ALERT != 0
}

/// Appends a header. A VNI of more than 24 bits is cut.
pub fn write(to: &mut Header, vni: u32) {
    to.put(&[VNI_VALID, 0, 0, 0]);
    to.put(&((vni & VNI_MASK) << 8).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_rfc_7348() {
        let mut header = Header::EMPTY;
        write(&mut header, 5002);
        assert_eq!(header.written(), [0x08, 0, 0, 0, 0, 0x13, 0x8a, 0]);
        assert_eq!(read(&Window::new(header.written()), 0), (5002, true));
        assert_eq!(
            read(&Window::new(&[0xf7, 0, 0, 0, 0, 0, 1, 9]), 0),
            (1, false)
        );
        assert!(has_alert(&Window::new(&[9]), 0) && !has_alert(&Window::new(&[0xfe]), 0));
    }
}
