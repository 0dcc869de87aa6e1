//! Configuration space: what a host finds when it looks for the card (PCI Local Bus 3.0 section 6, PCI Express Base 5.0
//! section 7.5).
//!
//! ```text
//!   0x00  vendor, device, command, status, class, BAR0 .. BAR5, subsystem, capability pointer ─┐
//!   0x40  power management ◀──────────────────────────────────────────────────────────────────┘─┐
//!   0x50  MSI-X: table and pending bits in their BAR ◀─────────────────────────────────────────┘─┐
//!   0x60  PCI Express: endpoint, function level reset ◀────────────────────────────────────────┘
//! ```
//! Every byte has a mask of the bits that a write changes; everything else reads as it was made.

use underpass_layout::pci;
use underpass_layout::rings::VECTORS;

/// Bytes of the space, the extended part too.
pub const SIZE: usize = 4096;

const COMMAND: usize = 0x04;
const STATUS: usize = 0x06;
const BARS: usize = 0x10;
const CAPABILITIES: usize = 0x34;
const POWER: usize = 0x40;
const MSIX: usize = 0x50;
const EXPRESS: usize = 0x60;
/// Device control register of the PCI Express capability.
const DEVICE_CONTROL: usize = EXPRESS + 0x08;

/// Capability numbers (PCI Code and ID Assignment 1.11 section 2).
const CAP_POWER: u8 = 0x01;
const CAP_EXPRESS: u8 = 0x10;
const CAP_MSIX: u8 = 0x11;

/// [`COMMAND`]: the BARs answer.
const MEMORY: u16 = 1 << 1;
/// [`COMMAND`]: the card may reach host memory.
const BUS_MASTER: u16 = 1 << 2;
/// [`COMMAND`]: parity error response, SERR, and no INTx.
const OTHER_COMMANDS: u16 = 1 << 6 | 1 << 8 | 1 << 10;
/// MSI-X message control: every vector is masked.
const FUNCTION_MASK: u16 = 1 << 14;
/// MSI-X message control: MSI-X is on.
const MSIX_ENABLE: u16 = 1 << 15;
/// Device control: starts a function level reset; always reads 0.
const START_RESET: u16 = 1 << 15;
/// A 32-bit memory BAR that must not be prefetched: the low four bits.
const BAR_FLAGS: u32 = 0;

/// A BAR: its number and its size in bytes.
type Bar = (u32, u64);

/// The BARs of the card.
pub const BARS_IN_USE: [Bar; 3] = [pci::REGISTER_BAR, pci::PORT_BAR, pci::MSIX_BAR];

/// The space with what was written to it.
#[derive(Clone)]
pub struct ConfigSpace {
    bytes: Box<[u8; SIZE]>,
    writable: Box<[u8; SIZE]>,
}

/// What a write asks of the card beside changing bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// A function level reset.
    pub reset: bool,
}

impl Default for ConfigSpace {
    fn default() -> Self {
        Self::new()
    }
}

impl ConfigSpace {
    /// As after a reset.
    pub fn new() -> Self {
        let mut space = ConfigSpace {
            bytes: Box::new([0; SIZE]),
            writable: Box::new([0; SIZE]),
        };
        space.put16(0x00, pci::VENDOR);
        space.put16(0x02, pci::DEVICE);
        space.allow16(COMMAND, MEMORY | BUS_MASTER | OTHER_COMMANDS);
        // Status: there is a capability list.
        space.put16(STATUS, 1 << 4);
        // Revision 0, then the three bytes of the class.
        space.put32(0x08, pci::CLASS << 8);
        for (bar, size) in BARS_IN_USE {
            let at = BARS + 4 * bar as usize;
            space.put32(at, BAR_FLAGS);
            // The bits below the size read as zero whatever is written: that is how a host measures it.
            space.allow32(at, !(size as u32 - 1));
        }
        space.put16(0x2c, pci::SUBSYSTEM_VENDOR);
        space.put16(0x2e, pci::SUBSYSTEM_SIM);
        space.bytes[CAPABILITIES] = POWER as u8;
        space.power();
        space.msix();
        space.express();
        // Interrupt line: a note of the host's; no INTx pin.
        space.writable[0x3c] = 0xff;
        space
    }

    fn capability(&mut self, at: usize, id: u8, next: usize) {
        self.bytes[at] = id;
        self.bytes[at + 1] = next as u8;
    }

    fn power(&mut self) {
        self.capability(POWER, CAP_POWER, MSIX);
        // Version 3, no power events; D0 to D3hot can be set, and setting it changes nothing.
        self.put16(POWER + 2, 3);
        // No soft reset: registers survive D3hot.
        self.put16(POWER + 4, 1 << 3);
        self.allow16(POWER + 4, 0b11);
    }

    fn msix(&mut self) {
        let (bar, size) = pci::MSIX_BAR;
        self.capability(MSIX, CAP_MSIX, EXPRESS);
        self.put16(MSIX + 2, VECTORS as u16 - 1);
        self.allow16(MSIX + 2, FUNCTION_MASK | MSIX_ENABLE);
        self.put32(MSIX + 4, bar);
        self.put32(MSIX + 8, (size / 2) as u32 | bar);
    }

