//! Routes, and the flags that say who answers ARP for them.
//!
//! | route                        | l2-l3                | l3   | seen from a joined network |
//! |------------------------------|----------------------|------|----------------------------|
//! | a subnet                     | F (hosts are asked)  | P    | no                         |
//! | gateway, DNS server          | P                    | P    | no                         |
//! | a guest here                 | P, its MAC stitched  | P    | P                          |
//! | a floating address           | P                    | P    | P                          |
//! | an allowed address pair      | see [`pair`](super::pair)   | P                          |
//! | a guest elsewhere            | L P, its MAC stitched| L P  | L P                        |
//! | a prefix elsewhere           | L P                  | L P  | L P                        |
//!
//! P: ARP and neighbor solicitations are answered, with the stitched MAC or else the router's. F: they are flooded. L:
//! the label is used. A network of mode l2 has no routes, and no route leads to a link-local address.
//!
//! What is by a gateway is answered for like all else of its network (see [`gateway`]).
//!
//! Of one prefix a network has one route. A prefix elsewhere takes over the subnet or the guest
//! elsewhere that has the same prefix and keeps what that says about ARP. A network's own routes come
//! before those of joined networks, and among these the one first in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::gateway;
use super::ids::{self, Ids, AGENT, DISCARD, OWN_ADDRESS};
use super::pair::pairs;
use crate::network::{is_link_local, Mode, Network, PairMode, Remote, Target};
use crate::objects::{Route, RouteFlags};

/// A network's routes, by prefix.
type Table = BTreeMap<IpNet, Own>;

/// A route of a network, and whether joined networks see it.
struct Own {
    route: Route,
    shared: bool,
}

pub fn routes(network: &Network, ids: &Ids) -> Vec<Route> {
    let tables = own(network, ids);
    let node = Route {
        flags: RouteFlags::TRAP,
        ..plain(0, host(network.underlay.address.addr()), OWN_ADDRESS)
    };
    let mut routes = vec![node];
    for (position, joined) in joined(network).iter().enumerate() {
        let tenant = &network.networks[position];
        let own = tables[position]
            .iter()
            .map(|(prefix, own)| (*prefix, own.route.clone()));
        let mut table: BTreeMap<IpNet, Route> = own.collect();
        if tenant.mode.routes() {
            let others = joined.iter().flat_map(|other| &tables[*other]);
            for (prefix, own) in others.filter(|(_, own)| own.shared) {
                table
                    .entry(*prefix)
                    .or_insert_with(|| seen_from(tenant.vrf, &own.route));
            }
        }
        routes.extend(table.into_values());
    }
    routes
}

/// For each network, the others that some policy joins it with.
pub(super) fn joined(network: &Network) -> Vec<BTreeSet<usize>> {
    let mut joined = vec![BTreeSet::new(); network.networks.len()];
    for policy in &network.policies {
        for one in &policy.networks {
            let others = policy.networks.iter().filter(|other| *other != one);
            joined[one.0].extend(others.map(|other| other.0));
        }
    }
    joined
}

/// A joined network's route: routed to, so never stitched or flooded.
fn seen_from(vrf: u16, route: &Route) -> Route {
    let labelled = RouteFlags::LABEL_VALID.when(route.label.is_some());
    Route {
        vrf,
        flags: labelled | RouteFlags::PROXY,
        stitched_mac: None,
        ..route.clone()
    }
}

