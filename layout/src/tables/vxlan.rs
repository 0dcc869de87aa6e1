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
    /// Which VRF does this VNI, or virtual subnet of NVGRE, stand for?
    pub struct VxlanEntry (vxlan_entry) {
        /// The entry is in use.
        valid: bool = 1,
        /// What is looked up.
        key: VxlanKey = record,
        /// The tenant's VRF, whose bridge table decides next.
        vrf: u16 = 12,
        /// Frames to unknown MACs are flooded.
        flood_unknown: bool = 1,
        /// Source MACs are learnt.
        learn: bool = 1,
        /// It is taken from the underlay's multicast group `group_address` as well.
        group: bool = 1,
        /// That group; an IPv4 address in the low 32 bits.
        group_address: u128 = 128,
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
