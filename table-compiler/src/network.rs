//! What the operator wrote: virtual networks, interfaces, policies and what lies on other nodes.
//!
//! ```text
//!   text ──yaml──▶ tree with places ──read──▶ typed sections ──claims──▶ no two hold one thing
//!                                                            └─allocate─▶ VRFs and labels filled in
//! ```
//!
//! One file per section of the network file: [`Node`], [`Underlay`], [`VirtualNetwork`] with
//! [`Subnet`], [`Interface`], [`Policy`], [`Remote`]. A [`Network`] holds no text any more: names are
//! indexes, defaults are filled in, and nothing in it contradicts anything else.

mod allocate;
mod claims;
mod error;
mod interface;
mod later;
mod names;
mod node;
mod place;
mod policy;
mod read;
mod remote;
mod subnet;
mod underlay;
mod virtual_network;
mod yaml;

pub use error::{NetworkError, NetworkErrorKind};
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

use claims::Claims;
use error::Fault;
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
}

impl Network {
    /// The network at an index of this file.
    #[must_use]
    pub fn network(&self, index: NetworkIndex) -> &VirtualNetwork {
        &self.networks[index.0]
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
    let (networks, mut names) = networks(fields)?;

    let mut around = interface::Surroundings {
        node: &node,
        underlay: &underlay,
        networks: &mut names,
        ports: &mut ports,
        names: Claims::new("interface"),
        labels: Claims::new("label"),
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
    let mut policy_names = Claims::new("policy");
    let policies = fields
        .list("policies")?
        .iter()
        .map(|yaml| policy::read(yaml, &names, &mut policy_names))
        .collect::<Result<_, _>>()?;
    later::in_file(fields)?;
    Ok(Network {
        node,
        underlay,
        networks,
        interfaces,
        policies,
        remotes,
    })
}

fn networks(fields: Fields<'_>) -> Result<(Vec<VirtualNetwork>, Networks), Fault> {
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
    for (fields, vrf) in open.into_iter().zip(vrfs) {
        let (network, tenant) = virtual_network::read(fields, vrf, &mut shared)?;
        networks.push(network);
        tenants.push(tenant);
    }
    let names = Networks::new(&networks, tenants);
    Ok((networks, names))
}
