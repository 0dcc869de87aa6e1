//! A flow is found in the same clocks however many there are.

use crate::latencies::LATENCY;
use crate::library;
use underpass_layout::profile::SIM;
use underpass_tests::paths::{FlowTable, Hits};

/// Packets of one table at least.
const PACKETS: usize = 1_500;

#[test]
fn a_flow_among_many_costs_what_one_alone_costs() {
    let same = Hits {
        clocks: 1..=1,
        latency: LATENCY..=LATENCY,
    };
    for (v6, most) in [
        (false, 1),
        (false, 1_000),
        (false, u16::MAX),
        (true, 1),
        (true, u16::MAX),
    ] {
        let table = FlowTable::new(&SIM, v6, most);
        assert!(
            table.flows() == most || table.load() > 0.95,
            "the table is full at a load of {}",
            table.load()
        );
        let found = table.hits(&mut table.core(library()), PACKETS);
        assert_eq!(found, same, "{} flows, IPv6: {v6}", table.flows());
    }
}
