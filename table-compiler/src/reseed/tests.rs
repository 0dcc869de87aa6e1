//! After every single command of a change of the seed, every installed key is found by the card's own rule.

use std::collections::HashMap;
use std::rc::Rc;

use proptest::prelude::*;
use underpass_layout::hash::{Split, Tabulation};
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, RouteEntry, RouteKey};

use super::{advance, begin, Command, ReseedError};
use crate::placed::tests::card::Card;
use crate::placed::tests::{keys, table, with_rows, SEED};
use crate::placed::{Entry, Placed, RowWrite, Seed};

const NEXT: u128 = 0x1111_2222_3333_4444_5555_6666_7777_8888;

/// A card and the host's copy of one of its lookups, with what is installed.
struct Both {
    placed: Placed,
    card: Card,
    table: u32,
    group: usize,
    installed: Vec<Entry>,
    writes: Vec<RowWrite>,
}

impl Both {
    fn new(name: &str, profile: &Profile, group: usize) -> Self {
        Both {
            placed: Placed::empty(profile, SEED),
            card: Card::new(table(name), profile, group, SEED),
            table: table(name).id,
            group,
            installed: Vec::new(),
            writes: Vec::new(),
        }
    }

    fn insert(&mut self, entry: Entry) -> bool {
        let shadow = self.placed.shadow_mut(self.table, self.group);
        let fits = shadow.insert(&entry, &mut self.writes).is_ok();
        if fits {
            self.installed.push(entry);
        }
        self.writes
            .drain(..)
            .for_each(|write| self.card.write(&write));
        fits
    }

    fn remove(&mut self, at: usize) {
        let entry = self.installed.swap_remove(at % self.installed.len());
        let shadow = self.placed.shadow_mut(self.table, self.group);
        assert_eq!(shadow.remove(&entry, &mut self.writes), Some(entry));
        self.writes
            .drain(..)
            .for_each(|write| self.card.write(&write));
    }

    fn fill(&mut self, load: f64, key: impl Fn(u32) -> Entry) {
        let capacity = self.placed.shadow(self.table, self.group).capacity() as f64;
        let mut numbers = 0..;
        while (self.placed.shadow(self.table, self.group).used() as f64) < capacity * load {
            let entry = numbers.next().map(&key).expect("endless");
            assert!(self.insert(entry), "no place for key {}", numbers.start);
        }
    }

    fn carry_out(&mut self, command: &Command, next: &Rc<Tabulation>) {
        match command {
            Command::FillColumn {
                column, way, seed, ..
            } => {
                assert_eq!(Tabulation::new(seed.value()), **next);
                self.card
                    .fill_column(*column, next.clone(), usize::from(*way));
            }
            Command::WriteRow(step) => self.card.write_row(step.address, step.words),
            Command::WriteSplit { split, .. } => self.card.write_split(*split),
        }
    }

    fn check(&self, entries: &[Entry], at: &str) {
        for entry in entries {
            let found = self.card.get(entry);
            assert!(!found.is_empty(), "{entry:?} is missed {at}");
            let right = found.iter().all(|one| entry.words().starts_with(one));
            assert!(right, "{entry:?} answers otherwise {at}");
        }
    }

    fn check_end(&self) {
        let shadow = self.placed.shadow(self.table, self.group);
        assert_eq!(
            self.card.rows(),
            shadow.iter_rows().collect::<HashMap<_, _>>()
        );
        assert_eq!(shadow.len(), self.installed.len());
    }
}

/// Which keys are looked up after each command.
#[derive(Clone, Copy, PartialEq)]
enum Check {
    /// All that are installed.
    All,
    /// Those that the command could make miss, and now and then all.
    Touched,
}

impl Both {
    /// What a command could make miss: what was in the row, or what the pointer passes.
    fn touched(&self, command: &Command) -> Vec<Entry> {
        match command {
            Command::FillColumn { .. } => Vec::new(),
            Command::WriteRow(step) => self.card.entries_at(step.address),
            Command::WriteSplit { split, .. } => {
                let before = self.card.split().pointer;
                self.card.entries_between(before, split.pointer)
            }
        }
    }
}

/// Changes the seed; between calls `meanwhile` may do something.
fn change(
    both: &mut Both,
    next: u128,
    check: Check,
    mut meanwhile: impl FnMut(&mut Both),
) -> usize {
    let seed = Seed::new(next);
    let next = Rc::new(Tabulation::new(next));
    begin(&mut both.placed, both.table, both.group, &seed).expect("no change is under way");
    let mut commands = Vec::new();
    let mut count = 0;
    loop {
        commands.clear();
        match advance(&mut both.placed, both.table, both.group, &mut commands) {
            Ok(more) => {
                for (number, command) in (count..).zip(&commands) {
                    let touched = both.touched(command);
                    both.carry_out(command, &next);
                    let at = format!("after {command:?}");
                    if check == Check::All || number % 500 == 0 {
                        both.check(&both.installed, &at);
                    } else {
                        both.check(&touched, &at);
                    }
                }
                count += commands.len();
                if !more {
                    break;
                }
            }
            Err(ReseedError::Full(_)) => {
                assert!(commands.is_empty());
                both.remove(0);
            }
            Err(error) => panic!("{error}"),
        }
        meanwhile(both);
        if check == Check::All {
            both.check(&both.installed, "between two calls");
        }
    }
    both.check(&both.installed, "in the end");
    both.check_end();
    count
}

