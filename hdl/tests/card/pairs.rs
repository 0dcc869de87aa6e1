//! The sweep for idle flow pairs, by the registers: what it finds is tried beside its rows.

use crate::harness::{Card, Pace};
use underpass_layout::profile::SIM;
use underpass_layout::registers::{AGE_EVENT, AGE_LIMIT, AGE_NOW, AGE_SWEEPS, AGE_TAKE};
use underpass_layout::tables::{id, TABLES};

#[test]
fn the_sweep_goes_round_while_there_is_a_limit() {
    let mut card = Card::new(Pace::default());
    let rows = SIM.rows(&TABLES[id::AGE as usize]) as u64;
    card.clocks(2 * rows);
    assert_eq!(card.read(AGE_SWEEPS), 0);
    card.write(AGE_NOW, 100);
    card.write(AGE_LIMIT, 5);
    card.clocks(8 * rows);
    // The accesses take clocks too, less than a round.
    assert_eq!(card.read(AGE_SWEEPS), 8);
    card.write(AGE_TAKE, 0);
    assert_eq!(
        card.read(AGE_EVENT),
        0,
        "no packet came, so nothing is idle"
    );
    card.write(AGE_LIMIT, 0);
    let stopped = card.read(AGE_SWEEPS);
    card.clocks(2 * rows);
    assert_eq!(card.read(AGE_SWEEPS), stopped);
}
