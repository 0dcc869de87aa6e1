//! How packets are marked in tunnels: maps from what a packet says to forwarding classes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A map, which interfaces and flows name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QosMap {
    /// Its id, from 1.
    pub id: u8,
    /// Of IP packets: the id of the class, by DSCP (0 to 63). A packet of another one is not marked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dscp: BTreeMap<u8, u8>,
    /// Of frames without IP: the id of the class, by IEEE 802.1p priority (0 to 7).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub priority: BTreeMap<u8, u8>,
}

/// How the packets of a class are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardingClass {
    /// Its id.
    pub id: u8,
    /// DSCP of the tunnel's IP header.
    pub dscp: u8,
    /// Traffic class of the MPLS header.
    pub exp: u8,
    /// IEEE 802.1p priority, which is shown only.
    pub priority: u8,
    /// Transmit queue, which is shown only.
    pub queue: u8,
}
