//! Flows that the card has no room for: the slow path forwards their packets, until there is room.
//!
//! ```text
//!   FlowTableFull ──add──▶ | flow and its answers | ──judge──▶ its packets go on, counted here
//!                               │           └── a flow of the card ended ─▶ the busiest, then the oldest, move there
//!                               └── idle for as long as the card's flows may be: gone
//! ```
//! Their TCP connections are not followed, and nothing is mirrored.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use underpass_table_compiler::entries::{EntryError, Known};
use underpass_table_compiler::objects::FlowSide;

use super::resolved::{resolve, Resolved};
use crate::driver::Traffic;
use crate::slow_path::deadlines::{Deadlines, Place};
use crate::slow_path::denied::Denied;
use crate::slow_path::flow_ids::Direction;
use crate::slow_path::flows::IDLE;
use crate::slow_path::key::Key;
use crate::slow_path::wanted::Wanted;

/// Flows that are kept here at most, answers not counted.
pub const FLOWS: usize = 65_536;

/// A flow that the slow path forwards, in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoftwareFlow {
    /// What is looked up, and what is done.
    pub side: FlowSide,
    /// Why its packets are dropped, if they are.
    pub denied: Option<Denied>,
    /// What it carried.
    pub traffic: Traffic,
    /// When it was set up.
    pub born: Duration,
    /// When it, or its answers, had their last packet.
    pub last: Duration,
}

/// There is no room here either, or the card has no entry that means it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No room.
    #[error("all {FLOWS} places for flows in software are in use")]
    Full,
    /// No meaning.
    #[error(transparent)]
    Entry(#[from] EntryError),
}

/// A flow and its answers.
#[derive(Debug)]
struct Pair {
    wanted: Wanted,
    resolved: [Option<Resolved>; 2],
    traffic: [Traffic; 2],
    born: Duration,
    last: Duration,
    /// Where it waits to be looked at.
    deadline: Place,
}

/// All flows that the card has no room for.
#[derive(Debug, Default)]
pub struct SoftwareFlows {
    /// By number, the oldest first.
    pairs: HashMap<u64, Pair>,
    by_key: HashMap<Key, (u64, Direction)>,
    by_nexthop: HashMap<u32, usize>,
    idle: Deadlines<u64>,
    next: u64,
}

impl SoftwareFlows {
    /// Keeps what the card has no room for. Keys that other flows have here are this one's from now on, and the others go.
    ///
    /// # Errors
    /// There is no room, or no card has such an entry; nothing has changed then.
    pub fn add(
        &mut self,
        wanted: &Wanted,
        known: &impl Known,
        now: Duration,
    ) -> Result<(), Refusal> {
        let resolved = resolve(wanted, known)?;
        wanted.keys().iter().flatten().for_each(|key| {
            self.remove(key);
        });
        if self.pairs.len() >= FLOWS {
            return Err(Refusal::Full);
        }
        let number = self.next;
        self.next += 1;
        for (direction, key) in Direction::BOTH.into_iter().zip(wanted.keys()) {
            if let Some(key) = key {
                self.by_key.insert(key, (number, direction));
            }
        }
        for nexthop in wanted.nexthops() {
            *self.by_nexthop.entry(nexthop).or_default() += 1;
        }
        let pair = Pair {
            wanted: wanted.clone(),
            resolved,
            traffic: Default::default(),
            born: now,
            last: now,
            deadline: self.idle.watch(now + IDLE, number),
        };
        self.pairs.insert(number, pair);
        Ok(())
    }

    /// What is done with packets of this key, if they have a flow here.
    pub fn get(&self, key: &Key) -> Option<Resolved> {
        let (number, direction) = self.by_key.get(key)?;
        self.pairs.get(number)?.resolved[direction.index()]
    }

    /// Counts a packet.
    pub fn count(&mut self, key: &Key, bytes: usize, now: Duration) {
        let place = self.by_key.get(key);
        let Some((number, direction)) = place else {
            return;
        };
        if let Some(pair) = self.pairs.get_mut(number) {
            let traffic = &mut pair.traffic[direction.index()];
            traffic.packets += 1;
            traffic.bytes += bytes as u64;
            pair.last = now;
        }
    }

    /// S(nh) of a flow.
    pub fn source(&self, key: &Key) -> Option<u32> {
        let (number, direction) = self.by_key.get(key)?;
        let pair = self.pairs.get(number)?;
        Some(pair.wanted.side(*direction)?.rpf_nh)
    }

