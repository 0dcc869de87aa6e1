//! What the operator wrote: virtual networks, interfaces, policies and what lies on other nodes.
//!
//! ```text
//!   text ──yaml──▶ tree with places ──read──▶ typed sections ──claims──▶ no two hold one thing
//!                                                            └─allocate─▶ VRFs and labels filled in
//! ```
//!
//! One file per section of the network file: [`Node`], [`Underlay`], [`VirtualNetwork`] with
//! [`Subnet`], [`Interface`] with [`AddressPair`], [`FatFlow`], [`Policy`], [`Remote`], [`FloatingIp`]. A [`Network`] holds no text any more: names are
//! indexes, defaults are filled in, and nothing in it contradicts anything else.

mod address_pair;
mod allocate;
mod claims;
mod error;
mod fat_flow;
mod floating_ip;
mod interface;
mod later;
mod names;
mod node;
mod place;
mod policy;
mod read;
mod remote;
mod sharing;
mod subnet;
mod underlay;
mod virtual_network;
mod yaml;

pub use address_pair::{AddressPair, PairMode};
pub use error::{NetworkError, NetworkErrorKind};
pub use fat_flow::{Aggregation, FatFlow, Side};
pub use floating_ip::FloatingIp;
pub use interface::{ForwardingMode, Interface, LOCAL_LABELS};
pub use names::NetworkIndex;
pub use node::Node;
pub use place::Place;
pub use policy::{Action, InvalidPortRange, Policy, PortRange, Rule};
pub(crate) use read::is_link_local;
pub use remote::{NextHop, Remote, Target};
pub use subnet::Subnet;
pub use underlay::Underlay;
pub use virtual_network::{Encapsulation, Mode, VirtualNetwork};

use std::collections::BTreeMap;

use ipnet::IpNet;

use address_pair::PairClaims;
use claims::Claims;
use error::Fault;
use floating_ip::Guests;
use names::Networks;
use read::Fields;

use crate::port::PortName;

const KEYS: &[&str] = &[
    "node",
    "underlay",
    "networks",
    "interfaces",
    "analyzers",
    "policies",
    "floating_ips",
    "remote",
];

/// Everything that one node should carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The node itself.
    pub node: Node,
    /// The network that carries tunnels.
    pub underlay: Underlay,
    /// Tenants' networks, in file order.
    pub networks: Vec<VirtualNetwork>,
    /// Guests' interfaces, in file order.
    pub interfaces: Vec<Interface>,
    /// What may pass between networks, in file order.
    pub policies: Vec<Policy>,
    /// What lies on other nodes, in file order.
    pub remotes: Vec<Remote>,
    /// Addresses of other networks for guests, in file order.
    pub floating_ips: Vec<FloatingIp>,
    /// Which interface was heard to have the addresses of an active-standby pair, by the pair's network and addresses.
    /// It is not in the file: the slow path learns it (see [`Network::activate`]).
    pub active: BTreeMap<(NetworkIndex, IpNet), usize>,
}

impl Network {
    /// The network at an index of this file.
    #[must_use]
    pub fn network(&self, index: NetworkIndex) -> &VirtualNetwork {
        &self.networks[index.0]
    }

    /// Notes that an interface, by name, was heard to have addresses of an active-standby pair of its network, which
    /// `address` are all of. True if that is news; false too where the interface has no such pair.
    pub fn activate(&mut self, interface: &str, address: IpNet) -> bool {
        let mut interfaces = self.interfaces.iter();
        let Some(position) = interfaces.position(|other| other.name == interface) else {
            return false;
        };
        let found = &self.interfaces[position];
        let has = found
            .allowed_address_pairs
            .iter()
            .any(|pair| pair.address == address && pair.mode == PairMode::ActiveStandby);
        let key = (found.network, address);
        has && self.active.insert(key, position) != Some(position)
    }

