//! Nexthops: the node's own, the guests', the networks', and tunnels. A nexthop refers only to those
//! before it.

use std::net::IpAddr;

use super::ids::{
    bridged, guest_vif, routed, Ids, OfNetwork, Tunnel, AGENT, AGENT_VIF, DISCARD, FABRIC_VIF,
    HOST, HOST_VIF, L2_RECEIVE, OWN_ADDRESS,
};
use super::pair::pairs;
use super::{flood, gateway, mirror};
use crate::mac::Mac;
use crate::network::{
    Encapsulation, Etree, ForwardingMode, HashField, Interface, Network, VirtualNetwork,
};
use crate::objects::{
    Component, EcmpFields, Family, HexBytes, Nexthop, NexthopFlags, NexthopKind, TunnelNexthop,
};

pub fn nexthops(network: &Network, ids: &Ids) -> Vec<Nexthop> {
    let mut nexthops = Vec::from(own(network));
    nexthops.extend(gateway::nexthops(network, ids));
    for (position, interface) in network.interfaces.iter().enumerate() {
        nexthops.extend(guest(network, position, interface));
    }
    let local_lists = flood::local_lists(network, ids);
    for ((tenant, of_network), list) in network.networks.iter().zip(&ids.networks).zip(local_lists)
    {
        nexthops.extend(behind_vni(tenant, *of_network));
        nexthops.extend(list);
    }
    nexthops.extend(
        ids.tunnels
            .iter()
            .map(|(key, id)| tunnel(network, key, *id)),
    );
    nexthops.extend(under_other_macs(network, ids));
    nexthops.extend(shared(network, ids));
    nexthops.extend(several(network, ids));
    nexthops.extend(flood::nexthops(network, ids));
    nexthops.extend(mirror::nexthops(network, ids));
    nexthops.extend(gateway::others(network, ids));
    nexthops
}

/// Guests under the MACs of their allowed address pairs.
fn under_other_macs<'a>(network: &'a Network, ids: &'a Ids) -> impl Iterator<Item = Nexthop> + 'a {
    ids.other_macs.iter().map(|((position, mac), id)| {
        let own = guest(network, *position, &network.interfaces[*position]);
        let [own, _] = own;
        Nexthop {
            id: *id,
            kind: NexthopKind::Encap {
                out_vif: guest_vif(network, *position),
                rewrite: HexBytes::ethernet(*mac, network.node.router_mac),
            },
            ..own
        }
    })
}

/// What several guests have at once. Flows choose, so that packets of senders without flows have them looked up here.
fn shared<'a>(network: &'a Network, ids: &'a Ids) -> impl Iterator<Item = Nexthop> + 'a {
    pairs(network).into_iter().filter_map(|pair| {
        let id = *ids.shared.get(&(pair.network, pair.address))?;
        let members = pair.members.iter();
        let components = members.map(|(position, mac)| Component {
            nh: ids.of_mac(network, *position, *mac),
            label: None,
        });
        let kind = NexthopKind::Composite {
            components: components.collect(),
            hash: hash(network.network(pair.network)),
        };
        let vrf = network.network(pair.network).vrf;
        Some(Nexthop {
            flags: NexthopFlags::COMP_ECMP | NexthopFlags::POLICY,
            ..plain(id, vrf, Family::Inet, kind)
        })
    })
}

/// Tunnels that share packets.
fn several<'a>(network: &'a Network, ids: &'a Ids) -> impl Iterator<Item = Nexthop> + 'a {
    ids.several.iter().map(|(several, id)| {
        let tenant = network.network(several.network);
        let family = match several.bridged {
            true => Family::Bridge,
            false => Family::Inet,
        };
        let members = several.members.iter();
        let components = members.map(|(tunnel, label)| Component {
            nh: ids.tunnel(tunnel),
            label: Some(*label),
        });
        let kind = NexthopKind::Composite {
            components: components.collect(),
            hash: hash(tenant),
        };
        Nexthop {
            flags: NexthopFlags::COMP_ECMP,
            ..plain(*id, tenant.vrf, family, kind)
        }
    })
}

/// What a network's choice of one of several looks at.
fn hash(tenant: &VirtualNetwork) -> EcmpFields {
    let fields = tenant.ecmp_hash.iter().map(|field| match field {
        HashField::SourceIp => EcmpFields::SOURCE,
        HashField::DestinationIp => EcmpFields::DESTINATION,
        HashField::Protocol => EcmpFields::PROTOCOL,
        HashField::SourcePort => EcmpFields::SOURCE_PORT,
        HashField::DestinationPort => EcmpFields::DESTINATION_PORT,
    });
    fields.collect()
}

