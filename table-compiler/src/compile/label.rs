//! What labels and VNIs of arriving packets lead to.

use super::ids::{bridged, routed, Ids};
use crate::network::Network;
use crate::objects::{Mpls, Vxlan};

pub fn mpls(network: &Network) -> Vec<Mpls> {
    let guests = network.interfaces.iter().enumerate();
    guests
        .flat_map(|(position, interface)| {
            [
                (interface.label, routed(position)),
                (interface.l2_label, bridged(position)),
            ]
        })
        .filter_map(|(label, nh)| Some(Mpls { label: label?, nh }))
        .collect()
}

pub fn vxlans(network: &Network, ids: &Ids) -> Vec<Vxlan> {
    let networks = network.networks.iter().zip(&ids.networks);
    networks
        .filter_map(|(tenant, ids)| {
            Some(Vxlan {
                vnid: tenant.vni?,
                nh: ids.behind_vni?,
                group: None,
            })
        })
        .collect()
}