    /// The ports of the card that it uses: the underlay's, the host's, the guests'.
    pub fn ports(&self) -> impl Iterator<Item = PortName> + '_ {
        let own = [Some(self.underlay.port), self.underlay.host_port];
        own.into_iter()
            .flatten()
            .chain(self.interfaces.iter().map(|interface| interface.port))
    }
}

/// Reads a network file. `file` is only what errors call it.
///
/// # Errors
/// The first thing in the file that is not as it must be.
///
/// # Example
/// ```
/// let text = "node: {name: n1}\nunderlay: {port: wire0, mac: 0c:c4:7a:59:62:5c}\n";
/// let error = underpass_table_compiler::parse("net.yaml", text).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "net.yaml:2:11: found an underlay without `address`, expected the key `address`"
/// );
/// ```
pub fn parse(file: &str, text: &str) -> Result<Network, NetworkError> {
    read(text).map_err(|fault| fault.in_file(file))
}

fn read(text: &str) -> Result<Network, Fault> {
    let yaml = yaml::load(text)?;
    let fields = Fields::open(&yaml, "a network file", KEYS)?;
    let mut ports = Claims::new("port");
    let node = node::read(fields.required("node")?)?;
    let underlay = underlay::read(fields.required("underlay")?, &mut ports)?;
    let (networks, mut names, networks_fat_at) = networks(fields)?;

    let mut around = interface::Surroundings {
        node: &node,
        underlay: &underlay,
        networks: &mut names,
        ports: &mut ports,
        names: Claims::new("interface"),
        labels: Claims::new("label"),
        pairs: PairClaims::default(),
        fat_flows_at: Vec::new(),
    };
    let list = fields.list("interfaces")?;
    let mut interfaces = list
        .iter()
        .map(|yaml| interface::read(yaml, &mut around))
        .collect::<Result<Vec<_>, _>>()?;
    allocate::labels(list, &mut interfaces, &networks)?;
    let remotes = fields
        .list("remote")?
        .iter()
        .map(|yaml| remote::read(yaml, &mut around))
        .collect::<Result<_, _>>()?;
    let interfaces_fat_at = around.fat_flows_at;
    let guests = Guests::new(&interfaces);
    let floating_ips = fields
        .list("floating_ips")?
        .iter()
        .map(|yaml| floating_ip::read(yaml, &guests, &mut names))
        .collect::<Result<_, _>>()?;
    let mut policy_names = Claims::new("policy");
    let policies = fields
        .list("policies")?
        .iter()
        .map(|yaml| policy::read(yaml, &names, &mut policy_names))
        .collect::<Result<_, _>>()?;
    later::in_file(fields)?;
    let network = Network {
        node,
        underlay,
        networks,
        interfaces,
        policies,
        remotes,
        floating_ips,
        active: BTreeMap::new(),
    };
    sharing::check(&network, &interfaces_fat_at, &networks_fat_at)?;
    Ok(network)
}

/// The networks, what the sections behind them refer to, and for each where its fat flows stand.
type ReadNetworks = (Vec<VirtualNetwork>, Networks, Vec<Option<Place>>);

fn networks(fields: Fields<'_>) -> Result<ReadNetworks, Fault> {
    let open = fields
        .list("networks")?
        .iter()
        .map(virtual_network::open)
        .collect::<Result<Vec<_>, _>>()?;
    let vrfs = allocate::vrfs(&open)?;
    let mut shared = virtual_network::Shared {
        names: Claims::new("network"),
        vnis: Claims::new("VNI"),
    };
    let mut networks = Vec::with_capacity(open.len());
    let mut tenants = Vec::with_capacity(open.len());
    let mut fat_flows_at = Vec::with_capacity(open.len());
    for (fields, vrf) in open.into_iter().zip(vrfs) {
        let (network, tenant, at) = virtual_network::read(fields, vrf, &mut shared)?;
        networks.push(network);
        tenants.push(tenant);
        fat_flows_at.push(at);
    }
    let names = Networks::new(&networks, tenants);
    Ok((networks, names, fat_flows_at))
}
