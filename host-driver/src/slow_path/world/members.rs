//! ECMP nexthops and their members: which one a new flow takes, and which one a packet came from.

use std::net::IpAddr;

use underpass_layout::tables::TunnelKind;
use underpass_table_compiler::objects::{Component, Nexthop, NexthopFlags, NexthopKind};

use super::World;
use crate::driver::Punt;
use crate::slow_path::key::{address, Key};

/// A member of an ECMP nexthop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its place among the members.
    pub index: u32,
    /// Its nexthop.
    pub nexthop: u32,
}

impl World {
    /// The members of an ECMP nexthop; none of any other.
    pub fn members(&self, nexthop: u32) -> Option<&[Component]> {
        match self.nexthop(nexthop)? {
            Nexthop {
                kind: NexthopKind::Composite { components, .. },
                flags,
                ..
            } if flags.contains(NexthopFlags::COMP_ECMP)
                || flags.contains(NexthopFlags::LU_ECMP) =>
            {
                Some(components)
            }
            _ => None,
        }
    }

    /// The member that a new flow takes, the same for all flows with this key: of those that exist, the one that a hash
    /// of the key names.
    pub fn choose(&self, nexthop: u32, key: &Key) -> Option<Member> {
        let members = (0..).zip(self.members(nexthop)?);
        let exists = |(_, member): &(u32, &Component)| !self.discards(member.nh);
        let usable: Vec<(u32, &Component)> = members.filter(exists).collect();
        let place = usize::try_from(key.spread())
            .ok()?
            .checked_rem(usable.len())?;
        usable.get(place).map(|(index, member)| Member {
            index: *index,
            nexthop: member.nh,
        })
    }

    /// The member that a packet came from: the tunnel's other end, or the interface.
    pub fn came_from(&self, nexthop: u32, punt: &Punt) -> Option<Member> {
        let shim = &punt.shim;
        let outer: Option<IpAddr> =
            (shim.tunnel != TunnelKind::None).then(|| address(shim.outer_src, shim.outer_v6));
        let members = (0..).zip(self.members(nexthop)?);
        let came = |(index, member): (u32, &Component)| {
            let is_it = match (&self.nexthop(member.nh)?.kind, outer) {
                (NexthopKind::Tunnel(tunnel), Some(outer)) => tunnel.dip == outer,
                (NexthopKind::Encap { out_vif, .. }, None) => *out_vif == u32::from(shim.vif),
                _ => false,
            };
            is_it.then_some(Member {
                index,
                nexthop: member.nh,
            })
        };
        members.into_iter().find_map(came)
    }
}
