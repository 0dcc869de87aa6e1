//! `age`: when a flow pair last had a packet, and the sweep that looks for those that have none any more.
//!
//! ```text
//!   clock with a packet that met a flow:  its row  = { generation, seen now }
//!   clock without:                        next row: long not seen, not reported ─▶ reported, idle
//! ```
//! A packet needs the port of the memory, then the host, then the sweep. A row takes the sweep one clock, so a round through
//! 315,392 rows takes 315,392 clocks without packets and without reads of the host: 1.3 ms at 250 MHz. Packets make it
//! longer by a clock each: 149 million frames of 64 bytes a second, which is all of 100 Gbit/s, leave the sweep two clocks
//! in five, and a round takes 3.1 ms.
//!
//! Time is what the host says, modulo 2^14. With `since` = `now` - limit, the row is long not seen if `seen` is not among
//! the ticks from behind `since` up to `now`:
//!
//! ```text
//!   0 ──────── since ░░░░░░░ now ──────── 2^14     seen <= since  or   seen > now
//!   0 ░░░ now ───────────────── since ░░░ 2^14     seen <= since  and  seen > now
//! ```
//! That takes two comparisons side by side instead of a difference and then a comparison.

use super::TIME;
use crate::hardware::AgeEntry;
use crate::lookup::host::Chain;
use crate::lookup::update::{Event, Kept};
use crate::lookup::Place;
use underpass_wires::{bundle, k, mux, state, wire, zero, Bit, BundleExt, U};

bundle! {
    /// The host's time.
    pub struct Clock {
        /// Now.
        now: U<TIME>,
        /// The last tick that is long ago.
        since: U<TIME>,
        /// `since` is above `now`, before time wrapped.
        wrapped: Bit,
        /// There is a limit: something can be long ago.
        limited: Bit,
    }

    /// What happens to a row.
    struct Visit {
        /// By a packet.
        hit: Bit,
        /// The generation of the packet's flow entry.
        generation: U<3>,
        /// By the sweep: this is the last row.
        last: Bit,
    }

    /// What a visit found.
    pub struct Found {
        /// The pair is idle, and that was not told before.
        idle: Bit,
        /// Its generation.
        generation: U<3>,
        /// The sweep has seen the last row.
        last: Bit,
    }
}

impl Clock {
    /// The time of these registers, a clock later.
    pub fn of(now: U<TIME>, limit: U<TIME>) -> Self {
        Clock {
            now,
            since: now - limit,
            wrapped: now.lt(limit),
            limited: limit.any(),
        }
        .reg("age_clock")
    }

    /// Whether `seen` is at least as long ago as the limit.
    pub(super) fn long_ago(self, seen: U<TIME>) -> Bit {
        let (before, after) = (seen.le(self.since), seen.gt(self.now));
        mux(self.wrapped, before & after, before | after)
    }
}

/// Notes each hit and sweeps between them, unless it is to `rest`; the host may read the rows.
pub fn age(
    place: &Place,
    hit: Event<U<3>>,
    clock: Clock,
    rest: Bit,
    bus: impl Into<Chain>,
) -> (Event<Found>, Chain) {
    let hit = Event {
        valid: hit.valid,
        row: hit.row,
        change: Visit {
            hit: hit.valid,
            generation: hit.change,
            last: zero(),
        },
    };
    let rows = Kept::new(place, hit, bus);
    wire!(sweeps = rows.free() & clock.limited & !rest);
    let next = state::<U<20>>("sweep_row");
    wire!(last = next.q.eq(place.rows - 1));
    next.next(sweeps, mux(last, k(0), next.q + 1));
    let sweep = Event {
        valid: sweeps,
        row: next.q,
        change: Visit { last, ..zero() },
    };
    rows.between(sweep)
        .update(|row, visit| after(row, visit, clock))
}

/// The row after a visit.
fn after(row: AgeEntry, visit: Visit, clock: Clock) -> (AgeEntry, Found) {
    wire!(owned = row.generation.any() & !row.reported);
    wire!(idle = !visit.hit & owned & clock.long_ago(row.seen));
    let hit = AgeEntry {
        generation: visit.generation,
        reported: k(0),
        seen: clock.now,
    };
    let swept = AgeEntry {
        reported: row.reported | idle,
        ..row
    };
    let found = Found {
        idle,
        generation: row.generation,
        last: visit.last,
    };
    (mux(visit.hit, hit, swept), found)
}
