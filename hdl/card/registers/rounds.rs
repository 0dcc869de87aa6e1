//! Registers of packets that go round: how many there were, and how often one may go round to be learnt from.
//!
//! ```text
//!   s14_encap, count ─ packet, skipped, lost ─┐
//!                                             ├─▶ [ a counter each ] ─▶ ROUND_PACKETS, ROUND_COPIES, ROUND_SKIPPED,
//!   gather ─ copied ──────────────────────────┘                          ROUND_LOST
//!   s14_encap ◀── LEARN_INTERVAL
//! ```

use super::{Access, Readable};
use crate::stream::beat::RoundEvents;
use underpass_layout::registers::{
    LEARN_INTERVAL, ROUND_COPIES, ROUND_LOST, ROUND_PACKETS, ROUND_SKIPPED,
};
use underpass_wires::{state, Bit, U};

/// The interval that the host has set, and what it can read.
#[track_caller]
pub(super) fn round_registers(
    access: Access,
    events: RoundEvents,
    copied: Bit,
) -> (U<32>, Vec<Readable>) {
    let interval = access.register("learn_interval", LEARN_INTERVAL);
    let counted = [
        ("round_packets", ROUND_PACKETS, events.packet),
        ("round_copies", ROUND_COPIES, copied),
        ("round_skipped", ROUND_SKIPPED, events.skipped),
        ("round_lost", ROUND_LOST, events.lost),
    ];
    let mut all = vec![(LEARN_INTERVAL, interval)];
    all.extend(counted.map(|(name, offset, event)| {
        let number = state::<U<32>>(name);
        number.next(event, number.q + 1);
        (offset, number.q)
    }));
    (interval, all)
}
