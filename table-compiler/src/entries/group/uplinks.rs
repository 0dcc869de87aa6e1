//! Tunnels with several ways into the underlay: each way is a nexthop of its own, under a number that no object has.
//!
//! ```text
//!   nexthop 30: tunnel to 8.0.0.3 by vif 0 or vif 9      row 30     choice among 1023 and 1022
//!                                                        row 1023   tunnel to 8.0.0.3 by vif 0
//!                                                        row 1022   tunnel to 8.0.0.3 by vif 9
//! ```
//! Numbers are given from the last row of the table down, in the order of the tunnels.

use std::collections::BTreeMap;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, TABLES};

use crate::entries::error::EntryError;
use crate::objects::{HexBytes, Nexthop, NexthopKind, TunnelNexthop, Uplink};

/// The numbers of the uplinks of tunnels that have several.
#[derive(Clone, Debug, Default)]
pub(in crate::entries) struct Uplinks {
    by_tunnel: BTreeMap<u32, Vec<u32>>,
}

impl Uplinks {
    /// Gives numbers to the uplinks of these nexthops.
    pub fn new(nexthops: &BTreeMap<u32, &Nexthop>, profile: &Profile) -> Result<Self, EntryError> {
        let table = &TABLES[id::NEXTHOP as usize];
        let rows = profile.rows(table);
        let mut free = (0..rows as u32).rev();
        let mut by_tunnel = BTreeMap::new();
        for nexthop in nexthops.values() {
            let NexthopKind::Tunnel(tunnel) = &nexthop.kind else {
                continue;
            };
            if tunnel.more_uplinks.is_empty() {
                continue;
            }
            let mut numbers = Vec::new();
            for _ in 0..=tunnel.more_uplinks.len() {
                let number = free.find(|number| !nexthops.contains_key(number));
                numbers.push(number.ok_or_else(|| EntryError::NoRoom {
                    user: format!("nexthop {}", nexthop.id),
                    table: table.name,
                    rows,
                })?);
            }
            by_tunnel.insert(nexthop.id, numbers);
        }
        Ok(Uplinks { by_tunnel })
    }

    /// The nexthops that stand for the uplinks of a tunnel; none of another nexthop.
    pub fn of(&self, nexthop: u32) -> &[u32] {
        self.by_tunnel.get(&nexthop).map_or(&[], Vec::as_slice)
    }

    /// The tunnels of each uplink of one that has several, with their numbers.
    pub fn tunnels<'a>(
        &'a self,
        nexthop: u32,
        tunnel: &'a TunnelNexthop,
    ) -> impl Iterator<Item = (u32, TunnelNexthop)> + 'a {
        let first = (tunnel.out_vif, &tunnel.rewrite);
        let more = tunnel.more_uplinks.iter();
        let ways = std::iter::once(first).chain(more.map(|uplink: &Uplink| {
            let rewrite: &HexBytes = &uplink.rewrite_hex;
            (uplink.out_vif, rewrite)
        }));
        let by = |(number, (out_vif, rewrite)): (&u32, (u32, &HexBytes))| {
            let one = TunnelNexthop {
                out_vif,
                rewrite: rewrite.clone(),
                more_uplinks: Vec::new(),
                ..tunnel.clone()
            };
            (*number, one)
        };
        self.of(nexthop).iter().zip(ways).map(by)
    }
}
