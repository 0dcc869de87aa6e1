//! Which row is whose: a flow and its answers share a pair of places in `counter_flow` and one in `tcp` and `age`.
//!
//! ```text
//!   flow id:  | pair | 0: the flow that began, 1: its answers |        generation 1, 2, .. 7, 1, ..  each time it is given out
//! ```
//! Counters are never cleared: who gets a pair that others had notes what its counters stood at, and counts from there.
//! What `tcp` and `age` hold of another generation is not counted as this flow's. Rows that were given back wait as long
//! as they can before others get them, so that what the card still had under way has long passed.

use std::collections::VecDeque;

use super::flows::NoRoom;
use crate::driver::Traffic;

/// Generations of a pair; 0 is none.
const GENERATIONS: u8 = 7;

/// Which of a pair a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The flow that began.
    Forward,
    /// Its answers.
    Reverse,
}

impl Direction {
    /// Both, the one that began first.
    pub const BOTH: [Direction; 2] = [Direction::Forward, Direction::Reverse];

    /// Its place within a pair.
    pub const fn index(self) -> usize {
        match self {
            Direction::Forward => 0,
            Direction::Reverse => 1,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Direction {
        match self {
            Direction::Forward => Direction::Reverse,
            Direction::Reverse => Direction::Forward,
        }
    }
}

/// A pair, as it was given out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PairId {
    /// Its row in `tcp` and `age`.
    pub number: u32,
    /// How often it was given out, 1 to 7.
    pub generation: u8,
}

impl PairId {
    /// The flow id of one direction: its place in `counter_flow`.
    pub const fn flow_id(self, direction: Direction) -> u32 {
        self.number << 1 | direction.index() as u32
    }
}

/// Rows of a table, of which some are given out. The one that was given back longest ago comes first.
#[derive(Debug)]
pub(super) struct Rows {
    next: u32,
    free: VecDeque<u32>,
    count: usize,
}

impl Rows {
    /// As many as there are, none given out.
    pub const fn new(count: usize) -> Rows {
        Rows {
            next: 0,
            free: VecDeque::new(),
            count,
        }
    }

    /// One of them.
    pub fn take(&mut self) -> Option<u32> {
        // Those that nobody had yet first: they have no past.
        if (self.next as usize) < self.count {
            self.next += 1;
            return Some(self.next - 1);
        }
        self.free.pop_front()
    }

    /// Nobody uses it any more.
    pub fn give_back(&mut self, row: u32) {
        self.free.push_back(row);
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// How many are given out.
    #[cfg(test)]
    pub fn used(&self) -> usize {
        self.next as usize - self.free.len()
    }
}

/// Pairs with what they were before.
#[derive(Debug)]
pub(super) struct Pairs {
    rows: Rows,
    /// By pair: the last generation, and what its counters had counted when it ended.
    past: Vec<(u8, [Traffic; 2])>,
}

impl Pairs {
    /// As many as the card has, none in use.
    pub const fn new(count: usize) -> Pairs {
        Pairs {
            rows: Rows::new(count),
            past: Vec::new(),
        }
    }

    /// A pair, and what its two counters have counted for others.
    pub fn take(&mut self) -> Result<(PairId, [Traffic; 2]), NoRoom> {
        let number = self.rows.take().ok_or(NoRoom::Pairs {
            pairs: self.rows.count(),
        })?;
        if self.past.len() <= number as usize {
            self.past.resize(number as usize + 1, Default::default());
        }
        let (generation, base) = &mut self.past[number as usize];
        *generation = *generation % GENERATIONS + 1;
        let id = PairId {
            number,
            generation: *generation,
        };
        Ok((id, *base))
    }

    /// Nobody uses it any more; its counters have counted so much by now.
    pub fn give_back(&mut self, pair: PairId, counted: [Traffic; 2]) {
        if let Some((_, base)) = self.past.get_mut(pair.number as usize) {
            *base = counted;
            self.rows.give_back(pair.number);
        }
    }

    /// How many are in use.
    #[cfg(test)]
    pub fn used(&self) -> usize {
        self.rows.used()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_in_the_order_in_which_they_went() {
        let mut rows = Rows::new(3);
        assert_eq!([rows.take(), rows.take()], [Some(0), Some(1)]);
        rows.give_back(1);
        rows.give_back(0);
        let rest: Vec<_> = std::iter::from_fn(|| rows.take()).collect();
        assert_eq!(rest, [2, 1, 0]);
        assert_eq!(rows.used(), 3);
    }

    #[test]
    fn each_use_of_a_pair_is_another_generation_and_none_is_zero() {
        let mut pairs = Pairs::new(1);
        let counted = [Traffic {
            packets: 3,
            bytes: 180,
        }; 2];
        let mut seen = Vec::new();
        for round in 0..9 {
            let (id, base) = pairs.take().unwrap();
            let before = if round == 0 { 0 } else { 3 };
            assert_eq!(base.map(|base| base.packets), [before; 2]);
            assert_eq!(pairs.take(), Err(NoRoom::Pairs { pairs: 1 }));
            seen.push(id.generation);
            pairs.give_back(id, counted);
        }
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 1, 2]);
    }

    #[test]
    fn a_flow_id_is_the_pair_and_the_direction() {
        let pair = PairId {
            number: 5,
            generation: 1,
        };
        assert_eq!(
            Direction::BOTH.map(|direction| pair.flow_id(direction)),
            [10, 11]
        );
    }
}
