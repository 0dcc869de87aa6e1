//! Numbers for what the file leaves open: VRFs and labels.
//!
//! Those that the file gives are taken out first; the others follow in file order. So the same file
//! always gets the same numbers, and something added at the end changes none of those before it.
//!
//! * VRFs: the lowest free from 1.
//! * `label`, where packets are routed and some encapsulation of the network has labels: the lowest
//!   free of the card's labels.
//! * `flood_label`, where nodes send copies of frames for many over MPLS: by the network's place in the file from 1,023
//!   down, as what comes by a higher label for many is a tree's; the highest free below where that is taken.
//! * `tree_label`, where there is a tree: likewise from the middle of the card's labels up.
//! * `l2_label`, where frames are bridged and some encapsulation has labels: the highest free. A node
//!   with more interfaces than half the labels runs out of these first; the interfaces at the end then
//!   have none, and frames for them come over VXLAN or through the router.

use std::collections::HashSet;

use super::claims::Claims;
use super::error::Fault;
use super::flood::{Flood, FloodKind};
use super::interface::{Interface, FLOOD_LABELS, LOCAL_LABELS};
use super::read::Fields;
use super::virtual_network::{Encapsulation, VirtualNetwork};
use super::yaml::Yaml;

/// VRF numbers of networks; 0 is the underlay's.
const VRFS: std::ops::RangeInclusive<u16> = 1..=4095;

/// Where labels of trees start: labels of interfaces come from both ends.
const FIRST_TREE_LABEL: u32 = 2560;

/// One VRF for each network.
pub(super) fn vrfs(networks: &[Fields<'_>]) -> Result<Vec<u16>, Fault> {
    let mut claims = Claims::new("VRF");
    let mut given = Vec::with_capacity(networks.len());
    for network in networks {
        given.push(match network.optional("vrf") {
            Some(yaml) => {
                let vrf = yaml.number("a VRF", VRFS)?;
                claims.claim(vrf, yaml.at)?;
                Some(vrf)
            }
            None => None,
        });
    }
    let mut free = VRFS.filter(|vrf| !claims.holds(vrf));
    given
        .into_iter()
        .zip(networks)
        .map(|(given, network)| {
            given.or_else(|| free.next()).ok_or_else(|| {
                let expected = format!("at most {} networks", VRFS.end());
                Fault::unexpected(network.at, "one network more than there are VRFs", expected)
            })
        })
        .collect()
}

/// Labels for the interfaces that need some and have none.
pub(super) fn labels(
    list: &[Yaml],
    interfaces: &mut [Interface],
    networks: &[VirtualNetwork],
) -> Result<(), Fault> {
    let mut taken = taken(interfaces, networks);
    let has_labels: Vec<bool> = networks
        .iter()
        .map(|network| {
            network
                .encapsulations
                .iter()
                .copied()
                .any(Encapsulation::has_label)
        })
        .collect();

    let mut from = *LOCAL_LABELS.start();
    for (interface, yaml) in interfaces.iter_mut().zip(list) {
        let network = interface.network.0;
        if interface.label.is_none() && networks[network].mode.routes() && has_labels[network] {
            let label = (from..=*LOCAL_LABELS.end()).find(|label| !taken.contains(label));
            let label = label.ok_or_else(|| {
                let expected = format!("at most {} labels", LOCAL_LABELS.count());
                Fault::unexpected(
                    yaml.at,
                    "one interface more than there are labels",
                    expected,
                )
            })?;
            interface.label = Some(label);
            taken.insert(label);
            from = label + 1;
        }
    }
    let mut free = LOCAL_LABELS.rev().filter(|label| !taken.contains(label));
    for interface in interfaces {
        let network = interface.network.0;
        if interface.l2_label.is_none() && networks[network].mode.bridges() && has_labels[network] {
            interface.l2_label = free.next();
        }
    }
    Ok(())
}

/// Labels for the networks that need some for flooding and have none.
pub(super) fn flood_labels(
    floods: &[Flood],
    interfaces: &[Interface],
    networks: &mut [VirtualNetwork],
) {
    let mut taken = taken(interfaces, networks);
    let of_kind = |tree: bool| -> HashSet<usize> {
        let floods = floods.iter().filter(|flood| {
            let mut next_hops = flood.next_hops.iter();
            let labelled = next_hops.any(|next_hop| next_hop.encapsulation.has_label());
            labelled && (flood.kind == FloodKind::Tree) == tree
        });
        floods.map(|flood| flood.network.0).collect()
    };
    let (heads, trees) = (of_kind(false), of_kind(true));
    for (position, network) in networks.iter_mut().enumerate() {
        if heads.contains(&position) && network.flood_label.is_none() {
            network.flood_label = take(FLOOD_LABELS.rev().skip(position), &mut taken);
        }
        if trees.contains(&position) && network.tree_label.is_none() {
            let labels = FIRST_TREE_LABEL..=*LOCAL_LABELS.end();
            network.tree_label = take(labels.skip(position), &mut taken);
        }
    }
}

/// Takes the first label that nothing has.
fn take(mut candidates: impl Iterator<Item = u32>, taken: &mut HashSet<u32>) -> Option<u32> {
    candidates.find(|label| taken.insert(*label))
}

/// Labels that something has.
fn taken(interfaces: &[Interface], networks: &[VirtualNetwork]) -> HashSet<u32> {
    let interfaces = interfaces.iter().flat_map(|i| [i.label, i.l2_label]);
    let networks = networks.iter().flat_map(|n| [n.flood_label, n.tree_label]);
    interfaces.chain(networks).flatten().collect()
}
