//! `vxlan`: whose network a VNI is.

use std::collections::BTreeMap;

use underpass_layout::tables::{VxlanEntry, VxlanKey};

use super::error::EntryError;
use super::index::Index;
use super::vrf;
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
    let vrf = vrf::number(nexthop.vrf)?;
    match (&nexthop.kind, vrf) {
        (NexthopKind::VrfTranslate, Some(vrf)) => Ok((
            vni,
            VxlanEntry {
                valid: true,
                key: VxlanKey { vni },
                vrf,
                flood_unknown: nexthop.flags.contains(NexthopFlags::UNKNOWN_UC_FLOOD),
                learn: nexthop.flags.contains(NexthopFlags::MAC_LEARN),
                ..VxlanEntry::default()
            },
        )),
        _ => Err(EntryError::NoVrf {
            vnid: vni,
            nexthop: nexthop.id,
        }),
    }
}
