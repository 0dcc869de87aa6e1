//! The flows that are set up: which entries the card has, and which counters are whose.
//!
//! ```text
//!   key ──▶ flow id ──▶ pair ─┬─ the flow that began    entry in `flow`, row of `onward`     counter of its own
//!                             └─ its answers            entry in `flow`, row of `onward`     counter of its own
//!                                                       one row of `tcp` and of `age` for both
//! ```
//! An entry may move between rows of the card's table as others come; its flow id stays, and with it its counter. A pair
//! goes as one: entries first, then what they lead to, rows of `mirror` among it, and its number is given out again once its counters were read.
//! Nothing here takes longer the more flows there are, but for what lists or searches all of them.

mod rows;

use std::collections::HashMap;
use std::time::Duration;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, TABLES};
use underpass_table_compiler::entries::{EntryError, Known};
use underpass_table_compiler::objects::{FlowPair, FlowSide};
use underpass_table_compiler::placed::TableFull;
use underpass_table_compiler::row::Row;
use underpass_table_compiler::Placed;

use super::births::Births;
use super::denied::Denied;
use super::flow_ids::{Direction, PairId, Pairs, Rows};
use super::key::Key;
use super::reaction::Reaction;
use super::wanted::Wanted;
use crate::driver::Traffic;
use rows::{give_mirrors_back, onward_write, row_writes};

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
    /// What the slow path carried of it before the card had room.
    pub carried: Traffic,
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
    /// Rows of `mirror`; 0: none.
    mirrors: [[u16; 2]; 2],
    base: [Traffic; 2],
    carried: [Traffic; 2],
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

    /// What was set up for a key, and which direction of it the key is.
    pub fn wanted(&self, key: &Key) -> Option<(Wanted, Direction)> {
        let flow_id = *self.by_key.get(key)?;
        let pair = self.pairs.get(flow_id as usize >> 1)?.as_ref()?;
        let direction = Direction::BOTH[flow_id as usize & 1];
        let wanted = match (pair.sides.clone(), pair.denied) {
            ([Some(fwd), Some(rev)], None) => Wanted::Pair(FlowPair { fwd, rev }),
            ([Some(fwd), Some(rev)], Some(denied)) => Wanted::Denied(FlowPair { fwd, rev }, denied),
            ([Some(side), None] | [None, Some(side)], denied) => Wanted::Alone(side, denied),
            ([None, None], _) => return None,
        };
        Some((wanted, direction))
    }

    /// The flow with this key was carried by the slow path before.
    pub fn was_carried(&mut self, key: &Key, carried: [Traffic; 2]) {
        let place = self.by_key.get(key).map(|flow_id| *flow_id as usize >> 1);
        let pair = place.and_then(|place| self.pairs.get_mut(place)?.as_mut());
        if let Some(pair) = pair {
            pair.carried = carried;
        }
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
            carried: pair.carried[direction.index()],
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

    /// Sets up what is wanted on the card, which `placed` stands for, or nothing. A key that has a flow already
    /// has this one from then on; the other direction of that earlier flow goes.
    ///
    /// # Errors
    /// There is no room, or the card has no such entry; nothing has changed then.
    pub fn set_up(
        &mut self,
        placed: &mut Placed,
        known: &impl Known,
        wanted: &Wanted,
        now: Duration,
    ) -> Result<Vec<Reaction>, NoRoom> {
        let (id, base) = self.ids.take()?;
        let sides = Direction::BOTH.map(|direction| wanted.side(direction).cloned());
        let mut pair = Pair {
            generation: id.generation,
            serial: self.serial,
            born: now,
            nexthops: nexthops(&sides),
            sides,
            onward: [None; 2],
            mirrors: [[0; 2]; 2],
            base,
            carried: Default::default(),
            denied: wanted.denied(),
        };
        let mut reactions = match self.write(placed, known, id, &mut pair) {
            Ok(reactions) => reactions,
            Err(error) => {
                self.ids.give_back(id, base);
                return Err(error);
            }
        };
        let keys = pair
            .sides
            .each_ref()
            .map(|side| side.as_ref().map(Key::from));
        reactions.extend(self.give_way(placed, &keys));
        for (direction, key) in Direction::BOTH.into_iter().zip(keys) {
            if let Some(key) = key {
                self.by_key.insert(key, id.flow_id(direction));
            }
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

    /// These keys are another pair's from now on, whose entries are written: what else those have that had them goes.
    fn give_way(&mut self, placed: &mut Placed, keys: &[Option<Key>; 2]) -> Vec<Reaction> {
        let mut gone = Vec::new();
        for flow_id in keys
            .iter()
            .flatten()
            .filter_map(|key| self.by_key.remove(key))
        {
            let number = flow_id >> 1;
            if let Some(Some(pair)) = self.pairs.get_mut(number as usize) {
                pair.sides[flow_id as usize & 1] = None;
                gone.push(PairId {
                    number,
                    generation: pair.generation,
                });
            }
        }
        gone.into_iter()
            .flat_map(|id| self.remove(placed, id))
            .collect()
    }

    /// Takes a pair out, if it is still in use as it was given out then: entries first, then the rows they led to. Its
    /// number waits until [`Flows::retire`].
    pub fn remove(&mut self, placed: &mut Placed, id: PairId) -> Vec<Reaction> {
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
            placed.flows_mut().remove(&key.bare_entry(), &mut writes);
            self.by_key.remove(&key);
        }
        let mut reactions: Vec<Reaction> = row_writes(writes).collect();
        for row in pair.onward.into_iter().flatten() {
            let empty = Row::empty(&TABLES[id::ONWARD as usize]);
            reactions.push(onward_write(row, empty));
            self.onward.give_back(row);
        }
        reactions.extend(give_mirrors_back(placed, pair.mirrors));
        reactions.push(Reaction::Retire(id));
        reactions
    }

    /// The counters of a pair that was taken out have been read: its number is free.
    pub fn retire(&mut self, id: PairId, counted: [Traffic; 2]) {
        self.ids.give_back(id, counted);
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

#[cfg(test)]
mod tests;
