//! Rows of `nexthop` that mean something else from now on, and the entries that shall not follow them there.
//!
//! ```text
//!   was:    route A ─▶ nexthop 20 = tunnel to X          shall be:   route A ─▶ nexthop 22 = tunnel to X
//!           route B ─▶ nexthop 22 = tunnel to Y                      route B ─▶ nexthop 24 = tunnel to Y
//!   1 write  nexthop[24]    2 change route B    3 change nexthop[22]    4 change route A    5 change nexthop[20]
//! ```
//! A row changes only when all that use it in the old sense have left, and they leave only for a row that has its new
//! sense. Where that is a ring, or an entry will vanish and has nowhere to go, the row's old sense is copied to a
//! spare row, and its users wait there.

use std::collections::{BTreeMap, BTreeSet};

use underpass_layout::tables::{
    id, BridgeEntry, LabelAction, MplsEntry, NexthopEntry, RouteEntry, VrfEntry, TABLES,
};

use super::planner::Planner;
use super::routes::place;
use crate::entries::{Entries, Prefix};
use crate::mac::Mac;
use crate::placed::TableFull;

/// An entry that leads to a nexthop.
#[derive(Clone, Copy)]
enum User {
    Mpls(u32),
    Bridge((u16, Mac)),
    Route(Prefix),
    /// A default route of a VRF.
    Default {
        vrf: u32,
        v6: bool,
    },
}

/// What a user says, nexthop included.
#[derive(Clone, Copy, PartialEq)]
enum Says {
    Mpls(MplsEntry),
    Bridge(BridgeEntry),
    Route(RouteEntry),
    Default { nexthop: u32, label: u32 },
}

impl Says {
    fn nexthop(&self) -> u32 {
        match self {
            Says::Mpls(entry) => entry.nexthop,
            Says::Bridge(entry) => entry.nexthop,
            Says::Route(entry) => entry.nexthop,
            Says::Default { nexthop, .. } => *nexthop,
        }
    }

    /// True if it leads to a VRF, which may not be there yet.
    fn needs_vrf(&self) -> bool {
        matches!(self, Says::Mpls(entry) if entry.action == LabelAction::Route)
    }

    fn with_nexthop(self, nexthop: u32) -> Self {
        match self {
            Says::Mpls(entry) => Says::Mpls(MplsEntry { nexthop, ..entry }),
            Says::Bridge(entry) => Says::Bridge(BridgeEntry { nexthop, ..entry }),
            Says::Route(entry) => Says::Route(RouteEntry { nexthop, ..entry }),
            Says::Default { label, .. } => Says::Default { nexthop, label },
        }
    }
}

impl User {
    fn says(&self, entries: &Entries) -> Option<Says> {
        match self {
            User::Mpls(label) => entries.mpls.get(label).copied().map(Says::Mpls),
            User::Bridge(key) => entries.bridges.get(key).copied().map(Says::Bridge),
            User::Route(prefix) => entries.routes.get(prefix).copied().map(Says::Route),
            User::Default { vrf, v6 } => default(entries.vrfs.get(vrf)?, *v6),
        }
    }
}

fn default(word: &VrfEntry, v6: bool) -> Option<Says> {
    let (valid, nexthop, label) = if v6 {
        (
            word.default6_valid,
            word.default6_nexthop,
            word.default6_label,
        )
    } else {
        (word.default_valid, word.default_nexthop, word.default_label)
    };
    valid.then_some(Says::Default { nexthop, label })
}

/// A word with another default route of a family.
fn with_default(word: VrfEntry, v6: bool, nexthop: u32, label: u32) -> VrfEntry {
    if v6 {
        VrfEntry {
            default6_nexthop: nexthop,
            default6_label: label,
            ..word
        }
    } else {
        VrfEntry {
            default_nexthop: nexthop,
            default_label: label,
            ..word
        }
    }
}

fn users(entries: &Entries) -> impl Iterator<Item = User> + '_ {
    let mpls = entries.mpls.keys().copied().map(User::Mpls);
    let bridges = entries.bridges.keys().copied().map(User::Bridge);
    let routes = entries.routes.keys().copied().map(User::Route);
    let defaults = entries.vrfs.keys().flat_map(|vrf| {
        let of = |v6| User::Default { vrf: *vrf, v6 };
        [of(false), of(true)]
    });
    mpls.chain(bridges).chain(routes).chain(defaults)
}

