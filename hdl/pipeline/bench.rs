//! For tests: one stage with its tables, filled over the host's bus, and packets through it, one a clock.
//!
//! ```text
//!   row ──▶ bus ─▶ ┌───────┐
//!   meta ─▶ slot ─▶│ stage │ ─▶ meta
//!                  └───────┘
//! ```

use super::records::{record, slot};
use super::slot::Slot;
use crate::card::host_bus::HostBus;
use underpass_layout::meta::Meta;
use underpass_layout::{words_for, Record};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// Where the fields of a [`HostBus`] start: request, write, table, row, data.
const BUS: [usize; 5] = [0, 1, 4, 9, 33];

/// A stage.
pub struct Bench {
    sim: Sim,
    latency: usize,
}

impl Bench {
    /// With empty tables.
    pub fn new(latency: usize, stage: impl FnOnce(Slot, HostBus) -> (Slot, HostBus)) -> Bench {
        let design = build("stage", Ports::Packed, Blocks::Inline, || {
            let (out, bus) = stage(input("slot"), input("bus"));
            output("meta", out.meta);
            output("returned", bus.done);
        });
        Bench {
            sim: Sim::new(&design),
            latency,
        }
    }

    /// Writes a row. Hash words are zero, so each way of a hash table has its keys in row 0.
    pub fn write<R: Record>(&mut self, table: u32, row: usize, entry: &R) {
        self.write_copy(table, row, entry);
        assert_eq!(
            self.sim.get_int("returned"),
            1,
            "table {table} has a row {row}"
        );
    }

    /// Writes a row of a table of which the stage has a copy, so that another one answers.
    pub fn write_copy<R: Record>(&mut self, table: u32, row: usize, entry: &R) {
        let mut words = vec![0; words_for(R::WIDTH)];
        entry.pack_into(&mut words);
        let mut bus = vec![0; 16];
        let mut put = |at: usize, value: u64| {
            let wide = u128::from(value) << (at % 64);
            bus[at / 64] |= wide as u64;
            bus[at / 64 + 1] |= (wide >> 64) as u64;
        };
        let [request, write, table_at, row_at, data] = BUS;
        put(request, 1);
        put(write, 1);
        put(table_at, table.into());
        put(row_at, row as u64);
        for (i, word) in words.iter().enumerate() {
            put(data + 32 * i, (*word).into());
        }
        self.sim.set("bus", &self.fit(bus));
        self.sim.step();
        self.sim.set("bus", &self.fit(vec![0; 16]));
        (1..self.latency).for_each(|_| self.sim.step());
    }

    /// As many words as the bus has.
    fn fit(&self, mut words: Vec<u64>) -> Vec<u64> {
        words.truncate(<HostBus as underpass_wires::Bundle>::W.div_ceil(64));
        words
    }

    /// What the stage makes of each.
    pub fn run(&mut self, packets: &[Meta]) -> Vec<Meta> {
        let mut seen = Vec::new();
        for now in 0..packets.len() + self.latency {
            if let Some(meta) = packets.get(now) {
                self.sim.set("slot", &slot(meta));
            }
            if now >= self.latency {
                seen.push(record(&mut self.sim, "meta"));
            }
            self.sim.step();
        }
        seen
    }
}
