//! Ways out on wires: an interface each, and what packets of its network find there.
//!
//! | packets to                  | nexthop                                        | ARP                    |
//! |-----------------------------|------------------------------------------------|------------------------|
//! | a router                    | encap to its MAC; resolve until it is known    | P                      |
//! | everything (default route)  | the router's                                   | P                      |
//! | a neighbor of known MAC     | encap to it                                    | P                      |
//! | a subnet, others in it      | resolve: the slow path asks who has them       | P                      |
//! | the gateway's own addresses | the slow path                                  | P                      |
//! | the address of NAT          | the slow path: what a flow expects never comes here | P                 |
//!
//! P: guests are answered with the router's MAC, the wire with the gateway's. The wire gets no answer for what lies on it.
//!
//! What comes by a gateway is routed by itself. It has flows only where something is to be decided: where addresses are
//! translated, and where a policy joins the network with others.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ids::{gateway, gateway_vif, glean, router, Ids, OnWire, AGENT, L2_RECEIVE};
use super::route::joined;
use crate::mac::Mac;
use crate::network::{default_route, is_link_local, Gateway, Network};
use crate::objects::{
    self, Bridge, BridgeFlags, Family, GatewayNeighbor, HexBytes, Nexthop, NexthopFlags,
    NexthopKind, Vif, VifFlags, VifType,
};

/// Every gateway with its position.
fn all(network: &Network) -> impl Iterator<Item = (usize, &Gateway)> {
    network.gateways.iter().enumerate()
}

/// True if what comes by a gateway has flows.
fn has_flows(network: &Network, gateway: &Gateway) -> bool {
    gateway.snat.is_some() || !joined(network)[gateway.network.0].is_empty()
}

/// The interface of a gateway, but for what [`vif`](super::vif) says of all.
pub fn vif(network: &Network, position: usize, plain: Vif) -> Vif {
    let own = &network.gateways[position];
    let policy = VifFlags::POLICY.when(has_flows(network, own));
    Vif {
        idx: gateway_vif(position),
        vif_type: VifType::Gateway,
        name: Some(own.name.clone()),
        port: Some(own.port),
        mac: own.mac,
        ip: own.addresses.first().copied(),
        flags: policy | VifFlags::L3 | VifFlags::ETREE_ROOT,
        vrf: network.network(own.network).vrf,
        nh_id: Some(gateway(position)),
        decrement_hop_limit: network.node.decrement_hop_limit,
        ..plain
    }
}

/// Everybody on the wire of a gateway with a nexthop of his own: routers, then others.
fn neighbors(network: &Network, ids: &Ids, position: usize) -> Vec<GatewayNeighbor> {
    let own = &network.gateways[position];
    let routers = own.routers.iter().map(|address| GatewayNeighbor {
        address: *address,
        nh: router(position, address.is_ipv6()),
        router: true,
        mac: network.neighbor(position, *address),
    });
    let here = |(of, _): &(&OnWire, &u32)| of.0 == position;
    let others = ids.neighbors.iter().filter(here);
    let others = others.map(|((_, address), nh)| GatewayNeighbor {
        address: *address,
        nh: *nh,
        router: false,
        mac: network.neighbor(position, *address),
    });
    routers.chain(others).collect()
}

/// The nexthops at fixed places: of keys, of the wire at large, of routers.
pub fn nexthops(network: &Network, ids: &Ids) -> Vec<Nexthop> {
    let mut nexthops = Vec::new();
    for (position, own) in all(network) {
        let policy = NexthopFlags::POLICY.when(has_flows(network, own));
        let key = HexBytes::ethernet(own.mac, own.mac);
        nexthops.push(encap(network, position, policy, gateway(position), key));
        nexthops.push(resolve(network, position, glean(position)));
        let neighbors = neighbors(network, ids, position).into_iter();
        let routers = neighbors.filter(|neighbor| neighbor.router);
        nexthops.extend(routers.map(|router| to(network, position, policy, &router)));
    }
    nexthops
}

