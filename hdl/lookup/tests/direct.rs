use super::*;
use crate::hardware::{NexthopEntry, SourceEntry};
use crate::lookup::direct;
use std::collections::HashMap;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{self, id};
use underpass_wires::k;

fn bench(place: Place) -> Bench {
    Bench::new::<SourceEntry, 20>(|index, bus| {
        let (entry, chain) = direct::direct::<SourceEntry, 20>(&place, index, bus);
        (k(1), entry, chain)
    })
}

#[test]
fn a_direct_table_answers_by_index_and_reads_back() {
    let mut bench = bench(Place::of(&SIM, id::SOURCE));
    let mut noise = Noise(5);
    let mut rows = HashMap::new();
    for _ in 0..100 {
        let (row, value) = (noise.below(1024) as usize, noise.next() & ((1 << 47) - 1));
        rows.insert(row, value);
        let data = [value as u32, (value >> 32) as u32];
        assert!(bench.access(&Access::write(id::SOURCE, row, &data)).done);
    }
    for (row, value) in &rows {
        let back = bench.access(&Access::read(id::SOURCE, *row));
        assert!(back.done && !back.retry);
        assert_eq!(
            bits(&back.data, 0, 47),
            u128::from(*value),
            "row {row} read back"
        );
        // Beyond the table, the low bits count.
        bench.0.set_int("key", (*row + 1024) as u128);
        (0..direct::LATENCY).for_each(|_| bench.step());
        assert_eq!(bench.found(0, 47), Some(u128::from(*value)), "row {row}");
    }
}

#[test]
fn another_tables_access_passes_untouched() {
    let mut bench = bench(Place::of(&SIM, id::SOURCE));
    let returned = bench.access(&Access {
        data: vec![0xabcd],
        ..Access::read(id::VIF, 3)
    });
    assert_eq!(bits(&returned.data, 0, 32), 0xabcd);
    assert!(!returned.done);
    let split = Access {
        split: true,
        ..Access::write(id::SOURCE, 3, &[9])
    };
    assert!(!bench.access(&split).done, "a table without a hash");
    assert_eq!(bench.access(&Access::read(id::SOURCE, 3)).data[0], 0);
}

#[test]
fn behind_the_last_row_there_are_zeros() {
    let place = Place {
        rows: 40,
        ..Place::of(&SIM, id::SOURCE)
    };
    let mut bench = bench(place);
    for row in 0..40 {
        assert!(bench.access(&Access::write(id::SOURCE, row, &[77])).done);
    }
    for index in 0..200 {
        bench.0.set_int("key", index);
        (0..direct::LATENCY).for_each(|_| bench.step());
        let expected = if index % 64 < 40 { 77 } else { 0 };
        assert_eq!(bench.found(0, 32), Some(expected), "index {index}");
    }
}

#[test]
fn a_part_follows_what_is_written_to_its_table_and_answers_for_none_of_it() {
    let place = Place::of(&SIM, id::NEXTHOP);
    let mut bench = Bench::new::<U<20>, 20>(|index, bus| {
        let (part, chain) =
            direct::part::<NexthopEntry, _, 20>(&place, index, bus, |entry| entry.flow_nexthop);
        (k(1), part, chain)
    });
    let find = |bench: &mut Bench, row: usize| {
        bench.0.set_int("key", row as u128);
        (0..direct::LATENCY).for_each(|_| bench.step());
        bench.found(0, 20)
    };
    for row in [0, 1, 517, 1023] {
        let entry = tables::NexthopEntry {
            valid: true,
            flow_nexthop: 0xa_0000 + row as u32,
            dst_mac: u64::MAX >> 16,
            ..Default::default()
        };
        let written = bench.access(&Access::write(id::NEXTHOP, row, &entry.pack()));
        assert!(!written.done, "row {row} is the table's to answer for");
        assert_eq!(find(&mut bench, row), Some(0xa_0000 + row as u128));
        let read = bench.access(&Access::read(id::NEXTHOP, row));
        assert!(!read.done && read.data[0] == 0, "row {row} is read");
    }
    bench.access(&Access::write(id::SOURCE, 517, &[0; 8]));
    bench.access(&Access::write(id::NEXTHOP, 1024 + 517, &[0; 8]));
    assert_eq!(find(&mut bench, 517), Some(0xa_0000 + 517));
}
