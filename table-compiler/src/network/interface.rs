//! A guest's interface: an item of `interfaces`.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::address_pair::{self, AddressPair, Owner, PairClaims, PairMode};
use super::analyzer::{self, Analyzers, Mirror};
use super::claims::Claims;
use super::error::Fault;
use super::fat_flow::{self, FatFlow};
use super::names::{NetworkIndex, Networks};
use super::place::Place;
use super::qos;
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
    "fat_flow_exclude",
    "mirror",
    "etree",
    "qos",
    "check_source",
    "check_mac",
    "flow_limit",
    "drop_new_flows",
];

/// How many flows an interface may be limited to: the most that any card has.
const FLOW_LIMITS: std::ops::RangeInclusive<u32> = 1..=1 << 20;

/// The node's own MPLS labels: 0 to 15 are reserved by MPLS, and the card's label table ends at 5,119.
pub const LOCAL_LABELS: std::ops::RangeInclusive<u32> = 16..=5119;

/// Those that head-end replication may use. As in the peer, what comes by one from 1,024 on for many is a tree's.
pub const FLOOD_LABELS: std::ops::RangeInclusive<u32> = 16..=1023;

/// Those that multicast trees may use.
pub const TREE_LABELS: std::ops::RangeInclusive<u32> = 1024..=5119;

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
    /// Addresses that the guest may have beside its own.
    pub allowed_address_pairs: Vec<AddressPair>,
    /// Which of its flows share an entry.
    pub fat_flows: Vec<FatFlow>,
    /// Prefixes whose flows never do.
    pub fat_flow_exclude: Vec<IpNet>,
    /// Whether the source of each packet is checked, where no flow does.
    pub check_source: bool,
    /// Whether the source MAC of each frame is checked.
    pub check_mac: bool,
    /// How many flows there may be from and to it.
    pub flow_limit: Option<u32>,
    /// Whether only flows that are set up already pass.
    pub drop_new_flows: bool,
    /// Where copies of its packets go.
    pub mirror: Option<Mirror>,
    /// What it is in the E-tree of its network.
    pub etree: Etree,
    /// How its packets are marked in tunnels: a position in [`Network::qos_maps`](super::Network::qos_maps).
    pub qos_map: Option<usize>,
}

/// What an interface is in an E-tree (MEF 6.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Etree {
    /// It may talk to everyone.
    Root,
    /// It may not talk to other leaves.
    Leaf,
}

/// What is taken among all interfaces, and what they refer to.
pub(super) struct Surroundings<'a> {
    pub node: &'a Node,
    pub underlay: &'a Underlay,
    pub networks: &'a mut Networks,
    pub analyzers: Analyzers<'a>,
    pub qos_maps: qos::Names,
    pub ports: &'a mut Claims<PortName>,
    pub names: Claims<String>,
    pub labels: Claims<u32>,
    pub pairs: PairClaims,
    /// For each interface read so far, where its fat flows stand.
    pub fat_flows_at: Vec<Option<Place>>,
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
        .collect::<Result<Vec<_>, _>>()?;
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
    let owner = Owner {
        network,
        mac,
        addresses: &addresses,
    };
    let allowed_address_pairs = address_pair::read_all(fields, &owner, around)?;
    let fat = fat_flow::read_all(fields)?;
    around.fat_flows_at.push(fat.at);
    let flow_limit = fields.optional("flow_limit");
    let qos_map = fields.optional("qos");
    let mut interface = Interface {
        name,
        port,
        network,
        mac,
        addresses,
        label,
        l2_label,
        mode,
        allowed_address_pairs,
        fat_flows: fat.rules,
        fat_flow_exclude: fat.exclude,
        check_source: fields.flag("check_source", false)?,
        check_mac: fields.flag("check_mac", false)?,
        flow_limit: flow_limit
            .map(|yaml| yaml.number("a number of flows", FLOW_LIMITS))
            .transpose()?,
        drop_new_flows: fields.flag("drop_new_flows", false)?,
        mirror: None,
        etree: etree(fields, network, around.networks)?,
        qos_map: qos_map.map(|yaml| around.qos_maps.find(yaml)).transpose()?,
    };
    check_options(fields, &interface)?;
    if let Some(yaml) = fields.optional("mirror") {
        let mirror = analyzer::mirror(
            yaml,
            &interface,
            &around.analyzers,
            around.networks,
            around.underlay,
        )?;
        interface.mirror = Some(mirror);
    }
    Ok(interface)
}

fn etree(fields: Fields<'_>, network: NetworkIndex, networks: &Networks) -> Result<Etree, Fault> {
    let Some(entry) = fields.entry("etree") else {
        return Ok(Etree::Root);
    };
    let etree = entry
        .value
        .word(&[("root", Etree::Root), ("leaf", Etree::Leaf)])?;
    if etree == Etree::Leaf && !networks.learns(network) {
        // As in the peer, an E-tree is kept to by interfaces that learn.
        let found = "`etree: leaf` in a network that learns no MACs";
        let expected = "one with `learn_macs: true`";
        return Err(Fault::unexpected(entry.key_at, found, expected));
    }
    Ok(etree)
}

/// Refuses options that the card could not hold to, or that have nothing to do.
fn check_options(fields: Fields<'_>, interface: &Interface) -> Result<(), Fault> {
    let refuse = |key: &str, asked: String, instead| match fields.entry(key) {
        Some(entry) => Err(Fault::unexpected(entry.key_at, asked, instead)),
        None => Ok(()),
    };
    let pairs = &interface.allowed_address_pairs;
    let other_mac = pairs.iter().any(|pair| pair.mac != interface.mac);
    for (key, asked) in [
        ("check_mac", interface.check_mac),
        ("check_source", interface.check_source),
    ] {
        if asked && other_mac {
            let found = format!("`{key}: true` with an allowed address pair of another MAC");
            refuse(key, found, "one of them")?;
        }
    }
    let shared = |pair: &AddressPair| pair.mode == PairMode::ActiveActive;
    if interface.check_source && pairs.iter().any(shared) {
        let found = "`check_source: true` with an active-active address pair".to_owned();
        refuse("check_source", found, "one of them")?;
    }
    if interface.check_source && interface.mode == ForwardingMode::Flow {
        let found =
            "`check_source: true` with mode flow, whose flows are checked by `rpf`".to_owned();
        refuse("check_source", found, "mode packet")?;
    }
    for (key, asked) in [
        ("flow_limit", interface.flow_limit.is_some()),
        ("drop_new_flows", interface.drop_new_flows),
        ("fat_flows", !interface.fat_flows.is_empty()),
    ] {
        if asked && interface.mode == ForwardingMode::Packet {
            let found = format!("`{key}` with mode packet, which has no flows");
            refuse(key, found, "mode flow")?;
        }
    }
    Ok(())
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
