//! The network between the nodes, which carries tunnels: `underlay`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::claims::Claims;
use super::error::Fault;
use super::later;
use super::read::{is_link_local, Fields};
use super::yaml::{Entry, Value, Yaml};
use crate::mac::Mac;
use crate::port::PortName;

const KEYS: &[&str] = &[
    "port",
    "mac",
    "address",
    "gateway",
    "mtu",
    "neighbors",
    "host_port",
];

/// Largest IP MTU in bytes.
const MOST_MTU: u16 = 9216;
/// What every IPv4 host must take (RFC 791).
const LEAST_MTU: u16 = 576;
/// What every link must carry for IPv6 (RFC 8200 section 5).
const LEAST_MTU6: u16 = 1280;
const DEFAULT_MTU: u16 = 1500;

/// The node's place in the network that carries tunnels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Underlay {
    /// The port to it.
    pub port: PortName,
    /// The node's MAC there.
    pub mac: Mac,
    /// The node's address there (where tunnels start and end) with its prefix length. Tunnels are of its family.
    pub address: IpNet,
    /// The router behind which every address outside the prefix lies.
    pub gateway: Option<IpAddr>,
    /// IP MTU in bytes.
    pub mtu: u16,
    /// MACs known without asking.
    pub neighbors: BTreeMap<IpAddr, Mac>,
    /// Where packets for the node's address that are no tunnel packets go.
    pub host_port: Option<PortName>,
}

impl Underlay {
    /// Whose MAC a packet to `address` carries: its own within the prefix, else the gateway's.
    #[must_use]
    pub fn via(&self, address: IpAddr) -> Option<IpAddr> {
        if on_link(self.address, address) {
            Some(address)
        } else {
            self.gateway
        }
    }
}

pub(super) fn read(yaml: &Yaml, ports: &mut Claims<PortName>) -> Result<Underlay, Fault> {
    let fields = Fields::open(yaml, "an underlay", KEYS)?;
    let port_at = fields.required("port")?;
    later::in_underlay(port_at)?;
    let port = port_at.port()?;
    ports.claim(port, port_at.at)?;
    let mac = fields.required("mac")?.mac()?;
    let address_at = fields.required("address")?;
    let address = address_at.address_in_prefix()?;
    if is_link_local(&address.addr()) {
        return Err(address_at.unexpected("an address that is not link-local"));
    }
    let gateway = match fields.optional("gateway") {
        Some(gateway) => Some(neighbor(gateway, gateway.address()?, address)?),
        None => None,
    };
    let least = match address {
        IpNet::V4(_) => LEAST_MTU,
        IpNet::V6(_) => LEAST_MTU6,
    };
    let mtu = fields.optional("mtu").map_or(Ok(DEFAULT_MTU), |mtu| {
        mtu.number("an IP MTU in bytes", least..=MOST_MTU)
    })?;
    let host_port = match fields.optional("host_port") {
        Some(host) => {
            let port = host.port()?;
            ports.claim(port, host.at)?;
            Some(port)
        }
        None => None,
    };
    Ok(Underlay {
        port,
        mac,
        address,
        gateway,
        mtu,
        neighbors: neighbors(fields.optional("neighbors"), |yaml| {
            neighbor(yaml, yaml.address()?, address)
        })?,
        host_port,
    })
}

/// Addresses and their MACs, each address as `read` finds it.
pub(super) fn neighbors(
    yaml: Option<&Yaml>,
    mut read: impl FnMut(&Yaml) -> Result<IpAddr, Fault>,
) -> Result<BTreeMap<IpAddr, Mac>, Fault> {
    let entries: &[Entry] = match yaml {
        None => &[],
        Some(Yaml {
            value: Value::Map(entries),
            ..
        }) => entries,
        Some(other) => return Err(other.unexpected("a mapping of addresses to MACs")),
    };
    let mut claims = Claims::new("neighbor");
    let mut neighbors = BTreeMap::new();
    for Entry { key, key_at, value } in entries {
        let key = Yaml {
            at: *key_at,
            value: Value::Scalar {
                text: key.clone(),
                plain: true,
            },
        };
        let address = read(&key)?;
        claims.claim(address, key.at)?;
        neighbors.insert(address, value.mac()?);
    }
    Ok(neighbors)
}

/// The prefix of every address of a family.
pub(crate) fn default_route(like: IpAddr) -> IpNet {
    match like {
        IpAddr::V4(_) => IpNet::V4(Ipv4Net::default()),
        IpAddr::V6(_) => IpNet::V6(Ipv6Net::default()),
    }
}

/// True of what shares a link with the node: an address in its prefix, or a link-local one of IPv6.
fn on_link(own: IpNet, address: IpAddr) -> bool {
    own.contains(&address) || own.addr().is_ipv6() && is_link_local(&address)
}

/// Something on the same link as the node, and not the node.
fn neighbor(yaml: &Yaml, address: IpAddr, own: IpNet) -> Result<IpAddr, Fault> {
    if on_link(own, address) && address != own.addr() {
        Ok(address)
    } else {
        let expected = format!(
            "an address in {} that is not the underlay's own {}",
            own.trunc(),
            own.addr()
        );
        Err(yaml.unexpected(expected))
    }
}
