use super::*;
use crate::lookup::rows::{self, rows};
use underpass_layout::hash::{column, row_of, Split, COLUMNS};
use underpass_layout::profile::{SIM, U250};
use underpass_layout::tables::{id, WAYS};

const KEY: usize = 60;

fn bench(place: Place) -> Bench {
    Bench::new::<[U<24>; WAYS], KEY>(|key, bus| {
        let mut chain = bus.into();
        let rows = rows("bridge", &place, 0, key, &mut chain);
        (underpass_wires::k(1), rows, chain)
    })
}

/// The row of a way that the layout says, of a key with these columns.
fn expected(split: Split, columns: [u32; COLUMNS], way: usize, rows: usize) -> usize {
    let old = row_of(columns[usize::from(split.columns()[way])], rows);
    if usize::from(split.way) == way && old < split.pointer as usize {
        row_of(columns[usize::from(split.spare)], rows)
    } else {
        old
    }
}

/// Any split: each column once, any way, any pointer.
fn any_split(noise: &mut Noise, rows: usize) -> Split {
    let mut order = [0, 1, 2, 3, 4];
    for i in (1..5).rev() {
        order.swap(i, noise.below(i as u64 + 1) as usize);
    }
    Split {
        way: noise.below(4) as u8,
        pointer: noise.below(rows as u64 + 1) as u32,
        spare: order[4],
        ..Split::RESET
    }
    .with_columns([order[0], order[1], order[2], order[3]])
}

#[test]
fn rows_are_those_that_the_layout_says() {
    let small = Place::of(&SIM, id::BRIDGE);
    let large = Place::of(&U250, id::BRIDGE);
    let odd = Place {
        rows: 22 * 4096,
        ..small
    };
    for place in [small, large, odd] {
        let mut bench = bench(place);
        let seeds = [Tabulation::new(1), Tabulation::new(2)];
        bench.seed(&place, &seeds[0], SeedTarget::default());
        let mut noise = Noise(3);
        let (mut split, mut fifth) = (Split::RESET, None);
        for turn in 0..200 {
            if turn % 50 == 10 {
                let way = noise.below(4) as u8;
                fifth = Some(way);
                let target = SeedTarget {
                    one: true,
                    table: id::BRIDGE as u8,
                    group: 0,
                    column: 4,
                    way,
                };
                bench.seed(&place, &seeds[1], target);
                // Not this lookup's: another table, another group.
                for other in [
                    SeedTarget { table: 9, ..target },
                    SeedTarget { group: 1, ..target },
                ] {
                    bench.seed(&place, &Tabulation::new(99), other);
                }
            }
            // As after a reset at first, with the first seed alone.
            if fifth.is_some() {
                split = any_split(&mut noise, place.rows);
                let access = Access {
                    split: true,
                    ..Access::write(id::BRIDGE, 0, &split.pack())
                };
                assert!(bench.access(&access).done);
            }
            let key = u128::from(noise.next() >> 4);
            bench.0.set_int("key", key);
            (0..rows::LATENCY).for_each(|_| bench.step());
            let [first, second] = seeds
                .each_ref()
                .map(|seed| seed.hash(&key_words(key, KEY), KEY));
            let columns = std::array::from_fn(|i| match fifth {
                Some(way) if i == 4 => column(second, usize::from(way)),
                _ => column(first, i),
            });
            for way in 0..WAYS {
                let found = bench.found(24 * way, 24).expect("always there") as usize;
                assert_eq!(
                    found,
                    expected(split, columns, way, place.rows),
                    "way {way}, {split:?}"
                );
            }
        }
    }
}

#[test]
fn a_split_of_another_lookup_changes_nothing() {
    let place = Place::of(&SIM, id::BRIDGE);
    let mut bench = bench(place);
    bench.seed(&place, &Tabulation::new(1), SeedTarget::default());
    bench.0.set_int("key", 12345);
    (0..rows::LATENCY).for_each(|_| bench.step());
    let before = bench.0.get("entry");
    let split = Split::RESET.with_columns([3, 2, 1, 0]).pack();
    let own = Access {
        split: true,
        ..Access::write(id::BRIDGE, 0, &split)
    };
    let others = [
        Access {
            table: id::FLOW,
            ..own.clone()
        },
        Access {
            row: 1,
            ..own.clone()
        },
        Access {
            split: false,
            ..own.clone()
        },
    ];
    for other in others {
        assert!(!bench.access(&other).done);
        (0..rows::LATENCY).for_each(|_| bench.step());
        assert_eq!(bench.0.get("entry"), before);
    }
    assert!(bench.access(&own).done);
    (0..rows::LATENCY).for_each(|_| bench.step());
    assert_ne!(bench.0.get("entry"), before);
}
