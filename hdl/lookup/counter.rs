//! Counters that are exact under back-to-back events of one row.
//!
//! ```text
//!   event ─▶ [ read ] ─▶ [ reg ] ─▶ newest of memory and the last updates ─▶ + ─▶ [ write ]
//!                                          ▲─────────────────────────────────┘
//! ```
//! A row read while an update of it is under way is old; the updates of the last `FORWARD` clocks are kept beside
//! the memory and the newest one of the same row wins.

use super::host::{self, Answer, Chain};
use super::Place;
use crate::hardware::{FlowCounter, OutcomeCounter, TrafficCounter};
use underpass_wires::{bundle, first, k, low, memory, mux, state, Bit, Bundle, BundleExt, U};

/// What the host reads of a row lacks the packets of so many clocks before.
pub const HOST_LAG: usize = FORWARD;

/// Updates that can be between the read and the write of a row: those of the two clocks before.
const FORWARD: usize = 2;

bundle! {
    /// A packet to be counted.
    pub struct Event {
        /// There is one in this clock.
        valid: Bit,
        /// The row.
        row: U<20>,
        /// Its bytes.
        bytes: U<16>,
    }
}

/// A row of counters and how an event changes it.
pub trait Counts: Bundle {
    /// The row after the event.
    fn after(self, event: Event) -> Self;
}

impl Counts for TrafficCounter {
    fn after(self, event: Event) -> Self {
        TrafficCounter {
            packets: sum(self.packets, k(1)),
            bytes: sum(self.bytes, event.bytes.ext()),
        }
    }
}

impl Counts for FlowCounter {
    fn after(self, event: Event) -> Self {
        FlowCounter {
            packets: sum(self.packets, k(1)),
            bytes: sum(self.bytes, event.bytes.ext()),
        }
    }
}

impl Counts for OutcomeCounter {
    fn after(self, _: Event) -> Self {
        OutcomeCounter {
            packets: sum(self.packets, k(1)),
        }
    }
}

/// Bits of a part of a sum.
const PART: usize = 16;

/// `count + more`, in parts. Every part is computed for either carry at once, and which one holds is known when the part
/// below is: a third of the levels of a whole carry chain.
fn sum<const N: usize>(count: U<N>, more: U<PART>) -> U<N> {
    let part = |i: usize| count.shr(PART * i).resize::<PART>().ext::<{ PART + 1 }>();
    let lowest = part(0) + more.ext();
    let mut carry = lowest.bit(PART);
    let mut sum = lowest.trunc::<PART>().resize::<N>();
    for i in 1..N.div_ceil(PART) {
        let raised = part(i) + 1;
        let of_part = mux(carry, raised, part(i)).trunc::<PART>();
        sum = sum | of_part.resize::<N>().shl(PART * i);
        carry = carry & raised.bit(PART);
    }
    sum
}

/// Counts events in the rows of a table; the host may read it.
///
/// The memory has one port that reads: an event has it, and the host where there is none in that clock. Its access comes
/// back with `retry` where there is one.
pub fn count<C: Counts>(place: &Place, event: Event, bus: impl Into<Chain>) -> Chain {
    let mut chain = bus.into();
    let name = place.table.name;
    let rows = memory::<C>(&place.memory_name(0), place.rows, place.ram());
    let host = host::reading(place, event, &mut chain);
    let row = rows.read(
        &format!("{name}_row"),
        low(mux(event.valid, event.row.ext(), host.row)),
    );
    let old = row.reg(&format!("{name}_old"));
    let asked = host.asked.reg_rst(&format!("{name}_here"));
    chain.answer(Answer {
        here: asked.reg_rst(&format!("{name}_said")),
        done: (!event.valid).delay(&format!("{name}_free"), 2),
        data: Some(old.pack_ext()),
    });

    // The updates under way belong to no packet, so neither does what meets them.
    let reading = later(event, &format!("{name}_reading")).timeless();
    let event = later(reading, &format!("{name}_event"));
    // Which of the updates before this one were of its row, found out a clock ahead.
    let mut before = event;
    let mut newest: Option<C> = None;
    let mut recent: Vec<(Bit, C)> = Vec::new();
    let mut values = Vec::new();
    for age in 1..=FORWARD {
        let same =
            (before.valid & before.row.eq(reading.row)).reg_rst(&format!("{name}_same{age}"));
        let value = state::<C>(&format!("{name}_value{age}"));
        recent.push((same, value.q));
        values.push(value);
        before = later(before, &format!("{name}_before{age}"));
    }
    let now = first(&recent, old.timeless()).after(event);
    for value in values {
        value.next(k(1), newest.unwrap_or(now));
        newest = Some(value.q);
    }
    rows.write(event.valid, low(event.row), now);
    chain
}

/// The event a clock later.
fn later(event: Event, name: &str) -> Event {
    Event {
        valid: event.valid.reg_rst(&format!("{name}_valid")),
        ..event.reg(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_wires::{build, input, output, Blocks, Ports, Sim};

    #[test]
    fn the_parts_of_a_sum_carry() {
        let mut sim = Sim::new(&build("sum", Ports::Fields, Blocks::Inline, || {
            let more = input("more");
            output("wide", sum::<48>(input("wide_in"), more));
            output("narrow", sum::<32>(input("narrow_in"), more));
        }));
        for count in [
            0,
            1,
            (1 << 20) - 1,
            1 << 20,
            (1 << 39) + 5,
            (1u128 << 48) - 1,
        ] {
            for more in [0, 1, 0xffff] {
                sim.set_int("wide_in", count);
                sim.set_int("narrow_in", count % (1 << 32));
                sim.set_int("more", more);
                assert_eq!(sim.get_int("wide"), (count + more) % (1 << 48));
                assert_eq!(sim.get_int("narrow"), (count + more) % (1 << 32));
            }
        }
    }
}
