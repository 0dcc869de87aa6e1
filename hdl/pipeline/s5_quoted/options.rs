//! The options of a TCP header up to its maximum segment size (RFC 9293 section 3.1).
//!
//! ```text
//!   clock 0                                        1                    2                    3
//!   bytes ─▶ [ every place: if one starts here, ]─▶[ second, third ] ─▶ [ fourth, fifth ] ─▶ [ is the sixth ] ─▶ where, size
//!   end ───▶ [ is it the one? where is the next? ]                                           [ or before it ]
//! ```
//! What an option at a place would be is known of all places at once, so that to walk is to choose. The one that is looked
//! for is its own next one: whoever finds it before the end stays there.

use crate::hardware::Syn;
use underpass_layout::meta::SYN_OPTIONS;
use underpass_wires::{bundle, cat, k, mux, only, select, wire, Bit, BundleExt, U};

/// Clocks from bytes to what they say.
pub(super) const LATENCY: usize = 4;
/// Bytes of options at most, by the four bits of a header's length.
pub(super) const BYTES: usize = 40;
/// The kinds of options that are no more than a byte, and of the one that is looked for, with its length.
const END: u32 = 0;
const NOTHING: u32 = 1;
const SEGMENT_SIZE: u32 = 2;
const SEGMENT_SIZE_BYTES: usize = 4;
/// A place behind all options.
const BEHIND: usize = (1 << 6) - 1;

bundle! {
    /// An option, if one starts at a place.
    struct Place {
        /// It is the maximum segment size.
        found: Bit,
        /// Where the next one starts; [`BEHIND`] where none does.
        next: U<6>,
    }
}

/// The maximum segment size among `bytes`, of which the first `end` count and which start at `start` in the packet.
pub(super) fn segment_size(bytes: U<{ 8 * BYTES }>, end: U<6>, start: U<8>) -> Syn {
    let none = Place {
        found: k(0),
        next: k(BEHIND),
    };
    let places: Vec<Place> = (0..BYTES)
        .map(|at| place(bytes, at, end).reg(&format!("option{at}")))
        .chain([none])
        .collect();
    let after = |places: &[Place], at: U<6>| {
        let next: Vec<U<6>> = places.iter().map(|place| place.next).collect();
        select(at, &next)
    };
    let later = |places: &[Place], name: &str| -> Vec<Place> {
        let later = |(at, place): (usize, &Place)| place.reg(&format!("{name}{at}"));
        places[..BYTES]
            .iter()
            .enumerate()
            .map(later)
            .chain([none])
            .collect()
    };

    const {
        assert!(
            SYN_OPTIONS == 6,
            "two are read over in each clock behind the first"
        )
    };
    let third = after(&places, places[0].next);
    let at = after(&places, third).reg("fourth_option");
    let places = later(&places, "fourth_of");
    let fifth = after(&places, at);
    let at = after(&places, fifth).reg("sixth_option");
    let places = later(&places, "sixth_of");

    let found: Vec<Bit> = places.iter().map(|place| place.found).collect();
    wire!(found = select(at, &found));
    let bytes = bytes.delay("option_bytes", LATENCY - 1);
    let sizes: Vec<U<16>> = (0..=BYTES - SEGMENT_SIZE_BYTES)
        .map(|at| bytes.at(at + 2))
        .collect();
    let start = start.delay("options_start", LATENCY - 1);
    only(
        found,
        Syn {
            offset: start + at.ext() + 2,
            mss: select(at, &sizes),
        },
    )
    .reg("syn")
}

/// What an option at this place would be. Combinational.
fn place(bytes: U<{ 8 * BYTES }>, at: usize, end: U<6>) -> Place {
    let kind: U<8> = bytes.at(at);
    let length: U<8> = match at + 1 < BYTES {
        true => bytes.at(at + 1),
        false => k(0),
    };
    wire!(there = end.gt(at));
    wire!(longer = end.gt(at + 1));
    let next: U<9> = mux(
        kind.eq(NOTHING) | !length.any(),
        k(at + 1),
        length.ext::<9>() + at,
    );
    let next: U<6> = mux(next.slice::<3>(6).any(), k(BEHIND), next.trunc());
    wire!(of_size = kind.eq(SEGMENT_SIZE));
    wire!(found = of_size & length.eq(SEGMENT_SIZE_BYTES) & end.ge(at + SEGMENT_SIZE_BYTES));
    wire!(goes_on = there & kind.ne(END) & !of_size & (kind.eq(NOTHING) | longer));
    Place {
        found,
        next: underpass_wires::first(&[(found, k(at)), (goes_on, next)], k(BEHIND)),
    }
}

/// Bytes of options that a header of so many words has, of which so many bytes are there. Combinational.
pub(super) fn end(words: U<4>, there: U<6>) -> U<6> {
    let options: U<6> = only(words.ge(5), cat!(words - 5, k::<2>(0)));
    mux(options.lt(there), options, there)
}

#[cfg(test)]
mod tests;
