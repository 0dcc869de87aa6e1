//! The card as the driver sees it: registers and ports, with the [`Core`] behind them.
//!
//! ```text
//!   read, write ─┬─▶ identity, control, seed
//!                ├─▶ ages, events, TCP ─▶ flow pairs of the core
//!                ├─▶ table access ─▶ rows of the core
//!                ├─▶ slow port: punt FIFO, inject buffer ◀─┐
//!                └─▶ rings: counts, doorbells              │
//!   run, with host memory ─▶ rings ◀──────────────────────▶ core
//!   send, receive ─────────────────────────────────────────▶ core
//! ```
//! Everything happens at once (what the rings have to do, at the next `run`): nothing is ever in flight, no clock
//! passes, so no copy is too early or finds no room, and the hash words (which the model does not use) are filled as soon as the seed is told, whichever of them.

pub mod memory;
mod rings;
mod slow;
mod table_access;

use crate::core::Core;
use memory::HostMemory;
use rings::{Raised, Rings};
use slow::SlowPort;
use std::collections::VecDeque;
use table_access::TableAccess;
use underpass_layout::hash::SeedTarget;
use underpass_layout::id::layout_id;
use underpass_layout::port;
use underpass_layout::profile::Profile;
use underpass_layout::registers::{self, rings as ring_registers, slow as slow_registers};
use underpass_layout::Record;

/// The bits of [`registers::SEED_TARGET`] that exist.
const SEED_TARGET_MASK: u32 = (1 << SeedTarget::WIDTH) - 1;

/// A card without hardware.
#[derive(Clone)]
pub struct ModelCard {
    core: Core,
    enabled: bool,
    seed: [u32; 4],
    seed_target: u32,
    table: TableAccess,
    /// Kept to be read: here, nothing is left out for it.
    learn_interval: u32,
    /// Likewise: no clock passes here, so no window begins by itself.
    punt_window: u32,
    slow: SlowPort,
    rings: Rings,
    sent: VecDeque<(u16, Vec<u8>)>,
}

impl ModelCard {
    /// A card of that size as it is after a reset: tables empty, packets not accepted.
    pub fn new(profile: &'static Profile) -> Self {
        ModelCard {
            core: Core::new(profile),
            enabled: false,
            seed: [0; 4],
            seed_target: 0,
            table: TableAccess::default(),
            learn_interval: 0,
            punt_window: 0,
            slow: SlowPort::default(),
            rings: Rings::default(),
            sent: VecDeque::new(),
        }
    }

    /// Tables and counters, past the registers.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// Tables and counters, past the registers.
    pub fn core_mut(&mut self) -> &mut Core {
        &mut self.core
    }

    /// Reads the register at a byte offset. Where there is none, or none that can be read, it reads 0.
    pub fn read(&mut self, offset: u32) -> u32 {
        use registers::*;
        let profile = self.core.tables.profile();
        match offset {
            MAGIC => MAGIC_VALUE,
            LAYOUT_ID_LOW => layout_id() as u32,
            LAYOUT_ID_HIGH => (layout_id() >> 32) as u32,
            PROFILE => profile.code(),
            CONTROL if self.enabled => CONTROL_ENABLE,
            SEED_TARGET => self.seed_target,
            TABLE_ADDRESS => self.table.address,
            TABLE_STATUS => self.table.status(),
            TABLE_ROWS => self.table.rows(profile),
            AGE_NOW => self.core.pairs.now(),
            AGE_LIMIT => self.core.pairs.limit(),
            AGE_EVENT => self.core.pairs.event().map_or(0, |event| event.word()),
            AGE_SWEEPS => self.core.pairs.sweeps(),
            ROUND_PACKETS => self.core.rounds.packets(),
            ROUND_COPIES => self.core.rounds.copies(),
            ROUND_SKIPPED => self.core.rounds.skipped(),
            LEARN_INTERVAL => self.learn_interval,
            PUNT_WINDOW => self.punt_window,
            TCP_CONTROL if self.core.pairs.any_reset() => ANY_RESET,
            slow_registers::PUNT_STATUS => self.slow.status(),
            slow_registers::PUNT_DATA => self.slow.pop_word(),
            slow_registers::PUNT_LOST => self.slow.lost(),
            slow_registers::INJECT_STATUS => self.slow.inject_status(),
            _ if offset >= ring_registers::BASE_LOW => self.rings.read(offset),
            _ => index(offset, SEED, self.seed.len())
                .map(|word| self.seed[word])
                .or_else(|| {
                    index(offset, TABLE_DATA, TABLE_DATA_WORDS).map(|word| self.table.data[word])
                })
                .unwrap_or(0),
        }
    }

