//! Chooses packets: mostly for keys that are just being written, some for any that are installed.
//!
//! ```text
//!   writes ─▶ | keys of the rows written last | ─┬─▶ a packet that asks for one of them
//!   all installed keys ──────────────────────────┘
//! ```
//! A key is asked for by whatever can: VM 1 asks for MACs and routes alone, VM 2 for these with a flow in front.

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use fastrand::Rng;

use super::keys::{flow_address, Key, Table};
use super::live::Aim;
use super::probe::{Probe, To};
use crate::tables::pick;

/// Keys that are remembered as just written.
const HOT: usize = 24;

/// The keys that somebody may ask for, shared by who writes and who sends.
#[derive(Clone, Debug, Default)]
pub struct Targets(Rc<RefCell<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    hot: VecDeque<Key>,
    /// By table, the keys that have an entry.
    installed: [Vec<Key>; Table::ALL.len()],
    there: HashSet<Key>,
}

impl Targets {
    /// These keys have entries.
    pub fn install(&self, keys: impl IntoIterator<Item = Key>) {
        let mut lists = self.0.borrow_mut();
        for key in keys {
            if lists.there.insert(key) {
                lists.installed[key.table as usize].push(key);
            }
        }
    }

    /// A key has no entry any more.
    pub fn remove(&self, key: Key) {
        let mut lists = self.0.borrow_mut();
        lists.there.remove(&key);
        lists.installed[key.table as usize].retain(|one| *one != key);
    }

    /// These keys are being written.
    pub fn heat(&self, keys: impl IntoIterator<Item = Key>) {
        let hot = &mut self.0.borrow_mut().hot;
        hot.extend(keys);
        while hot.len() > HOT {
            hot.pop_front();
        }
    }
}

/// Random packets for these targets.
#[derive(Clone, Debug)]
pub struct Chase {
    targets: Targets,
    rng: Rng,
    /// Of ten packets, those for keys that are just being written.
    hot: u8,
}

impl Chase {
    /// Packets of this seed; `hot` of ten are for keys that are just being written.
    pub fn new(targets: Targets, seed: u64, hot: u8) -> Chase {
        let rng = Rng::with_seed(seed);
        Chase { targets, rng, hot }
    }
}

impl Aim for Chase {
    fn next(&mut self) -> Option<Probe> {
        let (lists, rng) = (self.targets.0.borrow(), &mut self.rng);
        let any = |rng: &mut Rng, table: Table| pick(rng, &lists.installed[table as usize]);
        let hot = rng.u8(..10) < self.hot && !lists.hot.is_empty();
        let key = match hot {
            true => lists.hot[rng.usize(..lists.hot.len())],
            false => {
                let table = pick(rng, &Table::ALL);
                any(rng, table)
            }
        };
        let with_flow = rng.bool();
        Some(match key.table {
            Table::Bridge => Probe {
                flow: with_flow.then(|| any(rng, Table::Flow).number),
                to: To::Mac(key.number),
            },
            Table::Host | Table::Bank => {
                let address = match key.table {
                    // One of the prefix's four.
                    Table::Bank => key.number / 2 * 8 + 2 * rng.u16(..4) + key.number % 2,
                    _ => key.number,
                };
                // Two flows go to each address; they may have no entry.
                let number = address + Table::Flow.keys() / 2 * rng.u16(..2);
                let table = Table::Flow;
                let flow = Key { table, number };
                let there = with_flow && lists.there.contains(&flow);
                Probe {
                    flow: there.then_some(number),
                    to: To::Address(address),
                }
            }
            Table::Flow => Probe {
                flow: Some(key.number),
                to: match with_flow {
                    true => To::Address(flow_address(key.number)),
                    false => To::Mac(any(rng, Table::Bridge).number),
                },
            },
        })
    }
}
