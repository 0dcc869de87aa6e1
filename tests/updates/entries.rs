//! Entries come, move, change and go under traffic.
//!
//! ```text
//!   a key that stays        v7 v7 v7 v7 v7 v7 v7 v7 v7 v7      whatever moves it, no packet misses it
//!   a key that comes         -  -  -  - v8 v8 v8 v8 v8 v8      not there, then there
//!   a key that changes      v3 v3 v3 v3 v3 v5 v5 v5 v5 v5      the one or the other, no mixture
//!   a key that goes         v2 v2 v2 v2  -  -  -  -  -  -
//!                                  ├ done    ├ told            the turn is somewhere between, once, in the same order for
//!                                                              all keys of all tables
//! ```
//! Proved for random updates of flows of both families, MACs, host routes and routes of a bank, in tables so full that
//! entries have to move, with doorbells in the middle of plans, and packets that ask for just the keys that are being
//! written. The counters of flows agree with what the packets met, packet by packet. The last test does what nobody
//! may do, to see that it would be found out.

use crate::library;
use underpass_tests::traffic::{Chase, Live, Met, Network, Order, Passed, Targets, Updates};

const SEED: u128 = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff;
/// How full the tables are: more would need a search of some hundred entries for many an insert.
const LOAD: f64 = 0.87;
/// Of ten packets, those for keys that are being written.
const HOT: u8 = 8;
/// Flow ids whose counters are read in the end.
const COUNTERS: usize = 200;

/// A card with full tables and packets on it.
fn busy(seed: u64) -> (Live, Updates) {
    let mut live = Live::new(library(), SEED);
    let network = Network::new(SEED, LOAD);
    let targets = Targets::default();
    let updates = Updates::new(&mut live, network, targets.clone(), seed);
    live.start(Chase::new(targets, seed, HOT));
    (live, updates)
}

fn judge(live: &Live, updates: &Updates, passed: &[Passed]) -> Met {
    let met = updates.history.judge(passed, live.card().rung());
    met.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn no_packet_suffers_from_updates() {
    for seed in 1..=3 {
        let (mut live, mut updates) = busy(seed);
        let start = live.now();
        updates.run(&mut live, 1_500);
        let passed = live.stop();
        let met = judge(&live, &updates, &passed);
        println!(
            "seed {seed}: {:?} in {} clocks",
            updates.done,
            live.now() - start
        );
        println!(
            "  {} packets: {} left, {} punted, {} dropped; {} within a change, {} of them after it",
            met.packets, met.left, met.punted, met.dropped, met.within, met.after
        );
        let done = updates.done;
        assert!(done.inserted > 200 && done.removed > 200 && done.changed > 100);
        assert!(done.moved > 50, "the tables were not full enough: {done:?}");
        assert!(met.within > 1_000 && met.after > 100, "{met:?}");
        for (flow_id, packets) in met.flows.iter().take(COUNTERS) {
            assert_eq!(live.flow_packets(*flow_id), *packets, "flow id {flow_id}");
        }
        live.check_rings();
    }
}

/// The judge sees it where a plan is carried out in the wrong order: the entry that makes room is gone for a while.
#[test]
fn who_deletes_before_it_copies_is_found_out() {
    let (mut live, mut updates) = busy(1);
    updates.set_order(Order::Reversed);
    updates.run(&mut live, 600);
    let passed = live.stop();
    assert!(updates.done.moved > 10, "{:?}", updates.done);
    let judged = updates.history.judge(&passed, live.card().rung());
    let error = judged.expect_err("some packet missed an installed key");
    println!("{error}");
}
