//! What flows refer to.

use std::net::IpAddr;

use crate::objects::{Component, Mirror, Nexthop, NexthopFlags, NexthopKind, Objects, Route};

/// Who knows nexthops and routes: the slow path has them in maps of its own.
pub trait Known {
    /// The nexthop of that id.
    fn nexthop(&self, id: u32) -> Option<&Nexthop>;

    /// The route that packets to an address take.
    fn route(&self, vrf: u16, address: IpAddr) -> Option<&Route>;

    /// The mirror of that index.
    fn mirror(&self, index: u32) -> Option<&Mirror>;

    /// Whether there is a QoS map of that id.
    fn has_qos_map(&self, id: u8) -> bool;
}

/// Looks at every object; for a few flows, not for many.
impl Known for Objects {
    fn nexthop(&self, id: u32) -> Option<&Nexthop> {
        self.nexthops.iter().rev().find(|nexthop| nexthop.id == id)
    }

    fn route(&self, vrf: u16, address: IpAddr) -> Option<&Route> {
        let routes = self.routes.iter();
        routes
            .filter(|route| route.vrf == vrf && route.prefix.contains(&address))
            .max_by_key(|route| route.prefix.prefix_len())
    }

    fn mirror(&self, index: u32) -> Option<&Mirror> {
        self.mirrors
            .iter()
            .rev()
            .find(|mirror| mirror.index == index)
    }

    fn has_qos_map(&self, id: u8) -> bool {
        self.qos_maps.iter().any(|map| map.id == id)
    }
}

/// The members of an ECMP nexthop; none of another.
pub(in crate::entries) fn members(nexthop: &Nexthop) -> Option<&[Component]> {
    match &nexthop.kind {
        NexthopKind::Composite { components, .. } if is_ecmp(nexthop) => Some(components),
        _ => None,
    }
}

/// True of a composite of which one member is chosen.
pub(in crate::entries) fn is_ecmp(nexthop: &Nexthop) -> bool {
    let chooses = [NexthopFlags::COMP_ECMP, NexthopFlags::LU_ECMP];
    chooses.iter().any(|flag| nexthop.flags.contains(*flag))
}

/// A member of an ECMP nexthop: the one asked for, or where there is no such the first that exists. A member that is
/// ECMP itself stands for its own first one.
pub(super) fn member<'a>(
    known: &'a impl Known,
    nexthop: &'a Nexthop,
    index: Option<u32>,
) -> Option<&'a Component> {
    let members = members(nexthop)?;
    let exists = |member: &&Component| known.nexthop(member.nh).is_some();
    let asked = index
        .and_then(|index| members.get(index as usize))
        .filter(exists);
    let member = asked.or_else(|| members.iter().find(exists))?;
    let inner = known.nexthop(member.nh)?;
    match self::members(inner) {
        // One level is as deep as it goes: a member that is one of its own members leads nowhere.
        Some(members) => members.iter().find(|member| {
            let leaf = known.nexthop(member.nh);
            leaf.is_some_and(|leaf| self::members(leaf).is_none())
        }),
        None => Some(member),
    }
}
