//! TCP (RFC 9293 section 3.1), as far as the state of a connection needs it.
//!
//! ```text
//!  0          2          4          8     12            13      14       16         18
//! | src port | dst port | sequence | ack | data offset | flags | window | checksum | urgent |
//! ```

pub mod options;

use crate::window::Window;

/// Destination port of STT, which looks like TCP and is none (draft-davie-stt-08 section 3.1).
pub const STT: u16 = 7471;
/// Bytes without options.
pub const LENGTH: usize = 20;
/// Where the checksum lies.
pub const CHECKSUM_OFFSET: usize = 16;
/// The sender has no more to send.
pub const FIN: u8 = 1;
/// The sender begins.
pub const SYN: u8 = 2;
/// The sender gives up.
pub const RST: u8 = 4;
/// The acknowledgement number counts.
pub const ACK: u8 = 16;

/// What a segment says of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// All flags.
    pub flags: u8,
    /// Sequence number of the segment, or of its FIN if that is all it has to say: behind the bytes it comes with.
    pub seq: u32,
    /// Acknowledgement number.
    pub ack: u32,
}

impl Tcp {
    /// Reads the header at `at`, from which on the packet has `length` bytes.
    pub fn read(window: &Window<'_>, at: usize, length: usize) -> Self {
        let flags = window.byte(at + 13);
        let first = window.be32(at + 4);
        let seq = if flags & (FIN | SYN | RST) == FIN {
            let header = u32::from(window.byte(at + 12) >> 4) * 4;
            first.wrapping_add(length as u32).wrapping_sub(header)
        } else {
            first
        };
        Tcp {
            flags,
            seq,
            ack: window.be32(at + 8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: u8, length: usize) -> Tcp {
        let mut bytes = [0; LENGTH];
        bytes[4..8].copy_from_slice(&[0xff, 0xff, 0xff, 0xfe]);
        bytes[8..12].copy_from_slice(&[1, 2, 3, 4]);
        bytes[12..14].copy_from_slice(&[0x8f, flags]);
        Tcp::read(&Window::new(&bytes), 0, length)
    }

    #[test]
    fn a_fin_stands_behind_the_bytes_it_comes_with() {
        let first: u32 = 0xffff_fffe;
        for (flags, length, seq) in [
            (FIN | ACK, 32, first),
            (FIN, 32 + 5, 3),
            (FIN | SYN, 37, first),
            (FIN | RST, 37, first),
            (ACK, 37, first),
            (FIN, 20, first.wrapping_sub(12)),
        ] {
            let found = read(flags, length);
            assert_eq!(
                (found.flags, found.seq, found.ack),
                (flags, seq, 0x0102_0304)
            );
        }
    }
}
