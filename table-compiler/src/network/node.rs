//! The node itself: `node`.

use super::error::Fault;
use super::read::Fields;
use super::yaml::Yaml;
use crate::mac::Mac;

const KEYS: &[&str] = &["name", "router_mac", "decrement_hop_limit", "copy_tos"];

/// The MAC that gateways answer with unless the file says otherwise.
const DEFAULT_ROUTER_MAC: Mac = Mac([0, 0, 0x5e, 0, 1, 0]);

/// The machine that the card sits in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// The MAC of every gateway towards tenants.
    pub router_mac: Mac,
    /// Whether the hop limit of IPv6 goes down where packets are routed, as the TTL of IPv4 does.
    pub decrement_hop_limit: bool,
    /// Whether a tunnel's type of service is that of the packet within, not zero.
    pub copy_tos: bool,
}

pub(super) fn read(yaml: &Yaml) -> Result<Node, Fault> {
    let fields = Fields::open(yaml, "a node", KEYS)?;
    Ok(Node {
        name: fields.required("name")?.name()?,
        router_mac: fields
            .optional("router_mac")
            .map_or(Ok(DEFAULT_ROUTER_MAC), Yaml::mac)?,
        decrement_hop_limit: fields.flag("decrement_hop_limit", false)?,
        copy_tos: fields.flag("copy_tos", false)?,
    })
}
