//! Sums of the card's counters, which are narrower than what they count and wrap.
//!
//! ```text
//!   card:  .. fffffffe ffffffff 00000000 00000001 ..      32 to 48 bits, by table
//!   sum:   .. fffffffe ffffffff 100000000 100000001       64 bits: what is new since the last reading is added
//! ```
//! A sum is exact as long as its counter is read once before it has gone round. The narrowest are those of flows: 32 bits
//! of packets, 29 s of the smallest frames at 100 Gbit/s in one flow. Whoever wants these sums of a card under such load
//! has to read them as often.

use std::collections::HashMap;

use underpass_layout::tables::TableSpec;

/// Fields of a counter: packets, bytes.
const FIELDS: usize = 2;

/// What every counter that was read has counted.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// By table and row.
    counters: HashMap<(u32, usize), [Sum; FIELDS]>,
}

/// One field of one counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    /// All of it.
    sum: u64,
    /// As the card had it when it was last read.
    last: u64,
}

impl Sums {
    /// The sums of a counter whose fields the card has at `now`.
    pub fn add(&mut self, table: &TableSpec, row: usize, now: [u64; FIELDS]) -> [u64; FIELDS] {
        let sums = self.counters.entry((table.id, row)).or_default();
        let fields = table.entry.iter().zip(sums.iter_mut()).zip(now);
        for ((field, sum), now) in fields {
            sum.add(now, field.width);
        }
        sums.map(|sum| sum.sum)
    }
}

impl Sum {
    /// `width`: bits of the card's counter, fewer than 64.
    fn add(&mut self, now: u64, width: usize) {
        let new = now.wrapping_sub(self.last) & ((1 << width) - 1);
        self.sum = self.sum.wrapping_add(new);
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::tables::{id, TABLES};

    #[test]
    fn a_counter_that_went_round_counts_on() {
        let flow = &TABLES[id::COUNTER_FLOW as usize];
        let mut sums = Sums::default();
        let most = [u64::from(u32::MAX), (1 << 40) - 1];
        assert_eq!(sums.add(flow, 3, most), most);
        assert_eq!(sums.add(flow, 3, [4, 63]), [(1 << 32) + 4, (1 << 40) + 63]);
        assert_eq!(sums.add(flow, 3, [4, 63]), [(1 << 32) + 4, (1 << 40) + 63]);
    }

    #[test]
    fn counters_are_apart() {
        let tables = [id::COUNTER_RX, id::COUNTER_FLOW].map(|id| &TABLES[id as usize]);
        let mut sums = Sums::default();
        for (number, (table, row)) in [(0, 0), (0, 1), (1, 0)].into_iter().enumerate() {
            let now = [number as u64 + 1, 7];
            assert_eq!(sums.add(tables[table], row, now), now);
        }
        assert_eq!(sums.add(tables[0], 0, [5, 8]), [5, 8]);
    }

    #[test]
    fn the_fields_of_every_counter_are_packets_and_bytes() {
        for id in [
            id::COUNTER_RX,
            id::COUNTER_TX,
            id::COUNTER_OUTCOME,
            id::COUNTER_FLOW,
        ] {
            let names: Vec<_> = TABLES[id as usize]
                .entry
                .iter()
                .map(|field| field.name)
                .collect();
            assert!(["packets", "bytes"].starts_with(&names), "{names:?}");
            assert!(TABLES[id as usize]
                .entry
                .iter()
                .all(|field| field.width < 64));
        }
    }
}
