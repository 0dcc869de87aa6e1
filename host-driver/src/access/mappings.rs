//! Which memory a card was given where, kept for as long as the card may reach it.

use super::dma::DmaMemory;
use std::collections::BTreeMap;
use std::sync::Arc;
use underpass_model::{HostMemory, Unmapped};

/// Memory by the address at which the card sees it.
#[derive(Debug, Default)]
pub(super) struct Mappings(BTreeMap<u64, Arc<DmaMemory>>);

impl Mappings {
    /// Keeps memory that the card was given at `address`.
    pub(super) fn keep(&mut self, address: u64, memory: Arc<DmaMemory>) {
        self.0.insert(address, memory);
    }

    /// What lies at `address`.
    pub(super) fn at(&self, address: u64) -> Option<&Arc<DmaMemory>> {
        self.0.get(&address)
    }

    /// The card can no longer reach what lay at `address`.
    pub(super) fn release(&mut self, address: u64) {
        self.0.remove(&address);
    }

    /// The memory at an address, and which of its words that is.
    fn word(&self, address: u64, bytes: usize) -> Result<(&Arc<DmaMemory>, usize), Unmapped> {
        let unmapped = Unmapped { address };
        let (start, memory) = self.0.range(..=address).next_back().ok_or(unmapped)?;
        let at = (address - start) as usize;
        match at.checked_add(bytes) {
            Some(end) if end <= memory.len() && at.is_multiple_of(4) => Ok((memory, at / 4)),
            _ => Err(unmapped),
        }
    }

    /// Every address with its memory.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Arc<DmaMemory>)> {
        self.0.iter().map(|(address, memory)| (*address, memory))
    }
}

/// What the model of a card reaches in this process. It asks for whole beats.
impl HostMemory for Mappings {
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), Unmapped> {
        let (memory, at) = self.word(address, bytes.len())?;
        let cells = memory.cells();
        for (place, word) in bytes.chunks_mut(4).enumerate() {
            let count = word.len();
            word.copy_from_slice(&cells.read(at + place).to_le_bytes()[..count]);
        }
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Unmapped> {
        let (memory, at) = self.word(address, bytes.len())?;
        let cells = memory.cells();
        for (place, word) in bytes.chunks(4).enumerate() {
            let mut whole = cells.read(at + place).to_le_bytes();
            whole[..word.len()].copy_from_slice(word);
            cells.write(at + place, u32::from_le_bytes(whole));
        }
        Ok(())
    }
}