/// The nexthops of neighbors that are no routers.
pub fn others(network: &Network, ids: &Ids) -> Vec<Nexthop> {
    let mut nexthops = Vec::new();
    for (position, own) in all(network) {
        let policy = NexthopFlags::POLICY.when(has_flows(network, own));
        let neighbors = neighbors(network, ids, position).into_iter();
        let others = neighbors.filter(|neighbor| !neighbor.router);
        nexthops.extend(others.map(|one| to(network, position, policy, &one)));
    }
    nexthops
}

fn to(
    network: &Network,
    position: usize,
    policy: NexthopFlags,
    neighbor: &GatewayNeighbor,
) -> Nexthop {
    let own = network.gateways[position].mac;
    let header = |mac: Mac| match neighbor.address {
        IpAddr::V4(_) => HexBytes::ethernet(mac, own),
        IpAddr::V6(_) => HexBytes::ethernet_ipv6(mac, own),
    };
    match neighbor.mac {
        Some(mac) => encap(network, position, policy, neighbor.nh, header(mac)),
        None => resolve(network, position, neighbor.nh),
    }
}

fn encap(
    network: &Network,
    position: usize,
    policy: NexthopFlags,
    id: u32,
    rewrite: HexBytes,
) -> Nexthop {
    Nexthop {
        id,
        vrf: network.network(network.gateways[position].network).vrf,
        family: Family::Inet,
        flags: policy | NexthopFlags::ETREE_ROOT,
        kind: NexthopKind::Encap {
            out_vif: gateway_vif(position),
            rewrite,
        },
    }
}

fn resolve(network: &Network, position: usize, id: u32) -> Nexthop {
    Nexthop {
        id,
        vrf: network.network(network.gateways[position].network).vrf,
        family: Family::Inet,
        flags: NexthopFlags::NONE,
        kind: NexthopKind::Resolve {
            out_vif: Some(gateway_vif(position)),
        },
    }
}

/// Frames for the gateways are routed.
pub fn bridges(network: &Network) -> impl Iterator<Item = Bridge> + '_ {
    network.gateways.iter().map(|own| Bridge {
        vrf: network.network(own.network).vrf,
        mac: own.mac,
        nh: L2_RECEIVE,
        flags: BridgeFlags::FLOOD_DHCP,
        label: None,
    })
}

/// A route by a gateway.
pub struct Way {
    /// Position of the network.
    pub network: usize,
    /// Where it leads to.
    pub prefix: IpNet,
    /// By which nexthop.
    pub nh: u32,
    /// Whether joined networks see it.
    pub shared: bool,
}

/// What gateways bring for their networks. Later ones take the place of earlier ones, and all that of services and subnets.
pub fn ways(network: &Network, ids: &Ids) -> Vec<Way> {
    let mut ways = Vec::new();
    for (position, own) in all(network) {
        let mut add = |prefix, nh, shared| {
            ways.push(Way {
                network: own.network.0,
                prefix,
                nh,
                shared,
            });
        };
        for subnet in &network.network(own.network).subnets {
            add(subnet.prefix, glean(position), true);
        }
        let own_addresses = own.addresses.iter().copied();
        let all = own_addresses.chain(own.snat.map(IpAddr::V4));
        all.for_each(|address| add(address.into(), AGENT, false));
        for neighbor in neighbors(network, ids, position) {
            if neighbor.router {
                add(default_route(neighbor.address), neighbor.nh, true);
            }
            let given = own.neighbors.contains_key(&neighbor.address);
            if (neighbor.router || given) && !is_link_local(&neighbor.address) {
                add(neighbor.address.into(), neighbor.nh, true);
            }
        }
    }
    ways
}

/// Likewise for neighbors that were heard: they take the place of nothing.
pub fn heard(network: &Network, ids: &Ids) -> Vec<Way> {
    let heard = ids.neighbors.iter().map(|((position, address), nh)| Way {
        network: network.gateways[*position].network.0,
        prefix: (*address).into(),
        nh: *nh,
        shared: true,
    });
    heard.collect()
}

/// The gateways as the slow path knows them.
pub fn objects(network: &Network, ids: &Ids) -> Vec<objects::Gateway> {
    let gateways = all(network).map(|(position, own)| objects::Gateway {
        vif: gateway_vif(position),
        vrf: network.network(own.network).vrf,
        addresses: own.addresses.clone(),
        glean: glean(position),
        neighbors: neighbors(network, ids, position),
        snat: own.snat,
    });
    gateways.collect()
}
