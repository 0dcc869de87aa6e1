//! The Internet checksum (RFC 1071), and what becomes of it where a few words change (RFC 1624).
//!
//! ```text
//!   HC' = ~(~HC + ~m + m')      for each 16-bit word that was m and becomes m', all sums with end-around carry
//! ```

/// Folds the carries of a one's complement sum into 16 bits.
fn fold(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// The checksum of bytes whose checksum field is zero; over bytes with their checksum it gives 0.
pub fn checksum(bytes: &[u8]) -> u16 {
    let mut sum = Sum::from(0);
    sum.bytes(bytes, false);
    sum.checksum()
}

/// A sum that grows.
#[derive(Clone, Copy, Debug)]
pub struct Sum(u16);

impl From<u16> for Sum {
    /// What is summed up already.
    fn from(sum: u16) -> Self {
        Sum(sum)
    }
}

impl Sum {
    /// Adds a word.
    pub fn word(&mut self, word: u16) {
        self.0 = fold(u32::from(self.0) + u32::from(word));
    }

    /// Adds bytes, of which the first is the upper half of a word, or where they start at an `odd` place the lower one.
    pub fn bytes(&mut self, bytes: &[u8], odd: bool) {
        let sum = bytes
            .chunks(2)
            .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)))
            .sum();
        let sum = fold(sum);
        self.word(if odd { sum.swap_bytes() } else { sum });
    }

    /// The checksum over it.
    pub fn checksum(self) -> u16 {
        !self.0
    }
}

/// A checksum over which words change.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    /// The complement of the checksum so far, its carries not folded in: room for thousands of words.
    sum: u32,
}

impl Update {
    /// Of a checksum as it stands.
    pub fn of(checksum: u16) -> Self {
        Update {
            sum: u32::from(!checksum),
        }
    }

    /// A word changes.
    pub fn word(&mut self, old: u16, new: u16) {
        self.sum += u32::from(!old) + u32::from(new);
    }

    /// An address changes: two words of IPv4, eight of IPv6.
    pub fn address(&mut self, v6: bool, old: u128, new: u128) {
        let words = if v6 { 8 } else { 2 };
        for shift in (0..words).map(|word| 16 * word) {
            self.word((old >> shift) as u16, (new >> shift) as u16);
        }
    }

    /// The checksum afterwards.
    pub fn checksum(self) -> u16 {
        !fold(self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with a good checksum.
    const HEADER: [u8; 20] = [
        0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61, 192, 168, 0, 1, 192, 168, 0, 199,
    ];

    #[test]
    fn the_sum_over_a_good_header_is_zero() {
        assert_eq!(checksum(&HEADER), 0);
        let mut blank = HEADER;
        blank[10..12].fill(0);
        assert_eq!(checksum(&blank), 0xb861);
    }

    #[test]
    fn an_odd_byte_is_the_upper_half_of_a_word() {
        assert_eq!(checksum(&[1, 2, 3]), checksum(&[1, 2, 3, 0]));
    }

    #[test]
    fn bytes_at_an_odd_place_are_summed_as_if_one_stood_in_front() {
        let mut sum = Sum::from(0x0900);
        sum.bytes(&[0xff, 3, 4, 0xfe], true);
        assert_eq!(sum.checksum(), checksum(&[9, 0xff, 3, 4, 0xfe]));
    }

    #[test]
    fn the_example_of_rfc_1624_section_4() {
        let mut update = Update::of(0xdd2f);
        update.word(0x5555, 0x3285);
        assert_eq!(update.checksum(), 0x0000);
    }

    #[test]
    fn an_address_is_all_its_words() {
        let (mut before, mut after) = ([0; 32], [0; 32]);
        before[..16].copy_from_slice(&u128::to_be_bytes(0x2001_0db8 << 96 | 0xffff_0001));
        after[..16].copy_from_slice(&u128::to_be_bytes(0xfe80 << 112 | 0x1234_5678));
        let mut update = Update::of(checksum(&before));
        update.address(
            true,
            0x2001_0db8 << 96 | 0xffff_0001,
            0xfe80 << 112 | 0x1234_5678,
        );
        assert_eq!(update.checksum(), checksum(&after));
        let mut header = HEADER;
        header[12..16].copy_from_slice(&[10, 0, 0, 1]);
        let mut update = Update::of(0xb861);
        update.address(false, 0xc0a8_0001, 0x0a00_0001);
        header[10..12].copy_from_slice(&update.checksum().to_be_bytes());
        assert_eq!(checksum(&header), 0);
    }
}
