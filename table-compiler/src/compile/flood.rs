//! Replication of frames for many: the local guests, then lists of other nodes, under one head for each network.
//!
//! ```text
//!   ff:ff:ff:ff:ff:ff, tree_label ──▶ head ──┬──▶ local list   every guest here
//!                                            ├──▶ tree list    neighbors in the tree
//!                                            ├──▶ evpn list    ends of head-end replication, or a multicast group
//!   flood_label ──▶ head of what comes so ───┼──▶ tor list     hardware VTEPs
//!                                            └──▶ local list
//! ```
//!
//! What comes by head-end replication goes to nobody but guests and hardware VTEPs, and has no header of a tree. So its
//! label has a head of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::ids::{bridged, Flood, Ids, Labelled, Tunnel};
use crate::network::{Encapsulation, FloodKind, Network, NetworkIndex};
use crate::objects::{Component, EcmpFields, Family, Nexthop, NexthopFlags, NexthopKind};

/// The order of lists under a head.
const KINDS: [FloodKind; 3] = [FloodKind::Tree, FloodKind::Evpn, FloodKind::Tor];

/// A network's list of other nodes.
pub type List = (NetworkIndex, FloodKind);

/// Every other node that gets copies, with the list that it is in; those of multicast groups first.
pub fn legs(network: &Network) -> impl Iterator<Item = (List, Labelled)> + '_ {
    let tenants = network.networks.iter().enumerate();
    let groups = tenants.filter_map(|(position, tenant)| {
        let list = (NetworkIndex(position), FloodKind::Evpn);
        Some((list, (Tunnel::vxlan(tenant.multicast_group?), tenant.vni?)))
    });
    let nodes = network.floods.iter().flat_map(move |flood| {
        let group = network.network(flood.network).multicast_group;
        // A group has everyone in it who would get a copy over VXLAN.
        let by_group = group.is_some() && flood.kind == FloodKind::Evpn;
        let next_hops = flood.next_hops.iter();
        next_hops
            .filter(move |hop| !(by_group && hop.encapsulation == Encapsulation::Vxlan))
            .map(|hop| {
                let list = (flood.network, flood.kind);
                (list, (Tunnel::bridged(hop), hop.label))
            })
    });
    groups.chain(nodes)
}

/// Positions of networks with guests, and of those with other nodes in a list.
pub fn who(network: &Network) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let guests = network.interfaces.iter();
    (
        guests.map(|interface| interface.network.0).collect(),
        legs(network).map(|((of, _), _)| of.0).collect(),
    )
}

/// The lists of guests, by network.
pub fn local_lists(network: &Network, ids: &Ids) -> Vec<Option<Nexthop>> {
    let mut members = vec![Vec::new(); network.networks.len()];
    for (position, interface) in network.interfaces.iter().enumerate() {
        members[interface.network.0].push(member(bridged(network, position), None));
    }
    let networks = network.networks.iter().zip(&ids.networks).zip(members);
    networks
        .map(|((tenant, ids), members)| {
            let flags = NexthopFlags::COMP_ENCAP;
            Some(composite(ids.flood?.list?, tenant.vrf, flags, members))
        })
        .collect()
}

/// The lists of other nodes, then the heads.
pub fn nexthops(network: &Network, ids: &Ids) -> Vec<Nexthop> {
    let mut nexthops = Vec::new();
    let mut members: BTreeMap<List, Vec<Component>> = BTreeMap::new();
    for (list, (tunnel, label)) in legs(network) {
        let member = member(ids.tunnel(&tunnel), Some(label));
        members.entry(list).or_default().push(member);
    }
    for (list, id) in &ids.lists {
        let flags = match list.1 {
            FloodKind::Tree => NexthopFlags::COMP_FABRIC,
            FloodKind::Evpn => NexthopFlags::COMP_EVPN,
            FloodKind::Tor => NexthopFlags::COMP_TOR,
        };
        // As in the peer the lists of other nodes are in no VRF.
        let members = members.remove(list).unwrap_or_default();
        nexthops.push(composite(*id, 0, flags, members));
    }
    for (position, (tenant, of_network)) in network.networks.iter().zip(&ids.networks).enumerate() {
        let Some(Flood { list: local, head }) = of_network.flood else {
            continue;
        };
        let network = NetworkIndex(position);
        let head_of = |id, kinds: &[FloodKind]| {
            let lists = kinds
                .iter()
                .filter_map(|kind| ids.lists.get(&(network, *kind)));
            let lists = local.iter().chain(lists);
            let lists = lists.map(|list| member(*list, None)).collect();
            composite(id, tenant.vrf, NexthopFlags::MCAST, lists)
        };
        nexthops.push(head_of(head, &KINDS));
        let labelled = ids.labelled_heads.get(&network);
        nexthops.extend(labelled.map(|id| head_of(*id, &[FloodKind::Tor])));
    }
    nexthops
}

/// What stands in the VXLAN header of copies along a network's tree.
pub fn label(network: &Network, ids: &Ids, position: usize) -> Option<u32> {
    let tenant = &network.networks[position];
    let tree = (NetworkIndex(position), FloodKind::Tree);
    let instead = ids.lists.contains_key(&tree).then(|| tenant.vrf.into());
    tenant.vni.or(instead)
}

fn member(nh: u32, label: Option<u32>) -> Component {
    Component { nh, label }
}

fn composite(id: u32, vrf: u16, flags: NexthopFlags, components: Vec<Component>) -> Nexthop {
    Nexthop {
        id,
        vrf,
        family: Family::Bridge,
        flags,
        kind: NexthopKind::Composite {
            components,
            hash: EcmpFields::ALL,
        },
    }
}
