//! References that no entry follows are followed here, so that nothing is written where one of them leads nowhere.
//!
//! S(nh) of a flow is left out: the peer takes one that leads nowhere, and drops what would have to come from there.

use super::error::EntryError;
use super::flow::{check_apart, is_ecmp, ResolvedPair};
use super::group;
use super::index::Index;
use crate::objects::{Component, NexthopKind};

pub(super) fn check(index: &Index<'_>) -> Result<(), EntryError> {
    for vif in index.vifs.values() {
        let user = || format!("vif {}", vif.idx);
        if let Some(nexthop) = vif.nh_id {
            index.nexthop(nexthop, user)?;
        }
        if let Some(mirror) = vif.mirror_index {
            index.mirror(mirror, user)?;
        }
    }
    for nexthop in index.nexthops.values() {
        if let NexthopKind::Composite { components, .. } = &nexthop.kind {
            let exists = |component: &Component| index.nexthops.contains_key(&component.nh);
            // The peer keeps the place of a member that has gone for as long as there are others.
            if is_ecmp(nexthop) && components.iter().any(exists) {
                continue;
            }
            for (place, component) in components.iter().enumerate() {
                let user = || format!("component {place} of nexthop {}", nexthop.id);
                index.nexthop(component.nh, user)?;
            }
        }
    }
    group::check_apart(index)?;
    for mirror in &index.objects.mirrors {
        index.nexthop(mirror.nh, || format!("mirror {}", mirror.index))?;
    }
    let pairs = &index.objects.flow_pairs;
    check_apart(pairs)?;
    for pair in pairs {
        for side in [&pair.fwd, &pair.rev] {
            index.nexthop(side.key_nh, || format!("the key of flow {side}"))?;
        }
        ResolvedPair::new(pair, index.objects)?;
    }
    Ok(())
}
