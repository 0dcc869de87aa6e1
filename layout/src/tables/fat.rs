//! `fat_rule` and `fat_exclude`: which flows of an interface share an entry.
//!
//! ```text
//!   set ─┬─▶ [ fat_exclude 0..7  ] ── either address in a prefix? ─▶ plain key
//!        └─▶ [ fat_rule    0..15 ] ── the first that matches ──────▶ ports and addresses that the key keeps
//! ```
//! Interfaces with the same rules share a set; set 0 is empty. All rules of a set are read at once and the lowest that
//! matches counts, so the compiler writes them in the peer's order: rules without prefixes before those with a source
//! prefix, a destination prefix, and both; within each, ports upwards and port 0 last.
//!
//! The source of a rule is the guest's side, also of packets to the guest. Prefixes start at the most significant bit:
//! an IPv4 prefix in the upper 32 bits of the field, so that lengths count alike for both families.
use super::{table, Lookup};
use crate::record::{code, record};

/// Rules in a set.
pub const FAT_RULES: usize = 16;
/// Excluded prefixes in a set.
pub const FAT_EXCLUDES: usize = 8;

code! {
    /// Of which packets a rule can be.
    pub enum FatFamily: 2 {
        /// None: the rule is not in use.
        None = 0;
        /// Of both families.
        Any = 1;
        /// IPv4.
        V4 = 2;
        /// IPv6.
        V6 = 3;
    }
}

record! {
    /// Which flows of this set's interfaces share an entry, and by what?
    pub struct FatRuleEntry (fat_rule_entry) {
        /// Of which packets it can be.
        family: FatFamily = 2,
        /// IP protocol; 1 stands for ICMPv6 as well.
        protocol: u8 = 8,
        /// Port that one end must have; that end's port stays in the key. 0: any, and neither stays.
        port: u16 = 16,
        /// The guest's address is left out of the key.
        ignore_source: bool = 1,
        /// The other address is left out of the key.
        ignore_destination: bool = 1,
        /// Where the guest's address must be in, from the most significant bit on.
        source_prefix: u128 = 128,
        /// Bits of that prefix; 0: anywhere.
        source_length: u8 = 8,
        /// Bits of the guest's address that stay in the key; 128: all.
        source_keep: u8 = 8,
        /// Where the other address must be in.
        destination_prefix: u128 = 128,
        /// Bits of that prefix.
        destination_length: u8 = 8,
        /// Bits of the other address that stay in the key.
        destination_keep: u8 = 8,
    }
}
table!(
    FatRuleEntry,
    15,
    "fat_rule",
    Lookup::Set { ways: FAT_RULES }
);

record! {
    /// Which addresses of this set's interfaces never share an entry?
    pub struct FatExcludeEntry (fat_exclude_entry) {
        /// Of which packets it can be.
        family: FatFamily = 2,
        /// The prefix, from the most significant bit on.
        prefix: u128 = 128,
        /// Its bits.
        length: u8 = 8,
    }
}
table!(
    FatExcludeEntry,
    16,
    "fat_exclude",
    Lookup::Set { ways: FAT_EXCLUDES }
);
