//! What the slow path forwards in place of the card, counted by why.

use serde::Serialize;

/// Packets that the slow path forwarded in place of the card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SoftwareCounters {
    /// Of flows that the card has no room for.
    pub flows: u64,
    /// Of VRFs whose routes the card has no room for.
    pub routes: u64,
    /// Parts of packets, which are given the ports of the first part.
    pub fragments: u64,
    /// Packets that were cut for a tunnel.
    pub fragmented: u64,
}

impl SoftwareCounters {
    /// The card forwarded all by itself.
    pub fn is_none(&self) -> bool {
        *self == SoftwareCounters::default()
    }
}
