use super::*;
use crate::pairs::events::UNDER_WAY;
use underpass_layout::registers::EVENTS;

const ROWS: usize = SIM.rows(&TABLES[id::AGE as usize]);

/// A bench with `pairs` that are all idle, of which nothing is taken.
fn idle(pairs: u32) -> Bench {
    let mut bench = Bench::new();
    bench.takes(false);
    (0..pairs).for_each(|pair| bench.send(Packet::tcp(3 * pair, 0, ACK, 0, 0)));
    bench.time(10, 10);
    bench.rest(2 * ROWS + 100);
    bench
}

#[test]
fn a_full_queue_holds_the_sweep_up_and_loses_nothing() {
    let mut bench = idle(100);
    assert_eq!(bench.swept.len(), 0, "the sweep rests");
    let mut told = Vec::new();
    while let Some(event) = bench.take() {
        told.push((event.dead, event.generation, event.pair));
        // The sweep goes on where it was as soon as there is room.
        bench.rest(20);
    }
    let expected: Vec<_> = (0..100).map(|pair| (false, 1, 3 * pair)).collect();
    assert_eq!(told, expected);
    bench.rest(2 * ROWS);
    assert!(bench.swept.len() >= 2 && bench.oldest().is_none());
}

#[test]
fn a_connection_that_closes_finds_the_places_that_are_left() {
    let mut bench = idle(100);
    // The sweep keeps some free; the last of these find none.
    let first = 1000;
    let dying = UNDER_WAY as u32 + 3;
    for pair in first..first + dying {
        bench.send(Packet::tcp(pair, 0, RST, 0, 0));
    }
    let mut told: Vec<Told> = Vec::new();
    while let Some(event) = bench.take() {
        told.push(event);
        bench.rest(20);
    }
    let dead: Vec<u32> = told
        .iter()
        .filter(|event| event.dead)
        .map(|event| event.pair)
        .collect();
    assert!(dead.len() < dying as usize, "some were lost");
    assert!(dead.iter().copied().eq(first..first + dead.len() as u32));
    let before_dead = told.iter().take_while(|event| !event.dead).count();
    assert_eq!(before_dead + dead.len(), EVENTS, "all places were used");
    // All of them are found once they are idle.
    bench.time(20, 10);
    bench.rest(2 * ROWS);
    let mut idle = Vec::new();
    while let Some(event) = bench.take() {
        assert!(!event.dead);
        idle.push(event.pair);
        bench.rest(20);
    }
    idle.retain(|pair| *pair >= first);
    assert!(idle.into_iter().eq(first..first + dying));
}

#[test]
fn an_order_without_an_event_takes_nothing() {
    let mut bench = Bench::new();
    bench.takes(true);
    bench.rest(50);
    bench.takes(false);
    (0..3).for_each(|pair| bench.send(Packet::tcp(pair, 0, RST, 0, 0)));
    let told: Vec<_> = (0..4)
        .map(|_| bench.take().map(|event| event.pair))
        .collect();
    assert_eq!(told, [Some(0), Some(1), Some(2), None]);
}
