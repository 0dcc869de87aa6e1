//! `stitched`: the MACs that ARP is answered with where a route to one address has one.
//!
//! A VRF whose routes are not on the card has none: nothing leads to them. Where a prefix has several routes the last one
//! counts, as in [`route`].

use std::collections::BTreeMap;

use ipnet::IpNet;
use underpass_layout::tables::{ArpAnswer, StitchedEntry, StitchedKey, VrfEntry};

use super::error::EntryError;
use super::index::Index;
use super::{bridge, route, vrf};

/// What a MAC is looked up by: the VRF and the IPv4 address.
pub type Stitched = (u16, u32);

pub(super) fn entries(
    index: &Index<'_>,
    words: &BTreeMap<u32, VrfEntry>,
) -> Result<BTreeMap<Stitched, StitchedEntry>, EntryError> {
    let mut entries = BTreeMap::new();
    for one in &index.objects.routes {
        let IpNet::V4(prefix) = one.prefix else {
            continue;
        };
        let vrf = vrf::number(one.vrf)?.unwrap_or(0);
        let address = prefix.addr().to_bits();
        let punted = words.get(&vrf.into()).is_some_and(|word| word.punt_all);
        match one.stitched_mac {
            Some(mac) if route::arp(one) == ArpAnswer::Stitched && !punted => {
                let entry = StitchedEntry {
                    valid: true,
                    key: StitchedKey { vrf, address },
                    mac: bridge::mac(&mac.0),
                };
                entries.insert((vrf, address), entry);
            }
            _ if prefix.prefix_len() == prefix.max_prefix_len() => {
                entries.remove(&(vrf, address));
            }
            _ => {}
        }
    }
    Ok(entries)
}