    fn express(&mut self) {
        self.capability(EXPRESS, CAP_EXPRESS, 0);
        // Version 2, an endpoint.
        self.put16(EXPRESS + 2, 2);
        // Device capabilities: payloads of 256 bytes, role-based errors, function level reset.
        self.put32(EXPRESS + 4, 1 | 1 << 15 | 1 << 28);
        // Device control: relaxed ordering, payload 256, no snoop, read requests of 512 bytes.
        self.put16(DEVICE_CONTROL, 0x2930);
        self.allow16(DEVICE_CONTROL, !START_RESET);
        // Link: sixteen lanes of 8 GT/s, as a U250 has.
        self.put32(EXPRESS + 0x0c, 3 | 16 << 4);
        self.put16(EXPRESS + 0x12, 3 | 16 << 4);
    }

    fn put16(&mut self, at: usize, value: u16) {
        self.bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }

    fn put32(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn allow16(&mut self, at: usize, mask: u16) {
        self.writable[at..at + 2].copy_from_slice(&mask.to_le_bytes());
    }

    fn allow32(&mut self, at: usize, mask: u32) {
        self.writable[at..at + 4].copy_from_slice(&mask.to_le_bytes());
    }

    fn get16(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    /// Reads; what lies behind the end is all ones, as where no device answers.
    pub fn read(&self, offset: u64, to: &mut [u8]) {
        for (place, byte) in (offset..=u64::MAX).zip(to) {
            *byte = usize::try_from(place)
                .ok()
                .and_then(|place| self.bytes.get(place))
                .copied()
                .unwrap_or(0xff);
        }
    }

    /// Writes what may be written.
    pub fn write(&mut self, offset: u64, from: &[u8]) -> Effects {
        let mut effects = Effects::default();
        for (place, byte) in (offset..=u64::MAX).zip(from) {
            let Some(place) = usize::try_from(place).ok().filter(|place| *place < SIZE) else {
                break;
            };
            let mask = self.writable[place];
            self.bytes[place] = self.bytes[place] & !mask | byte & mask;
            let [_, start] = START_RESET.to_le_bytes();
            effects.reset |= place == DEVICE_CONTROL + 1 && byte & start != 0;
        }
        effects
    }

    /// The card may reach host memory.
    pub fn bus_master(&self) -> bool {
        self.get16(COMMAND) & BUS_MASTER != 0
    }

    /// Every vector is masked.
    pub fn function_masked(&self) -> bool {
        self.get16(MSIX + 2) & FUNCTION_MASK != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(space: &ConfigSpace, at: u64) -> u32 {
        let mut bytes = [0; 4];
        space.read(at, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    #[test]
    fn the_card_says_what_it_is() {
        let space = ConfigSpace::new();
        let ids = u32::from(pci::DEVICE) << 16 | u32::from(pci::VENDOR);
        assert_eq!(word(&space, 0), ids);
        assert_eq!(word(&space, 0x08) >> 8, pci::CLASS);
        space.clone().write(0, &[0; 4]);
        assert_eq!(word(&space, 0), ids);
    }

    #[test]
    fn a_bar_of_all_ones_reads_as_its_size() {
        let mut space = ConfigSpace::new();
        for bar in 0..6 {
            let at = 0x10 + 4 * u64::from(bar);
            space.write(at, &[0xff; 4]);
            let size = BARS_IN_USE.iter().find(|one| one.0 == bar).map(|one| one.1);
            let expected = size.map_or(0, |size| !(size as u32 - 1));
            assert_eq!(word(&space, at), expected, "BAR{bar}");
        }
    }

    #[test]
    fn capabilities_form_a_list_that_ends() {
        let space = ConfigSpace::new();
        let mut at = word(&space, CAPABILITIES as u64) as u8;
        let mut found = Vec::new();
        while at != 0 {
            let head = word(&space, at.into());
            found.push(head as u8);
            at = (head >> 8) as u8;
            assert!(found.len() < 10, "the list goes round");
        }
        assert_eq!(found, [CAP_POWER, CAP_MSIX, CAP_EXPRESS]);
    }

    #[test]
    fn a_function_level_reset_is_a_write_of_one_bit() {
        let mut space = ConfigSpace::new();
        let at = DEVICE_CONTROL as u64;
        assert_eq!(space.write(at, &[0xff, 0x7f]), Effects { reset: false });
        assert_eq!(space.write(at, &[0xff, 0xff]), Effects { reset: true });
        assert_eq!(space.write(at + 1, &[0x80]), Effects { reset: true });
        assert_eq!(word(&space, at) & u32::from(START_RESET), 0);
    }

    #[test]
    fn what_lies_behind_the_end_is_all_ones_and_takes_nothing() {
        let mut space = ConfigSpace::new();
        let mut bytes = [0; 8];
        space.read(SIZE as u64 - 4, &mut bytes);
        assert_eq!(bytes, [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        space.write(u64::MAX - 1, &[1, 2]);
        space.read(u64::MAX - 1, &mut bytes[..2]);
        assert_eq!(bytes[..2], [0xff, 0xff]);
    }

    #[test]
    fn bus_mastering_and_masks_follow_the_registers() {
        let mut space = ConfigSpace::new();
        assert!(!space.bus_master() && !space.function_masked());
        space.write(COMMAND as u64, &BUS_MASTER.to_le_bytes());
        space.write(
            MSIX as u64 + 2,
            &(MSIX_ENABLE | FUNCTION_MASK).to_le_bytes(),
        );
        assert!(space.bus_master() && space.function_masked());
    }
}
