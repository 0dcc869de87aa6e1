//! The flows that are set up: which entries the card has, and which counters are whose.
//!
//! ```text
//!   key ──▶ flow id ──▶ pair ─┬─ the flow that began    entry in `flow`, row of `onward`     counter of its own
//!                             └─ its answers            entry in `flow`, row of `onward`     counter of its own
//!                                                       one row of `tcp` and of `age` for both
//! ```
//! An entry may move between rows of the card's table as others come; its flow id stays, and with it its counter. A pair
//! goes as one: entries first, then what they lead to, and its number is given out again once its counters were read.
//! Nothing here takes longer the more flows there are, but for what lists or searches all of them.

use std::collections::HashMap;
use std::time::Duration;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, OnwardEntry, TABLES};
use underpass_table_compiler::entries::{
    flow_entry, EntryError, Flow as FlowRow, FlowPlace, Known, ResolvedPair,
};
use underpass_table_compiler::objects::{FlowPair, FlowSide};
use underpass_table_compiler::placed::{Entry, RowWrite, Shadow, TableFull};
use underpass_table_compiler::row::Row;

use super::births::Births;
use super::denied::Denied;
use super::flow_ids::{Direction, PairId, Pairs, Rows};
use super::key::Key;
use super::reaction::{Reaction, TableWrite};
use crate::driver::Traffic;

/// How long a flow may be idle, as the peer's agent has it.
pub const IDLE: Duration = Duration::from_secs(180);

/// A flow that is set up, in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// What is looked up, and what is done.
    pub side: FlowSide,
    /// Its rows, together with the other direction's.
    pub pair: PairId,
    /// Which of the two it is.
    pub direction: Direction,
    /// The other direction is set up as well.
    pub answered: bool,
    /// Why its packets are dropped, if they are.
    pub denied: Option<Denied>,
    /// When it was set up.
    pub born: Duration,
    /// What its counter had counted for the flow before.
    pub base: Traffic,
}

impl Flow {
    /// What is looked up.
    pub fn key(&self) -> Key {
        Key::from(&self.side)
    }

    /// Its place in `counter_flow`.
    pub const fn flow_id(&self) -> u32 {
        self.pair.flow_id(self.direction)
    }
}

/// What is to be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A flow and its answers.
    Pair(FlowPair),
    /// One direction alone: its packets are dropped, or wait.
    Alone(FlowSide, Option<Denied>),
}

