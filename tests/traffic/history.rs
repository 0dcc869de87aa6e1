//! One order for everything: the commands as they were given. A packet has seen the first so many of them, and none of
//! the others, in every table alike.
//!
//! ```text
//!   commands     1    2    3    4    5    6    7    8    9
//!   key a        v0 ─────────▶ v8 ────────────────────────▶         an insert counts from its last write on,
//!   key b        - ─────────────────▶ v4 ────────▶ - ─────▶         the moves before it change no key at all
//!
//!   packet               done ──┤ any of these ├── rung             done: what the card had told was done before it came
//!                                   ▲                               rung: what it had been told of when it was gone
//!                                   └ and not before the packet in front of it
//! ```
//! So a key that nobody changes never misses, a key under change answers as before or as after and never goes back, and
//! a packet that asks several tables gets answers of one moment. The judge knows neither rows nor hashes.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::keys::{flow_id, Key, Table};
use super::probe::{Fate, Probe};

/// The versions that keys have had.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// By key, from which command on it has which version, oldest first.
    changes: HashMap<Key, Vec<(u32, Option<u32>)>>,
}

/// A packet and what came of it.
#[derive(Clone, Debug)]
pub struct Passed {
    /// What it asked.
    pub probe: Probe,
    /// Commands that the card had told were done, when the packet came.
    pub done: u32,
    /// What became of it, and the commands of which the card had been told when it was seen again. None: it was not.
    pub seen: Option<(Fate, u32)>,
}

/// What the packets met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Packets in all.
    pub packets: usize,
    /// Those that left.
    pub left: usize,
    /// Those that were punted.
    pub punted: usize,
    /// Those that were dropped.
    pub dropped: usize,
    /// Those that may have met a key as before or as after a change.
    pub within: usize,
    /// Of these, those that met it as after.
    pub after: usize,
    /// Packets that met a flow, by the place where it counts.
    pub flows: BTreeMap<u32, u64>,
}

/// A packet whose fate no moment explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// Its number.
    pub number: usize,
    /// What it asked.
    pub probe: Probe,
    /// The commands of which it has seen at least all.
    pub from: u32,
    /// And at most.
    pub to: u32,
    /// What could have become of it.
    pub expected: Vec<Fate>,
    /// What did.
    pub found: Fate,
}

impl fmt::Display for Unexplained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unexplained {
            number,
            probe,
            from,
            to,
            expected,
            found,
        } = self;
        write!(
            f,
            "packet {number}, {probe:?}: expected one of {expected:?} behind {from} to {to} commands, found {found:?}"
        )
    }
}

impl History {
    /// From this command on a key has this version, or none.
    pub fn note(&mut self, key: Key, command: u32, version: Option<u32>) {
        self.changes
            .entry(key)
            .or_default()
            .push((command, version));
    }

    /// The version of a key for who has seen so many commands.
    pub fn version(&self, key: Key, seen: u32) -> Option<u32> {
        let changes = self.changes.get(&key)?;
        let count = changes.partition_point(|(command, _)| *command <= seen);
        changes[..count].last().and_then(|(_, version)| *version)
    }

    /// The version that a key has in the end, and since when.
    pub fn last(&self, key: Key) -> (Option<u32>, u32) {
        let last = self.changes.get(&key).and_then(|changes| changes.last());
        last.map_or((None, 0), |(command, version)| (*version, *command))
    }

    /// The next command after `seen` that changes a key of a probe.
    fn next(&self, probe: Probe, seen: u32) -> Option<u32> {
        let next = |key: Key| {
            let changes = self.changes.get(&key)?;
            let count = changes.partition_point(|(command, _)| *command <= seen);
            changes.get(count).map(|(command, _)| *command)
        };
        probe.keys().filter_map(next).min()
    }

    fn fate(&self, probe: Probe, seen: u32) -> Fate {
        probe.fate(|key| self.version(key, seen))
    }

