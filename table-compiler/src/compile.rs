//! network -> objects: what a vRouter agent would program for a network.
//!
//! ```text
//!   vif 0 fabric   1 host   2 agent   3.. gateways, then guests, in file order
//!   nexthop 1 discard  2 L2 receive  3 own address  4 host  5 agent
//!           6..  four for each gateway, then two for each guest: routed, bridged
//!           then for each network: behind its VNI, flood list, flood head
//!           then tunnels, in order of first use
//!           then guests under other MACs, then what several guests have at once (allowed address pairs)
//!           then tunnels that share packets, then flooding to other nodes, then analyzers, then neighbors of gateways
//!           then what the slow path heard: nodes, and neighbors of gateways
//! ```
//!
//! Numbers follow file order, so a guest added at the end changes no other guest's vif or nexthop, and
//! the keys of live flows stay as they are. A gateway more or less moves all guests.
//!
//! A neighbor's MAC that the network does not give leaves its tunnels unresolved. Once the slow path has
//! learned it, it adds it to [`Underlay::neighbors`](crate::network::Underlay::neighbors) and compiles
//! again: the difference is those tunnels.

mod bridge;
mod flood;
mod gateway;
mod ids;
mod label;
mod learned;
mod mirror;
mod nexthop;
mod pair;
mod qos;
mod route;
mod vif;

use crate::network::Network;
use crate::objects::{reasons, FloatingIp, Neighbor, Objects, Policy, PuntQuota, Vrf, VrfSubnet};
use ids::{guest_vif, Ids};

/// The objects of a network.
#[must_use]
pub fn objects(network: &Network) -> Objects {
    let ids = Ids::new(network);
    Objects {
        vrfs: vrfs(network),
        vifs: vif::vifs(network),
        nexthops: nexthop::nexthops(network, &ids),
        bridges: bridge::bridges(network, &ids),
        routes: route::routes(network, &ids),
        mpls: label::mpls(network, &ids),
        vxlans: label::vxlans(network, &ids),
        mirrors: mirror::mirrors(network, &ids),
        forwarding_classes: qos::classes(network),
        qos_maps: qos::maps(network),
        punt_quotas: punt_quotas(network),
        learned: learned::learned(network),
        flow_pairs: Vec::new(),
        policies: policies(network),
        gateways: gateway::objects(network, &ids),
        neighbors: neighbors(network),
        floating_ips: floating_ips(network),
        allowed_address_pairs: pair::objects(network, &ids),
    }
}

fn vrfs(network: &Network) -> Vec<Vrf> {
    network
        .networks
        .iter()
        .map(|tenant| Vrf {
            vrf: tenant.vrf,
            name: tenant.name.clone(),
            mode: tenant.mode,
            rpf: tenant.rpf,
            subnets: tenant
                .subnets
                .iter()
                .map(|subnet| VrfSubnet {
                    prefix: subnet.prefix,
                    gateway: subnet.gateway,
                    dns: subnet.dns,
                    dhcp: subnet.dhcp,
                })
                .collect(),
        })
        .collect()
}

fn punt_quotas(network: &Network) -> Vec<PuntQuota> {
    let limited = reasons().filter(|_| network.node.punt_limit > 0);
    let quotas = limited.map(|reason| PuntQuota {
        reason,
        quota: network.node.punt_limit,
    });
    quotas.collect()
}

fn policies(network: &Network) -> Vec<Policy> {
    network
        .policies
        .iter()
        .map(|policy| Policy {
            name: policy.name.clone(),
            vrfs: policy
                .networks
                .iter()
                .map(|index| network.network(*index).vrf)
                .collect(),
            rules: policy.rules.clone(),
        })
        .collect()
}

fn floating_ips(network: &Network) -> Vec<FloatingIp> {
    let floating = network.floating_ips.iter();
    floating
        .map(|floating| FloatingIp {
            vif: guest_vif(network, floating.interface),
            address: floating.address,
            vrf: network.network(floating.network).vrf,
            fixed: floating.fixed,
        })
        .collect()
}

fn neighbors(network: &Network) -> Vec<Neighbor> {
    let known = network.underlay.neighbors.iter();
    known
        .map(|(&address, &mac)| Neighbor { address, mac })
        .collect()
}
