//! Every key family finds its places, at every load that is promised.

use super::keys::{self, FAMILIES};
use super::{flows, table, with_rows, SEED};
use crate::placed::{Entry, Placed, Reason, Shadow};
use underpass_layout::tables::{BridgeEntry, BridgeKey, FlowEntry};
use underpass_layout::Record;

/// Rows of a way in these tests: two blocks, so that the block of a row is chosen too.
const ROWS: usize = 8192;

/// A flow table filled to `load` with the keys of a family.
fn filled(seed: u128, load: f64, key: impl Fn(u32) -> Entry, what: &str) -> (Shadow, u32, usize) {
    let mut shadow = flows(ROWS, seed);
    let goal = (shadow.capacity() as f64 * load) as usize;
    let (mut writes, mut count, mut moves) = (Vec::new(), 0, 0);
    while shadow.used() < goal {
        writes.clear();
        let outcome = shadow.insert(&key(count), &mut writes);
        outcome.unwrap_or_else(|full| panic!("{what}: {full}"));
        moves += writes.iter().filter(|w| w.reason == Reason::Move).count();
        count += 1;
    }
    for n in (0..count).step_by(7) {
        assert_eq!(shadow.get(&key(n)), Some(key(n)), "{what}");
    }
    (shadow, count, moves)
}

#[test]
fn ordinary_keys_fit() {
    for (name, family) in FAMILIES {
        let load = if matches!(name, "eui6" | "mix") {
            0.90
        } else {
            0.961
        };
        for seed in [SEED, !SEED] {
            let (_, count, moves) = filled(seed, load, family, name);
            let each = moves as f64 / f64::from(count);
            assert!(each < 0.35, "{name}: {each:.2} moves a key");
        }
    }
}

/// Combinations of bits: half of them share all but a few bits with many others.
#[test]
fn grids_fit() {
    let bits = (ROWS * 8).ilog2();
    for seed in 1..=3 {
        filled(seed, 0.961, |n| keys::grid4(bits, n), "grid4");
        filled(seed, 0.961, |n| keys::portgrid(bits, n), "portgrid");
    }
}

#[test]
fn cubes_at_any_places_fit() {
    let bits = (ROWS * 8).ilog2() as usize;
    // Aligned to the pieces of the hash, then anywhere.
    let aligned = [0, 9, 18, 27].map(|first| (first..first + bits).collect::<Vec<_>>());
    let mut state = SEED as u64;
    let mut anywhere = || {
        let mut places: Vec<usize> = (0..124).collect();
        for end in (1..places.len()).rev() {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            places.swap(end, (state >> 33) as usize % (end + 1));
        }
        places[..bits].to_vec()
    };
    let random: Vec<_> = (0..10).map(|_| anywhere()).collect();
    for (number, places) in aligned.iter().chain(&random).enumerate() {
        let what = format!("cube {number} {places:?}");
        filled(number as u128, 0.961, |n| keys::cube(places, n), &what);
    }
}

/// The loads that `tables.md` asks of mixes: a unit load of 0.90 whatever the share of IPv6.
#[test]
fn mixes_of_families_fit() {
    for percent in [10, 30, 50, 70, 100] {
        let what = format!("{percent} % IPv6");
        let key = |n| keys::share(percent, n);
        let (shadow, count, moves) = filled(SEED, 0.90, key, &what);
        let each = moves as f64 / f64::from(count);
        assert!(each < 0.8, "{what}: {each:.2} moves a key");
        assert_eq!(shadow.len(), count as usize);
    }
}

/// Keys come and go at full load, which costs more than the filling did.
#[test]
fn churn_stays_cheap() {
    for (percent, load, most) in [(0, 0.874, 0.6), (0, 0.961, 1.3), (30, 0.90, 1.6)] {
        let key = |n| keys::share(percent, n);
        let (mut shadow, count, _) = filled(SEED, load, key, "churn");
        let goal = shadow.used();
        let mut present: Vec<u32> = (0..count).collect();
        let (mut writes, mut moves, mut inserts, mut longest) = (Vec::new(), 0, 0, 0);
        let mut state = 1u64;
        for next in count..count + 40_000 {
            while shadow.used() + 2 > goal {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                let gone = present.swap_remove((state >> 33) as usize % present.len());
                assert!(shadow.remove(&key(gone), &mut writes).is_some());
            }
            writes.clear();
            shadow
                .insert(&key(next), &mut writes)
                .unwrap_or_else(|full| panic!("{percent} % IPv6: {full}"));
            present.push(next);
            moves += writes.len() - 1;
            longest = longest.max(writes.len());
            inserts += 1;
        }
        let each = moves as f64 / f64::from(inserts);
        assert!(
            each < most && longest < 24,
            "{percent} % IPv6 at {load}: {each:.2} moves a key, at most {longest} writes"
        );
        assert_eq!(shadow.len(), present.len());
        assert!(present
            .iter()
            .all(|n| shadow.get(&key(*n)) == Some(key(*n))));
    }
}

#[test]
fn two_flows_share_a_row_before_a_second_row_is_begun() {
    let mut shadow = flows(512, SEED);
    let mut writes = Vec::new();
    for n in 0..1500 {
        let entry = keys::servers(n);
        shadow.insert(&entry, &mut writes).expect("room");
    }
    let rows: Vec<_> = shadow.iter_rows().collect();
    let taken = |at| move |(_, row): &&(u32, crate::row::Row)| row.bits(at, 1) == 1;
    let halves = rows.len()
        - rows
            .iter()
            .filter(taken(0))
            .filter(taken(FlowEntry::WIDTH))
            .count();
    assert!(halves * 2 < rows.len(), "{halves} of {} rows", rows.len());
}

#[test]
fn macs_that_count_up_fit() {
    let profile = with_rows("bridge", 4096);
    let mut placed = Placed::empty(&profile, SEED);
    let shadow = placed.shadow_mut(table("bridge").id, 0);
    let mut writes = Vec::new();
    for n in 0..shadow.capacity() as u64 * 874 / 1000 {
        let key = BridgeKey {
            vrf: (n % 32) as u16,
            mac: 0x0200_0000_0000 + n / 32,
        };
        let entry = BridgeEntry {
            valid: true,
            key,
            nexthop: 7,
            ..BridgeEntry::default()
        };
        shadow
            .insert(&Entry::of(&entry), &mut writes)
            .expect("a place");
    }
}
