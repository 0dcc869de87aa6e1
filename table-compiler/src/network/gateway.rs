//! A network's way out on a wire that carries no tunnels: an item of `gateways`.
//!
//! ```text
//!              the network, mode l3                the wire, with the network's subnets on it
//!   guests ───▶ routes ─┬─▶ a guest here            ┌── other nodes with guests of the subnet
//!                       ├─▶ a neighbor, by its MAC ─┼── other machines
//!                       └─▶ everything else ────────┴── routers ───▶ elsewhere
//! ```
//! The node answers ARP and neighbor solicitations for its guests on the wire, with the gateway's MAC, so that the wire
//! needs not know who is where. Without `routers` the node itself is what the others send everything else to.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::claims::Claims;
use super::error::Fault;
use super::names::{NetworkIndex, Networks};
use super::read::{family, is_link_local, Fields};
use super::subnet::Subnet;
use super::underlay;
use super::virtual_network::{Mode, Tenant, VirtualNetwork};
use super::yaml::Yaml;
use super::Node;
use crate::mac::Mac;
use crate::port::{PortKind, PortName};

const KEYS: &[&str] = &[
    "name",
    "port",
    "network",
    "mac",
    "addresses",
    "routers",
    "neighbors",
    "snat",
];

/// A network's way out on a wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Its name.
    pub name: String,
    /// The wire's port, which nothing else has.
    pub port: PortName,
    /// The network, of mode l3; it has no other gateway.
    pub network: NetworkIndex,
    /// The node's MAC on the wire.
    pub mac: Mac,
    /// The node's addresses on the wire, with which it asks for MACs: at least one of each family of the network's subnets.
    pub addresses: Vec<IpAddr>,
    /// Where the default routes lead, at most one of each family.
    pub routers: Vec<IpAddr>,
    /// MACs known without asking, of routers and others on the wire.
    pub neighbors: BTreeMap<IpAddr, Mac>,
    /// The source address that flows of guests get which leave here.
    pub snat: Option<Ipv4Addr>,
}

/// True of an address on the wire: in a subnet, or a link-local one of IPv6.
pub(super) fn on_wire(subnets: &[Subnet], address: IpAddr) -> bool {
    let mut subnets = subnets.iter();
    is_link_local(&address) || subnets.any(|subnet| subnet.prefix.contains(&address))
}

/// What gateways have among themselves, and what they refer to.
pub(super) struct Around<'a> {
    pub node: &'a Node,
    pub networks: &'a [VirtualNetwork],
    pub names: &'a mut Networks,
    pub ports: &'a mut Claims<PortName>,
}

/// Reads `gateways`.
pub(super) fn read_all(items: &[Yaml], mut around: Around<'_>) -> Result<Vec<Gateway>, Fault> {
    let mut names = Claims::new("gateway");
    let mut networks = Claims::new("gateway of network");
    let mut gateways = Vec::with_capacity(items.len());
    for yaml in items {
        let fields = Fields::open(yaml, "a gateway", KEYS)?;
        let name_at = fields.required("name")?;
        let name = name_at.name()?;
        names.claim(name.clone(), name_at.at)?;
        let network_at = fields.required("network")?;
        let network = network(network_at, &around)?;
        networks.claim(network_at.name()?, network_at.at)?;
        gateways.push(read(fields, name, network, &mut around)?);
    }
    Ok(gateways)
}

/// A network that a gateway may be of.
fn network(yaml: &Yaml, around: &Around<'_>) -> Result<NetworkIndex, Fault> {
    let index = around.names.find(yaml)?;
    let network = &around.networks[index.0];
    let refuse = |what: String, expected: &str| {
        let found = format!("{}, a network {what}", yaml.found());
        Err(Fault::unexpected(yaml.at, found, expected))
    };
    match network.mode {
        Mode::L3 => {}
        Mode::L2L3 => return refuse("of mode l2-l3".to_owned(), "one of mode l3"),
        Mode::L2 => return refuse("of mode l2".to_owned(), "one of mode l3"),
    }
    if network.subnets.is_empty() {
        return refuse("without subnets".to_owned(), "one with those of the wire");
    }
    Ok(index)
}

