//! Interfaces: underlay, host and agent, then gateways', then guests'.

use super::ids::{guest_vif, routed, AGENT_VIF, FABRIC_VIF, HOST, HOST_VIF};
use super::{gateway, qos};
use crate::network::{
    Aggregation, Copies, Etree, FatFlow, ForwardingMode, Interface, Mode, Network, Side,
};
use crate::objects::{Aggregate, FatFlowRule, HexBytes, Ignore, Metadata, Vif, VifFlags, VifType};

/// Bytes of a frame on the interfaces that the node itself has, as a vRouter's agent says it.
const OWN_MTU: u16 = 1514;
/// Bytes of a frame on a guest's interface, likewise.
const GUEST_MTU: u16 = 9160;
/// The VRF of an interface that has none.
const NO_VRF: u16 = u16::MAX;

pub fn vifs(network: &Network) -> Vec<Vif> {
    let guests = network.interfaces.iter().enumerate();
    let guests = guests.map(|(position, interface)| guest(network, position, interface));
    let gateways = (0..network.gateways.len()).map(|position| {
        let plain = plain(0, VifType::Gateway, network.node.router_mac);
        gateway::vif(network, position, plain)
    });
    let own = own(network).into_iter();
    own.chain(gateways).chain(guests).collect()
}

fn own(network: &Network) -> [Vif; 3] {
    let underlay = &network.underlay;
    let l3 = VifFlags::L3;
    [
        Vif {
            port: Some(underlay.port),
            flags: l3 | VifFlags::L2 | VifFlags::VHOST_PHYS,
            mtu: underlay.mtu,
            decrement_hop_limit: network.node.decrement_hop_limit,
            ..plain(FABRIC_VIF, VifType::Fabric, underlay.mac)
        },
        Vif {
            port: underlay.host_port,
            ip: Some(underlay.address.addr()),
            flags: l3,
            nh_id: Some(HOST),
            cross_connect_vif: Some(FABRIC_VIF),
            ..plain(HOST_VIF, VifType::Host, underlay.mac)
        },
        Vif {
            flags: l3,
            vrf: NO_VRF,
            ..plain(AGENT_VIF, VifType::Agent, network.node.router_mac)
        },
    ]
}

fn guest(network: &Network, position: usize, interface: &Interface) -> Vif {
    let tenant = network.network(interface.network);
    let forwarding = match tenant.mode {
        Mode::L2L3 => VifFlags::L3 | VifFlags::L2,
        Mode::L3 => VifFlags::L3,
        Mode::L2 => VifFlags::L2,
    };
    let policy = VifFlags::POLICY.when(interface.mode == ForwardingMode::Flow);
    let no_new_flows = VifFlags::DROP_NEW_FLOWS.when(interface.drop_new_flows);
    let fat_flows = network.fat_flows(interface);
    let bridging = VifFlags::MAC_LEARN.when(tenant.learn_macs)
        | VifFlags::UNKNOWN_UC_FLOOD.when(tenant.flood_unknown_unicast && tenant.mode.bridges())
        | VifFlags::ETREE_ROOT.when(interface.etree == Etree::Root);
    let mirrored = interface.mirror.map_or(VifFlags::NONE, |mirror| {
        VifFlags::MIRROR_RX.when(mirror.ingress) | VifFlags::MIRROR_TX.when(mirror.egress)
    });
    let (rx, tx) = metadata(network, interface);
    let dhcp = VifFlags::DHCP.when(tenant.subnets.iter().any(|subnet| subnet.dhcp));
    Vif {
        name: Some(interface.name.clone()),
        port: Some(interface.port),
        ip: interface.addresses.first().copied(),
        flags: policy | forwarding | dhcp | no_new_flows | bridging | mirrored,
        vrf: tenant.vrf,
        mtu: GUEST_MTU,
        nh_id: Some(routed(network, position)),
        mirror_index: interface.mirror.map(|mirror| index(mirror.analyzer)),
        mirror_metadata_rx_hex: rx,
        mirror_metadata_tx_hex: tx,
        qos_map: interface.qos_map.map(qos::map_id),
        fat_flow_exclude: match fat_flows.is_empty() {
            true => Vec::new(),
            false => network.fat_flow_exclude(interface),
        },
        fat_flow_rules: fat_flows.iter().map(rule).collect(),
        check_source: interface.check_source,
        check_arp: tenant.rpf && tenant.mode.routes(),
        check_mac: interface.check_mac.then_some(interface.mac),
        decrement_hop_limit: network.node.decrement_hop_limit,
        flow_limit: interface.flow_limit,
        ..plain(
            guest_vif(network, position),
            VifType::Vm,
            network.node.router_mac,
        )
    }
}

/// What stands before copies of what a guest sends, and of what it is sent.
fn metadata(network: &Network, interface: &Interface) -> (Option<HexBytes>, Option<HexBytes>) {
    let none = (None, None);
    interface.mirror.map_or(none, |mirror| {
        let name = &network.network(interface.network).name;
        let copies = network.analyzers[mirror.analyzer].copies;
        let juniper = matches!(copies, Copies::Juniper { .. });
        let of =
            |asked: bool, metadata: Metadata<'_>| metadata.bytes().filter(|_| asked && juniper);
        (
            of(mirror.ingress, Metadata::FromGuest(name)),
            of(mirror.egress, Metadata::ToGuest(name)),
        )
    })
}

/// The index of a mirror, by its analyzer's position.
fn index(analyzer: usize) -> u32 {
    u32::try_from(analyzer).unwrap_or(u32::MAX)
}

fn rule(fat: &FatFlow) -> FatFlowRule {
    let cut = |side: Option<Aggregation>| {
        side.map(|Aggregation { prefix, length }| Aggregate { prefix, length })
    };
    let (src, dst) = (cut(fat.source), cut(fat.destination));
    let sides = match (src, dst) {
        (None, None) => None,
        (Some(src), None) => Some(("src", src)),
        (None, Some(dst)) => Some(("dst", dst)),
        (Some(src), Some(_)) => Some(("src+dst", src)),
    };
    FatFlowRule {
        proto: fat.protocol,
        port: fat.port,
        ignore: fat.ignore.map(|side| match side {
            Side::Source => Ignore::Src,
            Side::Destination => Ignore::Dst,
        }),
        aggr: sides.map(|(sides, cut)| {
            let family = if cut.prefix.addr().is_ipv4() { 4 } else { 6 };
            format!("{sides}{family}")
        }),
        src,
        dst,
    }
}

/// A vif of VRF 0 about which nothing is said.
fn plain(idx: u32, vif_type: VifType, mac: crate::Mac) -> Vif {
    Vif {
        idx,
        vif_type,
        name: None,
        port: None,
        mac,
        ip: None,
        flags: VifFlags::NONE,
        vrf: 0,
        mtu: OWN_MTU,
        nh_id: None,
        cross_connect_vif: None,
        mirror_index: None,
        mirror_metadata_rx_hex: None,
        mirror_metadata_tx_hex: None,
        qos_map: None,
        fat_flow_rules: Vec::new(),
        fat_flow_exclude: Vec::new(),
        check_source: false,
        check_mac: None,
        check_arp: false,
        decrement_hop_limit: false,
        flow_limit: None,
    }
}
