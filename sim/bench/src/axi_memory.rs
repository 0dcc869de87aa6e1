//! What is behind an AXI4 slave: beats of 64 bytes that can be read and written, or that do not answer.
//!
//! ```text
//!   card ─ m_axi_* ─▶ AxiSlave ─▶ AxiMemory:  AxiRam in tests, a guest's memory in the simulated PCIe card
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes of a beat.
pub const AXI_BEAT: usize = 64;

/// The memory does not answer: `SLVERR` on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("memory does not answer")]
pub struct AxiFault;

/// Memory, beat by beat. Addresses are multiples of [`AXI_BEAT`].
pub trait AxiMemory {
    /// Reads a beat.
    fn read(&mut self, addr: u64, beat: &mut [u8; AXI_BEAT]) -> Result<(), AxiFault>;
    /// Writes those bytes of a beat whose bit in `strobe` is set.
    fn write(&mut self, addr: u64, beat: &[u8; AXI_BEAT], strobe: u64) -> Result<(), AxiFault>;
}

/// Memory for tests: zero at first, answers only where it was told to, and remembers who went elsewhere.
#[derive(Clone, Debug, Default)]
pub struct AxiRam {
    beats: BTreeMap<u64, [u8; AXI_BEAT]>,
    allowed: Vec<Range<u64>>,
    broken: Vec<Range<u64>>,
    trespasses: Vec<u64>,
}

impl AxiRam {
    /// Memory that answers nowhere.
    pub fn new() -> AxiRam {
        AxiRam::default()
    }

    /// From now on it answers in this range too.
    pub fn allow(&mut self, range: Range<u64>) {
        self.allowed.push(range);
    }

    /// From now on nothing is allowed; what it holds stays.
    pub fn forbid_all(&mut self) {
        self.allowed.clear();
    }

    /// From now on accesses in this range are allowed, and fail.
    pub fn break_down(&mut self, range: Range<u64>) {
        self.broken.push(range);
    }

    /// Everything answers again that is allowed.
    pub fn mend(&mut self) {
        self.broken.clear();
    }

    /// The beats outside all allowed ranges that were asked for, oldest first.
    pub fn trespasses(&self) -> &[u64] {
        &self.trespasses
    }

    /// The beat at `addr`, as the host sees it.
    pub fn beat(&self, addr: u64) -> [u8; AXI_BEAT] {
        self.beats.get(&addr).copied().unwrap_or([0; AXI_BEAT])
    }

    /// Puts a beat at `addr`, as the host does.
    pub fn put(&mut self, addr: u64, beat: [u8; AXI_BEAT]) {
        self.beats.insert(addr, beat);
    }

    fn check(&mut self, addr: u64) -> Result<(), AxiFault> {
        let within = |ranges: &[Range<u64>]| ranges.iter().any(|range| range.contains(&addr));
        if !within(&self.allowed) {
            self.trespasses.push(addr);
            return Err(AxiFault);
        }
        if within(&self.broken) {
            return Err(AxiFault);
        }
        Ok(())
    }
}

impl AxiMemory for AxiRam {
    fn read(&mut self, addr: u64, beat: &mut [u8; AXI_BEAT]) -> Result<(), AxiFault> {
        self.check(addr)?;
        *beat = self.beat(addr);
        Ok(())
    }

    fn write(&mut self, addr: u64, beat: &[u8; AXI_BEAT], strobe: u64) -> Result<(), AxiFault> {
        self.check(addr)?;
        let kept = self.beats.entry(addr).or_insert([0; AXI_BEAT]);
        for (i, byte) in beat.iter().enumerate() {
            if strobe >> i & 1 == 1 {
                kept[i] = *byte;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_allowed_and_whole_answers() {
        let mut ram = AxiRam::new();
        ram.allow(0x1000..0x2000);
        ram.break_down(0x1040..0x1080);
        let mut beat = [7; AXI_BEAT];
        assert_eq!(ram.write(0x1000, &beat, 0b101), Ok(()));
        assert_eq!(ram.write(0x1040, &beat, 1), Err(AxiFault));
        assert_eq!(ram.write(0x2000, &beat, 1), Err(AxiFault));
        assert_eq!(ram.trespasses(), [0x2000]);
        assert_eq!(ram.read(0x1000, &mut beat), Ok(()));
        assert_eq!(beat[..4], [7, 0, 7, 0]);
        ram.mend();
        assert_eq!(ram.read(0x1040, &mut beat), Ok(()));
        assert_eq!(beat, [0; AXI_BEAT]);
    }
}
