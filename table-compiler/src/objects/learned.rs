//! Where a source MAC was last seen, so that frames that show nothing new stay off the slow path.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::mac::Mac;

/// A MAC that was learned. What becomes of frames to it is said by its bridge entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learned {
    /// The VRF.
    pub vrf: u16,
    /// The source MAC.
    pub mac: Mac,
    /// The interface that its frames come from.
    pub vif: u32,
    /// The tunnel end that sends them, where they come through a tunnel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
}
