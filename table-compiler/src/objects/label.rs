//! What a packet from the underlay says about where it belongs: MPLS label or VNI.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A label of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mpls {
    /// The label.
    pub label: u32,
    /// What becomes of packets with it. A replication's from 1,024 on is a tree's: what comes by it has the headers that
    /// legs of trees have.
    pub nh: u32,
}

/// A VXLAN network identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vxlan {
    /// The identifier.
    pub vnid: u32,
    /// The nexthop whose VRF frames with it go on in. Its flags say whether source MACs are learned and frames for
    /// unknown ones flooded.
    pub nh: u32,
    /// An option: the multicast group of the underlay by which frames for many come, beside this node's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<IpAddr>,
}