fn read(
    fields: Fields<'_>,
    name: String,
    network: NetworkIndex,
    around: &mut Around<'_>,
) -> Result<Gateway, Fault> {
    let port_at = fields.required("port")?;
    let port = port_at.port()?;
    if port.kind != PortKind::Wire {
        return Err(port_at.unexpected("a wire: wireN"));
    }
    around.ports.claim(port, port_at.at)?;
    let mac_at = fields.required("mac")?;
    let mac = mac_at.mac()?;
    if mac == around.node.router_mac {
        let expected = "a MAC other than `router_mac`, which guests are answered with";
        return Err(mac_at.unexpected(expected));
    }
    let tenant = around.names.tenant(network);
    tenant.macs.claim(mac, mac_at.at)?;
    let mut wire = Wire {
        subnets: &around.networks[network.0].subnets,
        tenant,
        taken: Claims::new("address"),
    };
    let addresses = wire.addresses(fields.required("addresses")?)?;
    let routers = wire.routers(fields.list("routers")?, &addresses)?;
    // A route elsewhere would take the place of the way to the wire.
    for subnet in wire.subnets {
        wire.tenant.prefixes.claim(subnet.prefix, fields.at)?;
    }
    let neighbors = underlay::neighbors(fields.optional("neighbors"), |yaml| {
        wire.neighbor(yaml, &routers)
    })?;
    let snat = fields.optional("snat");
    Ok(Gateway {
        name,
        port,
        network,
        mac,
        snat: snat.map(|yaml| wire.snat(yaml, &addresses)).transpose()?,
        addresses,
        routers,
        neighbors,
    })
}

/// What is on a wire.
struct Wire<'a> {
    subnets: &'a [Subnet],
    tenant: &'a mut Tenant,
    /// By the gateway itself.
    taken: Claims<IpAddr>,
}

impl Wire<'_> {
    /// Takes an address. A subnet's own gateway and DNS server are this node's or a router's: they are taken already.
    fn take(&mut self, address: IpAddr, yaml: &Yaml) -> Result<(), Fault> {
        self.taken.claim(address, yaml.at)?;
        if self.tenant.addresses.holds(&address) {
            return Ok(());
        }
        self.tenant.addresses.claim(address, yaml.at)
    }

    fn addresses(&mut self, at: &Yaml) -> Result<Vec<IpAddr>, Fault> {
        let mut addresses = Vec::new();
        for yaml in at.list()? {
            let address = yaml.address()?;
            let mut subnets = self.subnets.iter();
            if !subnets.any(|subnet| subnet.prefix.contains(&address)) {
                return Err(yaml.unexpected("an address in a subnet of its network"));
            }
            self.take(address, yaml)?;
            addresses.push(address);
        }
        for subnet in self.subnets {
            let prefix = subnet.prefix;
            if like(&addresses, prefix.addr()).is_none() {
                let family = family(&prefix.addr());
                let found = format!("no {family} address beside subnet {prefix}");
                let expected = "one of each family of the network's subnets";
                return Err(Fault::unexpected(at.at, found, expected));
            }
        }
        Ok(addresses)
    }

    fn routers(&mut self, list: &[Yaml], own: &[IpAddr]) -> Result<Vec<IpAddr>, Fault> {
        let mut routers = Vec::new();
        for yaml in list {
            let router = self.other(yaml)?;
            let family = family(&router);
            if like(&routers, router).is_some() {
                return Err(yaml.unexpected(format!("one {family} router")));
            }
            if like(own, router).is_none() {
                let expected = format!("no {family} router where `addresses` has no {family} one");
                return Err(yaml.unexpected(expected));
            }
            self.take(router, yaml)?;
            let default = underlay::default_route(router);
            self.tenant.prefixes.claim(default, yaml.at)?;
            routers.push(router);
        }
        Ok(routers)
    }

    fn neighbor(&mut self, yaml: &Yaml, routers: &[IpAddr]) -> Result<IpAddr, Fault> {
        let address = self.other(yaml)?;
        if routers.contains(&address) {
            return Ok(address);
        }
        if self.tenant.addresses.holds(&address) {
            return Err(yaml.unexpected("a neighbor's address, not this node's own"));
        }
        self.take(address, yaml)?;
        Ok(address)
    }

    /// Something else on the wire.
    fn other(&self, yaml: &Yaml) -> Result<IpAddr, Fault> {
        let address = yaml.address()?;
        if on_wire(self.subnets, address) {
            return Ok(address);
        }
        Err(yaml.unexpected("an address in a subnet of its network, or a link-local one of IPv6"))
    }

    /// One of the gateway's own addresses, or one that nothing else has.
    fn snat(&mut self, yaml: &Yaml, own: &[IpAddr]) -> Result<Ipv4Addr, Fault> {
        let address = yaml.address()?;
        let IpAddr::V4(snat) = address else {
            return Err(yaml.unexpected("an IPv4 address"));
        };
        if !own.contains(&address) {
            self.tenant.addresses.claim(address, yaml.at)?;
        }
        Ok(snat)
    }
}

/// An address of the family of another one.
fn like(addresses: &[IpAddr], other: IpAddr) -> Option<IpAddr> {
    let mut addresses = addresses.iter().copied();
    addresses.find(|address| address.is_ipv4() == other.is_ipv4())
}
