//! Fat flows: many flows that share an entry, because their keys leave out what tells them apart.
//!
//! ```text
//!   plain key ──[ rules of the interface ]──▶ key of the card          guest -> other   10.10.0.1:64165 -> 8.8.8.8:22
//!                    the model's s8_key                                tcp, port 22     10.10.0.1:0     -> 8.8.8.8:22
//! ```
//! Whose rules hold is what the card found: the interface of a guest that sends, or that behind the nexthop of a packet
//! to a guest. Answers are looked up by the rules of who answers, seen from there.

use underpass_layout::meta;
use underpass_model::s8_key::{self, Guest};
use underpass_table_compiler::entries::FatSet;
use underpass_table_compiler::Entries;

use crate::slow_path::key::Key;

/// The key that a set of rules leaves of a plain one; set 0 and one that is not there leave all of it.
pub fn reduced(entries: &Entries, set: u16, guest: Guest, plain: &Key) -> Key {
    let Some(FatSet { rules, excludes }) = entries.fat_sets.get(&u32::from(set)) else {
        return *plain;
    };
    let v6 = plain.is_v6();
    let key: meta::Key = s8_key::key(rules, excludes, v6, guest, plain.on_model());
    Key::of(&key, v6, plain.nexthop)
}
