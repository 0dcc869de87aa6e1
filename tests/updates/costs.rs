//! What writes cost, in exact clocks.
//!
//! ```text
//!   ring      | command | row | command | row | ..      a beat a clock: two clocks a write, once it flows
//!   packets   in out in out in out in out in out        each in the same clock, whether rows are written or not
//! ```
//! Counted without stalls. The packets are flows of both families, MACs and routes; the rows are those of their flows.

use crate::library;
use underpass_tests::traffic::{clocks_of_writes, stream};

#[test]
fn a_write_takes_two_clocks() {
    let (few, many) = (192, 960);
    let clocks = [few, many].map(|count| clocks_of_writes(library(), count));
    println!(
        "{few} writes in {} clocks, {many} in {}",
        clocks[0], clocks[1]
    );
    assert_eq!(clocks[1] - clocks[0], 2 * u64::from(many - few));
}

#[test]
fn writes_cost_packets_nothing() {
    let [idle, busy] = [false, true].map(|busy| stream(library(), busy));
    println!(
        "{} packets in {} clocks; with {} rows written in {}",
        idle.packets(),
        idle.clocks(),
        busy.writes,
        busy.clocks()
    );
    assert_eq!(busy.times, idle.times);
    assert_eq!(idle.writes, 0);
    // The ring could write one row in two clocks; the host fills it only as fast as it hears of room.
    let clocks = busy.clocks();
    assert!(
        u64::from(busy.writes) * 4 > clocks,
        "{} writes in {clocks} clocks",
        busy.writes
    );
}
