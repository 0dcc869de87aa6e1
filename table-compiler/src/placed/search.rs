//! The search for a free slot: breadth first, so that the fewest entries move.
//!
//! ```text
//!   the key's rows     way 0  [a][b]   all taken: each taken slot is a node of the search; from it the entry there
//!                      way 1  [c][d]   could move to its own rows in the other ways
//!                      way 2  [e][f]
//!                      way 3  [g][h]      a ─▶ way 1 [i][j]   way 2 [k][ ]  ◀─ free: a moves here, the key takes a's slot
//! ```
//! The path found is one of the shortest, so no slot is on it twice: a path with a loop has a shorter one without.

use super::shadow::Shadow;

/// Nodes after which the search gives up: a table at 0.96 of its slots needs some hundreds.
pub const MAX_NODES: usize = 4_000;

const NO_PARENT: u32 = u32::MAX;

/// A taken slot whose entry could make room, and the node whose entry would then move here.
#[derive(Clone, Copy, Debug)]
struct Node {
    slot: u32,
    parent: u32,
}

/// Memory that searches share, so that an insert allocates nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    nodes: Vec<Node>,
    at: u32,
}

impl Search {
    /// The free slot at the end of a shortest path from `rows` (one of each way). The slots on the way to it are
    /// then taken with [`Search::next_move`]. `None` where the search gave up.
    pub fn run(&mut self, shadow: &Shadow, rows: &[u32]) -> Option<u32> {
        self.nodes.clear();
        self.at = NO_PARENT;
        if let Some(slot) = best_fit(shadow, rows.iter().copied()) {
            return Some(slot);
        }
        rows.iter()
            .for_each(|row| self.push(shadow, *row, NO_PARENT));
        let mut head = 0;
        while head < self.nodes.len() && self.nodes.len() < MAX_NODES {
            let here = self.nodes[head].slot;
            let others = shadow.rows_of(shadow.key_at(here));
            let way = shadow.way_of(here);
            let others = || {
                others
                    .iter()
                    .enumerate()
                    .filter(|(w, _)| *w != way)
                    .map(|(_, row)| *row)
            };
            if let Some(slot) = best_fit(shadow, others()) {
                self.at = head as u32;
                return Some(slot);
            }
            others().for_each(|row| self.push(shadow, row, head as u32));
            head += 1;
        }
        None
    }

    /// The slot whose entry moves next, the far end of the path first.
    pub fn next_move(&mut self) -> Option<u32> {
        let node = self.nodes.get(self.at as usize)?;
        self.at = node.parent;
        Some(node.slot)
    }

    fn push(&mut self, shadow: &Shadow, row: u32, parent: u32) {
        self.nodes
            .extend(shadow.slots_of(row).map(|slot| Node { slot, parent }));
    }
}

/// A free slot in one of the rows, in a row that is used already if there is one: whole rows stay free as long as
/// they can.
fn best_fit(shadow: &Shadow, rows: impl Iterator<Item = u32>) -> Option<u32> {
    let mut best = None;
    for row in rows {
        let mut free = None;
        let mut taken = 0;
        for slot in shadow.slots_of(row) {
            if shadow.is_free(slot) {
                free = free.or(Some(slot));
            } else {
                taken += 1;
            }
        }
        if free.is_some() && best.is_none_or(|(_, most)| taken > most) {
            best = free.map(|slot| (slot, taken));
        }
    }
    best.map(|(slot, _)| slot)
}
