//! An MPLS label stack entry (RFC 3032 section 2.1).
//!
//! ```text
//!  31..12   11..9      8   7..0
//! | label | EXP (TC) | S | TTL |
//! ```

use super::Header;
use crate::window::Window;

/// Bytes of one entry.
pub const LENGTH: usize = 4;

const LABEL_MASK: u32 = 0xf_ffff;
const EXP_MASK: u8 = 7;
const EXP_SHIFT: u32 = 9;
const BOTTOM: u32 = 1 << 8;

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// The label, 20 bits.
    pub label: u32,
    /// It is the last of its stack.
    pub bottom: bool,
    /// Time to live.
    pub ttl: u8,
}

impl Label {
    /// Reads the entry at `at`.
    pub fn read(window: &Window<'_>, at: usize) -> Self {
        let word = window.be32(at);
        Label {
            label: word >> 12,
            bottom: word & BOTTOM != 0,
            ttl: word as u8,
        }
    }
}

/// Appends the only entry of a stack. A label of more than 20 bits is cut, an EXP of more than three.
pub fn write(to: &mut Header, label: u32, exp: u8, ttl: u8) {
    let exp = u32::from(exp & EXP_MASK) << EXP_SHIFT;
    let word = (label & LABEL_MASK) << 12 | exp | BOTTOM | u32::from(ttl);
    to.put(&word.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_rfc_3032() {
        let mut header = Header::EMPTY;
        write(&mut header, 48, 5, 63);
        assert_eq!(header.written(), [0x00, 0x03, 0x0b, 0x3f]);
        let read = Label::read(&Window::new(header.written()), 0);
        assert_eq!((read.label, read.bottom, read.ttl), (48, true, 63));
    }

    #[test]
    fn exp_does_not_count_and_bottom_does() {
        let read = Label::read(&Window::new(&[0x00, 0x02, 0xae, 0x40]), 0);
        assert_eq!((read.label, read.bottom, read.ttl), (42, false, 64));
    }
}
