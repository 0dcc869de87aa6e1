//! `bridge`: where a MAC address is.
use super::{table, Lookup, WAYS};
use crate::bits::Record;
use crate::record::record;

record! {
    /// What is looked up.
    pub struct BridgeKey (bridge_key) {
        /// The tenant's VRF.
        vrf: u16 = 12,
        /// The destination MAC, first byte most significant.
        mac: u64 = 48,
    }
}

record! {
    /// Which nexthop carries frames to this MAC? A frame to the router's own MAC is routed.
    pub struct BridgeEntry (bridge_entry) {
        /// The entry is in use.
        valid: bool = 1,
        /// What is looked up.
        key: BridgeKey = record,
        /// The MAC is the router's own: route the packet instead (peer nexthop type L2-receive).
        receive: bool = 1,
        /// Where the frame goes.
        nexthop: u32 = 20,
        /// The remote node's MPLS label or VNI for it.
        label: u32 = 24,
        /// Four zero bytes go in front of the frame, behind the label (peer flag L2c).
        control: bool = 1,
    }
}
table!(
    BridgeEntry,
    4,
    "bridge",
    Lookup::Exact {
        ways: WAYS,
        slots: 1,
        key_width: BridgeKey::WIDTH,
        wide: None
    }
);
