//! The rings in host memory, without a clock: everything that waits is done in one go.
//!
//! ```text
//!   registers ─▶ | command | punt | inject |     counts and doorbells
//!   host memory ─▶ command ─▶ rows, splits of the core
//!   host memory ─▶ inject ──▶ core
//!   host memory ◀─ punt ◀──── frames that the core sent to the slow port
//!   host memory ◀─ status of each ring that has news ─▶ its interrupt
//! ```
//! Room for a punted frame is taken when it comes, so what waits is never more than the ring holds. What waits when the
//! ring stops is lost and counted.

mod command;
mod inject;
mod punt;
mod ring;

use super::memory::HostMemory;
use crate::core::Core;
use punt::PuntRing;
use ring::{Filled, Ring};
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::registers::rings as registers;
use underpass_layout::rings::{ring as number, COMMAND_BEATS, FAULT_VECTOR, STATUS_EVERY};

/// The three rings.
#[derive(Clone)]
pub(super) struct Rings {
    command: Ring,
    punt: PuntRing,
    inject: Ring,
}

impl Default for Rings {
    fn default() -> Self {
        Rings {
            command: Ring::new(Filled::ByHost {
                step: COMMAND_BEATS,
            }),
            punt: PuntRing::default(),
            inject: Ring::new(Filled::ByHost { step: 1 }),
        }
    }
}

/// The interrupts of one run.
#[derive(Default)]
pub(super) struct Raised {
    vectors: Vec<u32>,
}

impl Raised {
    fn raise(&mut self, vector: u32) {
        if !self.vectors.contains(&vector) {
            self.vectors.push(vector);
        }
    }

    /// Their vectors, lowest first.
    pub(super) fn into_vectors(mut self) -> Vec<u32> {
        self.vectors.sort_unstable();
        self.vectors
    }
}

impl Rings {
    fn ring(&mut self, number: u32) -> Option<&mut Ring> {
        match number {
            number::COMMAND => Some(&mut self.command),
            number::PUNT => Some(&mut self.punt.ring),
            number::INJECT => Some(&mut self.inject),
            _ => None,
        }
    }

    /// The ring whose register is at `offset`, and that register as the first ring's are named.
    fn register(&mut self, offset: u32) -> Option<(&mut Ring, u32)> {
        let place = offset.checked_sub(registers::BASE_LOW)?;
        let register = registers::BASE_LOW + place % registers::STRIDE;
        Some((self.ring(place / registers::STRIDE)?, register))
    }

    /// Reads a register; none is at that offset: 0.
    pub(super) fn read(&mut self, offset: u32) -> u32 {
        self.register(offset)
            .map_or(0, |(ring, register)| ring.read(register))
    }

    /// Writes a register; none is at that offset: nothing.
    pub(super) fn write(&mut self, offset: u32, value: u32) {
        if let Some((ring, register)) = self.register(offset) {
            ring.write(register, value);
            self.punt.lose_waiting();
        }
    }

    /// Takes a frame for the slow port; gives it back where the punt ring does not run.
    pub(super) fn punt(&mut self, frame: Vec<u8>) -> Option<Vec<u8>> {
        self.punt.take(frame)
    }

    /// Something waits that [`ModelCard::run`](super::ModelCard::run) would do.
    pub(super) fn waiting(&self) -> bool {
        let moves = |ring: &Ring| ring.enabled() && ring.used() > 0;
        moves(&self.command) || moves(&self.inject) || self.punt.waiting()
    }

    /// Carries out every command.
    pub(super) fn carry_out(
        &mut self,
        core: &mut Core,
        memory: &mut dyn HostMemory,
        raised: &mut Raised,
    ) {
        let mut commands = 0;
        while command::next(&mut self.command, core, memory)
            .unwrap_or_else(|_| stopped(&mut self.command, raised))
        {
            commands += 1;
            if commands % STATUS_EVERY == 0 {
                tell(&mut self.command, number::COMMAND, memory, raised);
            }
        }
    }

    /// The next frame of the host, behind its shim.
    pub(super) fn injected(
        &mut self,
        memory: &mut dyn HostMemory,
        raised: &mut Raised,
    ) -> Option<Vec<u8>> {
        inject::next(&mut self.inject, memory).unwrap_or_else(|_| {
            stopped(&mut self.inject, raised);
            None
        })
    }

    /// Hands the punted frames over and tells the news of every ring.
    pub(super) fn settle(&mut self, memory: &mut dyn HostMemory, raised: &mut Raised) {
        if self.punt.write_out(memory).is_err() {
            stopped(&mut self.punt.ring, raised);
            self.punt.lose_waiting();
        }
        for vector in 0..number::COUNT as u32 {
            if let Some(ring) = self.ring(vector) {
                tell(ring, vector, memory, raised);
            }
        }
    }
}

fn tell(ring: &mut Ring, vector: u32, memory: &mut dyn HostMemory, raised: &mut Raised) {
    match ring.tell(memory) {
        Ok(true) => raised.raise(vector),
        Ok(false) => (),
        Err(_) => {
            stopped(ring, raised);
        }
    }
}

/// Stops a ring; it does not move on.
fn stopped(ring: &mut Ring, raised: &mut Raised) -> bool {
    ring.stop();
    raised.raise(FAULT_VECTOR);
    false
}

/// Beats that so many bytes take.
fn beats(bytes: usize) -> u32 {
    bytes.div_ceil(BEAT_BYTES) as u32
}

#[cfg(test)]
mod tests;
