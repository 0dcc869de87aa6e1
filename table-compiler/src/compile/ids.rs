//! The numbers that objects refer to each other by.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::flood;
use super::pair::pairs;
use crate::mac::Mac;
use crate::network::{
    is_link_local, Copies, Encapsulation, FloodKind, Gateway, Network, NetworkIndex, NextHop,
    PairMode, Remote, Target, VirtualNetwork,
};

/// The underlay's vif.
pub const FABRIC_VIF: u32 = 0;
/// The host's vif.
pub const HOST_VIF: u32 = 1;
/// The slow path's vif.
pub const AGENT_VIF: u32 = 2;
/// Gateways' vifs, then guests'.
const FIRST_VIF: u32 = 3;

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
/// Gateways' nexthops, then guests'.
const FIRST: u32 = 6;
/// Nexthops of a gateway: in keys, to the wire at large, to the routers of both families.
const OF_GATEWAY: u32 = 4;

/// The vif of a gateway, by its position.
pub fn gateway_vif(gateway: usize) -> u32 {
    FIRST_VIF + number(gateway)
}

/// The nexthop in the keys of flows that come in at a gateway.
pub fn gateway(gateway: usize) -> u32 {
    FIRST + OF_GATEWAY * number(gateway)
}

/// The nexthop of packets to those on a gateway's wire whose MAC is not known.
pub fn glean(gateway: usize) -> u32 {
    self::gateway(gateway) + 1
}

/// The nexthop to a gateway's router of a family.
pub fn router(gateway: usize, v6: bool) -> u32 {
    self::gateway(gateway) + 2 + u32::from(v6)
}

/// The vif of a guest, by its interface's position.
pub fn guest_vif(network: &Network, interface: usize) -> u32 {
    gateway_vif(network.gateways.len()) + number(interface)
}

/// The nexthop of packets routed to a guest; also the one in its flows' keys.
pub fn routed(network: &Network, interface: usize) -> u32 {
    gateway(network.gateways.len()) + 2 * number(interface)
}

/// The nexthop of frames bridged to a guest.
pub fn bridged(network: &Network, interface: usize) -> u32 {
    routed(network, interface) + 1
}

/// Positions count things of a text file and fit.
fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// What tells one tunnel nexthop from another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
        let inner_mac = mac.filter(|_| next_hop.encapsulation == Encapsulation::Vxlan);
        Self {
            inner_mac,
            ..Self::bridged(next_hop)
        }
    }

    /// The tunnel of frames that go over VXLAN, to a node or to a multicast group.
    pub const fn vxlan(remote: IpAddr) -> Self {
        Self {
            remote,
            encapsulation: Encapsulation::Vxlan,
            inner_mac: None,
        }
    }
}

/// A tunnel with the label or VNI of what lies behind it.
pub type Labelled = (Tunnel, u32);

/// Several tunnels that share the packets of a network to one place.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Several {
    /// The network, which says what the choice looks at.
    pub network: NetworkIndex,
    /// Whether frames are bridged through them.
    pub bridged: bool,
    /// They, in file order.
    pub members: Vec<Labelled>,
}

/// How a remote is reached.
#[derive(Clone, Copy)]
pub struct Way {
    pub nh: u32,
    /// Label or VNI; of several tunnels each has its own.
    pub label: Option<u32>,
}

/// The nexthops that a network as a whole has.
#[derive(Clone, Copy, Default)]
pub struct OfNetwork {
    /// Where frames with its VNI go.
    pub behind_vni: Option<u32>,
    /// Where frames for all go; `None` where that is nobody.
    pub flood: Option<Flood>,
}

/// The two nexthops of flooding.
#[derive(Clone, Copy)]
pub struct Flood {
    /// The local guests, if there are any.
    pub list: Option<u32>,
    /// All lists.
    pub head: u32,
}

/// The nexthop of a guest's interface under one of its MACs.
pub type OtherMac = (usize, Mac);

/// The nexthop of a pair that several guests have at once, by network and addresses.
pub type Shared = (NetworkIndex, IpNet);

/// Someone on the wire of a gateway, by its position and the address.
pub type OnWire = (usize, IpAddr);

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
    /// Tunnels that share packets, in the order of their ids.
    pub several: Vec<(Several, u32)>,
    by_several: HashMap<Several, u32>,
    /// Lists of other nodes that get frames for many.
    pub lists: BTreeMap<(NetworkIndex, FloodKind), u32>,
    /// Heads of the replication of what comes by a network's `flood_label`.
    pub labelled_heads: BTreeMap<NetworkIndex, u32>,
    /// Towards each analyzer that copies are routed to, by its position.
    pub analyzers: Vec<Option<u32>>,
    /// Of those on the wires of gateways that are no routers and whose MACs are known.
    pub neighbors: BTreeMap<OnWire, u32>,
}

