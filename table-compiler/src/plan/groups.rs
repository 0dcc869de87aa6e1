//! Groups: members are written where nobody looks, then the group's row turns to them, then the old ones are freed.
//!
//! ```text
//!   was:  group[61] ─▶ member[0..3]                 list of three
//!   1     write  member[3..7]                       four, in rows that are free before and after
//!   2     change group[61]  first=3 count=4         from now on
//!   3     free   member[0..3]                       at the end, when no group leads there
//! ```
//! A choice that keeps its number of rows stays where it is: each row by itself says where its packets go, so only the
//! rows of members that came or went are written.

use std::ops::Range;

use underpass_layout::tables::{id, GroupEntry, GroupKind, MemberEntry, TABLES};

use super::planner::Planner;
use super::spread::{self, Before};
use crate::entries::{Entries, Group};
use crate::placed::{Placed, TableFull};

/// The rows of `member` that a group has.
pub(super) fn range(entry: &GroupEntry) -> Range<u32> {
    let first = u32::from(entry.first);
    let count = match entry.kind {
        GroupKind::None => 0,
        GroupKind::Ecmp => 1 << entry.count,
        GroupKind::List => u32::from(entry.count),
    };
    first..first + count
}

/// The rows of a range as they stand on the card.
fn rows(placed: &Placed, range: Range<u32>) -> Vec<MemberEntry> {
    let rows = placed.members.range(range);
    rows.map(|(_, entry)| *entry).collect()
}

/// The members of a group as they stand on the card.
pub(super) fn members(placed: &Placed, nexthop: u32) -> Vec<(u32, MemberEntry)> {
    let Some(entry) = placed.groups.get(&nexthop) else {
        return Vec::new();
    };
    let rows = placed.members.range(range(entry));
    rows.map(|(row, entry)| (*row, *entry)).collect()
}

/// Turns a group to what it shall be: tunnel ends and members first, then its own row.
pub(super) fn turn(planner: &mut Planner, want: &Entries, nexthop: u32) -> Result<(), TableFull> {
    let Some(group) = want.groups.get(&nexthop) else {
        return Ok(());
    };
    bring_origins(planner, want, nexthop)?;
    if planner.now.entries.groups.get(&nexthop) == Some(group) {
        return Ok(());
    }
    let now = planner.now.groups.get(&nexthop).copied();
    let (members, bits) = wanted(&planner.now, nexthop, group);
    let own = now.filter(|now| is_own(&planner.now, nexthop, now));
    let stays = own.filter(|now| {
        let there = range(now);
        let same = group.entry.kind == now.kind && there.len() == members.len();
        same && (now.kind == GroupKind::Ecmp || rows(&planner.now, there) == members)
    });
    let first = match stays {
        Some(now) => u32::from(now.first),
        None => free(planner, members.len())?,
    };
    for (row, member) in (first..).zip(members) {
        if planner.now.members.get(&row) != Some(&member) {
            planner.put_member(row, Some(member));
        }
    }
    let entry = GroupEntry {
        first: first as u16,
        count: bits.unwrap_or(group.entry.count),
        ..group.entry
    };
    if now != Some(entry) {
        planner.put_group(nexthop, Some(entry));
    }
    planner.now.entries.groups.insert(nexthop, group.clone());
    Ok(())
}

/// The rows that a group shall have; of a choice also the power of two of them.
fn wanted(now: &Placed, nexthop: u32, group: &Group) -> (Vec<MemberEntry>, Option<u16>) {
    if group.entry.kind != GroupKind::Ecmp {
        return (group.members.clone(), None);
    }
    let entry = now.groups.get(&nexthop);
    let entry = entry.filter(|entry| entry.kind == GroupKind::Ecmp);
    let old = now.entries.groups.get(&nexthop);
    let goes_on = |old: &&Group| old.members.iter().any(|one| group.members.contains(one));
    let (bits, rows) = match entry.zip(old.filter(goes_on)) {
        None => {
            let bits = group.entry.count;
            (bits, spread::rows(&group.members, bits.into(), None))
        }
        Some((entry, old)) => {
            let bits = group.entry.count.max(entry.count);
            let before = Before {
                members: &old.members,
                rows: &rows(now, range(entry)),
            };
            (
                bits,
                spread::rows(&group.members, bits.into(), Some(before)),
            )
        }
    };
    (rows, Some(bits))
}

