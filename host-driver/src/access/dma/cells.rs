//! The words of memory that somebody else writes too.
#![allow(
    unsafe_code,
    reason = "memory that a card writes can be reached by volatile accesses alone"
)]

use super::DmaMemory;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{fence, Ordering};
use std::sync::Arc;
use volatile_register::RW;

/// Some 32-bit words of [`DmaMemory`], little-endian as the card sees them.
#[derive(Clone)]
pub struct Cells {
    memory: Arc<DmaMemory>,
    start: usize,
    count: usize,
}

impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Cells {{ start: {}, count: {} }}",
            self.start, self.count
        )
    }
}

impl Cells {
    /// `count` words from word `start` on.
    ///
    /// # Panics
    /// When the memory is shorter.
    pub(super) fn new(memory: Arc<DmaMemory>, start: usize, count: usize) -> Cells {
        assert!(
            start
                .checked_add(count)
                .is_some_and(|end| end <= memory.len() / 4),
            "{count} words from word {start} on do not lie in {} bytes",
            memory.len()
        );
        Cells {
            memory,
            start,
            count,
        }
    }

    /// Some of these words.
    ///
    /// # Panics
    /// When there are not so many.
    pub fn part(&self, words: Range<usize>) -> Cells {
        assert!(words.end <= self.count, "there are {} words", self.count);
        Cells::new(self.memory.clone(), self.start + words.start, words.len())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    fn registers(&self) -> &[RW<u32>] {
        let base = self.memory.map.as_mut_ptr().cast::<RW<u32>>().cast_const();
        // SAFETY: `new` made sure that the words lie within the mapping, which starts at a page and lives as long as
        // `self.memory`. `RW` is an `UnsafeCell` of a word: nobody may assume that it does not change, so that another
        // process or a card may write it; every access is volatile and of a whole aligned word.
        unsafe { std::slice::from_raw_parts(base.add(self.start), self.count) }
    }

    /// Reads a word.
    pub fn read(&self, at: usize) -> u32 {
        u32::from_le(self.registers()[at].read())
    }

    /// Writes a word.
    pub fn write(&self, at: usize, value: u32) {
        // SAFETY: `RW::write` is unsafe because a register may have effects; a word of memory has none.
        unsafe { self.registers()[at].write(value.to_le()) }
    }

    /// Writes words from word `at` on.
    pub fn write_all(&self, at: usize, values: &[u32]) {
        for (register, value) in self.registers()[at..at + values.len()].iter().zip(values) {
            // SAFETY: as in `write`.
            unsafe { register.write(value.to_le()) }
        }
    }

    /// Reads words from word `at` on.
    pub fn read_all(&self, at: usize, to: &mut [u32]) {
        let count = to.len();
        for (register, value) in self.registers()[at..at + count].iter().zip(to) {
            *value = u32::from_le(register.read());
        }
    }
}

/// What was written before is in memory before what is written after, a doorbell for example.
pub fn publish() {
    fence(Ordering::Release);
}

/// What is read after is at least as new as what was read before, a status for example.
pub fn observe() {
    fence(Ordering::Acquire);
}
