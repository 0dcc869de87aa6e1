//! What a change of the seed does to a shadow (see [`crate::reseed`]): which entries have to leave a row, where they go,
//! and what is cleared behind them.

use underpass_layout::hash::Split;
use underpass_layout::tables::WAYS;

use super::entry::Entry;
use super::seed::Seed;
use super::shadow::{Reason, RowWrite, Shadow, TableFull};

impl Shadow {
    pub(crate) fn begin(&mut self, seed: Seed) {
        self.ways.begin(seed);
    }

    pub(crate) fn take_unfilled(&mut self) -> Option<Seed> {
        self.ways.take_unfilled()
    }

    pub(crate) fn rows_of_a_way(&self) -> u32 {
        self.ways.rows() as u32
    }

    pub(crate) fn is_changing(&self) -> bool {
        self.ways.is_changing()
    }

    pub(crate) fn advance(&mut self, pointer: u32) -> Split {
        self.ways.advance(pointer)
    }

    pub(crate) fn finish_way(&mut self) -> Split {
        self.ways.finish_way()
    }

    /// The first row of the way that changes, from `from` on, that has entries which the next seed would not find
    /// there; the number of rows where there is none.
    pub(crate) fn next_to_leave(&self, from: u32) -> u32 {
        let rows = self.ways.rows() as u32;
        let first = u32::from(self.split().way) * rows;
        (from..rows)
            .find(|row| {
                let mut taken = self.rows.taken(first + row);
                taken.any(|slot| self.leaves(slot))
            })
            .unwrap_or(rows)
    }

    /// True of an entry that is where the old seed has it, and not where the next one has it.
    fn leaves(&self, slot: u32) -> bool {
        let (key, words) = self.rows.shape.key(self.rows.words_at(slot));
        let row = self.rows.row_of(slot);
        let both = self.ways.both_rows(&key[..words]);
        both.is_some_and(|[old, next]| old == row && next != row)
    }

    /// Copies what leaves a row of the way that changes to where the card finds it once the pointer has passed the row:
    /// in other ways, or in this way by the next seed. The row itself stays as it is.
    pub(crate) fn copy_away(
        &mut self,
        row: u32,
        writes: &mut Vec<RowWrite>,
    ) -> Result<(), TableFull> {
        let way = usize::from(self.split().way);
        let here = (way * self.ways.rows()) as u32 + row;
        self.all_or_nothing(writes, |shadow, writes| {
            for slot in shadow.rows.slots_of(here) {
                if !shadow.rows.taken(here).any(|taken| taken == slot) || !shadow.leaves(slot) {
                    continue;
                }
                let entry = shadow.rows.entry(slot);
                let to =
                    shadow.make_room(&entry, &shadow.rows_after(&entry), Some(here), writes)?;
                shadow.put(to, &entry);
                writes.push(shadow.write(to, Reason::Move));
            }
            Ok(())
        })
    }

    /// Where an entry can be when the pointer has passed its row.
    fn rows_after(&self, entry: &Entry) -> [u32; WAYS] {
        let (key, words) = self.rows.shape.key(entry.words());
        let mut rows = self.ways.rows_of(&key[..words]);
        if let Some([_, next]) = self.ways.both_rows(&key[..words]) {
            rows[usize::from(self.split().way)] = next;
        }
        rows
    }

    /// Clears what has left a row, once the card finds the copies.
    pub(crate) fn clear_left(&mut self, row: u32, writes: &mut Vec<RowWrite>) {
        let here = u32::from(self.split().way) * self.ways.rows() as u32 + row;
        let left: Vec<u32> = self
            .rows
            .taken(here)
            .filter(|slot| self.leaves(*slot))
            .collect();
        if let Some(slot) = left.first() {
            left.iter().for_each(|slot| self.clear(*slot));
            writes.push(self.write(*slot, Reason::Free));
        }
    }
}
