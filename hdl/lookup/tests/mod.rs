//! The lookups on their own: filled over the host's bus, asked one key a clock.
//!
//! ```text
//!   bus ─▶ ┌────────┐ ─▶ returned
//!   key ─▶ │ lookup │ ─▶ hit, entry
//!          └────────┘
//! ```

mod counter;
mod direct;
mod exact;
mod flow;
mod lockstep;
mod prefix;
mod rows;
mod set;

use super::host::Chain;
use super::Place;
use crate::card::host_bus::HostBus;
use underpass_layout::hash::{SeedTarget, Tabulation, PIECE_BITS, PIECE_WORDS};
use underpass_layout::Writer;
use underpass_wires::{build, input, output, Bit, Blocks, Bundle, BundleExt, Ports, Sim, U};

/// Random numbers, the same every time (xorshift64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A lookup with its bus.
struct Bench(Sim);

/// One access of the host.
#[derive(Clone, Default)]
struct Access {
    write: bool,
    split: bool,
    table: u32,
    row: usize,
    data: Vec<u32>,
}

impl Access {
    fn write(table: u32, row: usize, data: &[u32]) -> Self {
        Access {
            write: true,
            table,
            row,
            data: data.to_vec(),
            ..Access::default()
        }
    }

    fn read(table: u32, row: usize) -> Self {
        Access {
            table,
            row,
            ..Access::default()
        }
    }
}

/// What came back of it.
#[derive(Debug)]
struct Returned {
    done: bool,
    retry: bool,
    data: Vec<u64>,
}

impl Bench {
    /// `A` bits are asked; what is found is `hit` and `entry`, and leaves with the bus.
    fn new<E: Bundle, const A: usize>(
        lookup: impl FnOnce(U<A>, HostBus) -> (Bit, E, Chain),
    ) -> Self {
        Bench(Sim::new(&build(
            "lookup",
            Ports::Fields,
            Blocks::Inline,
            || {
                let (hit, entry, chain) = lookup(input("key"), input("bus"));
                output("hit", hit);
                // One output for all of it, however many fields it has.
                output("entry", entry.pack_ext::<512>());
                output("returned", chain.leave(entry));
            },
        )))
    }

    /// Puts an access on the bus in this clock, or none.
    fn put(&mut self, access: Option<&Access>) {
        let sim = &mut self.0;
        sim.set_int("bus_request", u128::from(access.is_some()));
        let Some(access) = access else { return };
        sim.set_int("bus_write", u128::from(access.write));
        sim.set_int("bus_split", u128::from(access.split));
        sim.set_int("bus_table", u128::from(access.table));
        sim.set_int("bus_row", access.row as u128);
        let mut data = [0; 8];
        for (i, word) in access.data.iter().enumerate() {
            data[i / 2] |= u64::from(*word) << (32 * (i % 2));
        }
        sim.set("bus_data", &data);
    }

    fn step(&mut self) {
        self.0.step();
    }

    /// What comes back in this clock.
    fn returned(&mut self) -> Option<Returned> {
        let sim = &mut self.0;
        (sim.get_int("returned_request") == 1).then(|| Returned {
            done: sim.get_int("returned_done") == 1,
            retry: sim.get_int("returned_retry") == 1,
            data: sim.get("returned_data"),
        })
    }

    /// One access on its own.
    fn access(&mut self, access: &Access) -> Returned {
        self.put(Some(access));
        self.step();
        self.put(None);
        for _ in 0..40 {
            if let Some(returned) = self.returned() {
                return returned;
            }
            self.step();
        }
        panic!("the access to table {} never came back", access.table);
    }

    /// The entry that is found in this clock: its low 128 bits from bit `lo`, `width` of them.
    fn found(&mut self, lo: usize, width: usize) -> Option<u128> {
        (self.0.get_int("hit") == 1).then(|| bits(&self.0.get("entry"), lo, width))
    }

    /// Fills hash words, as the card does by itself.
    fn seed(&mut self, place: &Place, tabulation: &Tabulation, target: SeedTarget) {
        let sim = &mut self.0;
        sim.set_int("bus_seed_valid", 1);
        sim.set_int("bus_seed_target_one", u128::from(target.one));
        sim.set_int("bus_seed_target_table", u128::from(target.table));
        sim.set_int("bus_seed_target_group", u128::from(target.group));
        sim.set_int("bus_seed_target_column", u128::from(target.column));
        sim.set_int("bus_seed_target_way", u128::from(target.way));
        for piece in 0..place.table.hash_width().div_ceil(PIECE_BITS) {
            for index in 0..PIECE_WORDS {
                sim.set_int("bus_seed_piece", piece as u128);
                sim.set_int("bus_seed_index", index as u128);
                sim.set_int("bus_seed_word", tabulation.word(piece, index));
                sim.step();
            }
        }
        sim.set_int("bus_seed_valid", 0);
        (0..20).for_each(|_| sim.step());
    }
}

/// Bits `lo..lo + width` of words.
fn bits(words: &[u64], lo: usize, width: usize) -> u128 {
    (0..width).fold(0, |value, i| {
        value | u128::from(words[(lo + i) / 64] >> ((lo + i) % 64) & 1) << i
    })
}

/// A key of `width` bits as the words that the hash takes.
fn key_words(key: u128, width: usize) -> Vec<u32> {
    (0..width.div_ceil(32))
        .map(|i| (key >> (32 * i)) as u32)
        .collect()
}

/// A record's bits with others in front of them.
fn behind(zeros: usize, record: &[u32], width: usize) -> Vec<u32> {
    let mut words = vec![0; (zeros + width).div_ceil(32)];
    let mut to = Writer::new(&mut words);
    (0..zeros).for_each(|_| to.put(0, 1));
    for bit in 0..width {
        to.put(u128::from(record[bit / 32] >> (bit % 32) & 1), 1);
    }
    words
}
