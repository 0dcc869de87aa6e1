//! A network's way out on a wire, as the slow path knows it: how it asks for MACs there, and what waits for one.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use crate::mac::Mac;

/// A way out on a wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Its interface.
    pub vif: u32,
    /// The network's VRF.
    pub vrf: u16,
    /// The node's own addresses on the wire, with which it asks. Those of a subnet are best asked with one in it.
    pub addresses: Vec<IpAddr>,
    /// The nexthop of packets to others on the wire: their destination is to be asked for.
    pub glean: u32,
    /// Others on the wire that have a nexthop of their own, routers first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbors: Vec<GatewayNeighbor>,
    /// The source address that flows of guests get which leave here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snat: Option<Ipv4Addr>,
}

/// Someone on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayNeighbor {
    /// The address.
    pub address: IpAddr,
    /// The nexthop of packets that go there.
    pub nh: u32,
    /// True of the router behind which everything else of its family lies.
    pub router: bool,
    /// The MAC; while it is unknown the nexthop is of type resolve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
}
