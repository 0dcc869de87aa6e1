//! The routes of a plan: new ones beside the old, then the VRF's word, then the old ones go.
//!
//! ```text
//!   word    24 -> bank 1, 8 -> bank 5          /16 is new, and gets bank 3
//!   1       write  route_bank[bank 3]          nobody looks there yet
//!   2       change vrf                         24 -> bank 1, 16 -> bank 3, 8 -> bank 5: from now on all do
//!   3       free   route_bank[..]              what the new word does not lead to any more
//! ```
//! Longer prefixes come before shorter ones and go after them, so that no address falls through to a shorter prefix
//! that it has in neither state.

use std::collections::BTreeMap;

use underpass_layout::tables::{id, VrfEntry, BANKS};

use super::planner::Planner;
use crate::entries::{Entries, Prefix};
use crate::placed::{bank_of, choose, Lengths, TableFull};

/// Where a route lies: which table, which bank of it.
type Place = (u32, usize);

/// The part of a plan that is about routes.
pub(super) struct Routes {
    /// By VRF, the word that the card shall have.
    words: BTreeMap<u32, VrfEntry>,
    /// Routes that the new words do not lead to, with their places.
    old: Vec<(Prefix, Place)>,
}

impl Routes {
    /// Chooses banks, and writes the routes that the new words will lead to.
    pub fn bring(planner: &mut Planner, want: &Entries) -> Result<Self, TableFull> {
        let words = words(planner, want);
        let place_now = |prefix: &Prefix, words: &BTreeMap<u32, VrfEntry>| {
            place(prefix, words.get(&prefix.vrf.into()))
        };
        let mut old = Vec::new();
        for prefix in planner.now.entries.routes.keys() {
            let before = place_now(prefix, &planner.now.words);
            let after = want
                .routes
                .get(prefix)
                .and_then(|_| place_now(prefix, &words));
            if let Some(place) = before.filter(|_| before != after) {
                old.push((*prefix, place));
            }
        }
        for (prefix, entry) in &want.routes {
            let after = place_now(prefix, &words);
            let same = planner.now.entries.routes.get(prefix) == Some(entry);
            if let Some((table, bank)) = after {
                if !same || place_now(prefix, &planner.now.words) != after {
                    planner.insert(table, bank, entry)?;
                }
            }
        }
        Ok(Routes { words, old })
    }

    /// Writes the words.
    pub fn turn(&self, planner: &mut Planner) {
        for (vrf, word) in &self.words {
            if planner.now.words.get(vrf) != Some(word) {
                planner.put_word(*vrf, Some(*word));
            }
        }
    }

    /// Frees words and routes that are not wanted.
    pub fn take(self, planner: &mut Planner, want: &Entries) {
        let gone = planner
            .now
            .words
            .keys()
            .filter(|vrf| !self.words.contains_key(vrf));
        for vrf in gone.copied().collect::<Vec<_>>() {
            planner.put_word(vrf, None);
        }
        for (prefix, (table, bank)) in self.old.into_iter().rev() {
            if let Some(entry) = planner.now.entries.routes.get(&prefix).copied() {
                planner.remove(table, bank, &entry);
            }
        }
        planner.now.entries.routes.clone_from(&want.routes);
        planner.now.entries.vrfs.clone_from(&want.vrfs);
    }
}

/// Where a route lies under a word. A word that does not have its length leads nowhere.
pub(super) fn place(prefix: &Prefix, word: Option<&VrfEntry>) -> Option<Place> {
    if prefix.is_host() {
        return Some((id::ROUTE_HOST, 0));
    }
    let lengths = lengths(word?, prefix.v6);
    bank_of(&lengths, prefix.length).map(|bank| (id::ROUTE_BANK, bank))
}

/// The wanted words with their lengths in the places of banks.
fn words(planner: &Planner, want: &Entries) -> BTreeMap<u32, VrfEntry> {
    let banks = || (0..BANKS).map(|bank| planner.now.shadow(id::ROUTE_BANK, bank));
    let mut used = [0; BANKS];
    used.iter_mut()
        .zip(banks())
        .for_each(|(used, bank)| *used = bank.used());
    let capacity = banks().map(|bank| bank.capacity()).min().unwrap_or(0);

    let mut counts: BTreeMap<(u16, bool, u8), usize> = BTreeMap::new();
    for prefix in want.routes.keys().filter(|prefix| !prefix.is_host()) {
        let class = (prefix.vrf, prefix.v6, prefix.length);
        *counts.entry(class).or_default() += 1;
    }
    let mut word_of = |(vrf, word): (&u32, &VrfEntry)| {
        let before = planner.now.words.get(vrf).copied().unwrap_or_default();
        let mut choose = |v6| {
            let count = |length| {
                let class = (*vrf as u16, v6, length);
                counts.get(&class).copied().unwrap_or(0)
            };
            let wanted = lengths(word, v6).into_iter().filter(|length| *length != 0);
            let wanted: Vec<(u8, usize)> = wanted.map(|length| (length, count(length))).collect();
            let before = lengths(&before, v6);
            let chosen = choose(&wanted, &before, &used, capacity);
            for (bank, length) in chosen.into_iter().enumerate() {
                if length != 0 && before[bank] != length {
                    used[bank] += count(length);
                }
            }
            chosen
        };
        let word = word.with_lengths(choose(false));
        (*vrf, word.with_v6_lengths(choose(true)))
    };
    want.vrfs.iter().map(&mut word_of).collect()
}

/// The lengths of a word that are of one family.
fn lengths(word: &VrfEntry, v6: bool) -> Lengths {
    if v6 {
        word.v6_lengths()
    } else {
        word.lengths()
    }
}