/// Each network's own routes.
fn own(network: &Network, ids: &Ids) -> Vec<Table> {
    let mut tables: Vec<Table> = network
        .networks
        .iter()
        .map(|tenant| {
            let mut table = Table::new();
            for subnet in tenant.subnets.iter().filter(|_| tenant.mode.routes()) {
                let arp = match tenant.mode {
                    Mode::L2L3 => RouteFlags::FLOOD,
                    Mode::L3 | Mode::L2 => RouteFlags::PROXY,
                };
                let route = Route {
                    flags: arp,
                    ..plain(tenant.vrf, subnet.prefix, DISCARD)
                };
                table.insert(
                    subnet.prefix,
                    Own {
                        route,
                        shared: false,
                    },
                );
                for address in subnet.service_addresses() {
                    let route = Route {
                        flags: RouteFlags::PROXY,
                        ..plain(tenant.vrf, host(address), AGENT)
                    };
                    table.insert(
                        host(address),
                        Own {
                            route,
                            shared: false,
                        },
                    );
                }
            }
            table
        })
        .collect();
    for way in gateway::ways(network, ids) {
        tables[way.network].insert(way.prefix, by_gateway(network, &way));
    }
    for (position, interface) in network.interfaces.iter().enumerate() {
        let tenant = network.network(interface.network);
        for address in routed(&interface.addresses).filter(|_| tenant.mode.routes()) {
            let route = Route {
                flags: RouteFlags::PROXY,
                stitched_mac: tenant.mode.bridges().then_some(interface.mac),
                ..plain(tenant.vrf, host(address), ids::routed(network, position))
            };
            tables[interface.network.0].insert(
                host(address),
                Own {
                    route,
                    shared: true,
                },
            );
        }
    }
    for pair in pairs(network) {
        let table = &mut tables[pair.network.0];
        // A guest's own address stays where it is, unless all who have it are heard at once.
        let own = table.get(&pair.address).is_some_and(|own| own.shared);
        let routes = network.network(pair.network).mode.routes();
        if routes && !(own && pair.mode == PairMode::ActiveStandby) {
            if let Some(route) = pair.route(network, ids) {
                let own = Own {
                    route,
                    shared: true,
                };
                table.insert(pair.address, own);
            }
        }
    }
    for floating in &network.floating_ips {
        let route = Route {
            flags: RouteFlags::PROXY,
            ..plain(
                network.network(floating.network).vrf,
                host(floating.address),
                ids::routed(network, floating.interface),
            )
        };
        let own = Own {
            route,
            shared: true,
        };
        tables[floating.network.0].insert(host(floating.address), own);
    }
    for remote in &network.remotes {
        elsewhere(network, remote, ids, &mut tables[remote.network.0]);
    }
    for way in gateway::heard(network, ids) {
        let place = tables[way.network].entry(way.prefix);
        place.or_insert_with(|| by_gateway(network, &way));
    }
    tables
}

fn by_gateway(network: &Network, way: &gateway::Way) -> Own {
    let vrf = network.networks[way.network].vrf;
    let route = Route {
        flags: RouteFlags::PROXY,
        ..plain(vrf, way.prefix, way.nh)
    };
    Own {
        route,
        shared: way.shared,
    }
}

/// The routes to what lies on another node.
fn elsewhere(network: &Network, remote: &Remote, ids: &Ids, table: &mut Table) {
    let tenant = network.network(remote.network);
    if !tenant.mode.routes() {
        return;
    }
    let way = ids.way(remote, false);
    let labelled = |route: &Route| RouteFlags::LABEL_VALID.when(route.label.is_some());
    let tunnelled = |prefix| Route {
        flags: RouteFlags::LABEL_VALID.when(way.label.is_some()) | RouteFlags::PROXY,
        label: way.label,
        ..plain(tenant.vrf, prefix, way.nh)
    };
    match &remote.target {
        Target::Prefix(prefix) => {
            let mut route = tunnelled(*prefix);
            if let Some(Own { route: before, .. }) = table.get(prefix) {
                let flood = RouteFlags::FLOOD;
                if before.flags.contains(flood) {
                    route.flags = labelled(&route) | flood;
                }
                route.stitched_mac = before.stitched_mac;
            }
            table.insert(
                *prefix,
                Own {
                    route,
                    shared: true,
                },
            );
        }
        Target::Guest { mac, addresses } => {
            for address in routed(addresses) {
                let prefix = host(address);
                // A route to this one address brings its own label and stays; a subnet does not.
                if !table.get(&prefix).is_some_and(|own| own.shared) {
                    table.insert(
                        prefix,
                        Own {
                            route: tunnelled(prefix),
                            shared: true,
                        },
                    );
                }
                if let Some(Own { route, .. }) = table.get_mut(&prefix) {
                    route.flags = labelled(route) | RouteFlags::PROXY;
                    route.stitched_mac = tenant.mode.bridges().then_some(*mac);
                }
            }
        }
    }
}

/// The addresses that routes lead to.
fn routed(addresses: &[IpAddr]) -> impl Iterator<Item = IpAddr> + '_ {
    let addresses = addresses.iter().copied();
    addresses.filter(|address| !is_link_local(address))
}

/// The prefix of one address.
fn host(address: IpAddr) -> IpNet {
    IpNet::from(address)
}

fn plain(vrf: u16, prefix: IpNet, nh: u32) -> Route {
    Route {
        vrf,
        prefix,
        nh,
        flags: RouteFlags::NONE,
        label: None,
        stitched_mac: None,
    }
}
