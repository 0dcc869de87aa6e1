//! No write makes a key miss, and what fails changes nothing.

use std::collections::HashMap;

use proptest::prelude::*;
use underpass_layout::tables::{
    BridgeEntry, BridgeKey, FlowEntry, FlowEntry6, FlowKey, FlowKey6, VxlanEntry, VxlanKey,
};

use super::card::Card;
use super::{table, with_rows, SEED};
use crate::placed::{Entry, Placed};
use crate::row::Row;

/// Flow number `n` with a value; of every three numbers one is IPv6.
fn flow(n: u32, value: u32) -> Entry {
    let scattered = n | n << 20;
    if n.is_multiple_of(3) {
        let key = FlowKey6 {
            nexthop: n,
            ..FlowKey6::default()
        };
        Entry::of(&FlowEntry6 {
            valid: true,
            key: key.between(u128::from(scattered) << 70, 1),
            flow_id: value,
            // Set bits where a narrow entry of slot 1 would begin.
            source: 0xffff,
            ..FlowEntry6::default()
        })
    } else {
        let key = FlowKey {
            nexthop: n,
            src: scattered,
            ..FlowKey::default()
        };
        Entry::of(&FlowEntry {
            valid: true,
            key,
            flow_id: value,
            ..FlowEntry::default()
        })
    }
}

fn mac(n: u32, value: u32) -> Entry {
    let key = BridgeKey {
        vrf: 7,
        mac: u64::from(n | n << 20),
    };
    Entry::of(&BridgeEntry {
        valid: true,
        key,
        nexthop: value,
        ..BridgeEntry::default()
    })
}

fn vni(n: u32, vrf: u16) -> Entry {
    Entry::of(&VxlanEntry {
        valid: true,
        key: VxlanKey { vni: n },
        vrf,
        ..VxlanEntry::default()
    })
}

#[test]
fn a_full_table_refuses_and_stays_as_it_is() {
    let mut placed = Placed::empty(&with_rows("vxlan", 4), SEED);
    let shadow = placed.shadow_mut(table("vxlan").id, 0);
    let mut writes = Vec::new();
    let refused = (0..)
        .find(|n| shadow.insert(&vni(*n, 1), &mut writes).is_err())
        .expect("finite");
    assert!(refused > 12, "{refused} of 16 slots filled");
    let before: Vec<_> = shadow.iter().collect();
    let written = writes.len();
    let error = shadow
        .insert(&vni(refused, 1), &mut writes)
        .expect_err("no place again");
    let text = format!(
        "table vxlan is full: {refused} of 16 slots used, and no entry can move to make room"
    );
    assert_eq!(error.to_string(), text);
    let after: Vec<_> = shadow.iter().collect();
    assert_eq!((after, writes.len()), (before, written));
}

#[test]
fn a_batch_that_does_not_fit_changes_nothing() {
    let mut placed = Placed::empty(&with_rows("flow", 2), SEED);
    let shadow = placed.flows_mut();
    let mut writes = Vec::new();
    let first = [flow(100, 1), flow(101, 2), flow(102, 3)];
    shadow
        .insert_all(&first, &mut writes)
        .expect("place for three");
    let before: Vec<_> = shadow.iter_rows().collect();
    let written = writes.clone();
    let mut batch: Vec<Entry> = (0..20).map(|n| flow(n, 9)).collect();
    batch.insert(3, flow(100, 7));
    assert!(shadow.insert_all(&batch, &mut writes).is_err());
    assert_eq!(shadow.iter_rows().collect::<Vec<_>>(), before);
    assert_eq!((&writes, shadow.used(), shadow.len()), (&written, 4, 3));
    shadow
        .insert_all(&batch[..5], &mut writes)
        .expect("place for some");
    assert_eq!(shadow.get(&flow(100, 0)), Some(flow(100, 7)));
}

#[test]
fn an_ipv6_flow_takes_a_row_and_leaves_it_empty() {
    let mut placed = Placed::empty(&with_rows("flow", 2), SEED);
    let shadow = placed.flows_mut();
    let mut writes = Vec::new();
    shadow.insert(&flow(3, 5), &mut writes).expect("room");
    assert_eq!((shadow.used(), shadow.len(), writes.len()), (2, 1, 1));
    assert_eq!(&*writes[0].row, &flow(3, 5).words()[..12]);
    assert_eq!(shadow.remove(&flow(3, 0), &mut writes), Some(flow(3, 5)));
    assert!(shadow.is_empty() && shadow.used() == 0);
    assert!(writes[1].row.is_empty() && shadow.iter_rows().count() == 0);
}

proptest! {
    /// Inserts, changes and removals in a table that is nearly full: after each single write every installed key
    /// answers, with one value, the old or the new one.
    #[test]
    fn no_write_makes_a_key_miss(changes in prop::collection::vec((0u32..70, 0u32..4), 1..400), wide in any::<bool>()) {
        let (name, rows, entry): (_, _, fn(u32, u32) -> Entry) =
            if wide { ("flow", 8, flow) } else { ("bridge", 16, mac) };
        let profile = with_rows(name, rows);
        let mut placed = Placed::empty(&profile, SEED);
        let shadow = placed.shadow_mut(table(name).id, 0);
        let mut card = Card::new(table(name), &profile, 0, SEED);
        let words = |entry: Entry| entry.words().to_vec();
        let same = |found: &[u32], entry: Entry| words(entry).starts_with(found);
        let mut installed: HashMap<u32, u32> = HashMap::new();
        for (n, value) in changes {
            let mut writes = Vec::new();
            let old = installed.get(&n).copied();
            let new = if value == 0 {
                let gone = shadow.remove(&entry(n, 0), &mut writes);
                prop_assert_eq!(gone, old.map(|value| entry(n, value)));
                None
            } else if shadow.insert(&entry(n, value), &mut writes).is_ok() {
                Some(value)
            } else {
                prop_assert!(writes.is_empty());
                old
            };
            prop_assert!(!writes.is_empty() || old == new);
            for write in &writes {
                card.write(write);
                for (other, value) in installed.iter().filter(|(other, _)| **other != n) {
                    let found = card.get(&entry(*other, 0));
                    let right = found.iter().all(|one| same(one, entry(*other, *value)));
                    prop_assert!(!found.is_empty() && right, "{other}: {found:x?}");
                }
                let found = card.get(&entry(n, 0));
                let right = |one: &Vec<u32>| [old, new].into_iter().flatten().any(|value| same(one, entry(n, value)));
                prop_assert!(found.iter().all(right) && found.len() <= 1);
                prop_assert!(old.is_none() || new.is_none() || found.len() == 1);
            }
            match new {
                Some(value) => installed.insert(n, value),
                None => installed.remove(&n),
            };
            prop_assert_eq!(card.get(&entry(n, 0)).len(), usize::from(new.is_some()));
            prop_assert_eq!(shadow.len(), installed.len());
            let wide_ones = installed.keys().filter(|n| wide && n.is_multiple_of(3)).count();
            prop_assert_eq!(shadow.used(), installed.len() + wide_ones);
        }
        prop_assert_eq!(card.rows(), shadow.iter_rows().collect::<HashMap<u32, Row>>());
    }
}
