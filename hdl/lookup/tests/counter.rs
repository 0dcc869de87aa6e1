use super::*;
use crate::hardware::{FlowCounter, OutcomeCounter, TrafficCounter};
use crate::lookup::counter::{count, Counts};
use crate::lookup::update::{Event, HOST_LAG};
use std::collections::HashMap;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{id, TABLES};

/// A table of counters alone.
fn bench<C: Counts>(table: u32) -> Bench {
    let place = Place::of(&SIM, table);
    Bench(Sim::new(&build(
        "counter",
        Ports::Fields,
        Blocks::Inline,
        || {
            let event = Event {
                valid: input("event_valid"),
                row: input("event_row"),
                change: input("event_bytes"),
            };
            let chain = count::<C>(&place, event, input::<HostBus>("bus"));
            output("returned", chain.end());
        },
    )))
}

impl Bench {
    fn event(&mut self, event: Option<(u64, u64)>) {
        self.0.set_int("event_valid", u128::from(event.is_some()));
        if let Some((row, bytes)) = event {
            self.0.set_int("event_row", u128::from(row));
            self.0.set_int("event_bytes", u128::from(bytes));
        }
    }
}

#[test]
fn counters_are_exact_however_close_their_events() {
    let mut bench = bench::<TrafficCounter>(id::COUNTER_TX);
    let mut noise = Noise(21);
    let mut expected: HashMap<u64, (u64, u64)> = HashMap::new();
    for clock in 0..4000u64 {
        // One row, two in turn, a few, all: with and without gaps.
        let rows = [1, 2, 3, 4, 64][clock as usize / 800];
        let (valid, row, bytes) = (noise.below(4) > 0, noise.below(rows), noise.below(1 << 16));
        bench.event(valid.then_some((row, bytes)));
        bench.step();
        if valid {
            let sum = expected.entry(row).or_default();
            *sum = (sum.0 + 1, sum.1 + bytes);
        }
    }
    bench.event(None);
    (0..HOST_LAG).for_each(|_| bench.step());
    for row in 0..64 {
        let back = bench.access(&Access::read(id::COUNTER_TX, row as usize));
        let (packets, bytes) = expected.get(&row).copied().unwrap_or_default();
        assert!(back.done && !back.retry);
        assert_eq!(
            bits(&back.data, 0, 40),
            u128::from(packets),
            "packets of row {row}"
        );
        assert_eq!(
            bits(&back.data, 40, 48),
            u128::from(bytes),
            "bytes of row {row}"
        );
    }
    let refused = bench.access(&Access::write(id::COUNTER_TX, 0, &[9]));
    assert!(!refused.done && !refused.retry, "a counter takes no writes");
    assert_eq!(TABLES[id::COUNTER_TX as usize].name, "counter_tx");
}

#[test]
fn packets_come_before_the_host_which_sees_all_but_the_last() {
    let mut bench = bench::<FlowCounter>(id::COUNTER_FLOW);
    let mut noise = Noise(4);
    // Whether a clock has an event, whether the host reads in it, and what came back.
    let (mut events, mut reads, mut backs) = (Vec::new(), Vec::new(), Vec::new());
    for clock in 0..2000u64 {
        let (event, read) = (noise.below(4) > clock / 500, noise.below(3) == 0);
        bench.event(event.then_some((7, 1)));
        bench.put(read.then(|| Access::read(id::COUNTER_FLOW, 7)).as_ref());
        events.push(event);
        if read {
            reads.push(clock as usize);
        }
        backs.extend(bench.returned());
        bench.step();
    }
    let mut tried = 0;
    for (clock, back) in reads.iter().zip(&backs) {
        assert_eq!((back.done, back.retry), (!events[*clock], events[*clock]));
        let seen = events[..clock.saturating_sub(HOST_LAG)]
            .iter()
            .filter(|event| **event)
            .count();
        if back.done {
            assert_eq!(bits(&back.data, 0, 32), seen as u128, "clock {clock}");
        }
        tried += usize::from(back.retry);
    }
    assert!(tried > 100 && backs.len() - tried > 100);
}

#[test]
fn every_kind_of_counter_wraps_at_its_width() {
    fn total<C: Counts>(table: u32, events: usize) -> Vec<u64> {
        let mut bench = bench::<C>(table);
        for _ in 0..events {
            bench.event(Some((3, 0xffff)));
            bench.step();
        }
        bench.event(None);
        (0..HOST_LAG).for_each(|_| bench.step());
        bench.access(&Access::read(table, 3)).data
    }
    let events = (1 << 20) / 0xffff + 3;
    let bytes = 0xffff * events as u128;
    let flow = total::<FlowCounter>(id::COUNTER_FLOW, events);
    assert_eq!(
        (bits(&flow, 0, 32), bits(&flow, 32, 40)),
        (events as u128, bytes)
    );
    let outcome = total::<OutcomeCounter>(id::COUNTER_OUTCOME, events);
    assert_eq!(bits(&outcome, 0, 64), events as u128);
}