/// Why a flow is not set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// No place for its entry.
    #[error(transparent)]
    Table(#[from] TableFull),
    /// No counters for its packets.
    #[error("all {pairs} pairs of flow counters are in use")]
    Pairs {
        /// How many there are.
        pairs: usize,
    },
    /// No row for what it goes on with.
    #[error("all {rows} rows of table onward are in use")]
    Onward {
        /// How many there are.
        rows: usize,
    },
    /// The card has no entry that means it.
    #[error(transparent)]
    Entry(#[from] EntryError),
}

/// A pair in use.
#[derive(Debug)]
struct Pair {
    generation: u8,
    /// When it came, among all pairs.
    serial: u64,
    born: Duration,
    sides: [Option<FlowSide>; 2],
    /// The nexthops in their keys, each once.
    nexthops: [Option<u32>; 2],
    onward: [Option<u32>; 2],
    base: [Traffic; 2],
    denied: Option<Denied>,
}

/// All flows.
#[derive(Debug)]
pub struct Flows {
    /// By number.
    pairs: Vec<Option<Pair>>,
    /// The flow id of each key.
    by_key: HashMap<Key, u32>,
    /// Pairs by the K(nh) in their keys.
    by_nexthop: HashMap<u32, usize>,
    ids: Pairs,
    onward: Rows,
    /// Pairs that the card may not have seen yet.
    births: Births,
    /// Pairs that it has.
    seen: usize,
    serial: u64,
}

/// The rows of a pair that is being set up.
struct Rowed {
    entries: [Option<Entry>; 2],
    onward: [Option<OnwardEntry>; 2],
}

impl Flows {
    /// No flows, on a card with tables of these sizes.
    pub fn new(profile: &Profile) -> Flows {
        let rows = |table: u32| profile.rows(&TABLES[table as usize]);
        let pairs = (rows(id::COUNTER_FLOW) / 2)
            .min(rows(id::TCP))
            .min(rows(id::AGE));
        Flows {
            pairs: Vec::new(),
            by_key: HashMap::new(),
            by_nexthop: HashMap::new(),
            ids: Pairs::new(pairs),
            onward: Rows::new(rows(id::ONWARD)),
            births: Births::default(),
            seen: 0,
            serial: 0,
        }
    }

    /// True if none is set up.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The flow of a key.
    pub fn get(&self, key: &Key) -> Option<Flow> {
        let flow_id = *self.by_key.get(key)?;
        let direction = Direction::BOTH[flow_id as usize & 1];
        self.flow(flow_id >> 1, direction)
    }

    /// Whether a key has a flow.
    pub fn has(&self, key: &Key) -> bool {
        self.by_key.contains_key(key)
    }

    fn flow(&self, number: u32, direction: Direction) -> Option<Flow> {
        let pair = self.pairs.get(number as usize)?.as_ref()?;
        let side = pair.sides[direction.index()].clone()?;
        Some(Flow {
            side,
            pair: PairId {
                number,
                generation: pair.generation,
            },
            direction,
            answered: pair.sides[direction.other().index()].is_some(),
            denied: pair.denied,
            born: pair.born,
            base: pair.base[direction.index()],
        })
    }

    /// Every flow, the oldest first.
    pub fn list(&self) -> Vec<Flow> {
        let mut live: Vec<(u64, u32)> = (0u32..)
            .zip(&self.pairs)
            .filter_map(|(number, pair)| Some((pair.as_ref()?.serial, number)))
            .collect();
        live.sort_unstable();
        live.into_iter()
            .flat_map(|(_, number)| Direction::BOTH.map(|direction| self.flow(number, direction)))
            .flatten()
            .collect()
    }

    /// How many flows, answers not counted, have this K(nh) in one of their keys.
    pub fn of_nexthop(&self, nexthop: u32) -> usize {
        self.by_nexthop.get(&nexthop).copied().unwrap_or(0)
    }

    /// Sets up what is wanted in the card's table, which `shadow` stands for, or nothing. A key that has a flow already
    /// has this one from then on; the other direction of that earlier flow goes.
    ///
    /// # Errors
    /// There is no room, or the card has no such entry; nothing has changed then.
    pub fn set_up(
        &mut self,
        shadow: &mut Shadow,
        known: &impl Known,
        wanted: &Wanted,
        now: Duration,
    ) -> Result<Vec<Reaction>, NoRoom> {
        let (id, base) = self.ids.take()?;
        let (sides, denied) = match wanted {
            Wanted::Pair(pair) => ([Some(pair.fwd.clone()), Some(pair.rev.clone())], None),
            Wanted::Alone(side, denied) => ([Some(side.clone()), None], *denied),
        };
        let mut pair = Pair {
            generation: id.generation,
            serial: self.serial,
            born: now,
            nexthops: nexthops(&sides),
            sides,
            onward: [None; 2],
            base,
            denied,
        };
        let mut reactions = match self.write(shadow, known, id, &mut pair) {
            Ok(reactions) => reactions,
            Err(error) => {
                self.ids.give_back(id, base);
                return Err(error);
            }
        };
        for direction in Direction::BOTH {
            let Some(side) = &pair.sides[direction.index()] else {
                continue;
            };
            let key = Key::from(side);
            if let Some(before) = self.by_key.get(&key).copied() {
                reactions.extend(self.give_way(shadow, before));
            }
            self.by_key.insert(key, id.flow_id(direction));
        }
        for nexthop in pair.nexthops.into_iter().flatten() {
            *self.by_nexthop.entry(nexthop).or_default() += 1;
        }
        self.serial += 1;
        self.births.push(id.number, now);
        let place = id.number as usize;
        if self.pairs.len() <= place {
            self.pairs.resize_with(place + 1, || None);
        }
        self.pairs[place] = Some(pair);
        Ok(reactions)
    }

    /// Writes the rows of a pair: first those of `onward`, which entries then lead to.
    fn write(
        &mut self,
        shadow: &mut Shadow,
        known: &impl Known,
        id: PairId,
        pair: &mut Pair,
    ) -> Result<Vec<Reaction>, NoRoom> {
        let mut taken = [None; 2];
        let outcome = self.try_write(shadow, known, id, pair, &mut taken);
        if outcome.is_err() {
            for row in taken.into_iter().flatten() {
                self.onward.give_back(row);
            }
        }
        outcome
    }

    fn try_write(
        &mut self,
        shadow: &mut Shadow,
        known: &impl Known,
        id: PairId,
        pair: &mut Pair,
        taken: &mut [Option<u32>; 2],
    ) -> Result<Vec<Reaction>, NoRoom> {
        let rowed = match &pair.sides {
            [Some(fwd), Some(rev)] => {
                let resolved = ResolvedPair::new(
                    &FlowPair {
                        fwd: fwd.clone(),
                        rev: rev.clone(),
                    },
                    known,
                )?;
                let onward = resolved.onward();
                let mut rows = pair.onward;
                for direction in Direction::BOTH.map(Direction::index) {
                    if onward[direction].is_some() && rows[direction].is_none() {
                        let row = self.onward.take().ok_or(NoRoom::Onward {
                            rows: self.onward.count(),
                        })?;
                        (taken[direction], rows[direction]) = (Some(row), Some(row));
                    }
                }
                let place = FlowPlace {
                    pair: id.number,
                    generation: id.generation,
                    onward: rows.map(Option::unwrap_or_default),
                };
                let flows = resolved.place(&place)?;
                pair.onward = rows;
                Rowed {
                    entries: flows.map(|flow| Some(flow.entry())),
                    onward,
                }
            }
            sides => {
                let mut entries = [None; 2];
                for direction in Direction::BOTH {
                    if let Some(side) = &sides[direction.index()] {
                        let flow_id = id.flow_id(direction);
                        let row: FlowRow = flow_entry(side, known, flow_id, id.generation)?;
                        entries[direction.index()] = Some(row.entry());
                    }
                }
                Rowed {
                    entries,
                    onward: [None; 2],
                }
            }
        };
        let batch: Vec<Entry> = rowed.entries.into_iter().flatten().collect();
        let mut writes = Vec::new();
        shadow.insert_all(&batch, &mut writes)?;
        let onward = rowed.onward.iter().zip(pair.onward);
        let mut reactions: Vec<Reaction> = onward
            .filter_map(|(entry, row)| Some(onward_write(row?, Row::of(entry.as_ref()?))))
            .collect();
        reactions.extend(row_writes(writes));
        Ok(reactions)
    }

    /// A flow's key is another's from now on: its other direction goes, and its pair.
    fn give_way(&mut self, shadow: &mut Shadow, flow_id: u32) -> Vec<Reaction> {
        let number = flow_id >> 1;
        let Some(pair) = self.pairs.get_mut(number as usize).and_then(Option::as_mut) else {
            return Vec::new();
        };
        // The card's entry of this key has been written over by now.
        pair.sides[flow_id as usize & 1] = None;
        let id = PairId {
            number,
            generation: pair.generation,
        };
        self.remove(shadow, id)
    }

    /// Takes a pair out, if it is still in use as it was given out then: entries first, then the rows they led to. Its
    /// number waits until [`Flows::retire`].
    pub fn remove(&mut self, shadow: &mut Shadow, id: PairId) -> Vec<Reaction> {
        let place = self.pairs.get_mut(id.number as usize);
        let pair = place.and_then(|pair| pair.take_if(|pair| pair.generation == id.generation));
        let Some(pair) = pair else {
            return Vec::new();
        };
        for nexthop in pair.nexthops.into_iter().flatten() {
            if let Some(count) = self.by_nexthop.get_mut(&nexthop) {
                *count = count.saturating_sub(1);
            }
        }
        if !self.births.remove(id.number) {
            self.seen = self.seen.saturating_sub(1);
        }
        let mut writes = Vec::new();
        for side in pair.sides.iter().flatten() {
            let key = Key::from(side);
            shadow.remove(&key.bare_entry(), &mut writes);
            self.by_key.remove(&key);
        }
        let mut reactions: Vec<Reaction> = row_writes(writes).collect();
        for row in pair.onward.into_iter().flatten() {
            let empty = Row::empty(&TABLES[id::ONWARD as usize]);
            reactions.push(onward_write(row, empty));
            self.onward.give_back(row);
        }
        reactions.push(Reaction::Retire(id));
        reactions
    }

    /// The counters of a pair that was taken out have been read: its number is free.
    pub fn retire(&mut self, id: PairId, counted: [Traffic; 2]) {
        self.ids.give_back(id, counted);
    }

    /// The member of an ECMP nexthop that a flow's packets come from: that which its answers go to.
    pub fn source_member(&self, flow: &Flow) -> Option<u32> {
        let pair = self.pairs.get(flow.pair.number as usize)?.as_ref()?;
        pair.sides[flow.direction.other().index()]
            .as_ref()?
            .ecmp_index
    }

    /// The other member of an ECMP nexthop is the source of the flow with this key from now on, and where answers go.
    ///
    /// # Errors
    /// There is no room for what the answers go on with; nothing has changed then.
    pub fn move_source(
        &mut self,
        shadow: &mut Shadow,
        known: &impl Known,
        flow: &Flow,
        member: u32,
    ) -> Result<Vec<Reaction>, NoRoom> {
        let place = self.pairs.get_mut(flow.pair.number as usize);
        let taken =
            place.and_then(|pair| pair.take_if(|pair| pair.generation == flow.pair.generation));
        let Some(mut pair) = taken else {
            return Ok(Vec::new());
        };
        let answers = flow.direction.other().index();
        let before = pair.sides[answers]
            .as_ref()
            .and_then(|side| side.ecmp_index);
        if let Some(side) = &mut pair.sides[answers] {
            side.ecmp_index = Some(member);
        }
        let outcome = self.write(shadow, known, flow.pair, &mut pair);
        if outcome.is_err() {
            if let Some(side) = &mut pair.sides[answers] {
                side.ecmp_index = before;
            }
        }
        self.pairs[flow.pair.number as usize] = Some(pair);
        outcome
    }

    /// A pair that is old enough to be idle and that the card may never have seen, each once.
    pub fn unseen(&mut self, now: Duration) -> Option<PairId> {
        let number = self.births.pop(now, IDLE)?;
        let pair = self.pairs.get(number as usize)?.as_ref()?;
        self.seen += 1;
        Some(PairId {
            number,
            generation: pair.generation,
        })
    }

    /// Whether a flow may be idle by now: one is older than that, whether it had packets or not.
    pub fn may_be_idle(&self, now: Duration) -> bool {
        let old = |born| now.saturating_sub(born) >= IDLE;
        self.seen > 0 || self.births.oldest().is_some_and(old)
    }

    /// Whether a pair is in use as it was given out then.
    pub fn is_current(&self, id: PairId) -> bool {
        let pair = self.pairs.get(id.number as usize).and_then(Option::as_ref);
        pair.is_some_and(|pair| pair.generation == id.generation)
    }

    /// The pairs of which some direction is as asked for, the oldest first. Looks at every flow.
    pub fn find(&self, asked: impl Fn(&FlowSide) -> bool) -> Vec<PairId> {
        let mut found: Vec<PairId> = self
            .list()
            .into_iter()
            .filter(|flow| asked(&flow.side))
            .map(|flow| flow.pair)
            .collect();
        found.dedup();
        found
    }
}

/// The nexthops in the keys of a pair, each once.
fn nexthops(sides: &[Option<FlowSide>; 2]) -> [Option<u32>; 2] {
    let [first, second] = sides
        .each_ref()
        .map(|side| side.as_ref().map(|side| side.key_nh));
    [first, second.filter(|_| second != first)]
}

fn onward_write(row: u32, words: Row) -> Reaction {
    Reaction::Write(TableWrite {
        table: &TABLES[id::ONWARD as usize],
        row: row as usize,
        words,
    })
}

fn row_writes(writes: Vec<RowWrite>) -> impl Iterator<Item = Reaction> {
    let writes = writes.into_iter().map(|write| TableWrite {
        table: &TABLES[id::FLOW as usize],
        row: write.address as usize,
        words: write.row,
    });
    writes.map(Reaction::Write)
}

#[cfg(test)]
mod tests;
