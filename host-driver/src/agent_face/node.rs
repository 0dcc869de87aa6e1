//! The node that a slow path stands on where nothing but objects is known of it.
//!
//! A network file says what a node is called, which MAC gateways answer with and where tunnels end; objects say the same
//! in the peer's way: by the agent's, the underlay's and the host's interface.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use underpass_table_compiler::network::{Heard, Learned, Mode, Node, Underlay};
use underpass_table_compiler::objects::{Objects, Vif, VifType, Vrf};
use underpass_table_compiler::{Compiled, Mac, Network, Placed, PortKind, PortName};

use crate::slow_path::SlowPath;

/// The MAC of gateways where there is no agent to take it from.
const ROUTER_MAC: Mac = Mac([0, 0, 0x5e, 0, 1, 0]);
/// The number of a VRF that is none.
const NO_VRF: u16 = u16::MAX;

/// The slow path of a card that holds `placed`, which `objects` were made into.
pub fn slow_path(mut objects: Objects, placed: &Placed) -> SlowPath {
    let network = network(&objects);
    objects.vrfs = vrfs(&objects);
    let compiled = Compiled {
        objects,
        entries: placed.entries().clone(),
        plan: Default::default(),
        placed: placed.clone(),
    };
    SlowPath::new(network, compiled)
}

fn network(objects: &Objects) -> Network {
    let of = |vif_type| {
        objects
            .vifs
            .iter()
            .find(|vif: &&Vif| vif.vif_type == vif_type)
    };
    let (fabric, host) = (of(VifType::Fabric), of(VifType::Host));
    let address = fabric.and_then(|vif| vif.ip).or_else(|| host?.ip);
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    Network {
        node: Node {
            name: "node".to_owned(),
            router_mac: of(VifType::Agent).map_or(ROUTER_MAC, |vif| vif.mac),
            decrement_hop_limit: false,
            copy_tos: false,
            punt_limit: 0,
        },
        underlay: Underlay {
            port: fabric.and_then(|vif| vif.port).unwrap_or(PortName {
                kind: PortKind::Wire,
                number: 0,
            }),
            mac: fabric.map_or(Mac([0; 6]), |vif| vif.mac),
            address: IpNet::from(address),
            gateway: None,
            mtu: fabric.map_or(1500, |vif| vif.mtu),
            neighbors: BTreeMap::new(),
            host_port: host.and_then(|vif| vif.port),
        },
        networks: Vec::new(),
        interfaces: Vec::new(),
        policies: Vec::new(),
        analyzers: Vec::new(),
        forwarding_classes: Vec::new(),
        qos_maps: Vec::new(),
        floods: Vec::new(),
        learned: Learned::default(),
        remotes: Vec::new(),
        floating_ips: Vec::new(),
        gateways: Vec::new(),
        heard: Heard::default(),
        active: BTreeMap::new(),
    }
}

/// Every VRF that has an interface or a route is a network that bridges and routes: which of it works is what its
/// entries say.
fn vrfs(objects: &Objects) -> Vec<Vrf> {
    let interfaces = objects.vifs.iter().map(|vif| vif.vrf);
    let routes = objects.routes.iter().map(|route| route.vrf);
    let bridges = objects.bridges.iter().map(|bridge| bridge.vrf);
    let all: BTreeSet<u16> = interfaces.chain(routes).chain(bridges).collect();
    let known = all.into_iter().filter(|vrf| *vrf != NO_VRF);
    known
        .map(|vrf| Vrf {
            vrf,
            name: format!("vrf{vrf}"),
            mode: Mode::L2L3,
            rpf: true,
            subnets: Vec::new(),
        })
        .collect()
}
