//! A guest's interface: an item of `interfaces`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::claims::Claims;
use super::error::Fault;
use super::later;
use super::names::{NetworkIndex, Networks};
use super::read::{is_link_local, Fields};
use super::underlay::Underlay;
use super::yaml::Yaml;
use super::Node;
use crate::mac::Mac;
use crate::port::PortName;

const KEYS: &[&str] = &[
    "name",
    "port",
    "network",
    "mac",
    "addresses",
    "label",
    "l2_label",
    "mode",
    "allowed_address_pairs",
    "fat_flows",
    "mirror",
];

/// The node's own MPLS labels: 0 to 15 are reserved by MPLS, and the card's label table ends at 5,119.
pub const LOCAL_LABELS: std::ops::RangeInclusive<u32> = 16..=5119;

/// Whether flows are set up for an interface's packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForwardingMode {
    /// Policies apply; every flow has an entry.
    Flow,
    /// Each packet is forwarded by itself; no policy, no source check.
    Packet,
}

/// A guest's interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// The port of the card that the guest has.
    pub port: PortName,
    /// The network it is in.
    pub network: NetworkIndex,
    /// The guest's MAC.
    pub mac: Mac,
    /// The guest's addresses. No route leads to those that are link-local.
    pub addresses: Vec<IpAddr>,
    /// The label that brings routed packets here.
    pub label: Option<u32>,
    /// The label that brings bridged frames here.
    pub l2_label: Option<u32>,
    /// Whether flows are set up.
    pub mode: ForwardingMode,
}

/// What is taken among all interfaces, and what they refer to.
pub(super) struct Surroundings<'a> {
    pub node: &'a Node,
    pub underlay: &'a Underlay,
    pub networks: &'a mut Networks,
    pub ports: &'a mut Claims<PortName>,
    pub names: Claims<String>,
    pub labels: Claims<u32>,
}

pub(super) fn read(yaml: &Yaml, around: &mut Surroundings<'_>) -> Result<Interface, Fault> {
    let fields = Fields::open(yaml, "an interface", KEYS)?;
    let name_at = fields.required("name")?;
    let name = name_at.name()?;
    around.names.claim(name.clone(), name_at.at)?;
    let port_at = fields.required("port")?;
    let port = port_at.port()?;
    around.ports.claim(port, port_at.at)?;
    let network = around.networks.find(fields.required("network")?)?;

    let mac_at = fields.required("mac")?;
    let mac = mac_at.mac()?;
    if mac == around.node.router_mac || mac == around.underlay.mac {
        return Err(mac_at.unexpected("a MAC that is not the node's own"));
    }
    around.networks.tenant(network).macs.claim(mac, mac_at.at)?;

    let addresses = fields.list("addresses")?;
    let addresses = addresses
        .iter()
        .map(|yaml| address(yaml, network, around.networks))
        .collect::<Result<_, _>>()?;
    let label = label(fields, "label", &mut around.labels)?;
    let l2_label = self::label(fields, "l2_label", &mut around.labels)?;
    let mode = fields
        .optional("mode")
        .map_or(Ok(ForwardingMode::Flow), |mode| {
            mode.word(&[
                ("flow", ForwardingMode::Flow),
                ("packet", ForwardingMode::Packet),
            ])
        })?;
    later::in_interface(fields)?;
    Ok(Interface {
        name,
        port,
        network,
        mac,
        addresses,
        label,
        l2_label,
        mode,
    })
}

fn address(yaml: &Yaml, network: NetworkIndex, networks: &mut Networks) -> Result<IpAddr, Fault> {
    let address = yaml.address()?;
    let tenant = networks.tenant(network);
    // Where nothing is routed an address is only what DHCP hands out; a link-local one is in no subnet.
    let needs_subnet = tenant.mode.routes() && !is_link_local(&address);
    if needs_subnet && tenant.subnets.find(address).is_none() {
        return Err(yaml.unexpected("an address in a subnet of its network"));
    }
    tenant.addresses.claim(address, yaml.at)?;
    Ok(address)
}

fn label(
    fields: Fields<'_>,
    key: &'static str,
    labels: &mut Claims<u32>,
) -> Result<Option<u32>, Fault> {
    let Some(yaml) = fields.optional(key) else {
        return Ok(None);
    };
    let label = yaml.number("a label", LOCAL_LABELS)?;
    labels.claim(label, yaml.at)?;
    Ok(Some(label))
}
