//! The one's complement sum of a packet's bytes, for the UDP checksum of its copies (RFC 1071).
//!
//! ```text
//!   clock 0            1             2                    3          4
//!   32 words ─▶ 4 x 2 words ─▶ 2 words ─▶ + those before ─▶ added ─▶ carry brought round ─▶ sum
//! ```
//! Bytes count as little-endian words: the sum of the words in network order is the same number with its bytes
//! swapped.

use crate::pipeline::s13_rewrite::checksum::{sum, Sum};
use underpass_wires::{only, state, Bit, BundleExt, U};

/// Clocks from a packet's last beat to its sum.
pub const SUM_CLOCKS: usize = 5;

/// The sum of the packet whose last beat was there [`SUM_CLOCKS`] clocks ago. `data`: zeros behind the packet's end.
#[track_caller]
pub fn body_sum(valid: Bit, last: Bit, data: U<512>) -> U<16> {
    let quarters: [Sum; 4] = std::array::from_fn(|quarter| {
        let words: [U<16>; 8] = std::array::from_fn(|word| data.slice(128 * quarter + 16 * word));
        sum(&words)
    });
    let quarters = quarters.reg("sum_quarters");
    let words: Vec<U<16>> = quarters.iter().flat_map(|one| [one.a, one.b]).collect();
    let beat = sum(&words).reg("sum_beat");

    let (valid, last) = (
        valid.reg_rst("sum_valid_early").reg_rst("sum_valid"),
        last.delay("sum_last", 2),
    );
    let within = state::<Bit>("sum_within");
    let so_far = state::<Sum>("sum_so_far");
    let before = only(within.q, so_far.q);
    let whole = sum(&[before.a, before.b, beat.a, beat.b]);
    within.next(valid, !last);
    so_far.next(valid, whole);

    let total = whole.reg("sum_whole").total().reg("sum_total");
    let sum: U<16> = total.trunc::<16>() + total.slice::<1>(16).ext();
    sum.reg("sum")
}