/// Gives every row of `nexthop` that is there and shall be there its new sense.
pub(super) fn hand_over(planner: &mut Planner, want: &Entries) -> Result<(), TableFull> {
    let now = &planner.now.entries;
    let changes = |(row, entry): &(&u32, &NexthopEntry)| {
        want.nexthops
            .get(row)
            .is_some_and(|wanted| wanted != *entry)
    };
    let mut pending: BTreeSet<u32> = now
        .nexthops
        .iter()
        .filter(changes)
        .map(|(row, _)| *row)
        .collect();
    if pending.is_empty() {
        return Ok(());
    }
    let mut leaving: BTreeMap<u32, Vec<User>> = BTreeMap::new();
    for user in users(now) {
        let says = user.says(now);
        let row = says
            .map(|says| says.nexthop())
            .filter(|row| pending.contains(row));
        if let Some(row) = row.filter(|_| user.says(want) != says) {
            leaving.entry(row).or_default().push(user);
        }
    }
    while !pending.is_empty() {
        // Numbers move up or down together when something is put in or taken out before them: one of the two
        // directions then meets every row in the right order.
        let down: Vec<u32> = pending.iter().rev().copied().collect();
        let up = down.iter().rev();
        let mut done = 0;
        for row in down.iter().chain(up) {
            done += usize::from(settle(planner, want, *row, &mut pending, &mut leaving)?);
        }
        if done > 0 {
            continue;
        }
        if let Some(row) = pending.first().copied() {
            let users = leaving.remove(&row).unwrap_or_default();
            park(planner, want, row, users)?;
        }
    }
    Ok(())
}

/// Lets the users of a pending row leave for rows that are not pending, and changes it if that was all of them.
fn settle(
    planner: &mut Planner,
    want: &Entries,
    row: u32,
    pending: &mut BTreeSet<u32>,
    leaving: &mut BTreeMap<u32, Vec<User>>,
) -> Result<bool, TableFull> {
    if !pending.contains(&row) {
        return Ok(false);
    }
    let mut stay = Vec::new();
    let ready = |says: &Says| !pending.contains(&says.nexthop()) && !says.needs_vrf();
    for user in leaving.remove(&row).unwrap_or_default() {
        match user.says(want).filter(ready) {
            Some(says) => say(planner, user, says)?,
            None => stay.push(user),
        }
    }
    if !stay.is_empty() {
        leaving.insert(row, stay);
        return Ok(false);
    }
    pending.remove(&row);
    let entry = want.nexthops.get(&row).copied();
    planner.put(id::NEXTHOP, |entries| &mut entries.nexthops, row, entry);
    Ok(true)
}

/// Copies a row to a spare one, and sends its users there.
fn park(
    planner: &mut Planner,
    want: &Entries,
    row: u32,
    users: Vec<User>,
) -> Result<(), TableFull> {
    let table = &TABLES[id::NEXTHOP as usize];
    let capacity = planner.now.profile().rows(table);
    let now = &planner.now.entries;
    let free = |row: &u32| !now.nexthops.contains_key(row) && !want.nexthops.contains_key(row);
    let Some(spare) = (1..capacity as u32).find(free) else {
        return Err(TableFull {
            table: table.name,
            capacity,
            used: now.nexthops.len(),
        });
    };
    let entry = now.nexthops.get(&row).copied();
    planner.put(id::NEXTHOP, |entries| &mut entries.nexthops, spare, entry);
    for user in users {
        if let Some(says) = user.says(&planner.now.entries) {
            say(planner, user, says.with_nexthop(spare))?;
        }
    }
    Ok(())
}

/// Changes an entry that is on the card, where it is.
fn say(planner: &mut Planner, user: User, says: Says) -> Result<(), TableFull> {
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
        (User::Default { vrf, v6 }, Says::Default { nexthop, label }) => {
            if let Some(word) = planner.now.words.get(&vrf).copied() {
                planner.put_word(vrf, Some(with_default(word, v6, nexthop, label)));
            }
            if let Some(word) = planner.now.entries.vrfs.get_mut(&vrf) {
                *word = with_default(*word, v6, nexthop, label);
            }
        }
        // A user says what its own table says.
        _ => {}
    }
    Ok(())
}
