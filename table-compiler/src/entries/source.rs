//! `source`: where the packets of a flow must come from, by the nexthop that their source is behind, S(nh).

use std::collections::BTreeMap;

use underpass_layout::tables::{SourceEntry, SourceKind};

use super::{address, index::Index};
use crate::objects::{Nexthop, NexthopKind};

/// Row 0 is there whatever the objects say: flows without a check name it.
pub(super) fn entries(index: &Index<'_>) -> BTreeMap<u32, SourceEntry> {
    let nexthops = index.nexthops.values();
    let mut entries: BTreeMap<_, _> = nexthops
        .map(|nexthop| (nexthop.id, entry(nexthop)))
        .collect();
    entries.insert(0, any());
    entries
}

fn entry(nexthop: &Nexthop) -> SourceEntry {
    match &nexthop.kind {
        NexthopKind::Encap { out_vif, .. } => SourceEntry {
            kind: SourceKind::Vif,
            vif: *out_vif as u16,
            ..SourceEntry::default()
        },
        NexthopKind::Tunnel(tunnel) => {
            let (address, v6) = address::bits(tunnel.dip);
            SourceEntry {
                kind: SourceKind::Tunnel,
                vif: 0,
                address,
                v6,
            }
        }
        NexthopKind::Discard
        | NexthopKind::Receive { .. }
        | NexthopKind::L2Receive
        | NexthopKind::Composite { .. }
        | NexthopKind::Resolve { .. }
        | NexthopKind::VrfTranslate => any(),
    }
}

fn any() -> SourceEntry {
    SourceEntry {
        kind: SourceKind::Any,
        ..SourceEntry::default()
    }
}
