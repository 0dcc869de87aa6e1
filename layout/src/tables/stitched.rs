//! `stitched`: the MACs that ARP requests are answered with.
use super::{table, Lookup, WAYS};
use crate::bits::Record;
use crate::record::record;

record! {
    /// What is looked up.
    pub struct StitchedKey (stitched_key) {
        /// The tenant's VRF.
        vrf: u16 = 12,
        /// The IPv4 address that is asked for, first byte most significant.
        address: u32 = 32,
    }
}

record! {
    /// With which MAC is an ARP request for this address answered? Asked where the route says so (see `ArpAnswer`).
    pub struct StitchedEntry (stitched_entry) {
        /// The entry is in use.
        valid: bool = 1,
        /// What is looked up.
        key: StitchedKey = record,
        /// The MAC, first byte most significant.
        mac: u64 = 48,
    }
}
table!(
    StitchedEntry,
    28,
    "stitched",
    Lookup::Exact {
        ways: WAYS,
        slots: 1,
        key_width: StitchedKey::WIDTH,
        wide: None
    }
);
