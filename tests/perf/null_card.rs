//! A card that forgets all that it is told: what stays is what the host does.
//!
//! ```text
//!   doorbell of a ring ─▶ its status in memory says at once: done
//!   any other register ─▶ kept or not; the ones that say what the card is read as they should
//! ```

use std::sync::Arc;

use underpass_host_driver::access::dma::{Cells, DmaMemory};
use underpass_host_driver::access::{AccessError, CardAccess, DmaAccess, Interrupt};
use underpass_layout::id::layout_id;
use underpass_layout::profile::Profile;
use underpass_layout::registers::rings::{
    BASE_LOW, CONTROL, PRODUCER, STATUS_HIGH, STATUS_LOW, STRIDE,
};
use underpass_layout::registers::{
    ADDRESS_ROW_BITS, LAYOUT_ID_HIGH, LAYOUT_ID_LOW, MAGIC, MAGIC_VALUE, PROFILE, TABLE_ADDRESS,
    TABLE_ROWS,
};
use underpass_layout::rings::ring;

/// One ring as far as the card cares.
#[derive(Clone, Copy, Default)]
struct Ring {
    control: u32,
    status: u64,
}

/// The card.
pub struct NullCard {
    profile: &'static Profile,
    /// The table whose size is asked for.
    table: usize,
    rings: [Ring; ring::COUNT],
    /// The memory it was given, and where it lies.
    memory: Option<(u64, Cells)>,
}

impl NullCard {
    /// A card with tables of these sizes.
    pub fn new(profile: &'static Profile) -> NullCard {
        NullCard {
            profile,
            table: 0,
            rings: Default::default(),
            memory: None,
        }
    }

    /// The ring whose register this is, and that register of ring 0.
    fn ring(&mut self, offset: u32) -> Option<(&mut Ring, u32)> {
        let (number, at) = offset
            .checked_sub(BASE_LOW)
            .map(|past| (past / STRIDE, past % STRIDE))?;
        Some((self.rings.get_mut(number as usize)?, BASE_LOW + at))
    }

    /// Says that all of a ring is done.
    fn finish(&self, status: u64, count: u32) {
        if let Some((base, cells)) = &self.memory {
            cells.write((status - base) as usize / 4, count);
        }
    }
}

impl CardAccess for NullCard {
    fn read(&mut self, offset: u32) -> Result<u32, AccessError> {
        if let Some((ring, CONTROL)) = self.ring(offset) {
            return Ok(ring.control);
        }
        Ok(match offset {
            MAGIC => MAGIC_VALUE,
            LAYOUT_ID_LOW => layout_id() as u32,
            LAYOUT_ID_HIGH => (layout_id() >> 32) as u32,
            PROFILE => self.profile.code(),
            TABLE_ROWS => self.profile.rows[self.table] as u32,
            _ => 0,
        })
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), AccessError> {
        if offset == TABLE_ADDRESS {
            self.table = (value >> ADDRESS_ROW_BITS) as usize;
        }
        if let Some((ring, register)) = self.ring(offset) {
            match register {
                CONTROL => ring.control = value,
                STATUS_LOW => ring.status = ring.status >> 32 << 32 | u64::from(value),
                STATUS_HIGH => ring.status = u64::from(value) << 32 | ring.status & 0xffff_ffff,
                PRODUCER => {
                    let status = ring.status;
                    self.finish(status, value);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn dma(&mut self) -> Option<&mut dyn DmaAccess> {
        Some(self)
    }
}

impl DmaAccess for NullCard {
    fn map(&mut self, memory: Arc<DmaMemory>, address: u64) -> Result<(), AccessError> {
        self.memory = Some((address, memory.cells()));
        Ok(())
    }

    fn unmap(&mut self, _: u64) -> Result<(), AccessError> {
        self.memory = None;
        Ok(())
    }

    fn interrupts(&mut self, _: usize) -> Result<Vec<Interrupt>, AccessError> {
        Ok(Vec::new())
    }
}