impl Ids {
    pub fn new(network: &Network) -> Self {
        let mut next = routed(network, network.interfaces.len());
        let mut take = || {
            next += 1;
            next - 1
        };
        let (guests, others) = flood::who(network);
        let of_network = |(position, tenant): (usize, &VirtualNetwork)| {
            let behind_vni = tenant.vni.map(|_| take());
            // A list keeps its number while nobody is in it.
            let lists = tenant.mode.bridges().then(|| (take(), take()));
            let (guests, others) = (guests.contains(&position), others.contains(&position));
            let lists = lists.filter(|_| guests || others);
            let flood = lists.map(|(list, head)| Flood {
                list: guests.then_some(list),
                head,
            });
            OfNetwork { behind_vni, flood }
        };
        let networks = network.networks.iter().enumerate();
        let networks = networks.map(of_network).collect();

        let mut ids = Self {
            networks,
            tunnels: Vec::new(),
            by_tunnel: HashMap::new(),
            other_macs: BTreeMap::new(),
            shared: BTreeMap::new(),
            several: Vec::new(),
            by_several: HashMap::new(),
            lists: BTreeMap::new(),
            labelled_heads: BTreeMap::new(),
            analyzers: Vec::new(),
            neighbors: BTreeMap::new(),
        };
        for remote in &network.remotes {
            for next_hop in &remote.next_hops {
                if is_bridged(network, remote) {
                    ids.add_tunnel(Tunnel::bridged(next_hop), &mut take);
                }
                if is_routed(network, remote) {
                    ids.add_tunnel(Tunnel::routed(next_hop, &remote.target), &mut take);
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
        ids.add_several(network, &mut take);
        ids.add_flooding(network, &mut take);
        for analyzer in &network.analyzers {
            let routed = matches!(analyzer.copies, Copies::Juniper { .. });
            ids.analyzers.push(routed.then(&mut take));
        }
        for (position, gateway) in network.gateways.iter().enumerate() {
            let addresses = gateway.neighbors.keys().copied();
            for address in addresses.filter(|address| has_own_way(gateway, address)) {
                ids.neighbors.insert((position, address), take());
            }
        }
        // Both of these grow, and what they have keeps its number: they take turns where there are both.
        let first = take();
        let step = 1 + u32::from(!network.gateways.is_empty());
        for (place, neighbor) in network.heard.neighbors() {
            let key = (neighbor.gateway, neighbor.address);
            let gateway = network.gateways.get(neighbor.gateway);
            if gateway.is_some_and(|gateway| has_own_way(gateway, &neighbor.address)) {
                let id = first + step * number(place) + 1;
                ids.neighbors.entry(key).or_insert(id);
            }
        }
        let mut end_id = first;
        let mut take = || {
            end_id += step;
            end_id - step
        };
        for end in network.learned.ends() {
            ids.add_tunnel(Tunnel::vxlan(end), &mut take);
        }
        ids
    }

    fn add_tunnel(&mut self, tunnel: Tunnel, take: &mut impl FnMut() -> u32) {
        if let Entry::Vacant(vacant) = self.by_tunnel.entry(tunnel) {
            self.tunnels.push((tunnel, *vacant.insert(take())));
        }
    }

    fn add_several(&mut self, network: &Network, take: &mut impl FnMut() -> u32) {
        for remote in &network.remotes {
            let bridged = is_bridged(network, remote).then(|| several(remote, true));
            let routed = is_routed(network, remote).then(|| several(remote, false));
            for several in bridged.into_iter().chain(routed) {
                if several.members.len() > 1 && !self.by_several.contains_key(&several) {
                    let id = take();
                    self.by_several.insert(several.clone(), id);
                    self.several.push((several, id));
                }
            }
        }
    }

    /// Lists in the order in which the file has the first of their nodes, those of multicast groups before.
    fn add_flooding(&mut self, network: &Network, take: &mut impl FnMut() -> u32) {
        for (list, (tunnel, _)) in flood::legs(network) {
            self.add_tunnel(tunnel, take);
            self.lists.entry(list).or_insert_with(&mut *take);
        }
        for (position, tenant) in network.networks.iter().enumerate() {
            let index = NetworkIndex(position);
            let guests = self.networks[position].flood.and_then(|flood| flood.list);
            let receives = guests.is_some() || self.lists.contains_key(&(index, FloodKind::Tor));
            if tenant.flood_label.is_some() && receives {
                self.labelled_heads.insert(index, take());
            }
        }
    }

    /// How a remote is reached by frames that are bridged, or by packets that are routed.
    pub fn way(&self, remote: &Remote, bridged: bool) -> Way {
        let several = several(remote, bridged);
        match several.members.as_slice() {
            [(tunnel, label)] => Way {
                nh: self.tunnel(tunnel),
                label: Some(*label),
            },
            _ => Way {
                nh: self.by_several.get(&several).copied().unwrap_or(DISCARD),
                label: None,
            },
        }
    }

    /// The nexthop of packets routed to a guest under one of its MACs.
    pub fn of_mac(&self, network: &Network, interface: usize, mac: Mac) -> u32 {
        let other = self.other_macs.get(&(interface, mac)).copied();
        other.unwrap_or_else(|| routed(network, interface))
    }

    /// The nexthop of a tunnel that some remote uses.
    pub fn tunnel(&self, tunnel: &Tunnel) -> u32 {
        self.by_tunnel.get(tunnel).copied().unwrap_or(DISCARD)
    }
}

/// True of someone on a gateway's wire who has a nexthop and a route that routers do not have anyway.
fn has_own_way(gateway: &Gateway, address: &IpAddr) -> bool {
    !is_link_local(address) && !gateway.routers.contains(address)
}

/// True if frames are bridged to a remote.
fn is_bridged(network: &Network, remote: &Remote) -> bool {
    let guest = matches!(remote.target, Target::Guest { .. });
    guest && network.network(remote.network).mode.bridges()
}

/// True if packets are routed to a remote.
fn is_routed(network: &Network, remote: &Remote) -> bool {
    let has_routes = match &remote.target {
        Target::Prefix(_) => true,
        Target::Guest { addresses, .. } => addresses.iter().any(|address| !is_link_local(address)),
    };
    has_routes && network.network(remote.network).mode.routes()
}

/// The tunnels to a remote.
fn several(remote: &Remote, bridged: bool) -> Several {
    let tunnel = |next_hop: &NextHop| match bridged {
        true => Tunnel::bridged(next_hop),
        false => Tunnel::routed(next_hop, &remote.target),
    };
    let next_hops = remote.next_hops.iter();
    Several {
        network: remote.network,
        bridged,
        members: next_hops.map(|hop| (tunnel(hop), hop.label)).collect(),
    }
}
