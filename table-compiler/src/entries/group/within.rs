//! No composite is a component of itself, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use crate::entries::error::EntryError;
use crate::entries::index::Index;
use crate::objects::NexthopKind;

/// Checks that packets end somewhere, whichever components they take.
///
/// # Errors
/// A composite leads to itself.
pub(in crate::entries) fn check_apart(index: &Index<'_>) -> Result<(), EntryError> {
    let mut inner: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let mut outer: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for nexthop in index.nexthops.values() {
        if let NexthopKind::Composite { components, .. } = &nexthop.kind {
            let numbers = components.iter().map(|component| component.nh);
            let composites = numbers.filter(|number| {
                let nexthop = index.nexthops.get(number);
                nexthop.is_some_and(|one| matches!(one.kind, NexthopKind::Composite { .. }))
            });
            let composites: BTreeSet<u32> = composites.collect();
            for one in &composites {
                outer.entry(*one).or_default().push(nexthop.id);
            }
            inner.insert(nexthop.id, composites);
        }
    }
    // Those without composites in them are done, then those that have only such in them, and so on.
    let done =
        |(number, composites): (&u32, &BTreeSet<u32>)| composites.is_empty().then_some(*number);
    let mut ready: Vec<u32> = inner.iter().filter_map(done).collect();
    while let Some(number) = ready.pop() {
        inner.remove(&number);
        for one in outer.get(&number).into_iter().flatten() {
            if let Some(composites) = inner.get_mut(one) {
                composites.remove(&number);
                if composites.is_empty() {
                    ready.push(*one);
                }
            }
        }
    }
    // What is left leads into a ring; a walk along it comes to the ring.
    let mut at = inner.keys().next().copied();
    let mut seen = BTreeSet::new();
    while let Some(number) = at {
        if !seen.insert(number) {
            return Err(EntryError::CompositeWithin { nexthop: number });
        }
        at = inner.get(&number).and_then(BTreeSet::first).copied();
    }
    Ok(())
}
