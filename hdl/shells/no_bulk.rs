//! What stands where a card has no rings: accesses to the tables that never come.

use crate::buses::HostOut;
use crate::card::host_bus::HostBus;
use underpass_wires::{leaf, zero};

leaf!(
    /// No accesses.
    pub NoBulk {} -> { bulk: HostOut },
    | | -> HostBus { zero() }
);
