//! The first bytes of a packet, which is all that the stages see.

use underpass_layout::meta::WINDOW_BYTES;

/// The first [`WINDOW_BYTES`] bytes of a packet; bytes behind its end read as zero.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    bytes: &'a [u8],
}

impl<'a> Window<'a> {
    /// The window over a packet, without the shim of an injected one.
    pub fn new(packet: &'a [u8]) -> Self {
        Window {
            bytes: &packet[..packet.len().min(WINDOW_BYTES)],
        }
    }

    /// The bytes from `at` on.
    #[inline]
    pub fn read<const N: usize>(&self, at: usize) -> [u8; N] {
        let found = self.bytes.get(at..).and_then(|rest| rest.first_chunk());
        match found {
            Some(bytes) => *bytes,
            None => self.read_over_end(at),
        }
    }

    #[cold]
    fn read_over_end<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|i| self.bytes.get(at + i).copied().unwrap_or(0))
    }

    /// The byte at `at`.
    pub fn byte(&self, at: usize) -> u8 {
        let [byte] = self.read(at);
        byte
    }

    /// The two bytes from `at` on, most significant first.
    pub fn be16(&self, at: usize) -> u16 {
        u16::from_be_bytes(self.read(at))
    }

    /// The four bytes from `at` on, most significant first.
    pub fn be32(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.read(at))
    }

    /// The sixteen bytes of an IPv6 address from `at` on, most significant first.
    pub fn be128(&self, at: usize) -> u128 {
        u128::from_be_bytes(self.read(at))
    }

    /// The six bytes of a MAC address from `at` on, most significant first.
    pub fn mac(&self, at: usize) -> u64 {
        let [a, b, c, d, e, f] = self.read(at);
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_behind_the_end_are_zero() {
        let window = Window::new(&[1, 2, 3]);
        assert_eq!(window.be32(0), 0x0102_0300);
        assert_eq!(window.be16(2), 0x0300);
        assert_eq!(window.mac(0), 0x0102_0300_0000);
        assert_eq!(window.be32(WINDOW_BYTES), 0);
        let full = Window::new(&[7; 300]);
        assert_eq!(full.be32(WINDOW_BYTES - 3), 0x0707_0700);
    }

    #[test]
    fn a_longer_packet_is_cut() {
        let window = Window::new(&[7; 300]);
        assert_eq!(window.byte(WINDOW_BYTES - 1), 7);
        assert_eq!(window.byte(WINDOW_BYTES), 0);
    }
}
