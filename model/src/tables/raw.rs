//! Rows of words, as a memory of the card holds them.

use underpass_layout::profile::Profile;
use underpass_layout::tables::TableSpec;
use underpass_layout::words_for;

/// The rows of one table, all ways behind each other: the row of a place, not of an address, which may have gaps.
#[derive(Clone)]
pub(super) struct Raw {
    words: Vec<u32>,
    /// Words of a row.
    stride: usize,
    /// The bits of a row's last word that exist.
    last_mask: u32,
}

impl Raw {
    pub(super) fn new(profile: &Profile, table: &TableSpec) -> Self {
        let stride = words_for(table.row_width());
        Raw {
            words: vec![0; stride * profile.rows(table) * table.ways()],
            stride,
            last_mask: u32::MAX >> (32 * stride - table.row_width()),
        }
    }

    /// Replaces a row; what does not exist of it is not stored, words that are missing are zero.
    pub(super) fn write(&mut self, place: usize, words: &[u32]) {
        let row = &mut self.words[place * self.stride..][..self.stride];
        let given = words.len().min(row.len());
        row[..given].copy_from_slice(&words[..given]);
        row[given..].fill(0);
        row[self.stride - 1] &= self.last_mask;
    }

    pub(super) fn row(&self, place: usize) -> &[u32] {
        &self.words[place * self.stride..][..self.stride]
    }
}
