//! How packets are marked in tunnels: maps from what a packet says to forwarding classes.
//!
//! In JSON a map's rows are pairs, `{"object": "qos_map", "id": 1, "dscp": [[46, 0]]}`: keys of JSON are text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A map, which interfaces and flows name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QosMap {
    /// Its id, from 1.
    pub id: u8,
    /// Of IP packets: the id of the class, by DSCP (0 to 63). A packet of another one is not marked.
    #[serde(default, with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub dscp: BTreeMap<u8, u8>,
    /// Of frames without IP: the id of the class, by IEEE 802.1p priority (0 to 7).
    #[serde(default, with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
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

/// `[[46, 0], [34, 1]]`
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(map: &BTreeMap<u8, u8>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<u8, u8>, D::Error> {
        let pairs = Vec::<(u8, u8)>::deserialize(from)?;
        let mut map = BTreeMap::new();
        for (key, class) in pairs {
            if map.insert(key, class).is_some() {
                let problem = format_args!("{key} has two classes, expected one").to_string();
                return Err(serde::de::Error::custom(problem));
            }
        }
        Ok(map)
    }
}
