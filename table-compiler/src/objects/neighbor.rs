//! A MAC that is known in the underlay.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::mac::Mac;

/// A neighbor in the underlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbor {
    /// Its address.
    pub address: IpAddr,
    /// Its MAC.
    pub mac: Mac,
}
