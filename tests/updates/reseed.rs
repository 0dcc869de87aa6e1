//! The hash of a full table changes its seed under traffic, and no packet of an installed key misses.
//!
//! ```text
//!   way by way    fill a column from the new seed (registers)      for each row: copies (ring), split (ring), free (ring)
//!   packets       ──────────────────────────── all the time ───────────────────────────────────────────────────▶
//! ```
//! The commands are those of the compiler's planner, for the whole table. Every installed key is asked for on the way,
//! those in rows just written most of all; no key changes, so every packet has exactly one right fate. In the end every
//! key is asked for once more. That the new seed rules and the old one is gone is then shown by entries of keys that
//! nobody has: where only the old seed has them they are not found, where the new seed has them they are. The last test
//! moves the pointer before the copies are there, to see that it would be found out.

use std::collections::{BTreeMap, BTreeSet};

use crate::library;
use underpass_layout::hash::{row, Tabulation};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{Lookup, TABLES, WAYS};
use underpass_layout::words_for;
use underpass_table_compiler::placed::{Placed, Reason, Seed};
use underpass_table_compiler::plan::Step;
use underpass_table_compiler::reseed::{advance, begin, Command};
use underpass_table_compiler::row::Row;
use underpass_tests::traffic::{
    install, Chase, Fate, History, Key, Live, Met, Network, Order, Probe, Table, Targets,
    Unexplained,
};

const OLD: u128 = 0x0123_4567_89ab_cdef_0011_2233_4455_6677;
const NEW: u128 = 0x7766_5544_3322_1100_fedc_ba98_7654_3210;
/// How full the tables are, by slots.
const LOAD: f64 = 0.87;
/// Of ten packets, those for keys that have just moved.
const HOT: u8 = 5;
/// Calls of the planner for which commands are put before the doorbell rings.
const CALLS: usize = 4;
/// Calls of the planner whose commands are carried out in the wrong order: most of a way.
const BROKEN_CALLS: usize = 150;
/// Keys by which it is shown which seed rules.
const SHOWN: usize = 8;

#[test]
fn a_full_flow_table_takes_another_seed_under_traffic() {
    reseed(Table::Flow);
}

#[test]
fn a_full_bridge_table_takes_another_seed_under_traffic() {
    reseed(Table::Bridge);
}

fn reseed(table: Table) {
    let mut network = Network::new(OLD, LOAD);
    let mut live = Live::new(library(), OLD);
    let targets = Targets::default();
    let history = install(&mut live, &network, &targets);
    live.start(Chase::new(targets.clone(), 5, HOT));
    let start = (live.now(), std::time::Instant::now());
    let commands = change(
        &mut live,
        &mut network.placed,
        table,
        &targets,
        Order::Planned,
    );
    let clocks = live.now() - start.0;
    let passed = live.stop();
    let met = history.judge(&passed, live.card().rung());
    let met = met.unwrap_or_else(|error| panic!("{error}"));
    println!(
        "{table:?}: {} keys, {} of {} slots; {commands:?} in {clocks} clocks and {:.1} s; {} packets",
        network.placed.shadows(table.id()).map(|one| one.len()).sum::<usize>(),
        network.placed.shadows(table.id()).map(|one| one.used()).sum::<usize>(),
        network.placed.shadows(table.id()).map(|one| one.capacity()).sum::<usize>(),
        start.1.elapsed().as_secs_f64(),
        met.packets,
    );
    assert_eq!((met.left, met.within), (met.packets, 0), "{met:?}");
    assert!(met.packets as u64 > clocks / 2, "the stream had gaps");
    let asked: BTreeSet<Key> = passed.iter().flat_map(|one| one.probe.keys()).collect();
    let installed = network.installed.keys().filter(|key| key.table == table);
    let forgotten = installed.filter(|key| !asked.contains(key)).count();
    assert_eq!(forgotten, 0, "keys that no packet asked for");
    every_key_is_found(&mut live, &network, &history, table);
    the_new_seed_rules(&mut live, &network.placed, &history, table);
    live.check_rings();
}

/// The pointer passes rows before what leaves them has a copy: the judge sees it. A packet must ask for such a key in the few
/// clocks between, so several streams try.
#[test]
fn who_moves_the_pointer_first_is_found_out() {
    let found = (5..17).find_map(|stream| reversed(stream).err());
    println!("{}", found.expect("some packet missed an installed key"));
}

/// A change in the wrong order beside this stream of packets, as the judge sees it.
fn reversed(stream: u64) -> Result<Met, Unexplained> {
    let mut network = Network::new(OLD, LOAD);
    let mut live = Live::new(library(), OLD);
    let targets = Targets::default();
    let history = install(&mut live, &network, &targets);
    live.start(Chase::new(targets.clone(), stream, HOT));
    change(
        &mut live,
        &mut network.placed,
        Table::Bridge,
        &targets,
        Order::Reversed,
    );
    let passed = live.stop();
    history.judge(&passed, live.card().rung())
}

