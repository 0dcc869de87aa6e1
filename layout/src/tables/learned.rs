//! `learned`: where source MACs were last seen.
use super::{table, Lookup, WAYS};
use crate::bits::Record;
use crate::record::record;

record! {
    /// What is looked up.
    pub struct LearnedKey (learned_key) {
        /// The tenant's VRF.
        vrf: u16 = 12,
        /// The source MAC, first byte most significant.
        mac: u64 = 48,
    }
}

record! {
    /// Where do frames from this MAC come from? One from elsewhere, or from an unknown MAC, is shown to the slow path.
    pub struct LearnedEntry (learned_entry) {
        /// The entry is in use.
        valid: bool = 1,
        /// What is looked up.
        key: LearnedKey = record,
        /// They come through a tunnel.
        tunnelled: bool = 1,
        /// The receiving interface.
        vif: u16 = 13,
        /// The tunnel end's address is IPv6.
        v6: bool = 1,
        /// The tunnel end that sends them; an IPv4 address in the low 32 bits.
        address: u128 = 128,
    }
}
table!(
    LearnedEntry,
    21,
    "learned",
    Lookup::Exact {
        ways: WAYS,
        slots: 1,
        key_width: LearnedKey::WIDTH,
        wide: None
    }
);
