//! What table writes cost, in clocks: themselves, and the packets beside them.
//!
//! ```text
//!   doorbell ─▶ n writes ─▶ status        the difference of two numbers of writes, free of what is the same in both
//!   packets in ─▶ packets out             clock by clock, with the ring busy and with the ring idle
//! ```

use underpass_table_compiler::placed::{Reason, RowWrite};
use underpass_table_compiler::reseed::Command;
use underpass_verilator::Library;

use super::card::COMMANDS;
use super::hot::{Chase, Targets};
use super::keys::Table;
use super::live::{Live, Times};
use super::network::{step, Network};
use super::updates::install;

/// Seed of the hash; nothing depends on it.
const SEED: u128 = 0x5eed;
/// How full the tables are of a card on which clocks are counted.
const LOAD: f64 = 0.5;
/// Packets of a measured stream.
const PACKETS: usize = 4_000;
/// Clocks from the first packet on before the ring is used.
const LEAD: u64 = 200;
/// Commands for one doorbell, while the ring is kept busy.
const BATCH: u32 = 64;

/// A stream of packets back to back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// When each packet was taken and left, counted from the first.
    pub times: Times,
    /// Rows that were written between the first packet and the last.
    pub writes: u32,
}

impl Stream {
    /// Packets.
    pub fn packets(&self) -> usize {
        self.times.left.len()
    }

    /// Clocks from the first beat in to the last beat out, both counted.
    pub fn clocks(&self) -> u64 {
        self.times.left.last().map_or(0, |last| last + 1)
    }
}

/// Clocks from the doorbell for so many writes of 64 bytes to the status that says that they are done.
///
/// # Panics
/// If the ring does not hold so many.
pub fn clocks_of_writes(library: &Library, count: u32) -> u64 {
    assert!(count <= COMMANDS, "{count} commands do not fit the ring");
    let network = Network::new(SEED, LOAD);
    let mut live = Live::new(library, SEED);
    install(&mut live, &network, &Targets::default());
    let mut writes = same(&network).cycle();
    for _ in 0..count {
        live.put(&writes.next().expect("endless"));
    }
    let start = live.now();
    live.finish();
    live.now() - start
}

/// A stream of flows' packets of both families, with the command ring as busy as it can be or idle. The rows that are
/// written are those that the packets use, with what they hold already.
///
/// # Panics
/// If a packet does not leave as its entries say.
pub fn stream(library: &Library, busy: bool) -> Stream {
    let network = Network::new(SEED, LOAD);
    let mut live = Live::new(library, SEED);
    let targets = Targets::default();
    let history = install(&mut live, &network, &targets);
    let mut writes = same(&network).cycle();
    live.start(Chase::new(targets, 1, 0));
    live.clocks(LEAD);
    let before = live.card().done();
    live.until("the packets are taken", |live| {
        while busy && live.card().room() > 0 {
            live.put(&writes.next().expect("endless"));
        }
        if live.card().put() - live.card().rung() >= BATCH {
            live.ring(live.card().put());
        }
        live.times.taken.len() >= PACKETS
    });
    let writes = live.card().done() - before;
    let passed = live.stop();
    let met = history.judge(&passed, live.card().rung());
    let met = met.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(met.packets, met.left, "some did not leave");
    let first = live.times.taken[0];
    let of = |clocks: &[u64]| {
        clocks[..PACKETS]
            .iter()
            .map(|clock| clock - first)
            .collect()
    };
    Stream {
        times: Times {
            taken: of(&live.times.taken),
            left: of(&live.times.left),
        },
        writes,
    }
}

/// Writes that change nothing: the rows of flows as they are.
fn same(network: &Network) -> impl Iterator<Item = Command> + Clone + '_ {
    let flows = network.placed.flows();
    let rows: Vec<_> = flows.iter_rows().collect();
    rows.into_iter().map(|(address, row)| {
        let write = RowWrite {
            address,
            row,
            reason: Reason::Change,
        };
        Command::WriteRow(step(Table::Flow, write))
    })
}
