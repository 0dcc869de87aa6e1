use super::*;
use crate::lookup::exact::{self, exact_wide, FlowValue, WIDE_KEY};
use underpass_layout::hash::row;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{id, FlowEntry, FlowEntry6, FlowKey, FlowKey6};
use underpass_layout::Record;

struct Flows {
    bench: Bench,
    tabulation: Tabulation,
}

impl Flows {
    fn new() -> Self {
        let place = Place::of(&SIM, id::FLOW);
        let mut bench =
            Bench::new::<FlowValue, WIDE_KEY>(|key, bus| exact_wide(&place, key, key.bit(0), bus));
        let tabulation = Tabulation::new(3);
        bench.seed(&place, &tabulation, SeedTarget::default());
        Flows { bench, tabulation }
    }

    /// Writes a row of `way`, that in which this key belongs.
    fn write(&mut self, way: usize, key: &[u32], row_data: &[u32]) {
        let address = way * 512 + row(self.tabulation.hash(key, WIDE_KEY), way, 512);
        assert!(
            self.bench
                .access(&Access::write(id::FLOW, address, row_data))
                .done
        );
    }

    fn find(&mut self, key: &[u32]) -> Option<u128> {
        let mut words = [0u64; 5];
        for (i, word) in key.iter().enumerate() {
            words[i / 2] |= u64::from(*word) << (32 * (i % 2));
        }
        self.bench.0.set("key", &words);
        (0..exact::LATENCY).for_each(|_| self.bench.step());
        self.bench.found(2, 20)
    }
}

fn narrow(flow_id: u32, key: FlowKey) -> FlowEntry {
    FlowEntry {
        valid: true,
        key,
        flow_id,
        ..Default::default()
    }
}

fn wide(flow_id: u32, key: FlowKey6) -> FlowEntry6 {
    FlowEntry6 {
        valid: true,
        key,
        flow_id,
        ..Default::default()
    }
}

/// Both entries of a row.
fn pair(first: &FlowEntry, second: &FlowEntry) -> Vec<u32> {
    let mut words = behind(FlowEntry::WIDTH, &second.pack(), FlowEntry::WIDTH);
    for (word, low) in words.iter_mut().zip(first.pack()) {
        *word |= low;
    }
    words
}

#[test]
fn both_slots_of_a_flow_row_are_compared() {
    let mut flows = Flows::new();
    // Two keys of one row, which a search finds quickly: only their ports differ.
    let key = |src_port| FlowKey {
        src_port,
        protocol: 6,
        ..Default::default()
    };
    let of = |port| row(Tabulation::new(3).hash(&key(port).pack(), WIDE_KEY), 2, 512);
    let other = (1..)
        .find(|port| of(*port) == of(0))
        .expect("ports collide");
    let (a, b) = (key(0), key(other));
    flows.write(2, &a.pack(), &pair(&narrow(40, a), &narrow(41, b)));
    assert_eq!(flows.find(&a.pack()), Some(40));
    assert_eq!(flows.find(&b.pack()), Some(41));
    flows.write(2, &a.pack(), &pair(&FlowEntry::default(), &narrow(41, b)));
    assert_eq!(flows.find(&a.pack()), None);
    assert_eq!(flows.find(&b.pack()), Some(41));
}

#[test]
fn a_wide_entry_is_compared_over_the_whole_row() {
    let mut flows = Flows::new();
    let key = FlowKey6 {
        nexthop: 5,
        protocol: 17,
        ..Default::default()
    }
    .between(0x2001_0db8 << 96 | 1, 0x2001_0db8 << 96 | 2 << 64 | 3);
    for way in 0..4 {
        let entry = wide(70 + way as u32, key);
        flows.write(way, &key.pack(), &entry.pack());
        assert_eq!(flows.find(&key.pack()), Some(70 + way as u128), "way {way}");
        // A key that differs in one bit, in any place, is another one even in that very row.
        for bit in 0..WIDE_KEY {
            let mut stored = entry.pack();
            let at = 1 + bit;
            stored[at / 32] ^= 1 << (at % 32);
            flows.write(way, &key.pack(), &stored);
            assert_eq!(flows.find(&key.pack()), None, "bit {bit} of way {way}");
        }
        flows.write(way, &key.pack(), &[]);
    }
}

#[test]
fn a_wide_entrys_upper_half_is_no_entry_of_its_own() {
    let mut flows = Flows::new();
    let key = FlowKey {
        src_port: 8,
        ..Default::default()
    };
    // A row whose first slot is wide, and whose upper half looks like a valid entry of the key.
    let mut row = pair(&FlowEntry::default(), &narrow(9, key));
    flows.write(0, &key.pack(), &row);
    assert_eq!(flows.find(&key.pack()), Some(9));
    row[0] |= 0b10;
    flows.write(0, &key.pack(), &row);
    assert_eq!(
        flows.find(&key.pack()),
        None,
        "slot 0 is wide, though empty"
    );
    row[0] |= 0b01;
    flows.write(0, &key.pack(), &row);
    assert_eq!(flows.find(&key.pack()), None, "slot 0 is wide");
}

#[test]
fn a_wide_key_meets_no_narrow_entry() {
    let mut flows = Flows::new();
    let key = FlowKey6::default().between(0, 0);
    let like = FlowKey {
        v6: true,
        ..Default::default()
    };
    flows.write(
        1,
        &key.pack(),
        &pair(&FlowEntry::default(), &narrow(9, like)),
    );
    assert_eq!(flows.find(&key.pack()), None);
}
