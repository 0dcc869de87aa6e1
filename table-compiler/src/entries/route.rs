//! `route_host`, `route_bank`: the routes of a VRF. See [`lengths`](super::lengths) for what becomes of prefixes.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use underpass_layout::tables::{ArpAnswer, RouteEntry, RouteKey};

use super::error::EntryError;
use super::index::Index;
use super::{address, vrf};
use crate::objects::{Route, RouteFlags};

/// Where a route lies: its VRF, its family, its length, its prefix. Sorted by VRF, then IPv4 first, then longest first,
/// as they are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// The VRF.
    pub vrf: u16,
    /// IPv6.
    pub v6: bool,
    /// Bits of the prefix, 1 to 32 or 128.
    pub length: u8,
    /// The prefix, most significant byte first, the bits behind its length zero; an IPv4 prefix in the low 32 bits.
    pub address: u128,
}

impl Prefix {
    /// True of a route to one address, which lies in the table of hosts.
    pub fn is_host(&self) -> bool {
        self.length == address::width(self.v6)
    }

    /// The route to one IPv4 address.
    pub(crate) fn host(vrf: u16, address: u32) -> Self {
        Prefix {
            vrf,
            v6: false,
            length: address::width(false),
            address: address.into(),
        }
    }

    /// The key under which the card has it.
    pub fn key(&self) -> RouteKey {
        RouteKey {
            vrf: self.vrf,
            v6: self.v6,
            length: self.length,
            prefix: self.address,
        }
    }
}

impl Ord for Prefix {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let order = |prefix: &Self| {
            (
                prefix.vrf,
                prefix.v6,
                Reverse(prefix.length),
                prefix.address,
            )
        };
        order(self).cmp(&order(other))
    }
}

impl PartialOrd for Prefix {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// `10.1.0.0/16 in vrf 7`
impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address: IpAddr = address::address(self.address, self.v6);
        write!(f, "{address}/{} in vrf {}", self.length, self.vrf)
    }
}

/// Where a route leads, and what ARP is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub nexthop: u32,
    pub label: u32,
    pub arp: ArpAnswer,
    pub trap: bool,
}

impl Target {
    /// The entry of this target at a place.
    pub fn at(self, place: Prefix) -> RouteEntry {
        RouteEntry {
            valid: true,
            key: place.key(),
            nexthop: self.nexthop,
            label: self.label,
            arp: self.arp,
            trap: self.trap,
        }
    }
}

/// The routes of one VRF and family, by length and prefix. The default is the one of length 0.
pub(super) type Routes = BTreeMap<(u8, u128), Target>;

/// The routes of one VRF.
#[derive(Debug, Default)]
pub(super) struct OfVrf {
    pub v4: Routes,
    pub v6: Routes,
}

/// The routes of every VRF that has some.
pub(super) fn by_vrf(index: &Index<'_>) -> Result<BTreeMap<u16, OfVrf>, EntryError> {
    let mut all: BTreeMap<u16, OfVrf> = BTreeMap::new();
    for route in &index.objects.routes {
        let target = target(route, index)?;
        let vrf = vrf::number(route.vrf)?.unwrap_or(0);
        let (bits, v6) = address::bits(route.prefix.network());
        let of_vrf = all.entry(vrf).or_default();
        let routes = if v6 { &mut of_vrf.v6 } else { &mut of_vrf.v4 };
        routes.insert((route.prefix.prefix_len(), bits), target);
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
        arp: arp(route),
        trap: route.prefix.addr().is_ipv4() && route.flags.contains(RouteFlags::TRAP),
    })
}

/// With what ARP for the addresses of a route is answered. Neighbor solicitations are the slow path's.
pub(super) fn arp(route: &Route) -> ArpAnswer {
    let proxy = route.prefix.addr().is_ipv4() && route.flags.contains(RouteFlags::PROXY);
    match route.stitched_mac {
        _ if !proxy => ArpAnswer::Flood,
        // Table `stitched` has single addresses.
        Some(_) if route.prefix.prefix_len() == address::width(false) => ArpAnswer::Stitched,
        Some(_) => ArpAnswer::Ask,
        None if route.flags.contains(RouteFlags::FLOOD) => ArpAnswer::Flood,
        None => ArpAnswer::Router,
    }
}

/// A label or VNI, 0 where there is none.
pub(super) fn label(label: Option<u32>, user: impl FnOnce() -> String) -> Result<u32, EntryError> {
    let found = label.unwrap_or(0);
    EntryError::limit(|| format!("the label of {}", user()), found, (1 << 24) - 1)
}
