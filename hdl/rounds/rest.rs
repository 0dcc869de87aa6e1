//! How long mirrors rest between two copies.
//!
//! ```text
//!   clock 0            2                   3            4                   5
//!   row ─▶ [ last ] ─▶ now - last, half ─▶ whole ─────▶ longer than that? ─▶ sent ─▶ [ last ] = now
//!                        interval ─────────────────────▶
//! ```
//! Time counts in units of 256 clocks, modulo 2^35 of them: 9.8 hours at 250 MHz. A mirror whose last copy is that old
//! can rest once more for its interval; nothing else comes of it.
//!
//! A step reads when the last copy was [`BEHIND`] clocks before it is known whether the copy goes. Where one of the steps
//! right before it sent a copy for the same mirror, that is less than an interval ago, whatever the memory says.

use underpass_wires::{
    all_of, any_of, bundle, cat, k, low, memory, only, state, wire, Bit, BundleExt, Ram, U,
};

/// Clocks from a step to whether it sends.
pub const REST_CLOCKS: usize = 5;
/// Steps that are between reading and writing at once, besides the one at hand.
const BEHIND: usize = REST_CLOCKS;
/// Clocks of a unit, as a power of two.
const UNIT: usize = 8;
/// Bits of each half of the time.
const LOW: usize = 18;
const HIGH: usize = 17;
/// Bits of an interval.
const INTERVAL: usize = 24;

bundle! {
    /// A time, in two halves that are added to on their own.
    struct Time {
        low: U<LOW>,
        high: U<HIGH>,
    }

    /// When the last copy went.
    struct Last {
        valid: Bit,
        time: Time,
    }
}

/// Whether the step sends a copy. `wanted`, `row`: it is for this mirror, at clock 0. `on`, `interval`: that mirror sends
/// at all, and rests for so many units, at clock 2.
#[track_caller]
pub fn rest(rows: usize, (wanted, row): (Bit, U<10>), (on, interval): (Bit, U<INTERVAL>)) -> Bit {
    let now = now();
    let sent_rows = memory::<Last>("sent_rows", rows, Ram::Block);
    let last = sent_rows.read("sent_row", low(row)).reg("sent_last");

    let below: U<{ LOW + 1 }> = now.low.ext() - last.time.low.ext();
    let (below, above) = (below, now.high - last.time.high).reg("since_halves");
    let borrow: Bit = below.slice(LOW);
    let since: U<{ LOW + HIGH }> = cat!(above - borrow.ext(), below.slice::<LOW>(0)).reg("since");
    let free = (!interval.any() | !last.valid).delay("rest_free", 2);
    let limit = interval.delay("rest_limit", 2);
    let long = since.slice::<{ LOW + HIGH - INTERVAL }>(INTERVAL).any()
        | since.trunc::<INTERVAL>().gt(limit);
    let passes = (free | long).reg("rest_passes");
    let never = (!interval.any()).delay("rest_never", 3);

    let before: [_; BEHIND] =
        std::array::from_fn(|i| state::<Bit>(&format!("sent_before{}", i + 1)));
    let mut other = (wanted, row);
    let recent: Vec<Bit> = before
        .iter()
        .map(|sent| {
            other = (other.0.reg_rst("rest_other"), other.1.reg("rest_other_row")).aged(0);
            let same = (other.0 & other.1.eq(row)).delay("rest_same", REST_CLOCKS);
            same & sent.q
        })
        .collect();
    let wanted = (0..REST_CLOCKS).fold(wanted, |wanted, _| wanted.reg_rst("rest_wanted"));
    wire!(
        sends = all_of(&[
            wanted,
            on.delay("rest_on", 3),
            passes,
            never | !any_of(&recent)
        ])
    );
    before.iter().fold(sends, |sent, state| {
        state.next(k(1), sent);
        state.q
    });
    let row = row.delay("rest_row", REST_CLOCKS);
    let stamp = Last {
        valid: k(1),
        time: now,
    };
    sent_rows.write(sends, low(row), stamp);
    sends
}

/// The time since reset.
fn now() -> Time {
    let clocks = state::<U<UNIT>>("now_clocks");
    let time = state::<Time>("now");
    clocks.next(k(1), clocks.q + 1);
    // Both are known long before the clock that needs them.
    let tick = clocks.q.eq((1 << UNIT) - 2).reg_rst("now_tick");
    let carry = time.q.low.all().reg_rst("now_carry");
    time.next(
        tick,
        Time {
            low: time.q.low + 1,
            high: time.q.high + only(carry, k(1)),
        },
    );
    time.q
}
