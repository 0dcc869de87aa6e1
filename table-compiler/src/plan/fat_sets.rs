//! Sets of fat-flow rules: written while nobody uses them, freed when nobody does any more.
//!
//! ```text
//!   was:  1 = A  2 = B          wanted:  1 = B  2 = C          becomes:  2 = B  3 = C
//! ```
//! A set never changes where it is: its rows are many, and a packet between two writes would have a key that is in
//! neither state. A wanted set that the card has already keeps its number, another one gets a number that is free.

use std::borrow::Cow;
use std::collections::BTreeMap;

use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, TABLES};

use super::planner::Planner;
use crate::entries::Entries;
use crate::placed::TableFull;

/// Gives the wanted sets numbers that can be brought.
pub(super) fn renumber(
    old: &Entries,
    want: &mut Cow<'_, Entries>,
    profile: &Profile,
) -> Result<(), TableFull> {
    let numbers = numbers(old, want, profile)?;
    if numbers.iter().all(|(from, to)| from == to) {
        return Ok(());
    }
    let of = |set: u16| {
        let to = numbers.get(&u32::from(set)).copied();
        to.map_or(set, |to| to as u16)
    };
    let want = want.to_mut();
    want.vifs
        .values_mut()
        .for_each(|vif| vif.fat_set = of(vif.fat_set));
    want.nexthops
        .values_mut()
        .for_each(|nexthop| nexthop.fat_set = of(nexthop.fat_set));
    want.fat_sets = std::mem::take(&mut want.fat_sets)
        .into_iter()
        .map(|(from, set)| (u32::from(of(from as u16)), set))
        .collect();
    Ok(())
}

fn numbers(
    old: &Entries,
    want: &Entries,
    profile: &Profile,
) -> Result<BTreeMap<u32, u32>, TableFull> {
    let table = &TABLES[id::FAT_RULE as usize];
    let capacity = profile.rows(table);
    let mut free = (1..capacity as u32).filter(|number| !old.fat_sets.contains_key(number));
    let mut numbers = BTreeMap::new();
    for (from, set) in &want.fat_sets {
        let same = old.fat_sets.iter().find(|(_, other)| *other == set);
        let to = same.map(|(number, _)| *number).or_else(|| free.next());
        let to = to.ok_or(TableFull {
            table: table.name,
            capacity,
            used: old.fat_sets.len(),
        })?;
        numbers.insert(*from, to);
    }
    Ok(numbers)
}

/// Writes the sets that are wanted and not there.
pub(super) fn bring(planner: &mut Planner, want: &Entries) {
    for (number, set) in &want.fat_sets {
        if !planner.now.entries.fat_sets.contains_key(number) {
            planner.put_fat_set(*number, set, true);
            let sets = &mut planner.now.entries.fat_sets;
            sets.insert(*number, set.clone());
        }
    }
}

/// Frees the sets that are there and not wanted.
pub(super) fn take(planner: &mut Planner, want: &Entries) {
    let now = planner.now.entries.fat_sets.clone();
    let surplus = now
        .iter()
        .filter(|(number, _)| !want.fat_sets.contains_key(number));
    for (number, set) in surplus {
        planner.put_fat_set(*number, set, false);
        planner.now.entries.fat_sets.remove(number);
    }
}
