//! Windows of punt quotas: for how long what an interface has handed over counts against it (tables `punt_quota`,
//! `punted`).
//!
//! ```text
//!   clocks ─▶ PUNT_WINDOW ─┐
//!   the host ─▶ PUNT_BEGIN ┴─▶ a new window: every interface may hand over its quotas again
//! ```

use underpass_layout::registers::{PUNT_BEGIN, PUNT_WINDOW};
use underpass_table_compiler::objects::PUNT_WINDOW_CLOCKS;

use super::{Driver, DriverError};
use crate::access::CardAccess;

impl<C: CardAccess> Driver<C> {
    /// Lets the card begin windows by itself.
    pub fn begin_windows_by_clock(&mut self) -> Result<(), DriverError> {
        Ok(self.card.write(PUNT_WINDOW, PUNT_WINDOW_CLOCKS)?)
    }

    /// Begins a window.
    pub fn begin_window(&mut self) -> Result<(), DriverError> {
        Ok(self.card.write(PUNT_BEGIN, 1)?)
    }
}
