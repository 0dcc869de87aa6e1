//! s11_member: which one of several nexthops takes the packet, or that all of them do. Reads `route`, tables `group`,
//! `member`, `origin`. Writes `member`, and `route` where it chooses.

use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::lookup::host::Chain;
use underpass_layout::profile::Profile;
use underpass_wires::leaf;

/// Clocks from slot to slot.
pub const LATENCY: usize = 1;

leaf!(
    /// The stage as a block.
    pub MemberStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { member(sizes.0, slot, host) }
);

/// The stage.
pub fn member(_profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let slot = slot.written(Written::Route);
    let chain = Chain::from(bus);
    let out = slot.later("out", LATENCY);
    (out, chain.leave(out))
}
