use super::*;
use crate::pairs::age::Clock;
use std::collections::{BTreeMap, VecDeque};
use underpass_layout::registers::AGE_BITS;

const ROWS: usize = SIM.rows(&TABLES[id::AGE as usize]);
const TICKS: u32 = 1 << AGE_BITS;

/// The table in plain Rust: one hit or one row of the sweep after the other.
struct Ages {
    rows: Vec<AgeEntry>,
    next: usize,
    told: Vec<Told>,
}

impl Ages {
    fn new() -> Self {
        Ages {
            rows: vec![AgeEntry::default(); ROWS],
            next: 0,
            told: vec![],
        }
    }

    fn hit(&mut self, pair: u32, generation: u8, now: u16) {
        self.rows[pair as usize] = AgeEntry {
            generation,
            reported: false,
            seen: now,
        };
    }

    fn sweep(&mut self, now: u16, limit: u16) {
        let row = &mut self.rows[self.next];
        let ago = (u32::from(now) + TICKS - u32::from(row.seen)) % TICKS;
        if row.generation != 0 && !row.reported && ago >= limit.into() {
            row.reported = true;
            self.told.push(Told {
                dead: false,
                generation: row.generation,
                pair: self.next as u32,
            });
        }
        self.next = (self.next + 1) % ROWS;
    }
}

/// What a clock is used for.
#[derive(Clone, Copy)]
enum Use {
    Hit(u32, u8),
    Host,
    Sweep,
}

/// Hits around the row that the sweep is at, reads of the host, a limit of few ticks: every row and every event is the
/// reference's, in every clock.
#[test]
fn hits_and_the_sweep_meet_as_if_one_came_after_the_other() {
    let mut bench = Bench::new();
    let mut noise = Noise(11);
    let mut expected = Ages::new();
    let (mut now, mut limit) = (TICKS as u16 - 30, 2);
    // What a clock is used for is known when it comes, and happens two clocks later.
    let mut under_way = VecDeque::new();
    let mut at = 0;
    for clock in 0..30_000 {
        if noise.below(8) == 0 {
            now = (now + 1) % TICKS as u16;
        }
        if clock % 5000 == 0 {
            limit = [2, 1, 3][noise.below(3)];
        }
        bench.time(now, limit);
        let near = (at + ROWS + noise.below(7) - 3) % ROWS;
        let packet = (noise.below(3) == 0).then(|| Packet {
            generation: 1 + noise.below(7) as u8,
            ..Packet::tcp(near as u32, 0, 0, 0, 0)
        });
        bench.packet(packet);
        let asks = noise.below(10) == 0;
        bench.asks(asks.then_some((id::AGE, 7)));
        under_way.push_back(match packet {
            Some(packet) => Use::Hit(packet.flow_id >> 1, packet.generation),
            None if asks => Use::Host,
            None => {
                at = (at + 1) % ROWS;
                Use::Sweep
            }
        });
        if under_way.len() > 2 {
            match under_way.pop_front() {
                Some(Use::Hit(pair, generation)) => expected.hit(pair, generation, now),
                Some(Use::Sweep) => expected.sweep(now, limit),
                Some(Use::Host) | None => (),
            }
        }
        bench.step();
    }
    bench.asks(None);
    // What is still under way, and where the sweep goes on without events.
    for left in under_way {
        match left {
            Use::Hit(pair, generation) => expected.hit(pair, generation, now),
            Use::Sweep => expected.sweep(now, limit),
            Use::Host => (),
        }
    }
    bench.time(now, 0);
    bench.rest(10);
    assert!(expected.told.len() > 1000);
    let same = bench
        .told
        .iter()
        .zip(&expected.told)
        .take_while(|(a, b)| a == b)
        .count();
    assert_eq!(
        (&bench.told[same..], &expected.told[same..]),
        (&[][..], &[][..]),
        "event {same}"
    );
    for pair in (0..ROWS).step_by(3) {
        assert_eq!(bench.age(pair as u32), expected.rows[pair], "pair {pair}");
    }
}

#[test]
fn a_round_takes_a_clock_for_each_row_and_each_packet() {
    let mut bench = Bench::new();
    bench.rest(3 * ROWS);
    assert!(bench.swept.is_empty(), "without a limit nothing is swept");
    bench.time(0, 5);
    bench.rest(4 * ROWS + 10);
    let rounds: Vec<u64> = bench.swept.windows(2).map(|two| two[1] - two[0]).collect();
    assert_eq!(rounds, [ROWS as u64; 3]);

    // Every other clock has a packet that met a flow, one in four a read of the host, of this table or of another one.
    let (mut hits, mut reads) = (0, 0);
    for clock in 0..1200 {
        let hit = clock % 2 == 0;
        bench.packet(hit.then(|| Packet::tcp(clock as u32, 0, ACK, 0, 0)));
        let table = [id::AGE, id::TCP][clock / 4 % 2];
        let asks = clock % 4 == 3;
        bench.asks(asks.then_some((table, 1)));
        hits += u64::from(hit);
        reads += u64::from(asks && table == id::AGE);
        bench.step();
    }
    bench.asks(None);
    bench.rest(ROWS);
    assert_eq!((hits, reads), (600, 150));
    assert_eq!(bench.swept[4] - bench.swept[3], ROWS as u64 + hits + reads);
}