fn own(network: &Network) -> [Nexthop; 5] {
    let host = network.underlay.mac;
    let router = network.node.router_mac;
    let encap = |out_vif, rewrite| NexthopKind::Encap { out_vif, rewrite };
    [
        plain(DISCARD, 0, Family::Inet, NexthopKind::Discard),
        plain(L2_RECEIVE, 0, Family::Bridge, NexthopKind::L2Receive),
        Nexthop {
            flags: NexthopFlags::RELAXED_POLICY,
            ..plain(
                OWN_ADDRESS,
                0,
                Family::Inet,
                NexthopKind::Receive { out_vif: HOST_VIF },
            )
        },
        plain(
            HOST,
            0,
            Family::Inet,
            encap(HOST_VIF, HexBytes::ethernet(host, host)),
        ),
        plain(
            AGENT,
            0,
            Family::Inet,
            encap(AGENT_VIF, HexBytes::ethernet(router, router)),
        ),
    ]
}

fn guest(network: &Network, position: usize, interface: &Interface) -> [Nexthop; 2] {
    let vrf = network.network(interface.network).vrf;
    let policy = NexthopFlags::POLICY.when(interface.mode == ForwardingMode::Flow);
    let encap = |id, family| Nexthop {
        flags: policy | NexthopFlags::ETREE_ROOT.when(interface.etree == Etree::Root),
        ..plain(
            id,
            vrf,
            family,
            NexthopKind::Encap {
                out_vif: guest_vif(network, position),
                rewrite: HexBytes::ethernet(interface.mac, network.node.router_mac),
            },
        )
    };
    [
        encap(routed(network, position), Family::Inet),
        encap(bridged(network, position), Family::Bridge),
    ]
}

/// The way into a network by its VNI.
fn behind_vni(tenant: &VirtualNetwork, ids: OfNetwork) -> Option<Nexthop> {
    let flood =
        NexthopFlags::UNKNOWN_UC_FLOOD.when(tenant.flood_unknown_unicast && tenant.mode.bridges());
    Some(Nexthop {
        flags: flood | NexthopFlags::MAC_LEARN.when(tenant.learn_macs),
        ..plain(
            ids.behind_vni?,
            tenant.vrf,
            Family::Bridge,
            NexthopKind::VrfTranslate,
        )
    })
}

fn tunnel(network: &Network, key: &Tunnel, id: u32) -> Nexthop {
    let underlay = &network.underlay;
    let via = underlay
        .via(key.remote)
        .filter(|_| !key.remote.is_multicast());
    let known = via.and_then(|neighbor| underlay.neighbors.get(&neighbor));
    let mac = known.copied().or_else(|| Mac::of_group(key.remote));
    let encapsulation = match key.encapsulation {
        Encapsulation::MplsGre => NexthopFlags::GRE,
        Encapsulation::MplsUdp => NexthopFlags::MPLS_UDP,
        Encapsulation::Vxlan => NexthopFlags::VXLAN,
        Encapsulation::Nvgre => NexthopFlags::NVGRE,
    };
    let ethernet = match key.remote {
        IpAddr::V4(_) => HexBytes::ethernet,
        IpAddr::V6(_) => HexBytes::ethernet_ipv6,
    };
    let l3 = NexthopFlags::L3_VXLAN.when(key.inner_mac.is_some());
    let kind = NexthopKind::Tunnel(TunnelNexthop {
        sip: underlay.address.addr(),
        dip: key.remote,
        out_vif: FABRIC_VIF,
        rewrite: mac
            .map(|mac| ethernet(mac, underlay.mac))
            .unwrap_or_default(),
        resolved: mac.is_some(),
        via,
        udp_ports: None,
        rw_dst_mac: key.inner_mac,
        copy_tos: network.node.copy_tos,
        more_uplinks: Vec::new(),
    });
    Nexthop {
        flags: encapsulation | l3 | NexthopFlags::ETREE_ROOT,
        ..plain(id, 0, Family::Inet, kind)
    }
}

fn plain(id: u32, vrf: u16, family: Family, kind: NexthopKind) -> Nexthop {
    Nexthop {
        id,
        vrf,
        family,
        flags: NexthopFlags::NONE,
        kind,
    }
}
