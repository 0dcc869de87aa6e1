//! A prefix of a VRF, what becomes of packets to it, and who answers ARP for it.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::flags::{self, flag_set};
use crate::mac::Mac;

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The VRF.
    pub vrf: u16,
    /// Where packets go to.
    pub prefix: IpNet,
    /// What becomes of them.
    pub nh: u32,
    /// Who answers ARP, and whether there is a label.
    #[serde(with = "flags::listed")]
    pub flags: RouteFlags,
    /// MPLS label, or VNI over VXLAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<u32>,
    /// What ARP is answered with; the router's MAC where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stitched_mac: Option<Mac>,
}

flag_set! {
    /// Who answers ARP, and whether there is a label.
    RouteFlags {
        /// The label is to be used.
        LABEL_VALID = 0x1 "label_valid(L)",
        /// ARP is answered here.
        PROXY = 0x2 "proxy(P)",
        /// ARP goes to the agent as well.
        TRAP = 0x4 "trap(T)",
        /// ARP is flooded.
        FLOOD = 0x8 "flood(F)",
        /// Learned with its MAC.
        MAC_IP_LEARNT = 0x10 "mac_ip_learnt(Ml)",
    }
}
