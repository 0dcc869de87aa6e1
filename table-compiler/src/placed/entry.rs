//! An entry of a table that is searched by key, as words.
//!
//! ```text
//!   bit 0    1 ..          behind the key
//!   | valid | key         | value        |        a bit that says "wide" is the first of the key, where there are two kinds
//! ```
//! Every entry starts like this, whatever its table and its kind; a test of the layout holds that.

use underpass_layout::tables::{Lookup, TableSpec, MAX_KEY_BITS, TABLES};
use underpass_layout::{words_for, BadCode, Record};

/// Words of the longest entry.
pub(super) const ENTRY_WORDS: usize = longest();
/// Words of the longest key.
pub(super) const KEY_WORDS: usize = words_for(MAX_KEY_BITS);

const fn longest() -> usize {
    let (mut longest, mut table) = (0, 0);
    while table < TABLES.len() {
        if let Lookup::Exact { .. } = TABLES[table].lookup {
            let words = words_for(TABLES[table].row_width());
            longest = if words > longest { words } else { longest };
        }
        table += 1;
    }
    longest
}

/// One entry, of whatever table.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    words: [u32; ENTRY_WORDS],
}

impl Entry {
    /// The words of an entry, or of what has the same start.
    pub fn of(record: &impl Record) -> Self {
        let mut words = [0; ENTRY_WORDS];
        record.pack_into(&mut words);
        Entry { words }
    }

    /// An entry of which only the key is known: enough to look it up or to take it out.
    pub fn with_key(key: &impl Record) -> Self {
        let mut words = [0; ENTRY_WORDS];
        key.pack_into(&mut words);
        for place in (1..ENTRY_WORDS).rev() {
            words[place] = words[place] << 1 | words[place - 1] >> 31;
        }
        words[0] = words[0] << 1 | 1;
        Entry { words }
    }

    /// The entry as its table's record has it.
    ///
    /// # Errors
    /// A code in it means nothing: it is an entry of another table.
    pub fn unpack<T: Record>(&self) -> Result<T, BadCode> {
        T::unpack(&self.words)
    }

    /// The words, bit 0 of word 0 first.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The entry that starts with these words.
    pub(super) fn from_words(from: &[u32]) -> Self {
        let mut words = [0; ENTRY_WORDS];
        words[..from.len()].copy_from_slice(from);
        Entry { words }
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("0x")?;
        let words = self.words.iter().rev().skip_while(|word| **word == 0);
        words
            .into_iter()
            .try_for_each(|word| write!(f, "{word:08x}"))
    }
}

/// What the entries of one table look like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Entries of the common kind in a row.
    pub slots: usize,
    /// Bits of an entry.
    pub entry_width: usize,
    /// Words of a slot: an entry starts at a word of its own here, which it does not on the card.
    pub slot_words: usize,
    /// Bits of the key.
    pub key_width: usize,
    /// Bits of the key of an entry that takes a whole row.
    pub wide_key_width: Option<usize>,
    /// Bits that are hashed.
    pub hash_width: usize,
}

impl Shape {
    /// The shape of a table, if it is searched by key.
    pub fn of(table: &TableSpec) -> Option<Self> {
        let Lookup::Exact {
            slots,
            key_width,
            wide,
            ..
        } = table.lookup
        else {
            return None;
        };
        Some(Shape {
            slots,
            entry_width: table.entry_width,
            slot_words: words_for(table.entry_width),
            key_width,
            wide_key_width: wide.map(|wide| wide.key_width),
            hash_width: table.hash_width(),
        })
    }

    /// Words of a row.
    pub fn row_words(&self) -> usize {
        self.slots * self.slot_words
    }

    /// True if an entry that starts with this word takes a whole row.
    pub fn is_wide(&self, first_word: u32) -> bool {
        self.wide_key_width.is_some() && first_word & 0b11 == 0b11
    }

    /// The words and the last word's bits of what must be equal for two entries to have one key: `valid` and the key.
    pub fn tag(&self, first_word: u32) -> (usize, u32) {
        let bits = 1 + self.width_of_key(first_word);
        (bits / 32, (1 << (bits % 32)) - 1)
    }

    /// The key of an entry that starts with these words, as it is hashed, and how many words it has.
    pub fn key(&self, entry: &[u32]) -> ([u32; KEY_WORDS], usize) {
        let width = self.width_of_key(entry[0]);
        let mut key = [0; KEY_WORDS];
        let words = words_for(width);
        let at = |place: usize| entry.get(place).copied().unwrap_or(0);
        for (place, word) in key[..words].iter_mut().enumerate() {
            *word = at(place) >> 1 | at(place + 1) << 31;
        }
        if !width.is_multiple_of(32) {
            key[words - 1] &= (1 << (width % 32)) - 1;
        }
        (key, words)
    }

    fn width_of_key(&self, first_word: u32) -> usize {
        match self.wide_key_width {
            Some(width) if self.is_wide(first_word) => width,
            _ => self.key_width,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::tables::{FlowEntry, FlowEntry6, FlowKey, FlowKey6, Table};

    fn keys() -> (FlowKey, FlowKey6) {
        let key = FlowKey {
            nexthop: 0xabcde,
            protocol: 6,
            src_port: 1,
            dst_port: 0xffff,
            src: 0x8000_0001,
            dst: 0xffff_ffff,
            ..FlowKey::default()
        };
        let key6 = FlowKey6 {
            nexthop: 0xabcde,
            ..FlowKey6::default()
        }
        .between(1 << 127 | 1, u128::MAX);
        (key, key6)
    }

    #[test]
    fn a_key_is_cut_out_of_both_kinds() {
        let shape = Shape::of(&FlowEntry::TABLE).expect("searched by key");
        let (key, key6) = keys();
        let short = Entry::of(&FlowEntry {
            valid: true,
            key,
            flow_id: (1 << 20) - 1,
            action: underpass_layout::tables::FlowAction::Onward,
            ..FlowEntry::default()
        });
        let long = Entry::of(&FlowEntry6 {
            valid: true,
            key: key6,
            flow_id: (1 << 20) - 1,
            action: underpass_layout::tables::FlowAction::Onward,
            ..FlowEntry6::default()
        });
        let (words, count) = shape.key(short.words());
        assert_eq!(words[..count], key.pack());
        let (words, count) = shape.key(long.words());
        assert_eq!(words[..count], key6.pack());
        assert!(!shape.is_wide(short.words()[0]) && shape.is_wide(long.words()[0]));
        assert_eq!(long.unpack::<FlowEntry6>().map(|entry| entry.key), Ok(key6));
    }

    #[test]
    fn a_bare_key_looks_like_the_start_of_its_entry() {
        let (key, key6) = keys();
        for (bare, whole) in [
            (
                Entry::with_key(&key),
                Entry::of(&FlowEntry {
                    valid: true,
                    key,
                    ..FlowEntry::default()
                }),
            ),
            (
                Entry::with_key(&key6),
                Entry::of(&FlowEntry6 {
                    valid: true,
                    key: key6,
                    ..FlowEntry6::default()
                }),
            ),
        ] {
            assert_eq!(bare, whole);
        }
    }
}
