//! What may pass between networks, as the slow path judges a new flow.

use serde::{Deserialize, Serialize};

use crate::network::Rule;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The VRFs it joins: its rules apply between any two, in both directions.
    pub vrfs: Vec<u16>,
    /// Its rules, of which the first that matches decides; none is deny.
    pub rules: Vec<Rule>,
}
