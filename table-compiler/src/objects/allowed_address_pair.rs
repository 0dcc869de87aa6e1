//! Addresses that guests may have beside their own, and which of several guests has them.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::mac::Mac;
use crate::network::PairMode;

/// An allowed address pair of a network, with everyone who may have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowedAddressPair {
    /// The VRF.
    pub vrf: u16,
    /// The addresses.
    pub address: IpNet,
    /// Whether one has them or all do.
    pub mode: PairMode,
    /// Who may have them, in the order of the network file.
    pub members: Vec<PairMember>,
    /// Of active-standby: the vif that was heard to have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<u32>,
}

/// One who may have a pair's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairMember {
    /// The guest's interface.
    pub vif: u32,
    /// The MAC that goes with the addresses there.
    pub mac: Mac,
    /// The nexthop that leads to that MAC.
    pub nh: u32,
}