#[test]
fn a_full_table_takes_another_seed() {
    let cases: [(f64, keys::Family); 4] = [
        (0.874, keys::servers),
        (0.961, keys::servers),
        (0.90, |n| keys::share(30, n)),
        (0.90, keys::eui6),
    ];
    for (load, key) in cases {
        let mut both = Both::new("flow", &with_rows("flow", 512), 0);
        both.fill(load, key);
        let keys = both.installed.len();
        let commands = change(&mut both, NEXT, Check::Touched, |_| {});
        assert_eq!(both.installed.len(), keys, "some found no place at {load}");
        assert!(commands < 8 * keys, "{commands} commands for {keys} keys");
        let split = both.placed.flows().split();
        assert_eq!(
            (split.columns(), split.spare, split.pointer),
            ([4, 0, 1, 2], 3, 0)
        );
        // And once more, from columns in another order.
        change(&mut both, !NEXT, Check::Touched, |_| {});
        assert_eq!(both.installed.len(), keys, "some found no place at {load}");
    }
}

#[test]
fn a_bank_of_routes_takes_another_seed_for_itself() {
    let profile = with_rows("route_bank", 32);
    let mut both = Both::new("route_bank", &profile, 3);
    let route = |n: u32| {
        let key = RouteKey {
            vrf: 7,
            v6: n % 2 == 1,
            length: 24,
            prefix: u128::from(n) << 8,
        };
        Entry::of(&RouteEntry {
            valid: true,
            key,
            nexthop: n,
            ..RouteEntry::default()
        })
    };
    both.fill(0.8, route);
    change(&mut both, NEXT, Check::All, |_| {});
    let splits = |both: &Both| -> Vec<Split> {
        let banks = both.placed.shadows(id::ROUTE_BANK);
        banks.map(|bank| bank.split()).collect()
    };
    let changed: Vec<bool> = splits(&both)
        .iter()
        .map(|split| *split != Split::RESET)
        .collect();
    assert_eq!(changed, [false, false, false, true, false, false]);
}

#[test]
fn an_empty_table_takes_another_seed_in_a_few_commands() {
    let mut both = Both::new("flow", &with_rows("flow", 4096), 0);
    assert_eq!(change(&mut both, NEXT, Check::All, |_| {}), 4 * 3);
}

#[test]
fn one_change_at_a_time_and_only_of_what_is_there() {
    let mut placed = Placed::empty(&with_rows("flow", 8), SEED);
    let seed = Seed::new(NEXT);
    begin(&mut placed, id::FLOW, 0, &seed).expect("the first");
    let error = begin(&mut placed, id::FLOW, 0, &seed).expect_err("the second");
    assert_eq!(error.to_string(), "the seed of table flow changes already");
    for (table, group) in [(id::FLOW, 1), (id::NEXTHOP, 0), (99, 0)] {
        let none = Err(ReseedError::NoGroup { table, group });
        assert_eq!(begin(&mut placed, table, group, &seed), none);
    }
    assert_eq!(placed.groups().count(), 1 + 1 + 1 + 6 + 1 + 1 + 1 + 1);
    assert_eq!(format!("{seed:?}"), "Seed(..)");
}

#[test]
fn commands_read_as_plans_do() {
    let mut both = Both::new("flow", &with_rows("flow", 8), 0);
    both.fill(0.1, keys::servers);
    begin(&mut both.placed, id::FLOW, 0, &Seed::new(NEXT)).expect("the first");
    let mut commands = Vec::new();
    while advance(&mut both.placed, id::FLOW, 0, &mut commands).expect("room") {}
    let lines: Vec<String> = commands.iter().map(Command::to_string).collect();
    assert_eq!(lines[0], "fill    flow[0]  column=4 way=0");
    let start = "split   flow[0]  columns=[0, 1, 2, 3] spare=4 way=0 pointer=";
    assert!(lines[1].starts_with(start), "{}", lines[1]);
    assert!(lines.iter().any(|line| line.starts_with("move    flow[")));
    assert!(lines.iter().any(|line| line.starts_with("free    flow[")));
    let end = "split   flow[0]  columns=[4, 0, 1, 2] spare=3 way=0 pointer=0";
    assert_eq!(lines.last().map(String::as_str), Some(end));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Flows of both families come and go while the seed changes, in a table that is nearly full.
    #[test]
    fn flows_come_and_go_while_the_seed_changes(
        changes in prop::collection::vec((any::<bool>(), any::<u16>()), 1..200),
        load in 0.5f64..0.95,
        percent in 0u32..100,
    ) {
        let mut both = Both::new("flow", &with_rows("flow", 16), 0);
        let mut numbers = 0..;
        while (both.placed.flows().used() as f64) < load * 128.0 {
            let n = numbers.next().expect("endless");
            if !both.insert(keys::share(percent, n)) {
                break;
            }
        }
        let mut changes = changes.into_iter().cycle();
        change(&mut both, NEXT, Check::All, |both| {
            for (comes, which) in changes.by_ref().take(2) {
                if comes {
                    both.insert(keys::share(percent, numbers.next().expect("endless")));
                } else if !both.installed.is_empty() {
                    both.remove(usize::from(which));
                }
            }
        });
    }
}
