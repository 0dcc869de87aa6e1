//! The search for room: breadth first, so that the fewest entries move.
//!
//! ```text
//!   the key's rows     way 0  [a][b]   all full: each is a node of the search; from it the entries there could move
//!                      way 1  [c][d]   to their own rows in the other ways
//!                      way 2  [ e  ]
//!                      way 3  [g][h]      a ─▶ way 1 [i][j]   way 2 [k][ ]  ◀─ free: a moves here, the key takes a's slot
//! ```
//! A key that takes a whole row (IPv6) needs all of a node's row: a wide entry there goes to an empty row, a single
//! narrow one like any other, and of two narrow ones one goes straight to a free slot while the search goes on with the
//! other:
//!
//! ```text
//!   the wide key's row     [a][b]      b ─▶ [ ][x] at once ("aside"),   a ─▶ [m][n], m ─▶ [ ][y]: three moves
//! ```
//! A path never comes back to a row that it has passed or that something was put aside in. So each move of a path is one
//! write of one row, over entries that are elsewhere by then.

use super::rows::Rows;
use super::ways::Ways;

/// Nodes after which the search gives up: a table at 0.96 of its slots needs some hundreds.
pub const MAX_NODES: usize = 4_000;

const NO_PARENT: u32 = u32::MAX;

/// A copy of the entry at one slot to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub from: u32,
    pub to: u32,
}

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
    aside: Option<Move>,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// The rows in which the key may lie.
    pub rows: &'a [u32],
    /// It takes a whole row.
    pub whole: bool,
    /// A row in which nothing may be put.
    pub barred: Option<u32>,
}

/// Memory that searches share, so that an insert allocates nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    nodes: Vec<Node>,
    /// After a search that found something: the moves that make room, in order.
    pub moves: Vec<Move>,
}

impl Search {
    /// The slot that a key shall have, once [`Search::moves`] are done. `None` where the search gave up.
    pub fn run(&mut self, rows: &Rows, ways: &Ways, wanted: Wanted<'_>) -> Option<u32> {
        self.nodes.clear();
        self.moves.clear();
        if let Some(slot) = best_fit(rows, wanted.whole, wanted.rows.iter().copied()) {
            return Some(slot);
        }
        let mut start = [None; 4];
        start
            .iter_mut()
            .zip(wanted.rows)
            .for_each(|(place, row)| *place = Some(*row));
        if wanted.whole {
            // Rows with one entry first: emptying them takes fewer moves.
            start.sort_by_key(|row| row.map(|row| rows.taken(row).count()));
        }
        for row in start.into_iter().flatten() {
            self.nodes.push(Node {
                row,
                whole: wanted.whole,
                parent: NO_PARENT,
                leaves: 0,
                aside: None,
            });
        }
        let map = Map { rows, ways, wanted };
        let mut head = 0;
        while head < self.nodes.len() && self.nodes.len() < MAX_NODES {
            if let Some(slot) = self.expand(&map, head as u32) {
                return Some(slot);
            }
            head += 1;
        }
        None
    }

    /// Tries every way to make room in a node's row, one move deep; what is not enough becomes nodes.
    fn expand(&mut self, map: &Map<'_>, at: u32) -> Option<u32> {
        let Node { row, whole, .. } = self.nodes[at as usize];
        let mut taken = map.rows.taken(row);
        match (taken.next(), taken.next()) {
            (Some(one), Some(other)) if whole => {
                for (goes, aside) in [(one, other), (other, one)] {
                    if let Some(to) = self.direct(map, at, aside, None) {
                        let aside = Move { from: aside, to };
                        if let Some(slot) = self.leave(map, at, goes, Some(aside)) {
                            return Some(slot);
                        }
                    }
                }
                None
            }
            (one, other) => {
                let mut entries = one.into_iter().chain(other);
                entries.find_map(|goes| self.leave(map, at, goes, None))
            }
        }
    }

    /// Lets the entry at slot `goes` leave the row of node `at`: to a free place, or to rows that become nodes.
    fn leave(&mut self, map: &Map<'_>, at: u32, goes: u32, aside: Option<Move>) -> Option<u32> {
        if let Some(to) = self.direct(map, at, goes, aside) {
            return Some(self.unwind(map, at, Move { from: goes, to }, aside));
        }
        let whole = map.rows.is_wide(map.rows.row_of(goes));
        for row in map.others(goes) {
            if !self.blocked(map, at, row, aside) {
                self.nodes.push(Node {
                    row,
                    whole,
                    parent: at,
                    leaves: goes,
                    aside,
                });
            }
        }
        None
    }

    /// Where the entry at a slot of node `at` can go at once.
    fn direct(&self, map: &Map<'_>, at: u32, goes: u32, aside: Option<Move>) -> Option<u32> {
        let whole = map.rows.is_wide(map.rows.row_of(goes));
        let open = map
            .others(goes)
            .filter(|row| !self.blocked(map, at, *row, aside));
        best_fit(map.rows, whole, open)
    }

    /// True of a row that the path to node `at` passes, that it puts something aside in, or that is barred.
    fn blocked(&self, map: &Map<'_>, at: u32, row: u32, aside: Option<Move>) -> bool {
        let holds =
            |aside: Option<Move>| aside.is_some_and(|aside| map.rows.row_of(aside.to) == row);
        let mut next = at;
        let mut found = map.wanted.barred == Some(row) || holds(aside);
        while let Some(node) = self.nodes.get(next as usize).filter(|_| !found) {
            found = node.row == row || holds(node.aside);
            next = node.parent;
        }
        found
    }

    /// Writes down the moves of the path to node `at`, at whose end `last` leaves its row. What is free then is the
    /// key's.
    fn unwind(&mut self, map: &Map<'_>, at: u32, last: Move, aside: Option<Move>) -> u32 {
        self.moves.push(last);
        self.moves.extend(aside);
        let (mut node, mut freed) = (self.nodes[at as usize], last.from);
        loop {
            let to = if node.whole {
                map.rows.slots_of(node.row).start
            } else {
                freed
            };
            if node.parent == NO_PARENT {
                return to;
            }
            self.moves.push(Move {
                from: node.leaves,
                to,
            });
            self.moves.extend(node.aside);
            freed = node.leaves;
            node = self.nodes[node.parent as usize];
        }
    }
}

/// What a search looks at.
struct Map<'a> {
    rows: &'a Rows,
    ways: &'a Ways,
    wanted: Wanted<'a>,
}

impl Map<'_> {
    /// The rows of the entry at a slot in the ways in which it is not.
    fn others(&self, slot: u32) -> impl Iterator<Item = u32> {
        let (key, words) = self.rows.shape.key(self.rows.words_at(slot));
        let here = self.ways.way_of(self.rows.row_of(slot));
        let rows = self.ways.rows_of(&key[..words]).into_iter().enumerate();
        rows.filter(move |(way, _)| *way != here)
            .map(|(_, row)| row)
    }
}

/// A free place in one of the rows: for a wide entry an empty row, else a slot in a row that is used already if there is
/// one, so that whole rows stay free as long as they can.
fn best_fit(rows: &Rows, whole: bool, candidates: impl Iterator<Item = u32>) -> Option<u32> {
    let mut best = None;
    for row in candidates {
        let Some((slot, taken)) = rows.free(row).filter(|(_, taken)| !whole || *taken == 0) else {
            continue;
        };
        if best.is_none_or(|(_, most)| taken > most) {
            best = Some((slot, taken));
        }
    }
    best.map(|(slot, _)| slot)
}
