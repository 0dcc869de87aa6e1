use super::*;
use crate::hardware::FatExcludeEntry;
use crate::lookup::set::{self, set};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{id, FAT_EXCLUDES};
use underpass_wires::k;

/// Bits of an entry.
const ENTRY: usize = FatExcludeEntry::W;

/// What counts of each entry: its last eight bits.
fn bench(place: Place) -> Bench {
    Bench::new::<[U<8>; FAT_EXCLUDES], 10>(|index, bus| {
        let (entries, chain) = set::<FatExcludeEntry, 10>(&place, index, bus);
        let lengths: Vec<U<8>> = entries.iter().map(|entry| entry.length).collect();
        (k(1), lengths.try_into().expect("eight ways"), chain)
    })
}

/// An entry of this length.
fn entry(length: u8) -> Vec<u32> {
    behind(ENTRY - 8, &[u32::from(length)], 8)
}

fn lengths(bench: &mut Bench) -> Vec<u8> {
    let found = bench.found(0, 8 * FAT_EXCLUDES).expect("always there");
    (0..FAT_EXCLUDES)
        .map(|way| (found >> (8 * way)) as u8)
        .collect()
}

#[test]
fn all_ways_answer_at_once_and_read_back() {
    let place = Place::of(&SIM, id::FAT_EXCLUDE);
    let mut bench = bench(place);
    let value = |way: usize, row: usize| (17 * way + 3 * row + 1) as u8;
    for way in 0..FAT_EXCLUDES {
        for row in 0..place.rows {
            let address = way * place.depth() + row;
            let access = Access::write(id::FAT_EXCLUDE, address, &entry(value(way, row)));
            assert!(bench.access(&access).done);
        }
    }
    for row in 0..place.rows {
        for way in 0..FAT_EXCLUDES {
            let address = way * place.depth() + row;
            let back = bench.access(&Access::read(id::FAT_EXCLUDE, address));
            assert!(back.done && !back.retry);
            let length = bits(&back.data, ENTRY - 8, 8);
            assert_eq!(length, u128::from(value(way, row)), "way {way}, row {row}");
        }
        bench.0.set_int("key", row as u128);
        (0..set::LATENCY).for_each(|_| bench.step());
        let expected: Vec<u8> = (0..FAT_EXCLUDES).map(|way| value(way, row)).collect();
        assert_eq!(lengths(&mut bench), expected, "row {row}");
    }
    let behind_all = FAT_EXCLUDES * place.depth();
    assert!(
        !bench
            .access(&Access::read(id::FAT_EXCLUDE, behind_all))
            .done
    );
}

#[test]
fn behind_the_last_row_there_are_zeros() {
    let place = Place {
        rows: 40,
        ..Place::of(&SIM, id::FAT_EXCLUDE)
    };
    let mut bench = bench(place);
    for row in 0..40 {
        let access = Access::write(id::FAT_EXCLUDE, 3 * 64 + row, &entry(77));
        assert!(bench.access(&access).done);
    }
    for index in 0..200 {
        bench.0.set_int("key", index);
        (0..set::LATENCY).for_each(|_| bench.step());
        let mut expected = vec![0; FAT_EXCLUDES];
        expected[3] = if index % 64 < 40 { 77 } else { 0 };
        assert_eq!(lengths(&mut bench), expected, "index {index}");
    }
}

#[test]
fn packets_behind_a_write_see_it_and_those_before_do_not() {
    let place = Place::of(&SIM, id::FAT_EXCLUDE);
    let mut bench = bench(place);
    let mut noise = Noise(4);
    let mut now = vec![0; FAT_EXCLUDES];
    let mut expected = Vec::new();
    let script: Vec<Option<Access>> = (0..300)
        .map(|_| {
            expected.push(now.clone());
            let (way, length) = (noise.below(8) as usize, noise.below(200) as u8);
            (noise.below(3) > 0).then(|| {
                now[way] = length;
                Access::write(id::FAT_EXCLUDE, way * place.depth() + 5, &entry(length))
            })
        })
        .collect();
    bench.0.set_int("key", 5);
    for clock in 0..script.len() + set::LATENCY {
        bench.put(script.get(clock).and_then(|access| access.as_ref()));
        if clock >= set::LATENCY {
            let packet = clock - set::LATENCY;
            assert_eq!(
                lengths(&mut bench),
                expected[packet],
                "packet of clock {packet}"
            );
        }
        bench.step();
    }
}
