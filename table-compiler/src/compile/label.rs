//! What labels and VNIs of arriving packets lead to.

use super::ids::{bridged, routed, Ids};
use crate::network::{Network, NetworkIndex};
use crate::objects::{Mpls, Vxlan};

pub fn mpls(network: &Network, ids: &Ids) -> Vec<Mpls> {
    let guests = network.interfaces.iter().enumerate();
    let of_guests = guests
        .flat_map(|(position, interface)| {
            [
                (interface.label, routed(network, position)),
                (interface.l2_label, bridged(network, position)),
            ]
        })
        .filter_map(|(label, nh)| Some(Mpls { label: label?, nh }));
    of_guests.chain(of_networks(network, ids)).collect()
}

/// Labels by which frames for many come.
fn of_networks<'a>(network: &'a Network, ids: &'a Ids) -> impl Iterator<Item = Mpls> + 'a {
    let networks = network.networks.iter().zip(&ids.networks).enumerate();
    networks
        .flat_map(|(position, (tenant, of_network))| {
            let heads = &ids.labelled_heads;
            [
                (
                    tenant.flood_label,
                    heads.get(&NetworkIndex(position)).copied(),
                ),
                (tenant.tree_label, of_network.flood.map(|flood| flood.head)),
            ]
        })
        .filter_map(|(label, nh)| {
            Some(Mpls {
                label: label?,
                nh: nh?,
            })
        })
}

pub fn vxlans(network: &Network, ids: &Ids) -> Vec<Vxlan> {
    let networks = network.networks.iter().zip(&ids.networks);
    networks
        .filter_map(|(tenant, ids)| {
            Some(Vxlan {
                vnid: tenant.vni?,
                nh: ids.behind_vni?,
                group: tenant.multicast_group,
            })
        })
        .collect()
}
