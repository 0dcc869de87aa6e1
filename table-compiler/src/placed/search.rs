//! The search for room: breadth first, so that few entries move.
//!
//! ```text
//!   the key's rows     way 0  [a][b]   all full: each is a node of the search; from it the entries there could move
//!                      way 1  [c][d]   to their own rows in the other ways
//!                      way 2  [ e  ]
//!                      way 3  [g][h]      a ─▶ way 1 [i][j]   way 2 [k][ ]  ◀─ free: a moves here, the key takes a's slot
//! ```
//! A key that takes a whole row (IPv6) needs all of a node's row: a wide entry there goes to an empty row, a single
//! narrow one to a free slot. Of two narrow ones one is put aside, straight to a free slot or by a small search of its
//! own, and the search goes on with the other:
//!
//! ```text
//!   the wide key's row     [a][b]      b ─▶ [ ][x] at once ("aside"),   a ─▶ [m][n], m ─▶ [ ][y]: three moves
//! ```
//! A path never comes back to a row that it has passed or that something was put aside through. So each move is one
//! write of one row, over entries that are elsewhere by then.

use underpass_layout::tables::WAYS;

use super::rows::Rows;
use super::ways::Ways;

/// Nodes after which the search for a new entry gives up: a table at 0.96 of its slots needs some hundreds.
pub const MAX_NODES: usize = 4_000;
/// Likewise where a seed changes: nothing waits for that, and what finds no place stops it.
pub(super) const MAX_NODES_OF_CHANGE: usize = 40_000;
/// Likewise of the search for a place of an entry that is put aside: first a short one, then a long one.
const MAX_ASIDE: [usize; 2] = [40, 400];
/// How many moves a way out of a row with a wide entry is looked at later than one out of a row with narrow ones: whole
/// rows are seldom free.
const WIDE_LATER: usize = 1;
/// Likewise for each of the two searches by which an entry is put aside.
const ASIDE_LATER: usize = 2;

const NO_PARENT: u32 = u32::MAX;

/// A copy of the entry at one slot to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub from: u32,
    pub to: u32,
}

/// Which of the moves that put entries aside: from the first on, up to the second.
type Asides = (u32, u32);
const NOTHING: Asides = (0, 0);

/// A row that has no room for what would come here.
#[derive(Clone, Copy, Debug)]
struct Node {
    row: u32,
    /// What would come here takes the whole row.
    whole: bool,
    /// The node whose entry would come here.
    parent: u32,
    /// The slot of that entry.
    leaves: u32,
    /// What else leaves the parent's row.
    aside: Asides,
    /// Its place in the order of the search: moves up to here, and more where a way out is unlikely.
    rank: usize,
    /// How often it was looked at, and nothing could be put aside.
    tries: usize,
}

/// An entry that is in the way.
#[derive(Clone, Copy)]
struct Occupant {
    slot: u32,
    wide: bool,
    /// Its rows in the ways in which it is not.
    others: [u32; WAYS - 1],
}

/// What a search looks at, and for what.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub rows: &'a Rows,
    pub ways: &'a Ways,
    /// The rows in which the key may lie, at most one of each way.
    pub start: &'a [u32],
    /// It takes a whole row.
    pub whole: bool,
    /// Rows that stay as they are.
    pub barred: &'a [u32],
    /// Nodes after which the search gives up.
    pub most: usize,
}

/// Nodes of one rank, first come first served.
#[derive(Clone, Debug, Default)]
struct Queue {
    nodes: Vec<u32>,
    head: usize,
}

/// Memory that searches share, so that an insert allocates nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    nodes: Vec<Node>,
    /// Nodes to look at, by rank.
    queues: Vec<Queue>,
    /// The moves that put entries aside, of every node that is known.
    asides: Vec<Move>,
    /// After a search that found something: the moves that make room, in order.
    pub moves: Vec<Move>,
    /// Rows of the path to a node.
    path: Vec<u32>,
    /// For entries that are put aside; such a search puts nothing aside that way itself.
    inner: Option<Box<Search>>,
    /// Nodes of the searches for entries that are put aside.
    spent: usize,
}

impl Search {
    pub fn new() -> Self {
        Search {
            inner: Some(Box::default()),
            ..Search::default()
        }
    }

