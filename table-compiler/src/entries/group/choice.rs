//! The members of a nexthop of which one is chosen.
//!
//! A member that is a choice itself, an ECMP nexthop or a tunnel with several uplinks, stands for its own members:
//! the card chooses once. One that drops is left out as long as there are others, and so is one whose nexthop has gone.

use underpass_layout::tables::{GroupEntry, MemberEntry};

use super::{limit, most_rows, of_choice, Group};
use crate::entries::error::EntryError;
use crate::entries::flow::members;
use crate::entries::index::Index;
use crate::entries::route;
use crate::objects::{Component, EcmpFields, Nexthop, NexthopFlags, NexthopKind};

/// The group of an ECMP nexthop.
pub(super) fn group(nexthop: &Nexthop, index: &Index<'_>) -> Result<Group, EntryError> {
    let NexthopKind::Composite { components, hash } = &nexthop.kind else {
        return Ok(Group::default());
    };
    limit(nexthop, components.len(), usize::MAX)?;
    let there = components.iter().filter_map(|component| {
        let member = index.nexthops.get(&component.nh)?;
        Some((component, *member))
    });
    let there: Vec<(&Component, &Nexthop)> = there.collect();
    let drops = |(_, member): &(&Component, &Nexthop)| matches!(member.kind, NexthopKind::Discard);
    let all = there.iter().all(drops);
    let mut found = Vec::new();
    for (component, member) in there.iter().filter(|one| all || !drops(one)) {
        add(nexthop, component, member, index, &mut found)?;
    }
    of_choice(nexthop, found, looks_at(*hash), index)
}

/// The group of a tunnel with several uplinks, each of which is a nexthop of its own.
pub(super) fn among_uplinks(
    nexthop: &Nexthop,
    uplinks: &[u32],
    index: &Index<'_>,
) -> Result<Group, EntryError> {
    let members = uplinks.iter().map(|uplink| MemberEntry {
        nexthop: *uplink,
        ..MemberEntry::default()
    });
    of_choice(nexthop, members.collect(), looks_at(EcmpFields::ALL), index)
}

/// Appends what a component of `several` stands for.
fn add(
    several: &Nexthop,
    component: &Component,
    member: &Nexthop,
    index: &Index<'_>,
    found: &mut Vec<MemberEntry>,
) -> Result<(), EntryError> {
    let Some(own) = members(member) else {
        return add_leaf(several, component, member, index, found);
    };
    for component in own {
        let leaf = index.nexthops.get(&component.nh);
        // One level is as deep as it goes.
        if let Some(leaf) = leaf.filter(|leaf| members(leaf).is_none()) {
            add_leaf(member, component, leaf, index, found)?;
        }
    }
    Ok(())
}

fn user(several: &Nexthop) -> String {
    format!("a member of nexthop {}", several.id)
}

/// Appends a component that is no choice itself, once for each of its uplinks.
fn add_leaf(
    several: &Nexthop,
    component: &Component,
    nexthop: &Nexthop,
    index: &Index<'_>,
    found: &mut Vec<MemberEntry>,
) -> Result<(), EntryError> {
    // Local members alone: the label is the route's.
    let by_route = several.flags.contains(NexthopFlags::LU_ECMP);
    let label = component.label.filter(|_| !by_route);
    let member = |nexthop| {
        Ok(MemberEntry {
            nexthop,
            label_valid: label.is_some(),
            label: route::label(label, || user(several))?,
            ..MemberEntry::default()
        })
    };
    match index.uplinks.of(nexthop.id) {
        [] => found.push(member(nexthop.id)?),
        uplinks => {
            for uplink in uplinks {
                found.push(member(*uplink)?);
            }
        }
    }
    limit(several, found.len(), most_rows(index))
}

fn looks_at(hash: EcmpFields) -> GroupEntry {
    GroupEntry {
        protocol: hash.contains(EcmpFields::PROTOCOL),
        src: hash.contains(EcmpFields::SOURCE),
        src_port: hash.contains(EcmpFields::SOURCE_PORT),
        dst: hash.contains(EcmpFields::DESTINATION),
        dst_port: hash.contains(EcmpFields::DESTINATION_PORT),
        ..GroupEntry::default()
    }
}
