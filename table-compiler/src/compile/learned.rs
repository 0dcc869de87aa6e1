//! MACs that the slow path has learned: where frames to them go, and that they were seen there.

use super::ids::{bridged, guest_vif, Ids, Tunnel, FABRIC_VIF};
use crate::network::{LearnedAt, Network};
use crate::objects::{Bridge, BridgeFlags, Learned};

pub fn bridges<'a>(network: &'a Network, ids: &'a Ids) -> impl Iterator<Item = Bridge> + 'a {
    network.learned.macs().map(|(of, mac, learned)| {
        let tenant = network.network(of);
        let (nh, label) = match learned.at {
            LearnedAt::Interface(position) => (bridged(network, position), None),
            LearnedAt::Node(end) => (ids.tunnel(&Tunnel::vxlan(end)), tenant.vni),
        };
        Bridge {
            vrf: tenant.vrf,
            mac,
            nh,
            flags: BridgeFlags::LABEL_VALID.when(label.is_some()),
            label,
        }
    })
}

pub fn learned(network: &Network) -> Vec<Learned> {
    let shown = network.learned.macs().filter(|(_, _, mac)| mac.shown);
    let learned = shown.map(|(of, mac, learned)| {
        let (vif, address) = match learned.at {
            LearnedAt::Interface(position) => (guest_vif(network, position), None),
            LearnedAt::Node(end) => (FABRIC_VIF, Some(end)),
        };
        Learned {
            vrf: network.network(of).vrf,
            mac,
            vif,
            address,
        }
    });
    learned.collect()
}
