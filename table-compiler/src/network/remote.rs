//! What a control plane would bring: an item of `remote`.
//!
//! A `prefix` is a route to another node or router; a `mac` is a guest on another node, with the
//! addresses it has; `flood: true` says who gets copies of frames for many (see [`Flood`]). Several next hops of a
//! prefix or a guest share its packets; of a flood each gets all.
//!
//! Over MPLS the label of a `mac` is the other node's label for bridged frames. Its addresses answer
//! ARP and pass the source check; where packets are routed to such a guest from another network, a
//! `prefix` of that one address brings the label for routed packets and takes the route's place.

use std::net::IpAddr;

use ipnet::IpNet;

use super::error::Fault;
use super::flood::{self, Flood};
use super::interface::Surroundings;
use super::names::NetworkIndex;
use super::next_hop::{self, Behind, NextHop};
use super::read::Fields;
use super::yaml::Yaml;
use crate::mac::Mac;

const KEYS: &[&str] = &[
    "network",
    "prefix",
    "mac",
    "addresses",
    "flood",
    "kind",
    "next_hops",
];

/// Something of a network that lies on another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The network.
    pub network: NetworkIndex,
    /// What lies there.
    pub target: Target,
    /// How it is reached, at least one way. Several share the packets.
    pub next_hops: Vec<NextHop>,
}

/// What lies on another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Everything in a prefix.
    Prefix(IpNet),
    /// A guest.
    Guest {
        /// Its MAC.
        mac: Mac,
        /// Its addresses.
        addresses: Vec<IpAddr>,
    },
}

/// An item of `remote`.
pub(super) enum Item {
    Remote(Remote),
    Flood(Flood),
}

pub(super) fn read(yaml: &Yaml, around: &mut Surroundings<'_>) -> Result<Item, Fault> {
    let fields = Fields::open(yaml, "a remote", KEYS)?;
    let network = around.networks.find(fields.required("network")?)?;
    if fields.flag("flood", false)? {
        return flood::read(fields, network, around).map(Item::Flood);
    }
    flood::absent(fields)?;
    let target = match (fields.entry("prefix"), fields.entry("mac")) {
        (Some(prefix), None) => {
            if let Some(addresses) = fields.entry("addresses") {
                let found = "`addresses` with a `prefix`";
                return Err(Fault::unexpected(
                    addresses.key_at,
                    found,
                    "`addresses` with a `mac`",
                ));
            }
            self::prefix(&prefix.value, network, around)?
        }
        (None, Some(mac)) => guest(&mac.value, fields.list("addresses")?, network, around)?,
        (Some(one), Some(other)) => {
            let at = one.key_at.max(other.key_at);
            return Err(Fault::unexpected(
                at,
                "a remote with `prefix` and `mac`",
                "one of them",
            ));
        }
        (None, None) => {
            let found = "a remote without `prefix` or `mac`";
            return Err(Fault::unexpected(fields.at, found, "one of them"));
        }
    };
    let behind = match target {
        Target::Prefix(_) => Behind::Prefix,
        Target::Guest { .. } => Behind::Guest,
    };
    let next_hops = next_hop::read_all(fields, behind, network, around)?;
    Ok(Item::Remote(Remote {
        network,
        target,
        next_hops,
    }))
}

fn prefix(
    yaml: &Yaml,
    network: NetworkIndex,
    around: &mut Surroundings<'_>,
) -> Result<Target, Fault> {
    let prefix = yaml.routed_prefix()?;
    let tenant = around.networks.tenant(network);
    if !tenant.mode.routes() {
        return Err(yaml.unexpected("no prefix in a network of mode l2"));
    }
    if prefix.prefix_len() == prefix.max_prefix_len() {
        tenant.addresses.free(&prefix.addr(), yaml.at)?;
    }
    tenant.prefixes.claim(prefix, yaml.at)?;
    Ok(Target::Prefix(prefix))
}

fn guest(
    mac_at: &Yaml,
    addresses: &[Yaml],
    network: NetworkIndex,
    around: &mut Surroundings<'_>,
) -> Result<Target, Fault> {
    let mac = mac_at.mac()?;
    if mac == around.node.router_mac || mac == around.underlay.mac {
        return Err(mac_at.unexpected("a MAC that is not the node's own"));
    }
    let tenant = around.networks.tenant(network);
    tenant.macs.claim(mac, mac_at.at)?;
    let addresses = addresses
        .iter()
        .map(|yaml| {
            let address = yaml.address()?;
            tenant.addresses.free(&address, yaml.at)?;
            tenant.remote_addresses.claim(address, yaml.at)?;
            Ok(address)
        })
        .collect::<Result<_, Fault>>()?;
    Ok(Target::Guest { mac, addresses })
}
