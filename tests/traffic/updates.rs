//! Random updates of the tables as the compiler plans them, handed to a card that is busy with packets.
//!
//! ```text
//!   insert, change, remove a key ─▶ shadow ─▶ | move, move, new | free | change | ..   put into the ring as planned
//!                                                      └────┬────┘
//!   doorbells anywhere between two writes ──────────────────┘      a plan may lie half done for a while
//! ```
//! A key is left alone until no packet is under way any more that may have met its last change, so that each packet can
//! tell which version it met.

use std::collections::BTreeMap;

use fastrand::Rng;
use underpass_table_compiler::placed::{RowWrite, Shadow};
use underpass_table_compiler::reseed::Command;

use super::history::History;
use super::hot::Targets;
use super::keys::{Key, Table, VERSIONS};
use super::live::Live;
use super::network::{step, Network};

/// Most clocks between two updates.
const GAP: u64 = 24;
/// Clocks in which a packet that met the end of a change has left.
const SETTLED: u64 = 1_000;

/// In which order the writes of a plan go to the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As planned: copies first.
    Planned,
    /// The other way round, which deletes before it copies.
    Reversed,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Entries that came.
    pub inserted: usize,
    /// Entries that got another value.
    pub changed: usize,
    /// Entries that went.
    pub removed: usize,
    /// Entries that were copied out of another's way.
    pub moved: usize,
    /// Rows that were written.
    pub writes: usize,
    /// Inserts that found no room.
    pub full: usize,
}

/// The tables as the host knows them, and what happens to them.
pub struct Updates {
    network: Network,
    /// By table id and bank.
    shadows: BTreeMap<(u32, usize), Shadow>,
    /// What keys say, by command.
    pub history: History,
    targets: Targets,
    rng: Rng,
    order: Order,
    version: u32,
    /// Commands that were done a while ago, and those that are now, with the clock of that.
    settled: u32,
    settling: (u64, u32),
    /// What was done.
    pub done: Done,
}

impl Updates {
    /// The tables of a network, which the card gets at once and without packets.
    pub fn new(live: &mut Live, network: Network, targets: Targets, seed: u64) -> Updates {
        let history = install(live, &network, &targets);
        let mut shadows = BTreeMap::new();
        for table in Table::ALL {
            for (bank, shadow) in network.placed.shadows(table.id()).enumerate() {
                shadows.insert((table.id(), bank), shadow.clone());
            }
        }
        Updates {
            network,
            shadows,
            history,
            targets,
            rng: Rng::with_seed(seed),
            order: Order::Planned,
            version: VERSIONS / 2,
            settled: 0,
            settling: (live.now(), live.card().done()),
            done: Done::default(),
        }
    }

    /// From now on writes go in this order.
    pub fn set_order(&mut self, order: Order) {
        self.order = order;
    }

    /// So many updates, with clocks between them; all are done in the end.
    pub fn run(&mut self, live: &mut Live, count: usize) {
        for _ in 0..count {
            self.update(live);
            let rung = live.card().rung();
            if self.rng.u8(..3) == 0 {
                live.ring(self.rng.u32(rung..=live.card().put()));
            }
            live.clocks(self.rng.u64(..GAP));
        }
        live.finish();
    }

    /// One update of a random key.
    fn update(&mut self, live: &mut Live) {
        let (since, done) = self.settling;
        if live.now() - since > SETTLED {
            self.settled = done;
            self.settling = (live.now(), live.card().done());
        }
        let key = self.key();
        let (version, _) = self.history.last(key);
        let next = self.next_version(key, version);
        let shadow = self.shadow(key);
        let mut writes = Vec::new();
        match next {
            Some(next) => {
                if shadow.insert(&key.entry(next), &mut writes).is_err() {
                    self.done.full += 1;
                    return;
                }
            }
            None => {
                let gone = shadow.remove(&key.entry(0), &mut writes);
                assert!(gone.is_some(), "{key:?} is there");
            }
        }
        match (version, next) {
            (None, _) => self.done.inserted += 1,
            (_, None) => self.done.removed += 1,
            _ => self.done.changed += 1,
        }
        self.done.moved += writes.len() - 1;
        self.done.writes += writes.len();
        let last = self.put(live, key, writes);
        self.history.note(key, last, next);
        match next {
            Some(_) => self.targets.install([key]),
            None => self.targets.remove(key),
        }
    }

    /// A random key whose last change was done a while ago.
    fn key(&mut self) -> Key {
        loop {
            let table = match self.rng.u8(..8) {
                0..=3 => Table::Flow,
                4 | 5 => Table::Bridge,
                6 => Table::Host,
                _ => Table::Bank,
            };
            let number = self.rng.u16(..table.keys());
            let key = Key { table, number };
            if self.history.last(key).1 <= self.settled {
                return key;
            }
        }
    }

    /// What becomes of a key: one that is there goes, or gets another value, and another one comes. A flow comes and
    /// goes unheld, so that a punt tells whether there was an entry.
    fn next_version(&mut self, key: Key, version: Option<u32>) -> Option<u32> {
        self.version += 2;
        assert!(self.version < VERSIONS, "too many versions");
        let held = version.is_some_and(super::keys::held);
        match version {
            None => Some(self.version),
            Some(_) if key.table == Table::Flow && held => Some(self.version),
            Some(_) if self.rng.u8(..3) < 2 => None,
            Some(_) => Some(self.version + 1),
        }
    }

    fn shadow(&mut self, key: Key) -> &mut Shadow {
        let place = (key.table.id(), self.network.group(key));
        self.shadows.get_mut(&place).expect("searched by key")
    }

    /// Puts the writes of one update into the ring; the number of the one by which the key changes.
    fn put(&mut self, live: &mut Live, key: Key, mut writes: Vec<RowWrite>) -> u32 {
        let keys = writes
            .iter()
            .flat_map(|write| Key::in_row(key.table, &write.row));
        self.targets.heat(keys.chain([key]));
        if self.order == Order::Reversed {
            writes.reverse();
        }
        let mut last = 0;
        for write in writes {
            last = live.put(&Command::WriteRow(step(key.table, write)));
        }
        last
    }
}

/// Brings a network onto a card without packets, and says what its keys say from then on.
pub fn install(live: &mut Live, network: &Network, targets: &Targets) -> History {
    let mut history = History::default();
    for command in &network.commands {
        live.put(command);
    }
    live.finish();
    for (key, version) in &network.installed {
        history.note(*key, 0, Some(*version));
    }
    targets.install(network.installed.keys().copied());
    history
}
