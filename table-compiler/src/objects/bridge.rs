//! A MAC of a VRF and what becomes of frames to it.

use serde::{Deserialize, Serialize};

use super::flags::{self, flag_set};
use crate::mac::Mac;

/// A bridge entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bridge {
    /// The VRF.
    pub vrf: u16,
    /// Where frames go to.
    pub mac: Mac,
    /// What becomes of them.
    pub nh: u32,
    /// How the entry is to be read.
    #[serde(with = "flags::listed")]
    pub flags: BridgeFlags,
    /// MPLS label, or VNI over VXLAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<u32>,
}

flag_set! {
    /// How a bridge entry is to be read.
    BridgeFlags {
        /// It may be used.
        VALID = 0x1 "valid",
        /// The label is to be used.
        LABEL_VALID = 0x2 "label_valid(L)",
        /// DHCP requests are flooded.
        FLOOD_DHCP = 0x4 "flood_dhcp(Df)",
        /// The MAC was seen elsewhere.
        MAC_MOVED = 0x8 "mac_moved(Mm)",
        /// Four zero bytes follow the label.
        L2_CONTROL_DATA = 0x10 "l2_control_data(L2c)",
        /// Just learned.
        MAC_NEW = 0x20 "mac_new(N)",
        /// May make room for another.
        EVICT_CANDIDATE = 0x40 "evict_candidate(Ec)",
    }
}
