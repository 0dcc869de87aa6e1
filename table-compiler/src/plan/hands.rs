//! Numbers that change hands: a VRF or an interface number that means one tenant's today and another's tomorrow.
//!
//! ```text
//!   was:    vf0 ─▶ vif 3 ─▶ vrf 1 (red)      shall be:   vf1 ─▶ vif 3 ─▶ vrf 1 (blue)
//!           vf1 ─▶ vif 4 ─▶ vrf 2 (blue)
//!   half way, with routes of blue in vrf 1, a packet of red from vf0 would be blue's
//! ```
//! No order of single writes avoids that, so what leads to such a number is shut first, the old tenant's entries go,
//! and the plan for the rest starts from there: packets of these tenants are dropped for as long as the plan takes.
//! Isolation comes before continuity. Whoever keeps the numbers of what stays never pays for it.

use std::collections::{BTreeMap, BTreeSet};

use underpass_layout::tables::{ArpAnswer, LabelAction, VifKind};

use crate::entries::{Entries, Prefix, Stitched};

/// What leads into a VRF.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Door {
    Port(u32),
    Vni(u32),
    Label(u32),
}

type Doors = BTreeMap<u32, BTreeSet<Door>>;

/// What the card shall say in between: `old` without the doors of what changes hands and without what is behind them.
/// `None` where nothing does.
pub(super) fn between(old: &Entries, want: &Entries) -> Option<Entries> {
    let (before, after) = (vrf_doors(old), vrf_doors(want));
    let in_both = old
        .vrfs
        .keys()
        .copied()
        .filter(|vrf| want.vrfs.contains_key(vrf));
    let vrfs: BTreeSet<u32> = in_both
        .filter(|vrf| other_doors(&before, &after, *vrf) && !same_inside(old, want, *vrf))
        .collect();
    let (ports_before, ports_after) = (vif_doors(old), vif_doors(want));
    let vifs = want.vifs.iter().filter(|(vif, row)| {
        other_doors(&ports_before, &ports_after, **vif) && old.vifs.get(vif) != Some(row)
    });
    let behind_vrfs = vrfs.iter().filter_map(|vrf| before.get(vrf));
    let behind_vifs = vifs.filter_map(|(vif, _)| ports_before.get(vif));
    let shut: BTreeSet<Door> = behind_vrfs.chain(behind_vifs).flatten().copied().collect();
    if shut.is_empty() && vrfs.is_empty() {
        return None;
    }
    let mut between = old.clone();
    let Entries {
        ports,
        vxlans,
        mpls,
        bridges,
        floods,
        learned,
        routes,
        stitched,
        ..
    } = &mut between;
    ports.retain(|port, _| !shut.contains(&Door::Port(*port)));
    vxlans.retain(|vni, _| !shut.contains(&Door::Vni(*vni)));
    mpls.retain(|label, _| !shut.contains(&Door::Label(*label)));
    let closed = |vrf: u16| vrfs.contains(&u32::from(vrf));
    bridges.retain(|key, entry| !closed(key.0) || want.bridges.get(key) == Some(entry));
    floods.retain(|vrf, entry| !vrfs.contains(vrf) || want.floods.get(vrf) == Some(entry));
    learned.retain(|key, entry| !closed(key.0) || want.learned.get(key) == Some(entry));
    routes.retain(|key, entry| !closed(key.vrf) || want.routes.get(key) == Some(entry));
    // Those that routes still ask for stay.
    let asked = |(vrf, address): &Stitched| {
        let prefix = Prefix::host(*vrf, *address);
        let route = routes.get(&prefix);
        route.is_some_and(|route| route.arp == ArpAnswer::Stitched)
    };
    stitched
        .retain(|key, entry| !closed(key.0) || want.stitched.get(key) == Some(entry) || asked(key));
    Some(between)
}

/// True if a number has doors, and none of those that it had.
fn other_doors(before: &Doors, after: &Doors, number: u32) -> bool {
    match (before.get(&number), after.get(&number)) {
        (Some(before), Some(after)) => before.is_disjoint(after),
        (None, None) => false,
        _ => true,
    }
}

fn vrf_doors(entries: &Entries) -> Doors {
    let mut doors = Doors::new();
    for (port, entry) in &entries.ports {
        let vif = entries
            .vifs
            .get(&entry.vif.into())
            .filter(|vif| vif.kind == VifKind::Vm);
        if let Some(vif) = vif {
            doors
                .entry(vif.vrf.into())
                .or_default()
                .insert(Door::Port(*port));
        }
    }
    for (vni, entry) in &entries.vxlans {
        doors
            .entry(entry.vrf.into())
            .or_default()
            .insert(Door::Vni(*vni));
    }
    for (label, entry) in &entries.mpls {
        if entry.action == LabelAction::Route {
            doors
                .entry(entry.vrf.into())
                .or_default()
                .insert(Door::Label(*label));
        }
    }
    doors
}

fn vif_doors(entries: &Entries) -> Doors {
    let mut doors = Doors::new();
    for (port, entry) in &entries.ports {
        doors
            .entry(entry.vif.into())
            .or_default()
            .insert(Door::Port(*port));
    }
    doors
}

/// True if a VRF says the same to its packets in both.
fn same_inside(old: &Entries, want: &Entries, vrf: u32) -> bool {
    let inside = |entries: &Entries| {
        let routes = entries
            .routes
            .iter()
            .filter(|(key, _)| u32::from(key.vrf) == vrf);
        let bridges = entries
            .bridges
            .iter()
            .filter(|(key, _)| u32::from(key.0) == vrf);
        let routes: Vec<_> = routes.map(|(key, entry)| (*key, *entry)).collect();
        let bridges: Vec<_> = bridges.map(|(key, entry)| (*key, *entry)).collect();
        let word = entries.vrfs.get(&vrf).copied();
        let stitched = entries.stitched.iter();
        let stitched = stitched.filter(|(key, _)| u32::from(key.0) == vrf);
        let macs: Vec<_> = stitched.map(|(key, entry)| (*key, *entry)).collect();
        let flood = entries.floods.get(&vrf).copied();
        (word, flood, routes, bridges, macs)
    };
    inside(old) == inside(want)
}
