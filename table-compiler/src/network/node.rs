//! The node itself: `node`.

use super::error::Fault;
use super::read::Fields;
use super::yaml::Yaml;
use crate::mac::Mac;

/// The MAC that gateways answer with unless the file says otherwise.
const DEFAULT_ROUTER_MAC: Mac = Mac([0, 0, 0x5e, 0, 1, 0]);

/// The machine that the card sits in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// The MAC of every gateway towards tenants.
    pub router_mac: Mac,
}

pub(super) fn read(yaml: &Yaml) -> Result<Node, Fault> {
    let fields = Fields::open(yaml, "a node", &["name", "router_mac"])?;
    Ok(Node {
        name: fields.required("name")?.name()?,
        router_mac: fields
            .optional("router_mac")
            .map_or(Ok(DEFAULT_ROUTER_MAC), Yaml::mac)?,
    })
}
