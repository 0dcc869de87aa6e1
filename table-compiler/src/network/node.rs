//! The node itself: `node`.

use super::error::Fault;
use super::read::Fields;
use super::yaml::Yaml;
use crate::mac::Mac;

const KEYS: &[&str] = &[
    "name",
    "router_mac",
    "decrement_hop_limit",
    "copy_tos",
    "punt_limit",
];

/// Packets that an interface may hand to the slow path in a millisecond for one reason, unless the file says otherwise.
const DEFAULT_PUNT_LIMIT: u16 = 64;

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
    /// Packets that an interface may hand to the slow path for one reason in a
    /// [`PUNT_WINDOW`](crate::objects::PUNT_WINDOW); 0: any number.
    pub punt_limit: u16,
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
        punt_limit: fields
            .optional("punt_limit")
            .map_or(Ok(DEFAULT_PUNT_LIMIT), |limit| {
                limit.number("packets in a millisecond", 0..=u16::MAX)
            })?,
    })
}
