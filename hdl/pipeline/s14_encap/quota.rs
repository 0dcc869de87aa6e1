//! How many packets each interface may hand to the slow path in a window, for each reason. Tables `punt_quota` and `punted`.
//!
//! ```text
//!   clock 0                 2                              4
//!   reason ─▶ [ punt_quota 2 ] ─ quota ─▶ [ punted 2 ] ──────▶ refused
//!                  interface, reason ───▶      ▲      │
//!   number of the window ──────────────────────┼──────┘
//!                                              '─ row + 1
//! ```
//! Only a packet that leaves for the slow path now asks. A row of another window counts as empty, so that nobody has to clear
//! rows when a window begins. Packets of one interface that follow each other clock by clock are counted one by one (see
//! [`crate::lookup::update`]).

use crate::hardware::{PuntQuotaEntry, PuntedEntry};
use crate::lookup::host::Chain;
use crate::lookup::update::{self, Event, Kept};
use crate::lookup::{direct, Place};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, PUNT_REASONS};
use underpass_wires::{cat, k, mux, wire, Bit, BundleExt, U};

/// Clocks from a packet that asks to whether it is refused.
pub const REFUSED: usize = update::LATENCY;

const _: () = assert!(PUNT_REASONS == 1 << 5, "a punt reason has five bits");

/// The quota of a reason, [`direct::LATENCY`] later.
pub(super) fn quota(profile: &Profile, reason: U<5>, chain: Chain) -> (U<16>, Chain) {
    let place = Place::of(profile, id::PUNT_QUOTA);
    let (entry, chain) = direct::direct::<PuntQuotaEntry, _>(&place, reason, chain);
    (entry.quota, chain)
}

/// Whether the packet that `asks` in this clock, of this interface and reason, is refused, [`REFUSED`] later.
pub(super) fn refused(
    profile: &Profile,
    asks: Bit,
    (vif, reason): (U<13>, U<5>),
    quota: U<16>,
    window: U<20>,
    chain: Chain,
) -> (Bit, Chain) {
    let row: U<18> = cat!(vif, reason);
    let event = Event {
        valid: asks,
        row: row.ext(),
        change: quota,
    };
    let window = window.timeless();
    let (told, chain) = Kept::new(&Place::of(profile, id::PUNTED), event, chain)
        .update(|row, quota| counted(row, quota, window));
    (told.valid & told.change, chain)
}

/// The row behind a packet, and whether that is refused. What may be is found for either kind of row at once. Combinational.
fn counted(row: PuntedEntry, quota: U<16>, window: U<20>) -> (PuntedEntry, Bit) {
    wire!(limited = quota.any());
    wire!(fresh = row.window.ne(window));
    wire!(refused = limited & !fresh & row.used.ge(quota));
    let next = PuntedEntry {
        window,
        used: mux(fresh, k(1), mux(refused, row.used, row.used + 1)),
        refused: mux(refused, row.refused + 1, row.refused),
    };
    (mux(limited, next, row), refused)
}