/// True if no other group has rows of this one: a spare row may, while a plan runs.
fn is_own(now: &Placed, nexthop: u32, entry: &GroupEntry) -> bool {
    let mut others = now.groups.iter().filter(|(other, _)| **other != nexthop);
    others.all(|(_, other)| other.first != entry.first || range(other).is_empty())
}

/// The first row of so many that are free.
pub(super) fn free(planner: &mut Planner, count: usize) -> Result<u32, TableFull> {
    if count == 0 {
        return Ok(0);
    }
    let table = &TABLES[id::MEMBER as usize];
    let capacity = planner.now.profile().rows(table);
    let taken_below = planner.members_taken_below;
    let (mut first, mut lowest) = (taken_below, None);
    let taken = planner.now.members.range(taken_below..);
    for row in taken.map(|(row, _)| *row) {
        if row > first {
            lowest = lowest.or(Some(first));
        }
        if (row - first) as usize >= count {
            break;
        }
        first = row + 1;
    }
    planner.members_taken_below = lowest.unwrap_or(first);
    match first as usize + count <= capacity {
        true => Ok(first),
        false => Err(TableFull {
            table: table.name,
            capacity,
            used: planner.now.members.len(),
        }),
    }
}

/// Writes the tunnel ends of a list that are not there, or are there as something else.
fn bring_origins(planner: &mut Planner, want: &Entries, nexthop: u32) -> Result<(), TableFull> {
    let all = (nexthop, false, 0)..=(nexthop, true, u128::MAX);
    for (key, entry) in want.origins.range(all) {
        if planner.now.entries.origins.get(key) != Some(entry) {
            planner.insert(id::ORIGIN, 0, entry)?;
            planner.now.entries.origins.insert(*key, *entry);
        }
    }
    Ok(())
}

/// Frees the row of a nexthop that is no group any more.
pub(super) fn clear(planner: &mut Planner, nexthop: u32) {
    if planner.now.groups.contains_key(&nexthop) {
        planner.put_group(nexthop, None);
        planner.now.entries.groups.remove(&nexthop);
    }
}

/// Frees the nexthops that are groups and not wanted, before their members go.
pub(super) fn take_nexthops(planner: &mut Planner, want: &Entries) {
    let groups = planner.now.groups.keys();
    let gone = groups.filter(|nexthop| !want.nexthops.contains_key(nexthop));
    for nexthop in gone.copied().collect::<Vec<_>>() {
        if planner.now.entries.nexthops.contains_key(&nexthop) {
            planner.put(id::NEXTHOP, |e| &mut e.nexthops, nexthop, None);
        }
    }
}

/// Frees the rows of all groups that are not wanted, and what no group leads to any more.
pub(super) fn take(planner: &mut Planner, want: &Entries) {
    let groups = planner.now.groups.keys();
    let gone = groups.filter(|nexthop| !want.groups.contains_key(nexthop));
    for nexthop in gone.copied().collect::<Vec<_>>() {
        clear(planner, nexthop);
    }
    planner.take_exact(id::ORIGIN, |e| &mut e.origins, &want.origins);
    let mut used = vec![false; planner.now.profile().rows(&TABLES[id::MEMBER as usize])];
    for row in planner.now.groups.values().flat_map(range) {
        used[row as usize] = true;
    }
    let rows = planner.now.members.keys();
    let free = rows.filter(|row| !used[**row as usize]);
    for row in free.copied().collect::<Vec<_>>() {
        planner.put_member(row, None);
    }
}