    /// Writes the register at a byte offset. Where there is none that can be written, nothing happens.
    pub fn write(&mut self, offset: u32, value: u32) {
        use registers::*;
        match offset {
            CONTROL => self.enabled = value & CONTROL_ENABLE != 0,
            SEED_TARGET => self.seed_target = value & SEED_TARGET_MASK,
            TABLE_ADDRESS => self.table.address = value,
            TABLE_COMMAND => self.table.command(&mut self.core, value),
            AGE_NOW => self.core.pairs.set_now(value),
            AGE_LIMIT => self.core.pairs.set_limit(value),
            AGE_TAKE => {
                self.core.pairs.take_event();
            }
            LEARN_INTERVAL => self.learn_interval = value,
            PUNT_WINDOW => self.punt_window = value,
            PUNT_BEGIN => self.core.begin_punt_window(),
            TCP_CONTROL => self.core.pairs.set_any_reset(value & ANY_RESET != 0),
            slow_registers::INJECT_DATA => self.slow.push_word(value),
            slow_registers::INJECT_COMMIT => self.slow.commit(value as usize),
            _ if offset >= ring_registers::BASE_LOW => self.rings.write(offset, value),
            _ => {
                if let Some(word) = index(offset, SEED, self.seed.len()) {
                    self.seed[word] = value;
                } else if let Some(word) = index(offset, TABLE_DATA, TABLE_DATA_WORDS) {
                    self.table.data[word] = value;
                }
            }
        }
        if self.enabled {
            if let Some(frame) = self.slow.take_injected() {
                self.process(port::SLOW, &frame);
            }
        }
    }

    /// Sends a frame into a port. False: packets are not accepted, and the frame is still the caller's.
    pub fn send(&mut self, port: u16, frame: &[u8]) -> bool {
        if self.enabled {
            self.process(port, frame);
        }
        self.enabled
    }

    /// The next frame that left, and the port it left on. Punted frames are read through the registers.
    pub fn receive(&mut self) -> Option<(u16, Vec<u8>)> {
        self.sent.pop_front()
    }

    /// Does all that the rings have to do in the host's memory, and gives the vectors of the interrupts that are raised,
    /// each once. Frames to inject wait while packets are not accepted.
    pub fn run(&mut self, memory: &mut dyn HostMemory) -> Vec<u32> {
        let mut raised = Raised::default();
        self.rings.carry_out(&mut self.core, memory, &mut raised);
        while self.enabled {
            let Some(frame) = self.rings.injected(memory, &mut raised) else {
                break;
            };
            self.process(port::SLOW, &frame);
        }
        self.rings.settle(memory, &mut raised);
        raised.into_vectors()
    }

    /// No packet is on its way through the card, and the rings have nothing to do. A frame that the host injected while
    /// packets are not accepted is on its way.
    pub fn quiet(&self) -> bool {
        self.slow.inject_status() == 0 && !self.rings.waiting()
    }

    fn process(&mut self, port: u16, frame: &[u8]) {
        let ModelCard {
            core,
            rings,
            slow,
            sent,
            ..
        } = self;
        core.run(frame, port, |output| match output.port {
            Some(port::SLOW) => {
                if let Some(frame) = rings.punt(output.frame.clone()) {
                    slow.punt(frame);
                }
            }
            Some(port::ROUND) | None => (),
            Some(port) => sent.push_back((port, output.frame.clone())),
        });
    }
}

/// The place of a register among `count` that start at `first`.
fn index(offset: u32, first: u32, count: usize) -> Option<usize> {
    let place = offset.checked_sub(first)? as usize;
    (place.is_multiple_of(4) && place / 4 < count).then_some(place / 4)
}

#[cfg(test)]
mod tests;
