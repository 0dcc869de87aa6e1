//! The numbers that objects refer to each other by.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::pair::pairs;
use crate::mac::Mac;
use crate::network::{
    is_link_local, Encapsulation, Network, NetworkIndex, NextHop, PairMode, Target, VirtualNetwork,
};

/// The underlay's vif.
pub const FABRIC_VIF: u32 = 0;
/// The host's vif.
pub const HOST_VIF: u32 = 1;
/// The slow path's vif.
pub const AGENT_VIF: u32 = 2;
const FIRST_GUEST_VIF: u32 = 3;

/// Packets to it are dropped.
pub const DISCARD: u32 = 1;
/// Frames for the router.
pub const L2_RECEIVE: u32 = 2;
/// Packets for the node's own address.
pub const OWN_ADDRESS: u32 = 3;
/// Packets to the host; in flow keys, those from it.
pub const HOST: u32 = 4;
/// Packets to the slow path: gateways and DNS servers.
pub const AGENT: u32 = 5;
const FIRST_GUEST: u32 = 6;

/// The vif of a guest, by its interface's position.
pub fn guest_vif(interface: usize) -> u32 {
    FIRST_GUEST_VIF + number(interface)
}

/// The nexthop of packets routed to a guest; also the one in its flows' keys.
pub fn routed(interface: usize) -> u32 {
    FIRST_GUEST + 2 * number(interface)
}

/// The nexthop of frames bridged to a guest.
pub fn bridged(interface: usize) -> u32 {
    routed(interface) + 1
}

/// Positions count things of a text file and fit.
fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// What tells one tunnel nexthop from another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tunnel {
    /// The other node.
    pub remote: IpAddr,
    /// How packets travel.
    pub encapsulation: Encapsulation,
    /// The inner destination MAC of packets routed into VXLAN.
    pub inner_mac: Option<Mac>,
}

impl Tunnel {
    /// The tunnel of frames bridged to a next hop.
    pub fn bridged(next_hop: &NextHop) -> Self {
        let NextHop {
            address: remote,
            encapsulation,
            ..
        } = *next_hop;
        Self {
            remote,
            encapsulation,
            inner_mac: None,
        }
    }

    /// The tunnel of packets routed to what lies behind a next hop. Over VXLAN a frame must go to
    /// someone: the router there, or the guest itself.
    pub fn routed(next_hop: &NextHop, target: &Target) -> Self {
        let mac = match target {
            Target::Prefix(_) => next_hop.router_mac,
            Target::Guest { mac, .. } => Some(*mac),
        };
        let inner_mac = mac.filter(|_| !next_hop.encapsulation.has_label());
        Self {
            inner_mac,
            ..Self::bridged(next_hop)
        }
    }
}

/// The nexthops that a network as a whole has.
#[derive(Clone, Copy, Default)]
pub struct OfNetwork {
    /// Where frames with its VNI go.
    pub behind_vni: Option<u32>,
    /// Where frames for all go.
    pub flood: Option<Flood>,
}

/// The two nexthops of flooding.
#[derive(Clone, Copy)]
pub struct Flood {
    /// The local guests.
    pub list: u32,
    /// All lists.
    pub head: u32,
}

/// The nexthop of a guest's interface under one of its MACs.
pub type OtherMac = (usize, Mac);

/// The nexthop of a pair that several guests have at once, by network and addresses.
pub type Shared = (NetworkIndex, IpNet);

/// Nexthops beyond those at fixed places.
pub struct Ids {
    /// By the network's position.
    pub networks: Vec<OfNetwork>,
    /// Tunnels in the order of their ids.
    pub tunnels: Vec<(Tunnel, u32)>,
    by_tunnel: HashMap<Tunnel, u32>,
    /// Of allowed address pairs with another MAC than the guest's.
    pub other_macs: BTreeMap<OtherMac, u32>,
    /// Of active-active pairs that several guests have.
    pub shared: BTreeMap<Shared, u32>,
}

impl Ids {
    pub fn new(network: &Network) -> Self {
        let mut next = routed(network.interfaces.len());
        let mut take = || {
            next += 1;
            next - 1
        };
        let of_network = |tenant: &VirtualNetwork| OfNetwork {
            behind_vni: tenant.vni.map(|_| take()),
            flood: tenant.mode.bridges().then(|| Flood {
                list: take(),
                head: take(),
            }),
        };
        let networks = network.networks.iter().map(of_network).collect();

        let mut ids = Self {
            networks,
            tunnels: Vec::new(),
            by_tunnel: HashMap::new(),
            other_macs: BTreeMap::new(),
            shared: BTreeMap::new(),
        };
        for remote in &network.remotes {
            let mode = network.network(remote.network).mode;
            let guest = matches!(remote.target, Target::Guest { .. });
            let bridged = (guest && mode.bridges()).then(|| Tunnel::bridged(&remote.next_hop));
            let has_routes = match &remote.target {
                Target::Prefix(_) => true,
                Target::Guest { addresses, .. } => {
                    addresses.iter().any(|address| !is_link_local(address))
                }
            };
            let routed = (mode.routes() && has_routes)
                .then(|| Tunnel::routed(&remote.next_hop, &remote.target));
            for tunnel in bridged.into_iter().chain(routed) {
                if let Entry::Vacant(vacant) = ids.by_tunnel.entry(tunnel) {
                    ids.tunnels.push((tunnel, *vacant.insert(take())));
                }
            }
        }
        for (position, interface) in network.interfaces.iter().enumerate() {
            for pair in &interface.allowed_address_pairs {
                if pair.mac != interface.mac {
                    let key = (position, pair.mac);
                    ids.other_macs.entry(key).or_insert_with(&mut take);
                }
            }
        }
        for pair in pairs(network) {
            if pair.mode == PairMode::ActiveActive && pair.members.len() > 1 {
                ids.shared.insert((pair.network, pair.address), take());
            }
        }
        ids
    }

    /// The nexthop of packets routed to a guest under one of its MACs.
    pub fn of_mac(&self, interface: usize, mac: Mac) -> u32 {
        let other = self.other_macs.get(&(interface, mac)).copied();
        other.unwrap_or_else(|| routed(interface))
    }

    /// The nexthop of a tunnel that some remote uses.
    pub fn tunnel(&self, tunnel: &Tunnel) -> u32 {
        self.by_tunnel.get(tunnel).copied().unwrap_or(DISCARD)
    }
}
