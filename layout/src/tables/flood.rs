//! `flood`: where broadcast, unknown and multicast frames go.
use super::{table, Lookup};
use crate::record::record;

record! {
    /// Which nexthop takes the frames of this VRF that are for many, or for a MAC that nobody knows?
    pub struct FloodEntry (flood_entry) {
        /// The VRF floods.
        valid: bool = 1,
        /// The list of copies.
        nexthop: u32 = 20,
        /// The VNI that copies along a multicast tree carry within.
        label: u32 = 24,
    }
}
table!(FloodEntry, 20, "flood", Lookup::Direct);
