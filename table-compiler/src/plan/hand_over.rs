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
//!
//! A nexthop that stands for several changes with its group, once all of its members have the sense that the new group
//! means; its old members use their nexthops until then.

use std::collections::{BTreeMap, BTreeSet};

use underpass_layout::tables::{id, MemberEntry, NexthopEntry};

use super::groups;
use super::lasting::{self, Copies};
use super::planner::Planner;
use super::users::{say, users, Says, User};
use crate::entries::Entries;
use crate::placed::TableFull;

/// Rows that are to change, and who shall not follow.
struct HandOver<'a> {
    want: &'a Entries,
    /// The rows as they shall be, new mirrors left out.
    nexthops: &'a BTreeMap<u32, NexthopEntry>,
    pending: BTreeSet<u32>,
    /// Groups that last and have pending members.
    moving: BTreeSet<u32>,
    /// By row, who uses it in its old sense alone.
    leaving: BTreeMap<u32, Vec<User>>,
}

/// Gives every row of `nexthop` that is there and shall be there its new sense, and brings the groups that shall be
/// there.
pub(super) fn hand_over(
    planner: &mut Planner,
    want: &Entries,
    nexthops: &BTreeMap<u32, NexthopEntry>,
) -> Result<(), TableFull> {
    let pending = pending(&planner.now.entries, want, nexthops);
    if pending.is_empty() {
        return Ok(());
    }
    let moving = lasting::moving(&planner.now.entries, want, &pending);
    let mut work = HandOver {
        want,
        nexthops,
        pending,
        moving,
        leaving: BTreeMap::new(),
    };
    work.part(planner)?;
    work.leaving = leaving(planner, want, &work.pending);
    while !work.pending.is_empty() {
        // Numbers move up or down together when something is put in or taken out before them: one of the two
        // directions then meets every row in the right order.
        let down: Vec<u32> = work.pending.iter().rev().copied().collect();
        let up = down.iter().rev();
        let mut done = 0;
        for row in down.iter().chain(up) {
            done += usize::from(work.settle(planner, *row)?);
        }
        if done > 0 {
            continue;
        }
        let used = |row: &&u32| work.leaving.contains_key(row);
        match work.pending.iter().find(used).copied() {
            Some(row) => work.park(planner, row)?,
            // Groups of groups alone are left, in a ring: objects have none.
            None => {
                if let Some(row) = work.pending.first().copied() {
                    work.change(planner, row)?;
                }
            }
        }
    }
    Ok(())
}

/// The rows that change their sense, and those of new groups: they wait until their members have theirs.
fn pending(now: &Entries, want: &Entries, nexthops: &BTreeMap<u32, NexthopEntry>) -> BTreeSet<u32> {
    let changes = |(row, entry): &(&u32, &NexthopEntry)| {
        let group = want.groups.get(row);
        match now.nexthops.get(row) {
            Some(now_entry) => now_entry != *entry || now.groups.get(row) != group,
            None => group.is_some(),
        }
    };
    let rows = nexthops.iter().filter(changes);
    rows.map(|(row, _)| *row).collect()
}

fn leaving(planner: &Planner, want: &Entries, pending: &BTreeSet<u32>) -> BTreeMap<u32, Vec<User>> {
    let now = &planner.now.entries;
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
    for nexthop in changing(planner, want) {
        let members = groups::members(&planner.now, nexthop).into_iter();
        let rows: BTreeSet<u32> = members.map(|(_, member)| member.nexthop).collect();
        for row in rows.intersection(pending) {
            leaving.entry(*row).or_default().push(User::Group(nexthop));
        }
    }
    leaving
}

/// The groups on the card, copies too, that will not be there as they are.
fn changing(planner: &Planner, want: &Entries) -> Vec<u32> {
    let now = &planner.now;
    let stays = |row: &u32| {
        let group = want.groups.get(row);
        group.is_some() && group == now.entries.groups.get(row)
    };
    let rows = now.groups.keys().copied();
    rows.filter(|row| !stays(row)).collect()
}

