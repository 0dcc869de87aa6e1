//! `vxlan`: whose network a VNI is.
use super::{table, Lookup, WAYS};
use crate::bits::Record;
use crate::record::record;

record! {
    /// What is looked up.
    pub struct VxlanKey (vxlan_key) {
        /// The virtual network identifier of RFC 7348.
        vni: u32 = 24,
    }
}

record! {
    /// Which VRF does this VNI stand for?
    pub struct VxlanEntry (vxlan_entry) {
        /// The entry is in use.
        valid: bool = 1,
        /// What is looked up.
        key: VxlanKey = record,
        /// The tenant's VRF, whose bridge table decides next.
        vrf: u16 = 12,
    }
}
table!(
    VxlanEntry,
    3,
    "vxlan",
    Lookup::Exact {
        ways: WAYS,
        slots: 1,
        key_width: VxlanKey::WIDTH,
        wide: None
    }
);
