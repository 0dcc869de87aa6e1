//! `origin`: from which tunnel ends the copies of a list may come, and as what.

use std::collections::BTreeMap;

use underpass_layout::tables::{Leg, OriginEntry, OriginKey};

use super::error::EntryError;
use super::group::{leg, purpose, Purpose};
use super::{address, index::Index};
use crate::objects::NexthopKind;

/// What a tunnel end is looked up by: the list, whether its address is IPv6, its address.
pub type Origin = (u32, bool, u128);

/// Of a tunnel end that is in several parts of a list the first one counts.
pub(super) fn entries(index: &Index<'_>) -> Result<BTreeMap<Origin, OriginEntry>, EntryError> {
    let mut entries = BTreeMap::new();
    for list in index.nexthops.values() {
        let NexthopKind::Composite { components, .. } = &list.kind else {
            continue;
        };
        if purpose(list) != Some(Purpose::List) {
            continue;
        }
        let user = || format!("a member of nexthop {}", list.id);
        for part in components {
            let part = index.nexthop(part.nh, user)?;
            let (Some(leg), NexthopKind::Composite { components, .. }) = (leg(part), &part.kind)
            else {
                continue;
            };
            if leg == Leg::Local {
                continue;
            }
            for component in components {
                if let NexthopKind::Tunnel(tunnel) = &index.nexthop(component.nh, user)?.kind {
                    let (address, v6) = address::bits(tunnel.dip);
                    let entry = || OriginEntry {
                        valid: true,
                        key: OriginKey {
                            nexthop: list.id,
                            v6,
                            address,
                        },
                        leg,
                    };
                    entries.entry((list.id, v6, address)).or_insert_with(entry);
                }
            }
        }
    }
    Ok(entries)
}
