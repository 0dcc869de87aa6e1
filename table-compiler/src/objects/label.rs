//! What a packet from the underlay says about where it belongs: MPLS label or VNI.

use serde::{Deserialize, Serialize};

/// A label of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mpls {
    /// The label.
    pub label: u32,
    /// What becomes of packets with it.
    pub nh: u32,
}

/// A VXLAN network identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vxlan {
    /// The identifier.
    pub vnid: u32,
    /// The nexthop whose VRF frames with it go on in.
    pub nh: u32,
}