    /// The other member of an ECMP nexthop is the source of the flow with this key from now on, and where answers go.
    pub fn move_source(&mut self, key: &Key, known: &impl Known, member: u32) {
        let Some((number, direction)) = self.by_key.get(key) else {
            return;
        };
        let Some(pair) = self.pairs.get_mut(number) else {
            return;
        };
        let mut wanted = pair.wanted.clone();
        if let Some(answers) = wanted.side_mut(direction.other()) {
            answers.ecmp_index = Some(member);
        }
        if let Ok(resolved) = resolve(&wanted, known) {
            pair.wanted = wanted;
            pair.resolved = resolved;
        }
    }

    /// Takes out the flow with this key, and its answers.
    pub fn remove(&mut self, key: &Key) -> bool {
        let number = self.by_key.get(key).map(|(number, _)| *number);
        number.is_some_and(|number| self.take(number).is_some())
    }

    /// Takes out all of which some direction is as asked for. Looks at every flow.
    pub fn remove_all(&mut self, asked: impl Fn(&FlowSide) -> bool) {
        let of = |pair: &Pair| {
            let sides = Direction::BOTH.map(|direction| pair.wanted.side(direction));
            sides.into_iter().flatten().any(&asked)
        };
        let gone = self.pairs.iter().filter(|(_, pair)| of(pair));
        let gone: Vec<u64> = gone.map(|(number, _)| *number).collect();
        gone.into_iter().for_each(|number| {
            self.take(number);
        });
    }

    /// Takes out what has had no packet for too long.
    pub fn expire(&mut self, now: Duration) {
        while let Some(number) = self.idle.due(now) {
            let Some(pair) = self.pairs.get_mut(&number) else {
                continue;
            };
            let end = pair.last + IDLE;
            match end > now {
                true => pair.deadline = self.idle.watch(end, number),
                false => drop(self.take(number)),
            }
        }
    }

    /// Of the flows of which both directions are `such`, those that the card should have first: which carried most
    /// packets, and of equal ones the oldest. Looks at every flow.
    pub fn busiest(&self, count: usize, such: impl Fn(&Resolved) -> bool) -> Vec<(u64, Wanted)> {
        let packets = |pair: &Pair| pair.traffic.iter().map(|it| it.packets).sum::<u64>();
        let all = self.pairs.iter();
        let all = all.filter(|(_, pair)| pair.resolved.iter().flatten().all(&such));
        let mut order: Vec<(Reverse<u64>, u64)> = all
            .map(|(number, pair)| (Reverse(packets(pair)), *number))
            .collect();
        if order.len() > count {
            order.select_nth_unstable(count);
            order.truncate(count);
        }
        order.sort_unstable();
        let order = order.into_iter().map(|(_, number)| number);
        order
            .filter_map(|number| Some((number, self.pairs.get(&number)?.wanted.clone())))
            .collect()
    }

    /// Takes a flow out that the card has now. What it carried here comes along.
    pub fn hand_over(&mut self, number: u64) -> [Traffic; 2] {
        self.take(number)
            .map_or_else(Default::default, |pair| pair.traffic)
    }

    /// How many flows have this K(nh) in one of their keys.
    pub fn of_nexthop(&self, nexthop: u32) -> usize {
        self.by_nexthop.get(&nexthop).copied().unwrap_or(0)
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Every flow, the oldest first, each before its answers.
    pub fn list(&self) -> Vec<SoftwareFlow> {
        let mut numbers: Vec<&u64> = self.pairs.keys().collect();
        numbers.sort_unstable();
        let pairs = numbers
            .into_iter()
            .filter_map(|number| self.pairs.get(number));
        let of = |pair: &Pair, direction: Direction| {
            Some(SoftwareFlow {
                side: pair.wanted.side(direction)?.clone(),
                denied: pair.wanted.denied(),
                traffic: pair.traffic[direction.index()],
                born: pair.born,
                last: pair.last,
            })
        };
        pairs
            .flat_map(|pair| Direction::BOTH.map(|direction| of(pair, direction)))
            .flatten()
            .collect()
    }

    fn take(&mut self, number: u64) -> Option<Pair> {
        let pair = self.pairs.remove(&number)?;
        self.idle.forget(pair.deadline);
        for key in pair.wanted.keys().into_iter().flatten() {
            if self.by_key.get(&key).is_some_and(|(of, _)| *of == number) {
                self.by_key.remove(&key);
            }
        }
        for nexthop in pair.wanted.nexthops() {
            if let Some(count) = self.by_nexthop.get_mut(&nexthop) {
                *count -= 1;
                if *count == 0 {
                    self.by_nexthop.remove(&nexthop);
                }
            }
        }
        Some(pair)
    }
}

#[cfg(test)]
mod tests;
