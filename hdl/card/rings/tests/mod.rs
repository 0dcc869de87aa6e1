//! The parts of the rings, each on its own, clocked natively.

mod command;
mod inject;
mod punt;
mod read;
mod registers;
mod status;

use std::cell::RefCell;
use underpass_bench::Dut;
use underpass_wires::Sim;

/// The layout's records as beats of host memory.
pub(super) fn beat<R: underpass_layout::Record>(record: &R) -> [u8; 64] {
    let mut words = [0u32; 16];
    record.pack_into(&mut words);
    let mut beat = [0; 64];
    for (bytes, word) in beat.chunks_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    beat
}

/// A part with a memory port, for the bench's AXI4 slave: `m_axi_araddr` is its output `axi_araddr`, `m_axi_rdata` its
/// input `axi_in_rdata`. What never changes reads as on the card; what the part does not have reads 0.
pub(super) struct Part {
    pub sim: RefCell<Sim>,
    names: RefCell<Vec<String>>,
    cycle: u64,
    has: fn(&str) -> bool,
}

impl Part {
    /// `has` says which signals of the master the part has.
    pub fn new(sim: Sim, has: fn(&str) -> bool) -> Self {
        Part {
            sim: RefCell::new(sim),
            names: RefCell::default(),
            cycle: 0,
            has,
        }
    }
}

impl Dut for Part {
    type Port = usize;
    type Error = String;

    fn port(&self, name: &str) -> Result<usize, String> {
        let signal = name.strip_prefix("m_axi_").ok_or("not of the master")?;
        let mut names = self.names.borrow_mut();
        names.push(signal.into());
        Ok(names.len() - 1)
    }

    fn set(&mut self, port: usize, words: &[u32]) {
        let name = &self.names.borrow()[port];
        if (self.has)(name) {
            let pairs: Vec<u64> = words
                .chunks(2)
                .map(|two| u64::from(two[0]) | u64::from(two.get(1).copied().unwrap_or(0)) << 32)
                .collect();
            self.sim.borrow_mut().set(&format!("axi_in_{name}"), &pairs);
        }
    }

    fn get(&self, port: usize, out: &mut [u32]) {
        let name = &self.names.borrow()[port];
        let value = match name.as_str() {
            "arsize" | "awsize" => vec![6],
            "arburst" | "awburst" => vec![1],
            "wstrb" => vec![u64::MAX],
            name if (self.has)(name) => self.sim.borrow_mut().get(&format!("axi_{name}")),
            _ => vec![0],
        };
        for (i, word) in out.iter_mut().enumerate() {
            let pair = value.get(i / 2).copied().unwrap_or(0);
            *word = (pair >> (32 * (i % 2))) as u32;
        }
    }

    fn settle(&mut self) {}

    fn tick(&mut self) {
        self.sim.borrow_mut().step();
        self.cycle += 1;
    }

    fn cycle(&self) -> u64 {
        self.cycle
    }
}
