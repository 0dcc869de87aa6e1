//! What the operator wrote: virtual networks, interfaces, policies and what lies on other nodes.
//!
//! ```text
//!   text ──yaml──▶ tree with places ──read──▶ typed sections ──claims──▶ no two hold one thing
//!                                                            └─allocate─▶ VRFs and labels filled in
//! ```
//!
//! One file per section of the network file: [`Node`], [`Underlay`], [`VirtualNetwork`] with
//! [`Subnet`], [`Gateway`], [`Interface`] with [`AddressPair`], [`FatFlow`], [`Analyzer`], [`ForwardingClass`] with [`QosMap`], [`Policy`],
//! [`Remote`] and [`Flood`] with [`NextHop`], [`FloatingIp`]. A [`Network`] holds no text any more: names are indexes,
//! defaults are filled in, and nothing in it contradicts anything else. Beside the file it holds what the slow path heard:
//! [`Network::active`], [`Learned`] and [`Heard`].

mod address_pair;
mod allocate;
mod analyzer;
mod claims;
mod error;
mod fat_flow;
mod floating_ip;
mod flood;
mod gateway;
mod heard;
mod interface;
mod later;
mod learned;
mod names;
mod next_hop;
mod node;
mod place;
mod policy;
mod qos;
mod read;
mod remote;
mod sharing;
mod subnet;
mod underlay;
mod virtual_network;
mod yaml;

pub use address_pair::{AddressPair, PairMode};
pub use analyzer::{Analyzer, Copies, Mirror};
pub use error::{NetworkError, NetworkErrorKind};
pub use fat_flow::{Aggregation, FatFlow, Side};
pub use floating_ip::FloatingIp;
pub use flood::{Flood, FloodKind};
pub use gateway::Gateway;
pub use heard::{Heard, HeardNeighbor};
pub use interface::{Etree, ForwardingMode, Interface, FLOOD_LABELS, LOCAL_LABELS, TREE_LABELS};
pub use learned::{Learned, LearnedAt, LearnedMac};
pub use names::NetworkIndex;
pub use next_hop::NextHop;
pub use node::Node;
pub use place::Place;
pub use policy::{Action, InvalidPortRange, Policy, PortRange, Rule};
pub use qos::{ForwardingClass, QosMap};
pub(crate) use read::is_link_local;
pub use remote::{Remote, Target};
pub use subnet::Subnet;
pub(crate) use underlay::default_route;
pub use underlay::Underlay;
pub use virtual_network::{Encapsulation, HashField, Mode, VirtualNetwork};

use std::collections::BTreeMap;

use ipnet::IpNet;

use address_pair::PairClaims;
use analyzer::Analyzers;
use claims::Claims;
use error::Fault;
use floating_ip::Guests;
use names::Networks;
use read::Fields;
use remote::Item;

use crate::mac::Mac;
use crate::port::PortName;

