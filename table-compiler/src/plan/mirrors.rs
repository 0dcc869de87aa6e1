//! Mirrors: written while nobody uses them, freed when nobody does any more.
//!
//! A mirror never changes where it is, apart from the nexthop that it leads to: its text is several rows, and a copy between
//! two writes would have headers of neither. A wanted mirror that the card has already keeps its row, another one gets a
//! row that is free: those of flows are not.

use std::borrow::Cow;
use std::collections::BTreeMap;

use underpass_layout::tables::{id, NexthopEntry, TABLES};

use super::planner::Planner;
use crate::entries::Entries;
use crate::placed::{Placed, TableFull};

/// Gives the wanted mirrors rows that can be brought.
pub(super) fn renumber(old: &Placed, want: &mut Cow<'_, Entries>) -> Result<(), TableFull> {
    let rows = rows(old, want)?;
    if rows.iter().all(|(from, to)| from == to) {
        return Ok(());
    }
    let of = |mirror: u16| {
        let to = rows.get(&u32::from(mirror)).copied();
        to.map_or(mirror, |to| to as u16)
    };
    let want = want.to_mut();
    want.vifs
        .values_mut()
        .for_each(|vif| vif.mirror = of(vif.mirror));
    want.nexthops
        .values_mut()
        .for_each(|nexthop| nexthop.mirror = of(nexthop.mirror));
    want.mirrors = std::mem::take(&mut want.mirrors)
        .into_iter()
        .map(|(from, set)| (u32::from(of(from as u16)), set))
        .collect();
    Ok(())
}

fn rows(old: &Placed, want: &Entries) -> Result<BTreeMap<u32, u32>, TableFull> {
    let there = &old.entries.mirrors;
    let mut free = free(old);
    let mut rows: BTreeMap<u32, u32> = BTreeMap::new();
    for (from, set) in &want.mirrors {
        let same = there.iter().find(|(_, other)| *other == set);
        let mut known = want
            .mirrors
            .range(..from)
            .filter(|(_, other)| *other == set);
        let twice = known
            .next()
            .and_then(|(number, _)| rows.get(number).copied());
        let to = same.map(|(row, _)| *row).or(twice).or_else(|| free.next());
        rows.insert(*from, to.ok_or_else(|| full(old))?);
    }
    Ok(rows)
}

/// The rows that nobody has, the first ones first.
pub(super) fn free(placed: &Placed) -> impl Iterator<Item = u32> + '_ {
    let capacity = placed.profile().rows(&TABLES[id::MIRROR as usize]) as u32;
    (1..capacity).filter(|row| {
        let taken = placed.entries.mirrors.contains_key(row);
        !taken && !placed.flow_mirrors.contains_key(row)
    })
}

/// That nobody can have another row.
pub(super) fn full(placed: &Placed) -> TableFull {
    let table = &TABLES[id::MIRROR as usize];
    TableFull {
        table: table.name,
        capacity: placed.profile().rows(table),
        used: placed.entries.mirrors.len() + placed.flow_mirrors.len(),
    }
}

/// The wanted nexthops, without the mirrors that are not there yet; one that is mirrored stays so by what mirrors it now.
pub(super) fn without_new<'a>(
    now: &Entries,
    want: &'a Entries,
) -> Cow<'a, BTreeMap<u32, NexthopEntry>> {
    let is_there = |mirror: u16| mirror == 0 || now.mirrors.contains_key(&mirror.into());
    if want.nexthops.values().all(|one| is_there(one.mirror)) {
        return Cow::Borrowed(&want.nexthops);
    }
    let mut nexthops = want.nexthops.clone();
    for (row, entry) in &mut nexthops {
        if !is_there(entry.mirror) {
            let place = |entry: &NexthopEntry| (entry.vif, entry.port, entry.vrf);
            let now = now.nexthops.get(row);
            let same = now.filter(|now| place(now) == place(entry));
            entry.mirror = same.map_or(0, |now| now.mirror);
        }
    }
    Cow::Owned(nexthops)
}

/// Writes the mirrors that are wanted and not there.
pub(super) fn bring(planner: &mut Planner, want: &Entries) {
    for (row, set) in &want.mirrors {
        let there = planner.now.entries.mirrors.get(row);
        if there.is_none() {
            planner.put_mirror(*row, set, true);
        } else if there != Some(set) {
            // Its nexthop was a spare one for a while.
            planner.put_mirror_row(*row, &set.entry);
        }
        planner.now.entries.mirrors.insert(*row, set.clone());
    }
}

/// Frees the mirrors that are there and not wanted, once no nexthop names them.
pub(super) fn take(planner: &mut Planner, want: &Entries) {
    let nexthops = planner.now.entries.nexthops.iter();
    let gone = nexthops.filter(|(row, entry)| {
        let freed = entry.mirror != 0 && !want.mirrors.contains_key(&entry.mirror.into());
        freed && !want.nexthops.contains_key(row)
    });
    for (row, entry) in gone.map(|(row, entry)| (*row, *entry)).collect::<Vec<_>>() {
        let entry = NexthopEntry { mirror: 0, ..entry };
        planner.put(id::NEXTHOP, |e| &mut e.nexthops, row, Some(entry));
    }
    let now = planner.now.entries.mirrors.clone();
    for (row, set) in now
        .iter()
        .filter(|(row, _)| !want.mirrors.contains_key(row))
    {
        planner.put_mirror(*row, set, false);
        planner.now.entries.mirrors.remove(row);
    }
}
