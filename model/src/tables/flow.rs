//! The flow table: a row holds two IPv4 entries or one IPv6 entry.
//!
//! ```text
//!   write ─▶ raw row ─┬─ v6 clear ─▶ slot 0, slot 1 ─▶ chains of IPv4 entries
//!                     └─ v6 set ───▶ the whole row ──▶ chains of IPv6 entries
//! ```
//! The bit counts whether slot 0 is valid or not: behind it, slot 1 is the upper half of an IPv6 entry.

use super::chains::Chains;
use super::raw::Raw;
use super::Memory;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{FlowEntry, FlowEntry6, FlowKey, FlowKey6, TableSpec};
use underpass_layout::{Field, Reader, Record};

/// Entries that share a row.
const SLOTS: usize = 2;
/// `v6` of slot 0 in the first word of a row, behind `valid`.
const WIDE: u32 = 1 << 1;

/// The rows, and the chains that find their entries.
#[derive(Clone)]
pub(super) struct Flows {
    raw: Raw,
    short: Chains<FlowEntry>,
    wide: Chains<FlowEntry6>,
}

impl Flows {
    /// An empty table.
    pub(super) fn new(profile: &Profile, table: &TableSpec) -> Self {
        let entries = profile.entries(table);
        Flows {
            raw: Raw::new(profile, table),
            short: Chains::new(entries, 1),
            wide: Chains::new(entries / SLOTS, 1),
        }
    }

    /// The entry of an IPv4 key.
    pub(super) fn find(&self, key: &FlowKey) -> Option<&FlowEntry> {
        self.short.find(0, key)
    }

    /// Starts to read the entry of an IPv4 key.
    pub(super) fn touch(&self, key: &FlowKey) {
        self.short.touch(0, key);
    }

    /// Starts to read the entry of an IPv6 key.
    pub(super) fn touch6(&self, key: &FlowKey6) {
        self.wide.touch(0, key);
    }

    /// The entry of an IPv6 key.
    pub(super) fn find6(&self, key: &FlowKey6) -> Option<&FlowEntry6> {
        self.wide.find(0, key)
    }
}

impl Memory for Flows {
    fn write(&mut self, place: usize, words: &[u32]) {
        self.raw.write(place, words);
        let row = self.raw.row(place);
        let wide = row[0] & WIDE != 0;
        let whole = FlowEntry6::unpack(row).ok().filter(|_| wide);
        let mut reader = Reader::new(row);
        let halves: [Option<FlowEntry>; SLOTS] = std::array::from_fn(|_| {
            let half = FlowEntry::take(&mut reader, FlowEntry::WIDTH);
            half.ok().filter(|_| !wide)
        });
        self.wide.set(place, whole.unwrap_or_default());
        for (slot, half) in halves.into_iter().enumerate() {
            self.short
                .set(place * SLOTS + slot, half.unwrap_or_default());
        }
    }

    fn row(&self, place: usize) -> &[u32] {
        self.raw.row(place)
    }
}
