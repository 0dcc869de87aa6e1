//! `origin`: from which tunnel ends the copies of a list may come.
use super::{table, Leg, Lookup, WAYS};
use crate::bits::Record;
use crate::record::record;

record! {
    /// What is looked up.
    pub struct OriginKey (origin_key) {
        /// The list.
        nexthop: u32 = 20,
        /// The address is IPv6.
        v6: bool = 1,
        /// The tunnel end; an IPv4 address in the low 32 bits.
        address: u128 = 128,
    }
}

record! {
    /// As what does this tunnel end send packets for this list?
    pub struct OriginEntry (origin_entry) {
        /// The entry is in use.
        valid: bool = 1,
        /// What is looked up.
        key: OriginKey = record,
        /// The leg of the list that it is at: `Tree`, `Evpn` or `Tor`.
        leg: Leg = 3,
    }
}
table!(
    OriginEntry,
    23,
    "origin",
    Lookup::Exact {
        ways: WAYS,
        slots: 1,
        key_width: OriginKey::WIDTH,
        wide: None
    }
);
