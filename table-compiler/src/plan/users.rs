//! Entries that lead to a row of `nexthop`: all that a hand-over may have to turn elsewhere.
//!
//! ```text
//!   mpls, bridge, route, flood, the default routes of a VRF's word, raw mirrors ──nexthop──▶ row ◀── members of a group
//! ```

use underpass_layout::tables::{
    id, ArpAnswer, BridgeEntry, FloodEntry, LabelAction, MirrorEntry, MirrorKind, MplsEntry,
    RouteEntry, VrfEntry,
};

use super::planner::Planner;
use super::routes::place;
use crate::entries::{Entries, Prefix};
use crate::mac::Mac;
use crate::placed::TableFull;

/// An entry that leads to a nexthop.
#[derive(Clone, Copy)]
pub(super) enum User {
    Mpls(u32),
    Bridge((u16, Mac)),
    Route(Prefix),
    Flood(u32),
    Mirror(u32),
    /// The members of a group, until it has turned to its new ones.
    Group(u32),
    /// A default route of a VRF.
    Default {
        vrf: u32,
        v6: bool,
    },
}

/// What a user says, nexthop included.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Says {
    Mpls(MplsEntry),
    Bridge(BridgeEntry),
    Route(RouteEntry),
    Flood(FloodEntry),
    Mirror(MirrorEntry),
    Default(Default),
}

/// What a default route says.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Default {
    nexthop: u32,
    label: u32,
    /// Of IPv6 nothing.
    arp: ArpAnswer,
}

impl Says {
    pub fn nexthop(&self) -> u32 {
        match self {
            Says::Mpls(entry) => entry.nexthop,
            Says::Bridge(entry) => entry.nexthop,
            Says::Route(entry) => entry.nexthop,
            Says::Flood(entry) => entry.nexthop,
            Says::Mirror(entry) => entry.nexthop,
            Says::Default(default) => default.nexthop,
        }
    }

    /// True if it leads to a VRF, which may not be there yet.
    pub fn needs_vrf(&self) -> bool {
        matches!(self, Says::Mpls(entry) if entry.action == LabelAction::Route)
    }

    pub fn with_nexthop(self, nexthop: u32) -> Self {
        match self {
            Says::Mpls(entry) => Says::Mpls(MplsEntry { nexthop, ..entry }),
            Says::Bridge(entry) => Says::Bridge(BridgeEntry { nexthop, ..entry }),
            Says::Route(entry) => Says::Route(RouteEntry { nexthop, ..entry }),
            Says::Flood(entry) => Says::Flood(FloodEntry { nexthop, ..entry }),
            Says::Mirror(entry) => Says::Mirror(MirrorEntry { nexthop, ..entry }),
            Says::Default(default) => Says::Default(Default { nexthop, ..default }),
        }
    }
}

impl User {
    pub fn says(&self, entries: &Entries) -> Option<Says> {
        match self {
            User::Mpls(label) => entries.mpls.get(label).copied().map(Says::Mpls),
            User::Bridge(key) => entries.bridges.get(key).copied().map(Says::Bridge),
            User::Route(prefix) => entries.routes.get(prefix).copied().map(Says::Route),
            User::Flood(vrf) => entries.floods.get(vrf).copied().map(Says::Flood),
            User::Mirror(row) => {
                let set = entries.mirrors.get(row);
                let raw = set.filter(|set| set.entry.kind == MirrorKind::Raw);
                raw.map(|set| Says::Mirror(set.entry))
            }
            User::Group(_) => None,
            User::Default { vrf, v6 } => default(entries.vrfs.get(vrf)?, *v6),
        }
    }
}

fn default(word: &VrfEntry, v6: bool) -> Option<Says> {
    let (valid, default) = if v6 {
        let default = Default {
            nexthop: word.default6_nexthop,
            label: word.default6_label,
            arp: ArpAnswer::Flood,
        };
        (word.default6_valid, default)
    } else {
        let default = Default {
            nexthop: word.default_nexthop,
            label: word.default_label,
            arp: word.default_arp,
        };
        (word.default_valid, default)
    };
    valid.then_some(Says::Default(default))
}

/// A word with another default route of a family.
fn with_default(word: VrfEntry, v6: bool, default: Default) -> VrfEntry {
    if v6 {
        VrfEntry {
            default6_nexthop: default.nexthop,
            default6_label: default.label,
            ..word
        }
    } else {
        VrfEntry {
            default_nexthop: default.nexthop,
            default_label: default.label,
            default_arp: default.arp,
            ..word
        }
    }
}

pub(super) fn users(entries: &Entries) -> impl Iterator<Item = User> + '_ {
    let mpls = entries.mpls.keys().copied().map(User::Mpls);
    let bridges = entries.bridges.keys().copied().map(User::Bridge);
    let routes = entries.routes.keys().copied().map(User::Route);
    let defaults = entries.vrfs.keys().flat_map(|vrf| {
        let of = |v6| User::Default { vrf: *vrf, v6 };
        [of(false), of(true)]
    });
    let floods = entries.floods.keys().copied().map(User::Flood);
    let mirrors = entries.mirrors.keys().copied().map(User::Mirror);
    let others = mpls.chain(bridges).chain(floods).chain(mirrors);
    others.chain(routes).chain(defaults)
}

/// Changes an entry that is on the card, where it is.
pub(super) fn say(planner: &mut Planner, user: User, says: Says) -> Result<(), TableFull> {
    match (user, says) {
        (User::Mpls(label), Says::Mpls(entry)) => {
            planner.put(id::MPLS, |entries| &mut entries.mpls, label, Some(entry));
        }
        (User::Bridge(key), Says::Bridge(entry)) => {
            planner.insert(id::BRIDGE, 0, &entry)?;
            planner.now.entries.bridges.insert(key, entry);
        }
        (User::Route(prefix), Says::Route(entry)) => {
            let word = planner.now.words.get(&prefix.vrf.into());
            if let Some((table, bank)) = place(&prefix, word) {
                planner.insert(table, bank, &entry)?;
            }
            planner.now.entries.routes.insert(prefix, entry);
        }
        (User::Flood(vrf), Says::Flood(entry)) => {
            planner.put(id::FLOOD, |entries| &mut entries.floods, vrf, Some(entry));
        }
        (User::Mirror(row), Says::Mirror(entry)) => {
            planner.put_mirror_row(row, &entry);
            if let Some(set) = planner.now.entries.mirrors.get_mut(&row) {
                set.entry = entry;
            }
        }
        (User::Default { vrf, v6 }, Says::Default(default)) => {
            if let Some(word) = planner.now.words.get(&vrf).copied() {
                planner.put_word(vrf, Some(with_default(word, v6, default)));
            }
            if let Some(word) = planner.now.entries.vrfs.get_mut(&vrf) {
                *word = with_default(*word, v6, default);
            }
        }
        // A user says what its own table says.
        _ => {}
    }
    Ok(())
}
