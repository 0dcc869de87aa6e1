//! The words of one row of a table, and numbers within them.
//!
//! A row is what the card changes in one clock. Bit `n` of a row is bit `n % 32` of word `n / 32`, as the layout
//! says; here whole words are moved at a time, because a planner builds a row for every flow that starts.

mod describe;

pub use describe::{Fields, Value};

use std::ops::Deref;

use underpass_layout::registers::TABLE_DATA_WORDS;
use underpass_layout::tables::TableSpec;
use underpass_layout::{words_for, Record};

/// The words of one row, bit 0 of word 0 first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Row {
    words: [u32; TABLE_DATA_WORDS],
    len: u8,
}

impl Row {
    /// A row of a table, all zero: nothing is there.
    pub fn empty(table: &TableSpec) -> Self {
        Self::zeros(words_for(table.row_width()))
    }

    /// The row of a table with one entry a row.
    pub fn of<T: Record>(entry: &T) -> Self {
        let mut row = Self::zeros(words_for(T::WIDTH));
        entry.pack_into(&mut row.words);
        row
    }

    /// The row that these words are. Words behind the longest row that the card has are cut off.
    pub fn from_words(words: &[u32]) -> Self {
        let mut row = Self::zeros(words.len().min(TABLE_DATA_WORDS));
        let len = usize::from(row.len);
        row.words[..len].copy_from_slice(&words[..len]);
        row
    }

    /// True if nothing is there.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    fn zeros(len: usize) -> Self {
        // A row never has more than TABLE_DATA_WORDS words: a test of the layout holds that.
        Row {
            words: [0; TABLE_DATA_WORDS],
            len: len as u8,
        }
    }

    /// Puts words at bit `at`, where zeros are. What lies behind the end of the row is zero in them.
    pub(crate) fn put_words(&mut self, at: usize, words: &[u32]) {
        let (first, bit) = (at / 32, at % 32);
        let mut above = 0;
        for (place, word) in self.words[first..]
            .iter_mut()
            .enumerate()
            .take(words.len() + 1)
        {
            let here = words.get(place).copied().unwrap_or(0);
            let shifted = u64::from(here) << bit;
            *word |= shifted as u32 | above;
            above = (shifted >> 32) as u32;
        }
    }

    /// The `width` bits (at most 128) from bit `at` on.
    pub fn bits(&self, at: usize, width: usize) -> u128 {
        let mut value = 0;
        let mut done = 0;
        while done < width {
            let (word, bit) = ((at + done) / 32, (at + done) % 32);
            let count = (32 - bit).min(width - done);
            let piece = u64::from(self.words[word] >> bit) & ((1 << count) - 1);
            value |= u128::from(piece) << done;
            done += count;
        }
        value
    }
}

impl Deref for Row {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.words[..usize::from(self.len)]
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("0x")?;
        self.iter()
            .rev()
            .try_for_each(|word| write!(f, "{word:08x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::tables::{FlowEntry, FlowKey, Table};

    #[test]
    fn words_at_a_time_agree_with_the_layout() {
        let entry = FlowEntry {
            valid: true,
            key: FlowKey {
                nexthop: 0xabcde,
                protocol: 17,
                src_port: 0x1234,
                dst_port: 0x8765,
                src: 0x0a00_0001,
                dst: 0xc0a8_ff02,
                ..FlowKey::default()
            },
            flow_id: 0xfedcb,
            source: 0x9876,
            ..FlowEntry::default()
        };
        let whole = Row::of(&entry);
        assert_eq!(&*whole, &entry.pack());
        let width = FlowEntry::TABLE.entry_width;
        let mut second = Row::empty(&FlowEntry::TABLE);
        second.put_words(width, &whole);
        assert_eq!(second.bits(width, 125), whole.bits(0, 125));
        assert_eq!(
            second.bits(width + 125, width - 125),
            whole.bits(125, width - 125)
        );
        assert_eq!(second.bits(0, 128), 0);
    }
}
