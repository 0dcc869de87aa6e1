//! Where copies of packets go.

use serde::{Deserialize, Serialize};

/// A mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mirror {
    /// Its index, which vifs and flows name.
    pub index: u32,
    /// What becomes of copies.
    pub nh: u32,
    /// VNI of copies sent over VXLAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vni: Option<u32>,
    /// Whether copies carry the metadata header.
    pub dynamic_juniper_header: bool,
    /// An option: bytes of a packet that a copy takes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snap_length: Option<u16>,
    /// An option: copies a second at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
}
