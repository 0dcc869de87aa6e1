//! The host's memory, as far as the card reaches it.

/// Nothing answers at an address of host memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("host memory at {address:#x} does not answer")]
pub struct Unmapped {
    /// Where.
    pub address: u64,
}

/// Where the card's rings lie. The card reads and writes whole beats of 64 bytes at multiples of 64.
pub trait HostMemory {
    /// Fills `bytes` with what lies at `address`.
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), Unmapped>;
    /// Puts `bytes` at `address`.
    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Unmapped>;
}
