//! The rings in host memory: table writes and frames in bulk (`underpass_layout::rings`).
//!
//! ```text
//!   one piece of memory     | command ring | punt ring | inject ring | status of each |
//!                                │ ▲            ▲ │         │ ▲            ▲
//!   driver                  fill │ │ done       │ │ empty   │ │ done       │ read
//!   card                         ▼ │            │ ▼         ▼ │            │ written
//! ```
//! A doorbell is the only register access in the way of a row or a frame; what the card has done is read in memory. The
//! register FIFO and the table registers remain for cards without host memory, and for reading rows.

mod calls;
mod command;
mod inject;
mod place;
mod punt;

pub use calls::Calls;
pub use place::{Layout, DMA_BASE};

use underpass_layout::registers::rings::{
    BASE_HIGH, BASE_LOW, CONTROL, ENABLE, FAULT, MODERATION, SIZE, STATUS_HIGH, STATUS_LOW, STRIDE,
};
use underpass_layout::rings::ring;

use super::{Driver, DriverError};
use crate::access::dma::{observe, Cells, DmaMemory};
use crate::access::CardAccess;
use command::CommandRing;
use inject::InjectRing;
use place::Place;
use punt::PuntRing;
use std::time::{Duration, Instant};

/// How long the card may take to carry out what it was told, before it counts as stuck. A simulated card takes seconds
/// for what a real one does in microseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// The three rings of a card.
#[derive(Debug)]
pub(super) struct Rings {
    command: CommandRing,
    punt: PuntRing,
    inject: InjectRing,
}

/// What every ring has.
#[derive(Debug)]
struct Ring {
    number: u32,
    /// The ring's words.
    cells: Cells,
    /// Its status, which the card writes.
    status: Cells,
    /// Beats of the ring.
    beats: u32,
    /// Beats filled and emptied since it was enabled, of which the card moves one.
    ours: u32,
    /// Commands, frames and doorbells that the card had refused when we last looked.
    refused: u32,
}

/// Words of a beat.
const BEAT_WORDS: usize = 16;

impl Ring {
    fn new(number: u32, place: &Place, memory: &Cells) -> Ring {
        Ring {
            number,
            cells: memory.part(place.ring_words()),
            status: memory.part(place.status_words()),
            beats: 1 << place.size_log2,
            ours: 0,
            refused: 0,
        }
    }

    /// The first word of the beat with this count.
    fn word_of(&self, beat: u32) -> usize {
        (beat % self.beats) as usize * BEAT_WORDS
    }

    /// The card's count.
    fn theirs(&self) -> u32 {
        let index = self.status.read(0);
        observe();
        index
    }

    /// What the card refused since we last asked.
    fn newly_refused(&mut self) -> u32 {
        let refused = self.status.read(1);
        let new = refused.wrapping_sub(self.refused);
        self.refused = refused;
        new
    }

    /// The address of one of its registers.
    fn register(&self, offset: u32) -> u32 {
        register(self.number, offset)
    }
}

fn register(ring: u32, offset: u32) -> u32 {
    offset + STRIDE * ring
}

impl<C: CardAccess> Driver<C> {
    /// Takes the card's rings into use, where it has any; false where it has none. Rows, punted and injected frames go
    /// through them from then on. The rings of a driver that is gone are stopped first.
    pub fn open_rings(&mut self, layout: Layout) -> Result<bool, DriverError> {
        self.rings = None;
        let places = layout.places();
        let Some(dma) = self.card.dma() else {
            return Ok(false);
        };
        let memory = DmaMemory::new(layout.bytes()).map_err(DriverError::NoMemory)?;
        let cells = memory.cells();
        dma.map(memory, DMA_BASE)?;
        for (number, place) in (0..).zip(&places) {
            self.enable_ring(number, place)?;
        }
        let [command, punt, inject] = [ring::COMMAND, ring::PUNT, ring::INJECT]
            .map(|number| Ring::new(number, &places[number as usize], &cells));
        self.rings = Some(Rings {
            command: CommandRing::new(command),
            punt: PuntRing::new(punt),
            inject: InjectRing::new(inject),
        });
        Ok(true)
    }

    /// Whether rows and frames go through rings.
    pub fn has_rings(&self) -> bool {
        self.rings.is_some()
    }

    fn enable_ring(&mut self, number: u32, place: &Place) -> Result<(), DriverError> {
        let at = |offset| register(number, offset);
        let (base, status) = (DMA_BASE + place.ring, DMA_BASE + place.status);
        self.stop_ring(number)?;
        for (offset, value) in [
            (BASE_LOW, base as u32),
            (BASE_HIGH, (base >> 32) as u32),
            (SIZE, place.size_log2),
            (STATUS_LOW, status as u32),
            (STATUS_HIGH, (status >> 32) as u32),
            (MODERATION, place.moderation),
            (CONTROL, ENABLE),
        ] {
            self.card.write(at(offset), value)?;
        }
        match self.card.read(at(CONTROL))? & ENABLE {
            0 => Err(DriverError::RingRefused {
                ring: ring::NAMES[number as usize],
            }),
            _ => Ok(()),
        }
    }

    /// Stops a ring, and waits until what it had under way has ended: only then can it be told where it lies.
    fn stop_ring(&mut self, number: u32) -> Result<(), DriverError> {
        let control = register(number, CONTROL);
        self.card.write(control, 0)?;
        let start = Instant::now();
        while self.card.read(control)? & ENABLE != 0 {
            if start.elapsed() > PATIENCE {
                return Err(DriverError::RingStuck {
                    ring: ring::NAMES[number as usize],
                    seconds: PATIENCE.as_secs(),
                });
            }
        }
        Ok(())
    }

    /// Waits until `done` says so, asking the card now and then whether it still runs.
    fn wait_for(
        &mut self,
        number: u32,
        mut done: impl FnMut(&mut Rings) -> Result<bool, DriverError>,
    ) -> Result<(), DriverError> {
        let start = Instant::now();
        loop {
            let Some(rings) = &mut self.rings else {
                return Ok(());
            };
            if done(rings)? {
                return Ok(());
            }
            let name = ring::NAMES[number as usize];
            // A simulated card works while it is asked.
            if self.card.read(register(number, CONTROL))? & FAULT != 0 {
                return Err(DriverError::RingFault { ring: name });
            }
            if start.elapsed() > PATIENCE {
                return Err(DriverError::RingStuck {
                    ring: name,
                    seconds: PATIENCE.as_secs(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests;