    /// The slot that a key shall have, once [`Search::moves`] are done. `None` where the search gave up.
    pub fn run(&mut self, wanted: Wanted<'_>) -> Option<u32> {
        self.nodes.clear();
        self.asides.clear();
        self.moves.clear();
        self.spent = 0;
        for queue in &mut self.queues {
            queue.nodes.clear();
            queue.head = 0;
        }
        let start = wanted.start.iter().copied();
        let start = start.filter(|row| !wanted.barred.contains(row));
        if let Some(slot) = wanted.best_fit(wanted.whole, start.clone()) {
            return Some(slot);
        }
        for row in start {
            self.push(
                wanted,
                Node {
                    row,
                    whole: wanted.whole,
                    parent: NO_PARENT,
                    leaves: 0,
                    aside: NOTHING,
                    rank: 0,
                    tries: 0,
                },
            );
        }
        let mut rank = 0;
        while rank < self.queues.len() && self.nodes.len() + self.spent < wanted.most {
            let queue = &mut self.queues[rank];
            let Some(at) = queue.nodes.get(queue.head).copied() else {
                rank += 1;
                continue;
            };
            queue.head += 1;
            let found = self.expand(wanted, at);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Adds a node whose rank is that of its parent.
    fn push(&mut self, wanted: Wanted<'_>, node: Node) {
        let (narrow, wide) = match wanted.rows.is_wide(node.row) {
            true => (0, 1),
            false => (wanted.rows.taken(node.row).count(), 0),
        };
        // Of a row that must be empty every narrow entry has to leave.
        let leave = if node.whole { narrow.max(1) } else { 1 };
        let rank = node.rank + leave + wide * WIDE_LATER;
        self.nodes.push(Node { rank, ..node });
        self.enqueue(self.nodes.len() as u32 - 1, rank);
    }

    fn enqueue(&mut self, at: u32, rank: usize) {
        if self.queues.len() <= rank {
            self.queues.resize_with(rank + 1, Queue::default);
        }
        self.queues[rank].nodes.push(at);
    }

    /// Tries every way to make room in a node's row, one move deep; what is not enough becomes nodes.
    fn expand(&mut self, wanted: Wanted<'_>, at: u32) -> Option<u32> {
        let Node { row, whole, .. } = self.nodes[at as usize];
        let mut taken = wanted.rows.taken(row);
        let (one, other) = (taken.next(), taken.next());
        if let Some((one, other)) = one.zip(other).filter(|_| whole) {
            return self.expand_pair(wanted, at, one, other);
        }
        let mut entries = one.into_iter().chain(other);
        entries.find_map(|slot| self.leave(wanted, at, wanted.entry(slot), NOTHING))
    }

    /// Lets both entries of a node's row leave: one is put aside, the search goes on with the other.
    fn expand_pair(&mut self, wanted: Wanted<'_>, at: u32, one: u32, other: u32) -> Option<u32> {
        let mut none = true;
        let (one, other) = (wanted.entry(one), wanted.entry(other));
        for (goes, stays) in [(one, other), (other, one)] {
            if let Some(aside) = self.put_aside(wanted, at, stays) {
                none = false;
                let found = self.leave(wanted, at, goes, aside);
                if found.is_some() {
                    return found;
                }
            }
        }
        let node = &mut self.nodes[at as usize];
        if none && node.tries < MAX_ASIDE.len() && self.inner.is_some() {
            node.tries += 1;
            let rank = node.rank + node.tries * ASIDE_LATER;
            self.enqueue(at, rank);
        }
        None
    }

    /// The moves that put an entry of node `at` aside, with as much effort as there was not yet.
    fn put_aside(&mut self, wanted: Wanted<'_>, at: u32, stays: Occupant) -> Option<Asides> {
        let first = self.asides.len() as u32;
        let to = match self.nodes[at as usize].tries {
            0 => self.direct(wanted, at, stays, NOTHING)?,
            tries => {
                let mut inner = self.inner.take()?;
                self.note_path(wanted, at);
                let search = Wanted {
                    start: &stays.others,
                    whole: false,
                    barred: &self.path,
                    most: MAX_ASIDE[tries - 1],
                    ..wanted
                };
                let found = inner.run(search);
                self.spent += inner.nodes.len();
                self.asides.extend(found.iter().flat_map(|_| &inner.moves));
                self.inner = Some(inner);
                found?
            }
        };
        self.asides.push(Move {
            from: stays.slot,
            to,
        });
        Some((first, self.asides.len() as u32))
    }

    /// Lets an entry leave the row of node `at`: to a free place, or to rows that become nodes.
    fn leave(&mut self, wanted: Wanted<'_>, at: u32, goes: Occupant, aside: Asides) -> Option<u32> {
        if let Some(to) = self.direct(wanted, at, goes, aside) {
            let last = Move {
                from: goes.slot,
                to,
            };
            return Some(self.unwind(wanted, at, last, aside));
        }
        let rank = self.nodes[at as usize].rank;
        for row in goes.others {
            if !self.blocked(wanted, at, row, aside) {
                self.push(
                    wanted,
                    Node {
                        row,
                        whole: goes.wide,
                        parent: at,
                        leaves: goes.slot,
                        aside,
                        rank,
                        tries: 0,
                    },
                );
            }
        }
        None
    }

    /// Where an entry of the row of node `at` can go at once.
    fn direct(&self, wanted: Wanted<'_>, at: u32, goes: Occupant, aside: Asides) -> Option<u32> {
        let open = goes.others.into_iter();
        let open = open.filter(|row| wanted.has_room(*row, goes.wide));
        wanted.best_fit(
            goes.wide,
            open.filter(|row| !self.blocked(wanted, at, *row, aside)),
        )
    }

    /// True of a row that the path to node `at` passes or puts something aside through, or that is barred.
    fn blocked(&self, wanted: Wanted<'_>, at: u32, row: u32, aside: Asides) -> bool {
        let through = |aside: Asides| {
            let mut moves = self.asides[aside.0 as usize..aside.1 as usize].iter();
            moves.any(|one| {
                [one.from, one.to]
                    .map(|slot| wanted.rows.row_of(slot))
                    .contains(&row)
            })
        };
        let mut next = at;
        let mut found = wanted.barred.contains(&row) || through(aside);
        while let Some(node) = self.nodes.get(next as usize).filter(|_| !found) {
            found = node.row == row || through(node.aside);
            next = node.parent;
        }
        found
    }

    /// Notes every row that is blocked for what leaves node `at`.
    fn note_path(&mut self, wanted: Wanted<'_>, at: u32) {
        self.path.clear();
        self.path.extend(wanted.barred);
        let mut next = at;
        while let Some(node) = self.nodes.get(next as usize) {
            self.path.push(node.row);
            for moved in &self.asides[node.aside.0 as usize..node.aside.1 as usize] {
                let rows = [moved.from, moved.to].map(|slot| wanted.rows.row_of(slot));
                self.path.extend(rows);
            }
            next = node.parent;
        }
    }

    /// Writes down the moves of the path to node `at`, at whose end `last` leaves its row. What is free then is the
    /// key's.
    fn unwind(&mut self, wanted: Wanted<'_>, at: u32, last: Move, aside: Asides) -> u32 {
        let (mut node, mut moved, mut aside) = (self.nodes[at as usize], last, aside);
        loop {
            self.moves.push(moved);
            let put_aside = &self.asides[aside.0 as usize..aside.1 as usize];
            self.moves.extend(put_aside);
            let to = if node.whole {
                wanted.rows.slots_of(node.row).start
            } else {
                moved.from
            };
            if node.parent == NO_PARENT {
                return to;
            }
            moved = Move {
                from: node.leaves,
                to,
            };
            aside = node.aside;
            node = self.nodes[node.parent as usize];
        }
    }
}

impl Wanted<'_> {
    /// The entry at a slot, with its rows in the ways in which it is not.
    fn entry(&self, slot: u32) -> Occupant {
        let (key, words) = self.rows.shape.key(self.rows.words_at(slot));
        let row = self.rows.row_of(slot);
        let here = self.ways.way_of(row);
        let all = self.ways.rows_of(&key[..words]);
        Occupant {
            slot,
            wide: self.rows.is_wide(row),
            others: std::array::from_fn(|way| all[if way < here { way } else { way + 1 }]),
        }
    }

    fn has_room(&self, row: u32, whole: bool) -> bool {
        let free = self.rows.free(row);
        free.is_some_and(|(_, taken)| !whole || taken == 0)
    }

    /// A free place in one of the rows: for a wide entry an empty row, else a slot in a row that is used already if
    /// there is one, so that whole rows stay free as long as they can.
    fn best_fit(&self, whole: bool, candidates: impl Iterator<Item = u32>) -> Option<u32> {
        let mut best = None;
        for row in candidates {
            let Some((slot, taken)) = self.rows.free(row) else {
                continue;
            };
            if whole && taken > 0 {
                continue;
            }
            if best.is_none_or(|(_, most)| taken > most) {
                best = Some((slot, taken));
            }
        }
        best.map(|(slot, _)| slot)
    }
}
