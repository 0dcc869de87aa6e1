//! `bridge`: where a MAC is.
//!
//! The MAC of a multicast group has an entry like others: a list. That of everybody is in [`flood`](super::flood).

use std::collections::BTreeMap;

use underpass_layout::tables::{BridgeEntry, BridgeKey};

use super::error::EntryError;
use super::flood::BROADCAST;
use super::index::Index;
use super::{route, vrf};
use crate::mac::Mac;
use crate::objects::{Bridge, BridgeFlags, NexthopKind};

pub(super) fn entries(index: &Index<'_>) -> Result<BTreeMap<(u16, Mac), BridgeEntry>, EntryError> {
    let ones = index
        .objects
        .bridges
        .iter()
        .filter(|bridge| bridge.mac != BROADCAST);
    // A MAC whose frames are dropped is one that nobody knows.
    let known = ones.filter(|bridge| {
        let nexthop = index.nexthops.get(&bridge.nh);
        !nexthop.is_some_and(|nexthop| matches!(nexthop.kind, NexthopKind::Discard))
    });
    known.map(|bridge| entry(bridge, index)).collect()
}

fn entry(bridge: &Bridge, index: &Index<'_>) -> Result<((u16, Mac), BridgeEntry), EntryError> {
    let user = || format!("bridge entry {} of vrf {}", bridge.mac, bridge.vrf);
    let vrf = vrf::number(bridge.vrf)?.unwrap_or(0);
    let nexthop = index.nexthop(bridge.nh, user)?;
    let label = bridge
        .label
        .filter(|_| bridge.flags.contains(BridgeFlags::LABEL_VALID));
    let entry = BridgeEntry {
        valid: true,
        key: BridgeKey {
            vrf,
            mac: mac(&bridge.mac.0),
        },
        receive: matches!(nexthop.kind, NexthopKind::L2Receive),
        nexthop: nexthop.id,
        label: route::label(label, user)?,
        control: bridge.flags.contains(BridgeFlags::L2_CONTROL_DATA),
    };
    Ok(((vrf, bridge.mac), entry))
}

/// The first six bytes as one number, the first most significant, as the card has MACs.
pub(super) fn mac(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(6)
        .fold(0, |mac, byte| mac << 8 | u64::from(*byte))
}
