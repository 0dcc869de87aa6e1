//! Groups that last while their members change, and the entries that shall not see that.
//!
//! ```text
//!   was:  label 2 ─▶ nexthop 7 = {20}   20 = tunnel to X     shall be:  nexthop 7 = {20}   20 = tunnel to Y
//!   1 write  member, group, nexthop[9] = {20}    2 change label 2 ─▶ nexthop 9    and `hand_over` does the rest
//! ```
//! Row 7 does not change, so nothing at label 2 says that what it leads to will be something else. Who leaves such a
//! group leaves for where it shall go, if all of that has its sense by then, or else takes a copy of the group along.

use std::collections::{BTreeMap, BTreeSet};

use underpass_layout::tables::{id, GroupEntry, MemberEntry, NexthopEntry, OriginEntry, TABLES};

use super::groups;
use super::planner::Planner;
use crate::entries::Entries;
use crate::placed::TableFull;

/// Groups with the same members before and after of which some member, or one of its own, is pending.
pub(super) fn moving(now: &Entries, want: &Entries, pending: &BTreeSet<u32>) -> BTreeSet<u32> {
    let both = now.groups.iter();
    let lasting: BTreeMap<_, _> = both
        .filter(|(row, group)| want.groups.get(row) == Some(group))
        .collect();
    let mut moving = BTreeSet::new();
    loop {
        let moves = |row: &u32| pending.contains(row) || moving.contains(row);
        let more = lasting.iter().filter(|(row, group)| {
            let mut members = group.members.iter();
            !moving.contains(**row) && members.any(|member| moves(&member.nexthop))
        });
        let more: Vec<u32> = more.map(|(row, _)| **row).collect();
        if more.is_empty() {
            return moving;
        }
        moving.extend(more);
    }
}

/// Copies of groups that move, each made when somebody first needs it.
pub(super) struct Copies<'a> {
    moving: &'a BTreeSet<u32>,
    nexthops: &'a BTreeMap<u32, NexthopEntry>,
    made: BTreeMap<u32, u32>,
}

impl<'a> Copies<'a> {
    pub fn new(moving: &'a BTreeSet<u32>, nexthops: &'a BTreeMap<u32, NexthopEntry>) -> Self {
        Copies {
            moving,
            nexthops,
            made: BTreeMap::new(),
        }
    }

    /// The row that goes on saying what this one says: itself, unless it moves.
    pub fn of(&mut self, planner: &mut Planner, row: u32) -> Result<u32, TableFull> {
        if !self.moving.contains(&row) {
            return Ok(row);
        }
        if let Some(copy) = self.made.get(&row) {
            return Ok(*copy);
        }
        // A ring of groups, which objects have none of, ends where it began.
        self.made.insert(row, row);
        let Some(group) = planner.now.groups.get(&row).copied() else {
            return Ok(row);
        };
        let mut members = Vec::new();
        for (_, member) in groups::members(&planner.now, row) {
            let nexthop = self.of(planner, member.nexthop)?;
            members.push(MemberEntry { nexthop, ..member });
        }
        let first = groups::free(planner, members.len())?;
        for (place, member) in (first..).zip(members) {
            planner.put_member(place, Some(member));
        }
        let first = first as u16;
        let copy = copy(planner, self.nexthops, row, GroupEntry { first, ..group })?;
        self.made.insert(row, copy);
        Ok(copy)
    }

    /// Has the members of a group that is about to change lead where nothing moves.
    pub fn hold(&mut self, planner: &mut Planner, group: u32) -> Result<(), TableFull> {
        for (place, member) in groups::members(&planner.now, group) {
            let nexthop = self.of(planner, member.nexthop)?;
            if nexthop != member.nexthop {
                planner.put_member(place, Some(MemberEntry { nexthop, ..member }));
            }
        }
        Ok(())
    }
}

/// Writes what a row of `nexthop` says to a spare one, which is the answer. If it is a group, `group` is the copy's.
pub(super) fn copy(
    planner: &mut Planner,
    nexthops: &BTreeMap<u32, NexthopEntry>,
    row: u32,
    group: impl Into<Option<GroupEntry>>,
) -> Result<u32, TableFull> {
    let spare = spare(planner, nexthops)?;
    if let Some(group) = group.into() {
        let all = (row, false, 0)..=(row, true, u128::MAX);
        let origins = planner.now.entries.origins.range(all);
        let origins: Vec<_> = origins.map(|(key, entry)| (*key, *entry)).collect();
        for ((_, v6, address), entry) in origins {
            let mut key = entry.key;
            key.nexthop = spare;
            let entry = OriginEntry { key, ..entry };
            planner.insert(id::ORIGIN, 0, &entry)?;
            let origins = &mut planner.now.entries.origins;
            origins.insert((spare, v6, address), entry);
        }
        planner.put_group(spare, Some(group));
    }
    let entry = planner.now.entries.nexthops.get(&row).copied();
    planner.put(id::NEXTHOP, |entries| &mut entries.nexthops, spare, entry);
    Ok(spare)
}

/// A row of `nexthop` that is free before and after.
fn spare(planner: &Planner, nexthops: &BTreeMap<u32, NexthopEntry>) -> Result<u32, TableFull> {
    let table = &TABLES[id::NEXTHOP as usize];
    let capacity = planner.now.profile().rows(table);
    let now = &planner.now.entries.nexthops;
    let free = |row: &u32| !now.contains_key(row) && !nexthops.contains_key(row);
    (1..capacity as u32).find(free).ok_or(TableFull {
        table: table.name,
        capacity,
        used: now.len(),
    })
}
