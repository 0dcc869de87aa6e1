//! Which counter is whose: a flow's id is its place in `counter_flow`.
//!
//! Counters are never cleared. Who gets one that others had notes what it stood at, and counts from there.

use std::collections::BTreeMap;

use super::flows::NoRoom;
use crate::driver::Traffic;

/// Places in `counter_flow`.
#[derive(Debug)]
pub(super) struct Ids {
    next: u32,
    /// Those that were given back, with what their counters have counted.
    free: BTreeMap<u32, Traffic>,
    count: usize,
}

impl Ids {
    /// As many as the card has counters, none in use.
    pub fn new(count: usize) -> Ids {
        Ids {
            next: 0,
            free: BTreeMap::new(),
            count,
        }
    }

    /// A counter, and what it has counted for others.
    pub fn take(&mut self) -> Result<(u32, Traffic), NoRoom> {
        if let Some(free) = self.free.pop_first() {
            return Ok(free);
        }
        if self.next as usize == self.count {
            return Err(NoRoom::Counters {
                counters: self.count,
            });
        }
        self.next += 1;
        Ok((self.next - 1, Traffic::default()))
    }

    /// Nobody uses it any more; it has counted so much by now.
    pub fn give_back(&mut self, id: u32, base: Traffic) {
        self.free.insert(id, base);
    }

    /// How many are in use.
    #[cfg(test)]
    pub fn used(&self) -> usize {
        self.next as usize - self.free.len()
    }
}
