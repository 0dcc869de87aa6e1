//! MSI-X (PCI Local Bus 3.0 section 6.8.2): the table and the pending bits.
//!
//! ```text
//!   ring ─▶ vector ─▶ masked? ─ no ──▶ to be told now (an eventfd of the host's)
//!                        '- yes ─▶ pending; told when the mask goes
//! ```
//! With VFIO the host keeps the real table and hands over one eventfd a vector. A vector that is connected to one is
//! unmasked by that, as a host's kernel does it; a table entry that is written masks and unmasks likewise.

use underpass_layout::pci::MSIX_BAR;
use underpass_layout::rings::VECTORS;

/// Bytes of a table entry: address, data, control.
const ENTRY: usize = 16;
/// Where in an entry the byte with the mask bit is.
const CONTROL: usize = 12;
/// Bytes of the table.
const TABLE: usize = VECTORS * ENTRY;
/// Where the pending bits start.
const PENDING: u64 = MSIX_BAR.1 / 2;

/// The interrupts of the card.
pub struct Msix {
    table: [u8; TABLE],
    pending: u32,
    function_masked: bool,
}

impl Default for Msix {
    fn default() -> Self {
        Self::new()
    }
}

impl Msix {
    /// As after a reset: every vector masked.
    pub fn new() -> Self {
        let mut msix = Msix {
            table: [0; TABLE],
            pending: 0,
            function_masked: false,
        };
        for vector in 0..VECTORS {
            msix.set_connected(vector, false);
        }
        msix
    }

    /// A vector was connected to an eventfd, or no longer is.
    pub fn set_connected(&mut self, vector: usize, connected: bool) {
        if let Some(control) = self.table.get_mut(vector * ENTRY + CONTROL) {
            *control = u8::from(!connected);
        }
    }

    /// Masks or unmasks all vectors.
    pub fn set_function_mask(&mut self, masked: bool) {
        self.function_masked = masked;
    }

    /// Raises the vectors whose bits are set.
    pub fn raise(&mut self, vectors: u32) {
        self.pending |= vectors & ((1 << VECTORS) - 1);
    }

    /// The vectors that the host is to be told of now; they are no longer pending.
    pub fn take_ready(&mut self) -> u32 {
        if self.function_masked {
            return 0;
        }
        let unmasked = (0..VECTORS)
            .filter(|vector| self.table[vector * ENTRY + CONTROL] & 1 == 0)
            .fold(0, |all, vector| all | 1 << vector);
        let ready = self.pending & unmasked;
        self.pending &= !ready;
        ready
    }

    /// Reads the BAR.
    pub fn read(&self, offset: u64, to: &mut [u8]) {
        let pending = u64::from(self.pending).to_le_bytes();
        for (place, byte) in (offset..=u64::MAX).zip(to) {
            let of_table = usize::try_from(place)
                .ok()
                .and_then(|at| self.table.get(at));
            let of_pending = place
                .checked_sub(PENDING)
                .and_then(|at| pending.get(at as usize));
            *byte = of_table.or(of_pending).copied().unwrap_or(0);
        }
    }

    /// Writes the BAR: of a control word only the mask bit, of the pending bits nothing.
    pub fn write(&mut self, offset: u64, from: &[u8]) {
        for (place, byte) in (offset..=u64::MAX).zip(from) {
            let Some(place) = usize::try_from(place).ok().filter(|at| *at < TABLE) else {
                break;
            };
            match place % ENTRY {
                CONTROL => self.table[place] = byte & 1,
                at if at > CONTROL => (),
                _ => self.table[place] = *byte,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connected(vector: usize) -> Msix {
        let mut msix = Msix::new();
        msix.set_connected(vector, true);
        msix
    }

    fn pending(msix: &Msix) -> u8 {
        let mut bits = [0; 8];
        msix.read(PENDING, &mut bits);
        bits[0]
    }

    #[test]
    fn a_connected_vector_is_told_once_a_raise() {
        let mut msix = connected(1);
        msix.raise(0b10);
        assert_eq!((msix.take_ready(), msix.take_ready()), (0b10, 0));
        msix.raise(0b11);
        assert_eq!((msix.take_ready(), pending(&msix)), (0b10, 0b01));
    }

    #[test]
    fn what_is_raised_under_a_mask_is_told_when_the_mask_goes() {
        let mut msix = connected(2);
        msix.set_function_mask(true);
        msix.raise(0b100);
        msix.raise(0b100);
        assert_eq!((msix.take_ready(), pending(&msix)), (0, 0b100));
        msix.set_function_mask(false);
        assert_eq!((msix.take_ready(), pending(&msix)), (0b100, 0));
    }

    #[test]
    fn the_table_masks_one_vector() {
        let mut msix = connected(0);
        msix.write(CONTROL as u64, &[1, 0xff, 0xff, 0xff]);
        msix.raise(1);
        assert_eq!(msix.take_ready(), 0);
        let mut entry = [0; 4];
        msix.read(CONTROL as u64, &mut entry);
        assert_eq!(entry, [1, 0, 0, 0]);
        msix.write(CONTROL as u64, &[0]);
        assert_eq!(msix.take_ready(), 1);
    }

    #[test]
    fn vectors_and_bytes_that_do_not_exist_do_nothing() {
        let mut msix = connected(0);
        msix.set_connected(VECTORS, true);
        msix.raise(0xffff_ff00);
        msix.write(u64::MAX, &[1]);
        msix.write(PENDING, &[0xff; 8]);
        let mut bytes = [7; 8];
        msix.read(PENDING, &mut bytes);
        assert_eq!((msix.take_ready(), bytes), (0, [0; 8]));
    }
}
