//! `route_host`, `route_bank`: the routes of a VRF. See [`lengths`](super::lengths) for what becomes of prefixes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ipnet::IpNet;
use underpass_layout::tables::{RouteEntry, RouteKey};

use super::error::EntryError;
use super::index::Index;
use super::vrf;
use crate::objects::{Route, RouteFlags};

/// Where a route lies: its VRF, its length, its prefix. Sorted by VRF, then longest first, as they are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// The VRF.
    pub vrf: u16,
    /// Bits of the prefix, 1 to 32.
    pub length: u8,
    /// The prefix, the bits behind its length zero.
    pub address: u32,
}

impl Prefix {
    /// The key under which the card has it.
    pub fn key(&self) -> RouteKey {
        RouteKey {
            vrf: self.vrf,
            length: self.length,
            prefix: self.address,
        }
    }
}

impl Ord for Prefix {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let order = |prefix: &Self| (prefix.vrf, Reverse(prefix.length), prefix.address);
        order(self).cmp(&order(other))
    }
}

impl PartialOrd for Prefix {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub nexthop: u32,
    pub label: u32,
}

impl Target {
    /// The entry of this target at a place.
    pub fn at(self, place: Prefix) -> RouteEntry {
        RouteEntry {
            valid: true,
            key: place.key(),
            nexthop: self.nexthop,
            label: self.label,
        }
    }
}

/// The IPv4 routes of one VRF, by length and prefix. The default is the one of length 0.
pub(super) type Routes = BTreeMap<(u8, u32), Target>;

/// The routes of every VRF that has some. The card punts what is IPv6, so its routes are the slow path's.
pub(super) fn by_vrf(index: &Index<'_>) -> Result<BTreeMap<u16, Routes>, EntryError> {
    let mut all: BTreeMap<u16, Routes> = BTreeMap::new();
    for route in &index.objects.routes {
        let target = target(route, index)?;
        let IpNet::V4(prefix) = route.prefix else {
            continue;
        };
        let vrf = vrf::number(route.vrf)?.unwrap_or(0);
        let place = (prefix.prefix_len(), prefix.network().to_bits());
        all.entry(vrf).or_default().insert(place, target);
    }
    Ok(all)
}

fn target(route: &Route, index: &Index<'_>) -> Result<Target, EntryError> {
    let user = || format!("route {} of vrf {}", route.prefix, route.vrf);
    let nexthop = index.nexthop(route.nh, user)?.id;
    let label_of = route
        .label
        .filter(|_| route.flags.contains(RouteFlags::LABEL_VALID));
    Ok(Target {
        nexthop,
        label: label(label_of, user)?,
    })
}

/// A label or VNI, 0 where there is none.
pub(super) fn label(label: Option<u32>, user: impl FnOnce() -> String) -> Result<u32, EntryError> {
    let found = label.unwrap_or(0);
    EntryError::limit(|| format!("the label of {}", user()), found, (1 << 24) - 1)
}
