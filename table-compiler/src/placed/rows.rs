//! The rows of one exact-match table (or one bank of it) as the host keeps them.
//!
//! ```text
//!   words    | slot 0: 6 words | slot 1: 6 words |      two IPv4 flows, each from a word of its own on
//!            |         one entry: 12 words       |      or one IPv6 flow
//!   marks    |     1 byte      |     1 byte      |      0: free; else seven bits of the key's sum, and one for "wide"
//!
//!   card     | 180 bits | 180 bits |                    the words without the gap between the slots
//! ```
//! Marks are why a search is quick: a table of a million slots has a megabyte of them, which the host's cache holds, and
//! the words of a row are touched only where its mark says that they may be the ones. A slot is numbered over all rows;
//! of a wide entry slot 0 has the mark, and slot 1 none.

use std::ops::Range;

use underpass_layout::tables::TableSpec;

use super::entry::{Entry, Shape};
use crate::row::Row;

/// The bit of a mark that says that the entry takes the whole row.
const WIDE: u8 = 0x80;

/// Memory for the rows of a table.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub shape: Shape,
    words: Vec<u32>,
    marks: Vec<u8>,
    /// Slots of a row are 1 << this.
    slot_bits: u32,
}

/// All that is in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Saved {
    words: Entry,
    marks: [u8; 2],
}

impl Rows {
    /// So many empty rows.
    pub fn new(shape: Shape, count: usize) -> Self {
        assert!(
            shape.slots == 1 || shape.slots == 2,
            "a row has one or two slots"
        );
        Rows {
            shape,
            words: vec![0; count * shape.row_words()],
            marks: vec![0; count * shape.slots],
            slot_bits: shape.slots.trailing_zeros(),
        }
    }

    /// Slots in all.
    pub fn slots(&self) -> usize {
        self.marks.len()
    }

    /// Rows in all.
    pub fn count(&self) -> u32 {
        (self.marks.len() >> self.slot_bits) as u32
    }

    /// The slots of a row.
    pub fn slots_of(&self, row: u32) -> Range<u32> {
        row << self.slot_bits..(row + 1) << self.slot_bits
    }

    /// The row of a slot.
    pub fn row_of(&self, slot: u32) -> u32 {
        slot >> self.slot_bits
    }

    /// True if one entry takes the whole row.
    pub fn is_wide(&self, row: u32) -> bool {
        self.marks[(row << self.slot_bits) as usize] & WIDE != 0
    }

    /// The slots of a row in which entries start.
    pub fn taken(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        self.slots_of(row)
            .filter(|slot| self.marks[*slot as usize] != 0)
    }

    /// A free slot of the row, if it has one, and how many are taken.
    pub fn free(&self, row: u32) -> Option<(u32, usize)> {
        if self.is_wide(row) {
            return None;
        }
        let is_free = |slot: &u32| self.marks[*slot as usize] == 0;
        let first = self.slots_of(row).find(is_free)?;
        Some((first, self.taken(row).count()))
    }

    /// Where the words of a slot are.
    fn words_of(&self, slot: u32, wide: bool) -> Range<usize> {
        let first = slot as usize * self.shape.slot_words;
        let count = if wide {
            self.shape.row_words()
        } else {
            self.shape.slot_words
        };
        first..first + count
    }

    /// The words of the entry that starts at a slot.
    pub fn words_at(&self, slot: u32) -> &[u32] {
        let wide = self.marks[slot as usize] & WIDE != 0;
        &self.words[self.words_of(slot, wide)]
    }

    /// The entry that starts at a slot.
    pub fn entry(&self, slot: u32) -> Entry {
        Entry::from_words(self.words_at(slot))
    }

    /// The mark of an entry.
    pub fn mark(&self, entry: &Entry) -> u8 {
        let (key, words) = self.shape.key(entry.words());
        // Any sum does that few keys share by chance: it is no secret, and nothing depends on it but speed.
        let sum = key[..words].iter().fold(0u32, |sum, word| {
            (sum ^ word).wrapping_mul(0x9e37_79b1).rotate_left(15)
        });
        let wide = self.shape.is_wide(entry.words()[0]);
        (sum >> 25).max(1) as u8 | if wide { WIDE } else { 0 }
    }

    /// The slot in a row of the entry that has the same key as this one, whose mark is given.
    pub fn find(&self, row: u32, entry: &Entry, mark: u8) -> Option<u32> {
        let words = entry.words();
        self.slots_of(row).find(|slot| {
            self.marks[*slot as usize] == mark && {
                let here = self.words_at(*slot);
                let (whole, last) = self.shape.tag(words[0]);
                here[..whole] == words[..whole] && (here[whole] ^ words[whole]) & last == 0
            }
        })
    }

    /// Puts an entry at a slot: over what is there, and over all of the row if one of the two is wide.
    pub fn put(&mut self, slot: u32, entry: &Entry) {
        let mark = self.mark(entry);
        let row = self.row_of(slot);
        let wide = mark & WIDE != 0;
        if wide || self.is_wide(row) {
            self.clear_row(row);
        }
        let place = self.words_of(slot, wide);
        let count = place.len();
        self.words[place].copy_from_slice(&entry.words()[..count]);
        self.marks[slot as usize] = mark;
    }

    /// Takes out the entry that starts at a slot.
    pub fn clear(&mut self, slot: u32) {
        let place = self.words_of(slot, self.marks[slot as usize] & WIDE != 0);
        self.words[place].fill(0);
        self.marks[slot as usize] = 0;
    }

    fn clear_row(&mut self, row: u32) {
        let slots = self.slots_of(row);
        let place = self.words_of(slots.start, true);
        self.words[place].fill(0);
        self.marks[slots.start as usize..slots.end as usize].fill(0);
    }

    /// All that is in a row, to be put back with [`Rows::restore`].
    pub fn save(&self, row: u32) -> Saved {
        let slots = self.slots_of(row);
        let mut marks = [0; 2];
        marks[..self.shape.slots]
            .copy_from_slice(&self.marks[slots.start as usize..slots.end as usize]);
        Saved {
            words: Entry::from_words(&self.words[self.words_of(slots.start, true)]),
            marks,
        }
    }

    /// Puts back what was saved of a row.
    pub fn restore(&mut self, row: u32, saved: &Saved) {
        let slots = self.slots_of(row);
        let place = self.words_of(slots.start, true);
        let count = place.len();
        self.words[place].copy_from_slice(&saved.words.words()[..count]);
        self.marks[slots.start as usize..slots.end as usize]
            .copy_from_slice(&saved.marks[..self.shape.slots]);
    }

    /// The row as the card has it.
    pub fn pack(&self, table: &TableSpec, row: u32) -> Row {
        let mut packed = Row::empty(table);
        let first = row << self.slot_bits;
        for slot in self.taken(row) {
            let at = (slot - first) as usize * self.shape.entry_width;
            packed.put_words(at, self.words_at(slot));
        }
        packed
    }
}
