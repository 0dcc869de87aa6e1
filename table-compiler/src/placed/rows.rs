//! The rows of one exact-match table (or one bank of it) as the host keeps them.
//!
//! ```text
//!   row      | slot 0: 7 words | slot 1: 7 words |      two IPv4 flows, each from a word of its own on
//!            |         one entry: 14 words       |      or one IPv6 flow
//!   card     | 216 bits | 216 bits |                    the same without the gap between the slots
//! ```
//! A slot is numbered over all rows. Slot 1 of a row with a wide entry holds the upper half of that entry, and only
//! [`Rows::is_wide`] tells: look there first.

use std::ops::Range;

use underpass_layout::tables::TableSpec;

use super::entry::{Entry, Shape};
use crate::row::Row;

/// Memory for the rows of a table.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub shape: Shape,
    words: Vec<u32>,
}

impl Rows {
    /// So many empty rows.
    pub fn new(shape: Shape, count: usize) -> Self {
        Rows {
            shape,
            words: vec![0; count * shape.row_words()],
        }
    }

    /// Slots in all.
    pub fn slots(&self) -> usize {
        self.words.len() / self.shape.slot_words
    }

    /// Rows in all.
    pub fn count(&self) -> usize {
        self.words.len() / self.shape.row_words()
    }

    /// The slots of a row.
    pub fn slots_of(&self, row: u32) -> Range<u32> {
        let slots = self.shape.slots as u32;
        row * slots..(row + 1) * slots
    }

    /// The row of a slot.
    pub fn row_of(&self, slot: u32) -> u32 {
        slot / self.shape.slots as u32
    }

    /// The first word of a slot.
    fn first_word(&self, slot: u32) -> u32 {
        self.words[slot as usize * self.shape.slot_words]
    }

    /// True if one entry takes the whole row.
    pub fn is_wide(&self, row: u32) -> bool {
        self.shape
            .is_wide(self.first_word(row * self.shape.slots as u32))
    }

    /// The slots of a row in which entries start.
    pub fn taken(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        let mut slots = self.slots_of(row);
        if self.is_wide(row) {
            slots.end = slots.start + 1;
        }
        slots.filter(|slot| self.first_word(*slot) & 1 == 1)
    }

    /// True if nothing is in the row.
    pub fn is_empty(&self, row: u32) -> bool {
        self.slots_of(row)
            .all(|slot| self.first_word(slot) & 1 == 0)
    }

    /// A free slot of the row, if it has one, and how many are taken.
    pub fn free(&self, row: u32) -> Option<(u32, usize)> {
        if self.is_wide(row) {
            return None;
        }
        let slots = self.slots_of(row);
        let free = slots.clone().filter(|slot| self.first_word(*slot) & 1 == 0);
        let (mut first, mut count) = (None, 0);
        for slot in free {
            first = first.or(Some(slot));
            count += 1;
        }
        first.map(|slot| (slot, slots.len() - count))
    }

    /// The words of the entry that starts at a slot.
    pub fn words_at(&self, slot: u32) -> &[u32] {
        let first = slot as usize * self.shape.slot_words;
        let wide = self.shape.is_wide(self.words[first]) && slot as usize % self.shape.slots == 0;
        let count = if wide {
            self.shape.row_words()
        } else {
            self.shape.slot_words
        };
        &self.words[first..first + count]
    }

    /// The entry that starts at a slot.
    pub fn entry(&self, slot: u32) -> Entry {
        Entry::from_words(self.words_at(slot))
    }

    /// The slot in a row of the entry that has the same key as this one.
    pub fn find(&self, row: u32, entry: &Entry) -> Option<u32> {
        let words = entry.words();
        let (whole, last) = self.shape.tag(words[0]);
        let one_kind = self.is_wide(row) == self.shape.is_wide(words[0]);
        self.taken(row).filter(|_| one_kind).find(|slot| {
            let here = &self.words[*slot as usize * self.shape.slot_words..];
            here[..whole] == words[..whole] && (here[whole] ^ words[whole]) & last == 0
        })
    }

    /// Puts an entry at a slot: over what is there, and over all of the row if one of the two is wide.
    pub fn put(&mut self, slot: u32, entry: &Entry) {
        let wide = self.shape.is_wide(entry.words()[0]);
        let row = self.row_of(slot);
        if wide || self.is_wide(row) {
            self.clear_row(row);
        }
        let count = if wide {
            self.shape.row_words()
        } else {
            self.shape.slot_words
        };
        let first = slot as usize * self.shape.slot_words;
        self.words[first..first + count].copy_from_slice(&entry.words()[..count]);
    }

    /// Takes out the entry that starts at a slot.
    pub fn clear(&mut self, slot: u32) {
        let first = slot as usize * self.shape.slot_words;
        let count = self.words_at(slot).len();
        self.words[first..first + count].fill(0);
    }

    fn clear_row(&mut self, row: u32) {
        let words = self.shape.row_words();
        self.words[row as usize * words..][..words].fill(0);
    }

    /// All that is in a row, to be put back with [`Rows::restore`].
    pub fn save(&self, row: u32) -> Entry {
        let words = self.shape.row_words();
        Entry::from_words(&self.words[row as usize * words..][..words])
    }

    /// Puts back what was saved of a row.
    pub fn restore(&mut self, row: u32, saved: &Entry) {
        let words = self.shape.row_words();
        self.words[row as usize * words..][..words].copy_from_slice(&saved.words()[..words]);
    }

    /// The row as the card has it.
    pub fn pack(&self, table: &TableSpec, row: u32) -> Row {
        let mut packed = Row::empty(table);
        for slot in self.taken(row) {
            let place = slot as usize % self.shape.slots;
            packed.put_words(place * self.shape.entry_width, self.words_at(slot));
        }
        packed
    }
}