/// What the host is told in two rounds: pair, generation.
fn idle_at(bench: &mut Bench, now: u16, limit: u16) -> Vec<(u32, u8)> {
    bench.time(now, limit);
    bench.swept.clear();
    let mut told = Vec::new();
    while bench.swept.len() < 2 {
        bench.rest(1);
        told.extend(bench.take());
    }
    assert!(told.iter().all(|event| !event.dead));
    told.iter()
        .map(|event| (event.pair, event.generation))
        .collect()
}

#[test]
fn the_sweep_finds_exactly_the_idle_ones_within_two_rounds() {
    let mut bench = Bench::new();
    bench.takes(false);
    let mut noise = Noise(3);
    let mut last = BTreeMap::new();
    for tick in 0..40 {
        bench.time(tick, 0);
        bench.rest(3);
        for _ in 0..10 {
            let (pair, generation) = (noise.below(200) as u32 * 10, 1 + noise.below(7) as u8);
            let packet = Packet::tcp(pair, noise.below(2) as u32, ACK, 0, 0);
            bench.packet(Some(Packet {
                generation,
                ..packet
            }));
            bench.step();
            last.insert(pair, (tick, generation));
        }
        bench.rest(3);
    }
    let idle: Vec<_> = last
        .iter()
        .filter(|(_, (tick, _))| 39 - tick >= 20)
        .map(|(pair, (_, generation))| (*pair, *generation))
        .collect();
    assert!(idle.len() > 20 && idle.len() < last.len());
    assert_eq!(idle_at(&mut bench, 39, 20), idle);
}

#[test]
fn a_pair_is_idle_once_until_it_has_another_packet() {
    let mut bench = Bench::new();
    bench.takes(false);
    let seen = |bench: &mut Bench, generation| {
        let packet = Packet::tcp(1234, 1, ACK, 0, 0);
        bench.send(Packet {
            generation,
            ..packet
        });
    };
    bench.time(100, 0);
    seen(&mut bench, 2);
    for (now, told) in [(119, vec![]), (120, vec![(1234, 2)]), (150, vec![])] {
        assert_eq!(idle_at(&mut bench, now, 20), told);
    }
    assert!(bench.age(1234).reported);
    // The next flow of this number.
    seen(&mut bench, 3);
    for (now, told) in [(169, vec![]), (170, vec![(1234, 3)]), (171, vec![])] {
        assert_eq!(idle_at(&mut bench, now, 20), told);
    }
}

#[test]
fn the_host_reads_before_the_sweep_and_behind_packets() {
    let mut bench = Bench::new();
    bench.time(77, 50);
    bench.send(Packet::tcp(8, 0, ACK, 0, 0));
    let mut noise = Noise(4);
    let (mut asked, mut backs) = (Vec::new(), Vec::new());
    for clock in 0..2000 {
        let packet = noise.below(4) > clock / 500;
        bench.packet(packet.then(|| Packet::tcp(3, 0, ACK, 0, 0)));
        let table = [id::TCP, id::AGE][noise.below(2)];
        let asks = noise.below(3) == 0;
        bench.asks(asks.then_some((table, 8)));
        if asks {
            asked.push((table, packet));
        }
        backs.extend(bench.returned());
        bench.step();
    }
    let mut tried = 0;
    for ((table, packet), (done, retry, row)) in asked.iter().zip(&backs) {
        assert_eq!((*done, *retry), (!packet, *packet));
        tried += usize::from(*retry);
        if *done && *table == id::AGE {
            let row = AgeEntry::unpack(row).expect("a row of numbers");
            assert_eq!((row.generation, row.reported, row.seen), (1, false, 77));
        }
    }
    assert!(tried > 100 && backs.len() - tried > 100);
}

#[test]
fn long_ago_is_what_the_difference_says() {
    let mut sim = Sim::new(&build("clock", Ports::Fields, Blocks::Inline, || {
        let clock = Clock::of(input("now"), input("limit")).timeless();
        let seen = input::<U<14>>("seen").timeless();
        output("long_ago", clock.long_ago(seen));
    }));
    let mut noise = Noise(9);
    for _ in 0..20_000 {
        let now = noise.below(TICKS as usize) as u32;
        let limit = [1, 2, 8191, noise.below(8191) as u32 + 1][noise.below(4)];
        let back = [
            0,
            1,
            limit - 1,
            limit,
            limit + 1,
            TICKS - 1,
            noise.below(TICKS as usize) as u32,
        ][noise.below(7)];
        let seen = (now + TICKS - back) % TICKS;
        sim.set_int("now", now.into());
        sim.set_int("limit", limit.into());
        sim.set_int("seen", seen.into());
        sim.step();
        let expected = back % TICKS >= limit;
        assert_eq!(
            sim.get_int("long_ago"),
            expected.into(),
            "{now} {limit} {seen}"
        );
    }
}

#[test]
fn memories_are_those_that_fit_the_rows() {
    use crate::lookup::Place;
    use underpass_layout::profile::U250;
    use underpass_wires::Ram;
    assert_eq!(Place::of(&U250, id::TCP).ram(), Ram::Ultra);
    assert_eq!(Place::of(&U250, id::AGE).ram(), Ram::Block);
    // What the head of `age` says.
    assert_eq!(Place::of(&U250, id::AGE).rows, 315_392);
}