const KEYS: &[&str] = &[
    "node",
    "underlay",
    "networks",
    "gateways",
    "interfaces",
    "analyzers",
    "forwarding_classes",
    "qos_maps",
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
    /// Networks' ways out on wires, in file order.
    pub gateways: Vec<Gateway>,
    /// Guests' interfaces, in file order.
    pub interfaces: Vec<Interface>,
    /// What may pass between networks, in file order.
    pub policies: Vec<Policy>,
    /// Who gets copies of packets, in file order.
    pub analyzers: Vec<Analyzer>,
    /// How packets are marked in tunnels, in file order.
    pub forwarding_classes: Vec<ForwardingClass>,
    /// Which packets are marked how, in file order.
    pub qos_maps: Vec<QosMap>,
    /// What lies on other nodes, in file order.
    pub remotes: Vec<Remote>,
    /// Which other nodes get frames for many, in file order.
    pub floods: Vec<Flood>,
    /// Addresses of other networks for guests, in file order.
    pub floating_ips: Vec<FloatingIp>,
    /// Which interface was heard to have the addresses of an active-standby pair, by the pair's network and addresses.
    /// It is not in the file: the slow path learns it (see [`Network::activate`]).
    pub active: BTreeMap<(NetworkIndex, IpNet), usize>,
    /// Which MACs were learned, and where. It is not in the file either (see [`Network::learn`]).
    pub learned: Learned,
    /// Which neighbors were heard on the wires of gateways. It is not in the file either (see [`Network::hear`]).
    pub heard: Heard,
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

    /// Notes that frames from a MAC of a network, by its VRF, come from somewhere. True if that is news; false too where
    /// the file says where that MAC is, where the network learns none, or where it has no VNI to answer another node with.
    pub fn learn(&mut self, vrf: u16, mac: Mac, at: LearnedAt) -> bool {
        let Some(network) = self.with_vrf(vrf) else {
            return false;
        };
        let tenant = self.network(network);
        let reachable = match at {
            LearnedAt::Interface(position) => {
                let interface = self.interfaces.get(position);
                interface.is_some_and(|interface| interface.network == network)
            }
            LearnedAt::Node(end) => tenant.vni.is_some() && self.underlay.via(end).is_some(),
        };
        let learns = tenant.learn_macs && reachable && mac.is_unicast();
        learns && !self.says_where(network, mac) && self.learned.learn(network, mac, at)
    }

    /// The network with a VRF.
    #[must_use]
    pub fn with_vrf(&self, vrf: u16) -> Option<NetworkIndex> {
        let mut networks = self.networks.iter();
        let position = networks.position(|network| network.vrf == vrf);
        position.map(NetworkIndex)
    }

    /// True if the file says where frames to a MAC go.
    fn says_where(&self, network: NetworkIndex, mac: Mac) -> bool {
        let here = |interface: &Interface| {
            let mut pairs = interface.allowed_address_pairs.iter();
            let has = interface.mac == mac || pairs.any(|pair| pair.mac == mac);
            interface.network == network && has
        };
        let elsewhere = |remote: &Remote| {
            let has = matches!(&remote.target, Target::Guest { mac: guest, .. } if *guest == mac);
            remote.network == network && has
        };
        mac == self.node.router_mac
            || mac == self.underlay.mac
            || self.interfaces.iter().any(here)
            || self.remotes.iter().any(elsewhere)
    }

    /// The ports of the card that it uses: the underlay's, the host's, gateways', the guests'.
    pub fn ports(&self) -> impl Iterator<Item = PortName> + '_ {
        let own = [Some(self.underlay.port), self.underlay.host_port];
        own.into_iter()
            .flatten()
            .chain(self.gateways.iter().map(|gateway| gateway.port))
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
    let mut labels = Claims::new("label");
    let (mut networks, mut names, networks_fat_at) = networks(fields, &underlay, &mut labels)?;
    let gateways = gateway::Around {
        node: &node,
        networks: &networks,
        names: &mut names,
        ports: &mut ports,
    };
    let gateways = gateway::read_all(fields.list("gateways")?, gateways)?;
    let analyzers = analyzer::read_all(fields, &names, &underlay)?;
    let (forwarding_classes, qos_maps, qos_names) = qos::read_all(fields)?;

    let mut around = interface::Surroundings {
        node: &node,
        underlay: &underlay,
        networks: &mut names,
        analyzers: Analyzers::new(&analyzers),
        qos_maps: qos_names,
        ports: &mut ports,
        names: Claims::new("interface"),
        labels,
        pairs: PairClaims::default(),
        fat_flows_at: Vec::new(),
    };
    let list = fields.list("interfaces")?;
    let mut interfaces = list
        .iter()
        .map(|yaml| interface::read(yaml, &mut around))
        .collect::<Result<Vec<_>, _>>()?;
    allocate::labels(list, &mut interfaces, &networks)?;
    let (mut remotes, mut floods) = (Vec::new(), Vec::new());
    for yaml in fields.list("remote")? {
        match remote::read(yaml, &mut around)? {
            Item::Remote(remote) => remotes.push(remote),
            Item::Flood(flood) => floods.push(flood),
        }
    }
    allocate::flood_labels(&floods, &interfaces, &mut networks);
    analyzer::check(fields, &analyzers, &interfaces, &remotes)?;
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
        .map(|yaml| policy::read(yaml, &names, &Analyzers::new(&analyzers), &mut policy_names))
        .collect::<Result<_, _>>()?;
    let network = Network {
        node,
        underlay,
        networks,
        gateways,
        interfaces,
        analyzers,
        forwarding_classes,
        qos_maps,
        policies,
        remotes,
        floods,
        floating_ips,
        active: BTreeMap::new(),
        learned: Learned::default(),
        heard: Heard::default(),
    };
    sharing::check(&network, &interfaces_fat_at, &networks_fat_at)?;
    Ok(network)
}

/// The networks, what the sections behind them refer to, and for each where its fat flows stand.
type ReadNetworks = (Vec<VirtualNetwork>, Networks, Vec<Option<Place>>);

fn networks(
    fields: Fields<'_>,
    underlay: &Underlay,
    labels: &mut Claims<u32>,
) -> Result<ReadNetworks, Fault> {
    let open = fields
        .list("networks")?
        .iter()
        .map(virtual_network::open)
        .collect::<Result<Vec<_>, _>>()?;
    let vrfs = allocate::vrfs(&open)?;
    let mut shared = virtual_network::Shared {
        underlay,
        names: Claims::new("network"),
        vnis: Claims::new("VNI"),
        labels,
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
