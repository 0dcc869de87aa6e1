//! `vxlan`: whose network a VNI is.

use std::collections::BTreeMap;

use underpass_layout::tables::{VxlanEntry, VxlanKey};

use super::error::EntryError;
use super::index::Index;
use super::{address, vrf};
use crate::objects::{NexthopFlags, NexthopKind, Vxlan};

/// Largest VNI: 24 bits.
const MOST: u32 = (1 << 24) - 1;

pub(super) fn entries(index: &Index<'_>) -> Result<BTreeMap<u32, VxlanEntry>, EntryError> {
    let vnis = index.objects.vxlans.iter();
    vnis.map(|vxlan| entry(vxlan, index)).collect()
}

fn entry(vxlan: &Vxlan, index: &Index<'_>) -> Result<(u32, VxlanEntry), EntryError> {
    let vni = EntryError::limit(|| "a VNI".to_owned(), vxlan.vnid, MOST)?;
    let nexthop = index.nexthop(vxlan.nh, || format!("vxlan {vni}"))?;
    let (NexthopKind::VrfTranslate, Some(vrf)) = (&nexthop.kind, vrf::number(nexthop.vrf)?) else {
        return Err(EntryError::NoVrf {
            vnid: vni,
            nexthop: nexthop.id,
        });
    };
    if let Some(group) = vxlan.group.filter(|group| !group.is_multicast()) {
        return Err(EntryError::NoGroup { vnid: vni, group });
    }
    let (group_address, _) = vxlan.group.map(address::bits).unwrap_or_default();
    let entry = VxlanEntry {
        valid: true,
        key: VxlanKey { vni },
        vrf,
        flood_unknown: nexthop.flags.contains(NexthopFlags::UNKNOWN_UC_FLOOD),
        learn: nexthop.flags.contains(NexthopFlags::MAC_LEARN),
        group: vxlan.group.is_some(),
        group_address,
    };
    Ok((vni, entry))
}