impl HandOver<'_> {
    /// Takes those that leave a group that lasts out of the way of its members.
    fn part(&self, planner: &mut Planner) -> Result<(), TableFull> {
        if self.moving.is_empty() {
            return Ok(());
        }
        let mut copies = Copies::new(&self.moving, self.nexthops);
        let all: Vec<User> = users(&planner.now.entries).collect();
        for user in all {
            let (is, shall) = (user.says(&planner.now.entries), user.says(self.want));
            let leaves = is.filter(|is| shall != Some(*is) && self.moving.contains(&is.nexthop()));
            let Some(is) = leaves else { continue };
            let says = match shall.filter(|says| self.is_ready(says)) {
                Some(says) => says,
                None => is.with_nexthop(copies.of(planner, is.nexthop())?),
            };
            say(planner, user, says)?;
        }
        for group in changing(planner, self.want) {
            copies.hold(planner, group)?;
        }
        Ok(())
    }

    /// True if all that these words lead to has the sense that they mean.
    fn is_ready(&self, says: &Says) -> bool {
        !says.needs_vrf() && self.is_settled(says.nexthop())
    }

    /// True if a row has its new sense, and each of its members.
    fn is_settled(&self, row: u32) -> bool {
        let (mut seen, mut next) = (BTreeSet::new(), vec![row]);
        while let Some(row) = next.pop() {
            if self.pending.contains(&row) {
                return false;
            }
            if self.moving.contains(&row) && seen.insert(row) {
                let members = self.want.groups[&row].members.iter();
                next.extend(members.map(|member| member.nexthop));
            }
        }
        true
    }

    /// Lets the users of a pending row leave for rows that are not pending, and changes it if that was all of them.
    fn settle(&mut self, planner: &mut Planner, row: u32) -> Result<bool, TableFull> {
        if !self.pending.contains(&row) {
            return Ok(false);
        }
        let mut stay = Vec::new();
        for user in self.leaving.remove(&row).unwrap_or_default() {
            if self.has_left(user) {
                continue;
            }
            match user.says(self.want).filter(|says| self.is_ready(says)) {
                Some(says) => say(planner, user, says)?,
                None => stay.push(user),
            }
        }
        if !stay.is_empty() {
            self.leaving.insert(row, stay);
            return Ok(false);
        }
        let group = self.want.groups.get(&row);
        let mut members = group.into_iter().flat_map(|group| &group.members);
        let waits = members.any(|member| !self.is_settled(member.nexthop));
        if waits {
            return Ok(false);
        }
        self.change(planner, row)?;
        Ok(true)
    }

    /// True of the old members of a group that has turned to its new ones.
    fn has_left(&self, user: User) -> bool {
        let User::Group(group) = user else {
            return false;
        };
        self.nexthops.contains_key(&group) && !self.pending.contains(&group)
    }

    /// Changes a row. What decides is the group, if there is one: it comes first and goes last.
    fn change(&mut self, planner: &mut Planner, row: u32) -> Result<(), TableFull> {
        self.pending.remove(&row);
        groups::turn(planner, self.want, row)?;
        let entry = self.nexthops.get(&row).copied();
        if planner.now.entries.nexthops.get(&row) != entry.as_ref() {
            planner.put(id::NEXTHOP, |entries| &mut entries.nexthops, row, entry);
        }
        if !self.want.groups.contains_key(&row) {
            groups::clear(planner, row);
        }
        Ok(())
    }

    /// Copies a row to a spare one, and sends its users there.
    fn park(&mut self, planner: &mut Planner, row: u32) -> Result<(), TableFull> {
        let group = planner.now.groups.get(&row).copied();
        let spare = lasting::copy(planner, self.nexthops, row, group)?;
        if group.is_some() {
            // Both have the same members, who are in use for as long as the spare row is.
            for users in self.leaving.values_mut() {
                let uses = |user: &User| matches!(user, User::Group(group) if *group == row);
                if users.iter().any(uses) {
                    users.push(User::Group(spare));
                }
            }
        }
        for user in self.leaving.remove(&row).unwrap_or_default() {
            if let User::Group(group) = user {
                for (place, member) in groups::members(&planner.now, group) {
                    if member.nexthop == row {
                        let nexthop = spare;
                        planner.put_member(place, Some(MemberEntry { nexthop, ..member }));
                    }
                }
            } else if let Some(says) = user.says(&planner.now.entries) {
                say(planner, user, says.with_nexthop(spare))?;
            }
        }
        Ok(())
    }
}
