//! A network as the agent knows it: its VRF, and what the slow path must know of it.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::network::Mode;

/// A network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vrf {
    /// Its number, from 1; 0 is the underlay's.
    pub vrf: u16,
    /// Its name.
    pub name: String,
    /// Whether it bridges, routes, or both.
    pub mode: Mode,
    /// Whether a flow's source is checked.
    pub rpf: bool,
    /// Its subnets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<VrfSubnet>,
}

/// A network's range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VrfSubnet {
    /// The range.
    pub prefix: IpNet,
    /// The router's address, which the slow path answers for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
    /// The DNS server's address; the slow path answers for it if it is in the prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<IpAddr>,
    /// Whether DHCP requests are taken.
    pub dhcp: bool,
}
