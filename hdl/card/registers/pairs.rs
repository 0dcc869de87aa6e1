//! The registers of flow pairs: the host's time, and what it learns of connections that closed and flows that are idle.
//!
//! ```text
//!   AGE_NOW, AGE_LIMIT, TCP_CONTROL ─▶ orders ─▶ pairs (behind the stages)
//!   AGE_TAKE ────────────────────────▶   '           │
//!   AGE_EVENT ◀────────── the oldest event ──────────┤
//!   AGE_SWEEPS ◀───────── + 1 ◀─ the table's end ────'
//! ```
//! The event behind one that is taken is there three clocks after the write, before another access can ask for it.

use super::{bit, Access, Readable};
use crate::pairs::{PairOrders, PairReports};
use underpass_layout::registers::*;
use underpass_wires::{cat, k, only, state, Bit, BundleExt, U};

/// What the registers order, and those that can be read.
#[track_caller]
pub(super) fn pair_registers(access: Access, reports: PairReports) -> (PairOrders, [Readable; 5]) {
    let now = time(access, "age_now", AGE_NOW);
    let limit = time(access, "age_limit", AGE_LIMIT);
    let any_reset = state::<Bit>("any_reset");
    any_reset.next(
        access.writes(TCP_CONTROL),
        access.data().bit(bit(ANY_RESET)),
    );
    let sweeps = state::<U<32>>("age_sweeps");
    sweeps.next(reports.swept, sweeps.q + 1);

    let orders = PairOrders {
        now,
        limit,
        any_reset: any_reset.q,
        take: access.writes(AGE_TAKE).reg_rst("age_take"),
    };
    let event = reports.event;
    const { assert!(EVENT_VALID == 1 << 31 && EVENT_DEAD == 1 << 30) };
    const { assert!(EVENT_GENERATION == 24 && EVENT_PAIR_BITS == 19) };
    let event = only(
        event.valid,
        cat!(
            k::<1>(1),
            event.dead,
            k::<3>(0),
            event.generation,
            k::<5>(0),
            event.pair
        ),
    );
    (
        orders,
        [
            (AGE_NOW, now.ext()),
            (AGE_LIMIT, limit.ext()),
            (AGE_EVENT, event),
            (AGE_SWEEPS, sweeps.q),
            (TCP_CONTROL, any_reset.q.ext()),
        ],
    )
}

/// A register that holds a time.
#[track_caller]
fn time(access: Access, name: &str, offset: u32) -> U<{ AGE_BITS as usize }> {
    let time = state(name);
    time.next(access.writes(offset), access.data().trunc());
    time.q
}