/// Carries a whole change out; how many commands of each kind.
fn change(
    live: &mut Live,
    placed: &mut Placed,
    table: Table,
    targets: &Targets,
    order: Order,
) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    let seed = Seed::new(NEW);
    begin(placed, table.id(), 0, &seed).unwrap_or_else(|error| panic!("{error}"));
    let mut commands = Vec::new();
    let mut more = true;
    for call in 1.. {
        if !more {
            break;
        }
        commands.clear();
        more =
            advance(placed, table.id(), 0, &mut commands).unwrap_or_else(|error| panic!("{error}"));
        if order == Order::Reversed {
            if call > BROKEN_CALLS {
                break;
            }
            // The first call fills the column, which no order can break.
            commands[usize::from(call == 1)..].reverse();
        }
        for command in &commands {
            *counts.entry(kind(command)).or_default() += 1;
            if let Command::WriteRow(step) = command {
                targets.heat(Key::in_row(table, &step.words));
            }
            live.carry_out(command);
        }
        if call % CALLS == 0 || !more {
            live.ring(live.card().put());
            live.clocks(16);
        }
    }
    live.finish();
    counts
}

fn kind(command: &Command) -> &'static str {
    match command {
        Command::FillColumn { .. } => "fill",
        Command::WriteRow(_) => "row",
        Command::WriteSplit { .. } => "split",
    }
}

/// One packet for each key of a table.
fn every_key_is_found(live: &mut Live, network: &Network, history: &History, table: Table) {
    let keys = network.installed.keys().filter(|key| key.table == table);
    let probes: Vec<Probe> = keys.map(|key| Probe::of(*key)).collect();
    let count = probes.len();
    let passed = live.ask(probes);
    let met = history.judge(&passed, live.card().rung());
    let met = met.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((met.packets, met.left), (count, count));
}

/// An entry in the row that the old seed gives its key is not found any more, one in the row of the new seed is.
fn the_new_seed_rules(live: &mut Live, placed: &Placed, history: &History, table: Table) {
    let shadow = placed.shadows(table.id()).next().expect("searched by key");
    let taken: BTreeMap<u32, Row> = shadow.iter_rows().collect();
    let hashes = [OLD, NEW].map(Tabulation::new);
    let mut shown = [0; 2];
    let keys = (0..table.keys()).map(|number| Key { table, number });
    for key in keys.filter(|key| history.last(*key).0.is_none()) {
        let places = hashes.each_ref().map(|hash| places(hash, key));
        for (which, of) in places.iter().enumerate() {
            let others = &places[1 - which];
            let alone = |place: &&u32| !taken.contains_key(*place) && !others.contains(*place);
            let Some(place) = of.iter().find(alone) else {
                continue;
            };
            let entry = Row::from_words(key.entry(2).words());
            write(live, table, *place, entry);
            let asked = live.ask(vec![Probe::of(key)]);
            let found = matches!(asked[0].seen, Some((Fate::Left { .. }, _)));
            write(
                live,
                table,
                *place,
                Row::empty(&TABLES[table.id() as usize]),
            );
            assert_eq!(found, which == 1, "{key:?} in row {place}");
            shown[which] += 1;
        }
        if shown.iter().all(|count| *count >= SHOWN) {
            return;
        }
    }
    panic!("no free rows to show it: {shown:?}");
}

/// The addresses of the rows that a seed gives a key.
fn places(hash: &Tabulation, key: Key) -> [u32; WAYS] {
    let table = &TABLES[key.table.id() as usize];
    let Lookup::Exact {
        key_width, wide, ..
    } = table.lookup
    else {
        panic!("table {} has no keys", table.name)
    };
    let width = wide
        .filter(|_| key.v6())
        .map_or(key_width, |wide| wide.key_width);
    let entry = Row::from_words(key.entry(2).words());
    let word = |i: usize| entry.bits(1 + 32 * i, 32.min(width - 32 * i)) as u32;
    let words: Vec<u32> = (0..words_for(width)).map(word).collect();
    let hash = hash.hash(&words, table.hash_width());
    let rows = SIM.rows(table);
    std::array::from_fn(|way| SIM.address(table, way, row(hash, way, rows)) as u32)
}

/// Writes a row that no installed key uses.
fn write(live: &mut Live, table: Table, address: u32, words: Row) {
    live.put(&Command::WriteRow(Step {
        table: table.id(),
        address,
        words,
        why: Reason::Change,
    }));
    live.finish();
}
