//! MACs: guests here, also under the MACs of their allowed address pairs, guests elsewhere, the router, and all of them;
//! then those that were learned.
//!
//! | mode  | guests | router | broadcast |
//! |-------|--------|--------|-----------|
//! | l2-l3 | yes    | yes    | yes       |
//! | l3    | no     | yes    | no        |
//! | l2    | yes    | no     | yes       |

use super::ids::{bridged, Ids, L2_RECEIVE};
use super::pair::by_mac;
use super::{flood, gateway, learned};
use crate::mac::Mac;
use crate::network::{Network, Target};
use crate::objects::{Bridge, BridgeFlags};

pub fn bridges(network: &Network, ids: &Ids) -> Vec<Bridge> {
    let mut bridges = of_networks(network, ids);
    bridges.extend(gateway::bridges(network));
    for (position, interface) in network.interfaces.iter().enumerate() {
        let tenant = network.network(interface.network);
        if tenant.mode.bridges() {
            bridges.push(plain(tenant.vrf, interface.mac, bridged(network, position)));
        }
    }
    for ((of, mac), position) in by_mac(network) {
        let tenant = network.network(of);
        if tenant.mode.bridges() {
            bridges.push(plain(tenant.vrf, mac, bridged(network, position)));
        }
    }
    for remote in &network.remotes {
        let tenant = network.network(remote.network);
        if let Target::Guest { mac, .. } = &remote.target {
            if tenant.mode.bridges() {
                let way = ids.way(remote, true);
                bridges.push(Bridge {
                    flags: BridgeFlags::LABEL_VALID.when(way.label.is_some()),
                    label: way.label,
                    ..plain(tenant.vrf, *mac, way.nh)
                });
            }
        }
    }
    bridges.extend(learned::bridges(network, ids));
    bridges
}

fn of_networks(network: &Network, ids: &Ids) -> Vec<Bridge> {
    let mut bridges = Vec::new();
    let router = network.node.router_mac;
    let node = network.underlay.mac;
    let networks = network.networks.iter().zip(&ids.networks);
    for (position, (tenant, of_network)) in networks.enumerate() {
        let flood_dhcp = BridgeFlags::FLOOD_DHCP;
        if tenant.mode.routes() {
            let receive = |mac| Bridge {
                flags: flood_dhcp,
                ..plain(tenant.vrf, mac, L2_RECEIVE)
            };
            bridges.push(receive(router));
            // Other nodes put this node's MAC into packets that they route into VXLAN.
            if tenant.vni.is_some() && node != router {
                bridges.push(receive(node));
            }
        }
        if let Some(flood) = of_network.flood {
            let label = flood::label(network, ids, position);
            let labelled = BridgeFlags::LABEL_VALID.when(label.is_some());
            bridges.push(Bridge {
                flags: labelled | flood_dhcp,
                label,
                ..plain(tenant.vrf, Mac::BROADCAST, flood.head)
            });
        }
    }
    bridges
}

fn plain(vrf: u16, mac: Mac, nh: u32) -> Bridge {
    Bridge {
        vrf,
        mac,
        nh,
        flags: BridgeFlags::NONE,
        label: None,
    }
}
