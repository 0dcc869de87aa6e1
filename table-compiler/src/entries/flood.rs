//! `flood`: where a VRF's frames go that are for many, or for a MAC that nobody knows: the bridge entry of the broadcast
//! MAC. Entries of other groups stay in `bridge`.

use std::collections::BTreeMap;

use underpass_layout::tables::FloodEntry;

use super::error::EntryError;
use super::index::Index;
use super::{route, vrf};
use crate::mac::Mac;
use crate::objects::{Bridge, BridgeFlags};

/// The MAC of everybody.
pub(super) const BROADCAST: Mac = Mac([0xff; 6]);

pub(super) fn entries(index: &Index<'_>) -> Result<BTreeMap<u32, FloodEntry>, EntryError> {
    let bridges = index.objects.bridges.iter();
    let all = bridges.filter(|bridge| bridge.mac == BROADCAST);
    all.map(|bridge| entry(bridge, index)).collect()
}

fn entry(bridge: &Bridge, index: &Index<'_>) -> Result<(u32, FloodEntry), EntryError> {
    let user = || format!("bridge entry {} of vrf {}", bridge.mac, bridge.vrf);
    let vrf = vrf::number(bridge.vrf)?.unwrap_or(0);
    let label = bridge
        .label
        .filter(|_| bridge.flags.contains(BridgeFlags::LABEL_VALID));
    let entry = FloodEntry {
        valid: true,
        nexthop: index.nexthop(bridge.nh, user)?.id,
        label: route::label(label, user)?,
    };
    Ok((vrf.into(), entry))
}
