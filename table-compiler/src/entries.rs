//! objects -> entries: what the card's tables say, every reference followed to its end.
//!
//! ```text
//!   mpls ─▶ nexthop.family, .vrf      vxlan ─▶ nexthop.vrf           bridge ─▶ is it the router's MAC?
//!   nexthop ─▶ vif ─▶ port, nh_id, mtu       vrf ◀─ lengths of its routes ◀─ route
//!   composite ─▶ group, member, origin       vif ─▶ mirror ─▶ nexthop     bridge of everybody ─▶ flood
//! ```
//! One file per table. An entry is the layout's own type; here it lies under its index or its key, not yet at a place
//! (that is [`placed`](mod@crate::placed)). What the card cannot do itself becomes an entry that hands the packet to
//! the slow path; what refers to nothing is refused.

mod address;
mod bridge;
mod error;
mod fat;
mod flood;
mod flow;
mod group;
mod index;
mod learned;
mod lengths;
mod list;
mod mirror;
mod mpls;
mod nexthop;
mod origin;
mod port;
mod punt_quota;
mod qos;
mod references;
mod route;
mod share;
mod source;
mod stitched;
#[cfg(test)]
mod tests;
mod vif;
mod vrf;
mod vxlan;

pub use error::EntryError;
pub use fat::{FatFault, FatSet};
pub use flow::{
    check_apart, flow_entries, flow_entry, Flow, FlowEntries, FlowFault, FlowPlace, Known,
    ResolvedPair,
};
pub use group::Group;
pub use mirror::MirrorSet;
pub use origin::Origin;
pub use route::Prefix;
pub use stitched::Stitched;

pub(crate) use share::share;

#[cfg(test)]
pub(crate) use address::mask;

use std::collections::BTreeMap;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{
    BridgeEntry, FloodEntry, LearnedEntry, MplsEntry, NexthopEntry, OriginEntry, PortEntry,
    PuntQuotaEntry, QosEntry, RouteEntry, SourceEntry, StitchedEntry, VifEntry, VrfEntry,
    VxlanEntry,
};

use crate::mac::Mac;
use crate::objects::Objects;
use index::Index;

/// What the card's tables say. Counters are the card's, flows come and go by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// By port.
    pub ports: BTreeMap<u32, PortEntry>,
    /// By interface.
    pub vifs: BTreeMap<u32, VifEntry>,
    /// By label.
    pub mpls: BTreeMap<u32, MplsEntry>,
    /// By VNI.
    pub vxlans: BTreeMap<u32, VxlanEntry>,
    /// By VRF and MAC.
    pub bridges: BTreeMap<(u16, Mac), BridgeEntry>,
    /// By VRF. The lengths of a family stand longest first and without gaps; which bank each gets is a matter of room.
    pub vrfs: BTreeMap<u32, VrfEntry>,
    /// By VRF and prefix, those of all bits and all shorter ones but the defaults, which are in `vrfs`.
    pub routes: BTreeMap<Prefix, RouteEntry>,
    /// By VRF and IPv4 address, those whose host route says so.
    pub stitched: BTreeMap<Stitched, StitchedEntry>,
    /// By nexthop.
    pub nexthops: BTreeMap<u32, NexthopEntry>,
    /// By set; set 0 is empty and is not here.
    pub fat_sets: BTreeMap<u32, FatSet>,
    /// By nexthop, as S(nh).
    pub sources: BTreeMap<u32, SourceEntry>,
    /// By nexthop, those that stand for several.
    pub groups: BTreeMap<u32, Group>,
    /// By list and tunnel end.
    pub origins: BTreeMap<Origin, OriginEntry>,
    /// By VRF.
    pub floods: BTreeMap<u32, FloodEntry>,
    /// By VRF and source MAC.
    pub learned: BTreeMap<(u16, Mac), LearnedEntry>,
    /// By row; row 0 is none and is not here. Rows that flows have are not here either: they come and go with them.
    pub mirrors: BTreeMap<u32, MirrorSet>,
    /// By row, 128 rows a map.
    pub qos: BTreeMap<u32, QosEntry>,
    /// By punt reason, those that are limited.
    pub punt_quotas: BTreeMap<u32, PuntQuotaEntry>,
}

/// The entries of all objects, for a card with tables of these sizes.
///
/// # Errors
/// An object refers to one that does not exist, has a number that the card has no row for, claims another's port, or
/// contradicts itself. Flows are checked as well, although their entries come and go by themselves.
pub fn entries(objects: &Objects, profile: &Profile) -> Result<Entries, EntryError> {
    let index = Index::new(objects, profile)?;
    references::check(&index)?;
    let (vrfs, routes) = vrf::entries(&index)?;
    Ok(Entries {
        ports: port::entries(&index)?,
        vifs: vif::entries(&index)?,
        mpls: mpls::entries(&index)?,
        vxlans: vxlan::entries(&index)?,
        bridges: bridge::entries(&index)?,
        stitched: stitched::entries(&index, &vrfs)?,
        vrfs,
        routes,
        nexthops: nexthop::entries(&index)?,
        sources: source::entries(&index),
        groups: group::entries(&index)?,
        origins: origin::entries(&index)?,
        floods: flood::entries(&index)?,
        learned: learned::entries(&index)?,
        qos: qos::entries(&index)?,
        punt_quotas: punt_quota::entries(&objects.punt_quotas),
        fat_sets: index.fat.sets,
        mirrors: index.mirrors.sets,
    })
}