    /// Finds for each packet, in their order, how many commands it has seen: the fewest that explain its fate. That is
    /// never a worse choice than more, so where this finds no order there is none.
    ///
    /// # Errors
    /// A packet's fate has no explanation.
    pub fn judge(&self, passed: &[Passed], rung: u32) -> Result<Met, Unexplained> {
        let mut met = Met::default();
        let latest = latest(passed, rung);
        let mut seen = 0;
        for (number, (packet, to)) in passed.iter().zip(latest).enumerate() {
            let from = seen.max(packet.done);
            let found = packet.seen.map_or(Fate::Dropped, |(fate, _)| fate);
            let mut expected = Vec::new();
            let mut moment = from;
            loop {
                expected.push(self.fate(packet.probe, moment));
                if expected.last() == Some(&found) {
                    break;
                }
                match self.next(packet.probe, moment).filter(|next| *next <= to) {
                    Some(next) => moment = next,
                    None => {
                        return Err(Unexplained {
                            number,
                            probe: packet.probe,
                            from,
                            to,
                            expected,
                            found,
                        })
                    }
                }
            }
            met.note(found);
            let open = self.next(packet.probe, packet.done);
            if open.is_some_and(|next| next <= to) {
                met.within += 1;
                met.after += usize::from(self.fate(packet.probe, packet.done) != found);
            }
            if let Some(flow) = packet.probe.flow {
                let key = Key {
                    table: Table::Flow,
                    number: flow,
                };
                if let Some(version) = self.version(key, moment) {
                    *met.flows.entry(flow_id(flow, version)).or_default() += 1;
                }
            }
            seen = moment;
        }
        Ok(met)
    }
}

/// The commands that each packet can have seen: those of which the card had been told when it or one behind it left.
fn latest(passed: &[Passed], rung: u32) -> Vec<u32> {
    let mut latest = vec![rung; passed.len()];
    let mut bound = rung;
    for (packet, latest) in passed.iter().zip(&mut latest).rev() {
        if let Some((Fate::Left { .. }, rung)) = packet.seen {
            bound = bound.min(rung);
        }
        *latest = bound;
    }
    latest
}

impl Met {
    fn note(&mut self, fate: Fate) {
        self.packets += 1;
        match fate {
            Fate::Left { .. } => self.left += 1,
            Fate::Punted => self.punted += 1,
            Fate::Dropped => self.dropped += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::probe::To;
    use super::*;

    const FIRST: Probe = Probe {
        flow: None,
        to: To::Mac(1),
    };
    const SECOND: Probe = Probe {
        flow: None,
        to: To::Mac(2),
    };

    /// Key 1 changes by command 5, key 2 by command 6.
    fn history() -> History {
        let mut history = History::default();
        for (number, command) in [(1, 5), (2, 6)] {
            let key = Key {
                table: Table::Bridge,
                number,
            };
            history.note(key, 0, Some(1));
            history.note(key, command, Some(2));
        }
        history
    }

    fn passed(probe: Probe, version: Option<u32>, done: u32, rung: u32) -> Passed {
        let fate = probe.fate(|_| version);
        let seen = (fate != Fate::Dropped).then_some((fate, rung));
        Passed { probe, done, seen }
    }

    #[test]
    fn before_or_after_and_never_back() {
        let (old, new) = (Some(1), Some(2));
        let verdict = |versions: &[Option<u32>], done, rung| {
            let passed: Vec<_> = versions
                .iter()
                .map(|version| passed(FIRST, *version, done, rung))
                .collect();
            history().judge(&passed, rung)
        };
        let met = verdict(&[old, old, new, new], 0, 6).expect("in order");
        assert_eq!((met.packets, met.within, met.after), (4, 4, 2));
        assert_eq!(verdict(&[old, new, old], 0, 6).expect_err("back").number, 2);
        verdict(&[old], 5, 6).expect_err("it was done");
        verdict(&[new], 0, 4).expect_err("nobody had told the card");
        verdict(&[Some(3)], 0, 6).expect_err("no version of it");
        verdict(&[None], 0, 6).expect_err("a miss");
    }

    #[test]
    fn tables_change_in_one_order() {
        let (old, new) = (Some(1), Some(2));
        let judge = |first, second| {
            history().judge(
                &[passed(SECOND, second, 0, 6), passed(FIRST, first, 0, 6)],
                6,
            )
        };
        judge(new, old).expect("between the two");
        judge(new, new).expect("after both");
        judge(old, new).expect_err("6 without 5");
    }
}
