//! An address of another network under which a guest is reached there.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A floating address. A route of `vrf` leads to the guest; its flows replace the one address by the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloatingIp {
    /// The guest's interface.
    pub vif: u32,
    /// The address that the other network knows.
    pub address: IpAddr,
    /// The VRF of that network.
    pub vrf: u16,
    /// The guest's own address, of the same family.
    pub fixed: IpAddr,
}
