//! The copies of a list: the members of its parts, in the order in which the parts stand, each with its leg.
//!
//! ```text
//!   mcast 61 ─┬─ comp_encap 60  ─┬─ encap 123    Local, vif 3
//!             │                  └─ encap 124    Local, vif 4
//!             ├─ comp_fabric 62 ─── tunnel 30    Tree, label 4700
//!             └─ comp_evpn 63   ─── tunnel 32    Evpn, label 4702
//! ```
//! As the peer has it, only tunnels are members of the parts that go to other nodes, and only MPLS over IPv4 carries a
//! tree. A copy chooses nothing on its way: of a tunnel with several uplinks each list takes one.

use underpass_layout::tables::{GroupEntry, GroupKind, Leg, MemberEntry};

use super::{limit, Group, MOST_COPIES};
use crate::entries::error::EntryError;
use crate::entries::index::Index;
use crate::entries::route;
use crate::entries::share::share;
use crate::objects::{Component, Nexthop, NexthopFlags, NexthopKind, TunnelNexthop};

/// The group of a list.
pub(super) fn group(nexthop: &Nexthop, index: &Index<'_>) -> Result<Group, EntryError> {
    let mut members = Vec::new();
    let parts = components(nexthop)?;
    for part in parts {
        let user = || format!("a member of nexthop {}", nexthop.id);
        let part = index.nexthop(part.nh, user)?;
        let Some(leg) = leg(part) else {
            return Err(EntryError::NotAPart {
                nexthop: nexthop.id,
                component: part.id,
            });
        };
        for component in components(part)? {
            members.extend(member(nexthop, part, leg, component, index)?);
        }
    }
    // None at all where every member drops: then so does the list.
    limit(nexthop, members.len().max(1), MOST_COPIES)?;
    let entry = GroupEntry {
        kind: GroupKind::List,
        count: members.len() as u16,
        validate: nexthop.flags.contains(NexthopFlags::VALIDATE_MCAST_SRC),
        ..GroupEntry::default()
    };
    Ok(Group { entry, members })
}

/// The components of a composite, of which there must be one.
fn components(nexthop: &Nexthop) -> Result<&[Component], EntryError> {
    let components: &[Component] = match &nexthop.kind {
        NexthopKind::Composite { components, .. } => components,
        _ => &[],
    };
    limit(nexthop, components.len(), usize::MAX)?;
    Ok(components)
}

/// Where the copies of a part of a list go.
pub(in crate::entries) fn leg(part: &Nexthop) -> Option<Leg> {
    let legs = [
        (NexthopFlags::COMP_ENCAP, Leg::Local),
        (NexthopFlags::COMP_FABRIC, Leg::Tree),
        (NexthopFlags::COMP_EVPN, Leg::Evpn),
        (NexthopFlags::COMP_TOR, Leg::Tor),
    ];
    let composite = matches!(part.kind, NexthopKind::Composite { .. });
    let leg = legs.iter().find(|(flag, _)| part.flags.contains(*flag));
    leg.map(|(_, leg)| *leg).filter(|_| composite)
}

/// What a component stands for; nothing where its nexthop drops.
fn member(
    list: &Nexthop,
    part: &Nexthop,
    leg: Leg,
    component: &Component,
    index: &Index<'_>,
) -> Result<Option<MemberEntry>, EntryError> {
    let user = || format!("a member of nexthop {}", part.id);
    let nexthop = index.nexthop(component.nh, user)?;
    let vif = match (&nexthop.kind, leg) {
        (NexthopKind::Encap { out_vif, .. }, Leg::Local) => index.vif(*out_vif, user)?.idx as u16,
        (NexthopKind::Tunnel(tunnel), Leg::Tree) if !carries_trees(nexthop, tunnel) => {
            return Err(EntryError::TreeLeg {
                nexthop: part.id,
                component: nexthop.id,
            })
        }
        (NexthopKind::Tunnel(_), Leg::Tree | Leg::Evpn | Leg::Tor) => 0,
        (NexthopKind::Discard, _) => return Ok(None),
        _ => {
            return Err(EntryError::NotALeg {
                nexthop: part.id,
                component: nexthop.id,
                leg: leg.name(),
            })
        }
    };
    let uplinks = index.uplinks.of(nexthop.id);
    let uplink = uplinks
        .iter()
        .max_by_key(|uplink| share(list.id, &[**uplink]));
    Ok(Some(MemberEntry {
        leg,
        nexthop: uplink.copied().unwrap_or(nexthop.id),
        label_valid: component.label.is_some(),
        label: route::label(component.label, user)?,
        vif,
    }))
}

/// True of MPLS over IPv4.
fn carries_trees(nexthop: &Nexthop, tunnel: &TunnelNexthop) -> bool {
    let mpls = [NexthopFlags::GRE, NexthopFlags::MPLS_UDP];
    tunnel.dip.is_ipv4() && mpls.iter().any(|flag| nexthop.flags.contains(*flag))
}
