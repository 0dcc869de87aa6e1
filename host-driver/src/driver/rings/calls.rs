//! What the card calls for by itself: frames in the punt ring, and a ring that has stopped.
//!
//! ```text
//!   card ─▶ MSI-X vector ─▶ eventfd ─▶ whoever waits ─▶ punt, or check_rings
//! ```

use underpass_layout::registers::rings::{CONTROL, FAULT};
use underpass_layout::rings::{ring, FAULT_VECTOR, VECTORS};

use super::register;
use crate::access::{CardAccess, Interrupt};
use crate::driver::{Driver, DriverError};

/// The card's calls, each as something to wait for.
#[derive(Debug)]
pub struct Calls {
    /// Frames came into the punt ring.
    pub punts: Interrupt,
    /// A ring has stopped: [`Driver::check_rings`] says which.
    pub fault: Interrupt,
}

impl<C: CardAccess> Driver<C> {
    /// Connects the card's calls; `None` of a card that has no rings, or whose rings were not opened.
    pub fn calls(&mut self) -> Result<Option<Calls>, DriverError> {
        if !self.has_rings() {
            return Ok(None);
        }
        let Some(dma) = self.card.dma() else {
            return Ok(None);
        };
        let (mut punts, mut fault) = (None, None);
        for (vector, interrupt) in (0..).zip(dma.interrupts(VECTORS)?) {
            match vector {
                ring::PUNT => punts = Some(interrupt),
                FAULT_VECTOR => fault = Some(interrupt),
                _ => (),
            }
        }
        Ok(punts
            .zip(fault)
            .map(|(punts, fault)| Calls { punts, fault }))
    }

    /// Makes sure that every ring runs.
    pub fn check_rings(&mut self) -> Result<(), DriverError> {
        if !self.has_rings() {
            return Ok(());
        }
        for (number, name) in (0..).zip(ring::NAMES) {
            if self.card.read(register(number, CONTROL))? & FAULT != 0 {
                return Err(DriverError::RingFault { ring: name });
            }
        }
        Ok(())
    }
}
