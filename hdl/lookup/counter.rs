//! Counters: a row of sums that rise by what a packet adds (see [`super::update`]).

use super::host::Chain;
use super::update::{Event, Kept};
use super::Place;
use crate::hardware::{FlowCounter, OutcomeCounter, TrafficCounter};
use underpass_wires::{k, mux, Bundle, U};

/// A row of counters and how a packet changes it.
pub trait Counts: Bundle {
    /// The row after a packet of so many bytes.
    fn after(self, bytes: U<16>) -> Self;
}

impl Counts for TrafficCounter {
    fn after(self, bytes: U<16>) -> Self {
        TrafficCounter {
            packets: sum(self.packets, k(1)),
            bytes: sum(self.bytes, bytes.ext()),
        }
    }
}

impl Counts for FlowCounter {
    fn after(self, bytes: U<16>) -> Self {
        FlowCounter {
            packets: sum(self.packets, k(1)),
            bytes: sum(self.bytes, bytes.ext()),
        }
    }
}

impl Counts for OutcomeCounter {
    fn after(self, _: U<16>) -> Self {
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

/// Counts packets, each with its bytes, in the rows of a table; the host may read it.
#[track_caller]
pub fn count<C: Counts>(place: &Place, packet: Event<U<16>>, bus: impl Into<Chain>) -> Chain {
    Kept::<C, _>::new(place, packet, bus)
        .update(|row, bytes| (row.after(bytes), ()))
        .1
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
