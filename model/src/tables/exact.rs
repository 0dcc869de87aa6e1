//! A table that is searched by key, over all rows that were written.
//!
//! ```text
//!   key ─▶ bucket ─▶ place (way, row, slot) ─next─▶ place ─next─▶ ..      newest write first
//! ```
//! Every place of the memory is a link of at most one chain, so a write needs no allocation, and two copies of a key
//! (an entry on its way to another row) are two links: taking one away leaves the other.

use super::raw::Raw;
use super::Memory;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{
    BridgeEntry, BridgeKey, FlowEntry, FlowKey, RouteEntry, RouteKey, TableSpec, VxlanEntry,
    VxlanKey,
};
use underpass_layout::{Reader, Record};

/// An entry that is found by its key.
pub(super) trait Keyed: Record + Default + Copy {
    /// What is looked up.
    type Key: PartialEq;
    /// The entry is in use.
    fn valid(&self) -> bool;
    /// Its key.
    fn key(&self) -> &Self::Key;
    /// 64 bits made of the key, any that differ for most keys.
    fn mix(key: &Self::Key) -> u64;
}

macro_rules! keyed {
    ($Entry:ident, $Key:ident, $key:ident => $mix:expr) => {
        impl Keyed for $Entry {
            type Key = $Key;
            fn valid(&self) -> bool {
                self.valid
            }
            fn key(&self) -> &$Key {
                &self.key
            }
            fn mix($key: &$Key) -> u64 {
                $mix
            }
        }
    };
}
keyed!(VxlanEntry, VxlanKey, key => key.vni.into());
keyed!(BridgeEntry, BridgeKey, key => key.mac | u64::from(key.vrf) << 48);
keyed!(RouteEntry, RouteKey, key => {
    u64::from(key.prefix) | u64::from(key.vrf) << 32 | u64::from(key.length) << 48
});
keyed!(FlowEntry, FlowKey, key => {
    let ends = u64::from(key.src) << 32 | u64::from(key.dst);
    let ports = u64::from(key.src_port) << 16 | u64::from(key.dst_port);
    let whose = u64::from(key.nexthop) << 8 | u64::from(key.protocol);
    (ends.wrapping_mul(SPREAD) ^ ports ^ whose << 32).rotate_left(29)
});

/// 2^64 over the golden ratio: its multiples spread well (Knuth, TAOCP 3, 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// The end of a chain.
const END: u32 = u32::MAX;

/// The rows, the entries in them, and the chains that find them.
#[derive(Clone)]
pub(super) struct Exact<E> {
    raw: Raw,
    /// Entries of a row.
    slots: usize,
    /// Places of a bank: its entries never match in another.
    bank_places: usize,
    /// One a place.
    entries: Vec<E>,
    /// One a place: the next place of its chain.
    next: Vec<u32>,
    /// The first place of each chain, those of a bank together.
    heads: Vec<u32>,
    /// Chains of a bank are 2^`bits`.
    bits: u32,
}

impl<E: Keyed> Exact<E> {
    /// An empty table whose ways belong to `banks` banks.
    pub(super) fn new(profile: &Profile, table: &TableSpec, banks: usize) -> Self {
        let places = profile.entries(table);
        let bank_places = places / banks;
        let chains = bank_places.next_power_of_two().max(2);
        Exact {
            raw: Raw::new(profile, table),
            slots: table.slots(),
            bank_places,
            entries: vec![E::default(); places],
            next: vec![END; places],
            heads: vec![END; chains * banks],
            bits: chains.trailing_zeros(),
        }
    }

    fn chain(&self, bank: usize, key: &E::Key) -> usize {
        let spread = E::mix(key).wrapping_mul(SPREAD) >> (64 - self.bits);
        (bank << self.bits) + spread as usize
    }

    /// The entry of a key in a bank: of several, the one that was written last.
    pub(super) fn find(&self, bank: usize, key: &E::Key) -> Option<&E> {
        let mut place = self.heads[self.chain(bank, key)];
        while place != END {
            let entry = &self.entries[place as usize];
            if entry.key() == key {
                return Some(entry);
            }
            place = self.next[place as usize];
        }
        None
    }

    fn unlink(&mut self, place: usize) {
        let chain = self.chain(place / self.bank_places, self.entries[place].key());
        let after = self.next[place];
        if self.heads[chain] as usize == place {
            self.heads[chain] = after;
            return;
        }
        let mut at = self.heads[chain] as usize;
        while self.next[at] as usize != place {
            at = self.next[at] as usize;
        }
        self.next[at] = after;
    }

    fn link(&mut self, place: usize) {
        let chain = self.chain(place / self.bank_places, self.entries[place].key());
        self.next[place] = self.heads[chain];
        self.heads[chain] = place as u32;
    }
}

impl<E: Keyed> Memory for Exact<E> {
    fn write(&mut self, address: usize, words: &[u32]) {
        self.raw.write(address, words);
        for slot in 0..self.slots {
            let place = address * self.slots + slot;
            if self.entries[place].valid() {
                self.unlink(place);
            }
            self.entries[place] = entry_at(self.raw.row(address), slot);
            if self.entries[place].valid() {
                self.link(place);
            }
        }
    }

    fn row(&self, address: usize) -> &[u32] {
        self.raw.row(address)
    }
}

/// The entry in a slot of a row. Enums of these entries use all their codes, so that each row has a meaning.
fn entry_at<E: Keyed>(row: &[u32], slot: usize) -> E {
    let mut reader = Reader::new(row);
    let mut entries = (0..=slot).map(|_| E::take(&mut reader, E::WIDTH).unwrap_or_default());
    entries.nth(slot).unwrap_or_default()
}
