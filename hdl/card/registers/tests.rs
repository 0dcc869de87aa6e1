mod pairs;
mod punts;
mod rounds;

use super::*;
use crate::stream::frames::Noise;
use std::collections::BTreeMap;
use underpass_layout::profile::{SIM, U250};
use underpass_layout::tables::{id, TABLES};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// The registers with a chain of `LENGTH` clocks to tables that are plain lists.
struct Bench {
    sim: Sim,
    rows: BTreeMap<(u128, u128), Vec<u64>>,
    /// What travels on the chain.
    travels: Option<Travels>,
    /// Tables that nobody owns.
    lost: Vec<u32>,
    /// How many times accesses are still to be made again.
    retries: u32,
    /// The splits that were set: table, group, data.
    splits: Vec<(u128, u128, u128)>,
    /// The input shall be open.
    opened: bool,
    /// It was closed in some clock in which it should have been open.
    held: bool,
    /// Tables for which hash words were ordered.
    targets: Vec<u128>,
    started: Vec<u128>,
    /// How often an event was taken.
    taken: u32,
    clocks: u64,
}

struct Travels {
    clocks_left: u32,
    write: u128,
    split: u128,
    table: u128,
    row: u128,
    data: Vec<u64>,
}

const LENGTH: u32 = 60;
/// The first id that no table has.
const NO_TABLE: u32 = TABLES.len() as u32;

impl Bench {
    fn new(profile: &'static Profile) -> Self {
        let design = build("registers", Ports::Fields, Blocks::Inline, || {
            let (response, bus, orders) = registers(
                profile,
                0x1234_5678,
                input("request"),
                input("returned"),
                input("condition"),
            );
            output("response", response);
            output("bus", bus);
            output("orders", orders);
        });
        let sim = Sim::new(&design);
        Bench {
            sim,
            rows: BTreeMap::new(),
            travels: None,
            lost: vec![],
            retries: 0,
            splits: vec![],
            opened: false,
            held: false,
            targets: vec![],
            started: vec![],
            taken: 0,
            clocks: 0,
        }
    }

    fn clock(&mut self) {
        let sim = &mut self.sim;
        sim.set_int("returned_request", 0);
        if let Some(mut access) = self.travels.take_if(|access| access.clocks_left == 0) {
            let place = (access.table, access.row);
            let retry = self.retries > 0;
            self.retries = self.retries.saturating_sub(1);
            let done = !retry && !self.lost.contains(&(access.table as u32));
            match (access.write, access.split) {
                _ if !done => (),
                (1, 1) => self.splits.push((place.0, place.1, access.data[0].into())),
                (1, _) => _ = self.rows.insert(place, access.data.clone()),
                _ => access.data = self.rows.get(&place).cloned().unwrap_or(vec![0; 8]),
            }
            sim.set_int("returned_request", 1);
            sim.set_int("returned_write", access.write);
            sim.set_int("returned_done", u128::from(done));
            sim.set_int("returned_retry", u128::from(retry));
            sim.set("returned_data", &access.data);
        }
        if let Some(access) = &mut self.travels {
            access.clocks_left -= 1;
        }
        if sim.get_int("bus_request") == 1 {
            assert!(self.travels.is_none(), "two accesses at once");
            let mut bus = |name: &str| sim.get_int(&format!("bus_{name}"));
            self.travels = Some(Travels {
                clocks_left: LENGTH,
                write: bus("write"),
                split: bus("split"),
                table: bus("table"),
                row: bus("row"),
                data: sim.get("bus_data"),
            });
        }
        self.held |= self.opened && sim.get_int("orders_enable") == 0;
        if sim.get_int("orders_seed_valid") == 1 {
            self.started.push(sim.get_int("orders_seed_seed"));
            self.targets.push(sim.get_int("orders_seed_target_table"));
        }
        self.taken += sim.get_int("orders_pairs_take") as u32;
        sim.step();
        self.clocks += 1;
    }

    fn access(&mut self, write: bool, address: u32, data: u32) -> u32 {
        self.sim.set_int("request_valid", 1);
        self.sim.set_int("request_write", u128::from(write));
        self.sim.set_int("request_address", u128::from(address));
        self.sim.set_int("request_data", u128::from(data));
        self.clock();
        self.sim.set_int("request_valid", 0);
        assert_eq!(self.sim.get_int("response_valid"), 0);
        self.clock();
        assert_eq!(self.sim.get_int("response_valid"), 1);
        let data = self.sim.get_int("response_data") as u32;
        self.clock();
        data
    }

    fn read(&mut self, address: u32) -> u32 {
        self.access(false, address, 0)
    }

    fn write(&mut self, address: u32, data: u32) {
        self.access(true, address, data);
    }

    /// Carries out a table command; says whether it was done.
    fn command(&mut self, table: u32, row: u32, command: u32) -> bool {
        self.write(TABLE_ADDRESS, table << ADDRESS_ROW_BITS | row);
        self.write(TABLE_COMMAND, command);
        let mut status = self.read(TABLE_STATUS);
        while status & STATUS_BUSY != 0 {
            status = self.read(TABLE_STATUS);
        }
        status & STATUS_REFUSED == 0
    }

    fn data(&mut self) -> Vec<u32> {
        (0..16).map(|i| self.read(TABLE_DATA + 4 * i)).collect()
    }
}

#[test]
fn the_card_says_what_it_is() {
    for profile in [&SIM, &U250] {
        let mut bench = Bench::new(profile);
        assert_eq!(bench.read(MAGIC).to_le_bytes(), *b"UNDP");
        let id = u64::from(bench.read(LAYOUT_ID_HIGH)) << 32 | u64::from(bench.read(LAYOUT_ID_LOW));
        assert_eq!(id, layout_id());
        assert_eq!(bench.read(PROFILE), profile.code());
        assert_eq!(bench.read(BUILD), 0x1234_5678);
        for table in TABLES {
            bench.write(TABLE_ADDRESS, table.id << ADDRESS_ROW_BITS | 77);
            assert_eq!(
                bench.read(TABLE_ROWS) as usize,
                profile.rows(table),
                "{}",
                table.name
            );
        }
        bench.write(TABLE_ADDRESS, NO_TABLE << ADDRESS_ROW_BITS);
        assert_eq!(bench.read(TABLE_ROWS), 0);
        bench.write(TABLE_ADDRESS, 0x20 << ADDRESS_ROW_BITS);
        assert_eq!(bench.read(TABLE_ROWS), 0);
    }
}

#[test]
fn only_what_can_be_written_keeps_what_is_written() {
    let mut bench = Bench::new(&SIM);
    let kept: Vec<u32> = (0..4)
        .map(|i| SEED + 4 * i)
        .chain((0..16).map(|i| TABLE_DATA + 4 * i))
        .chain([TABLE_ADDRESS, SEED_TARGET, LEARN_INTERVAL, PUNT_WINDOW])
        .collect();
    let before: Vec<u32> = (0..0x400).map(|word| bench.read(4 * word)).collect();
    for word in 0..0x400u32 {
        if ![TABLE_COMMAND, CONTROL].contains(&(4 * word)) {
            bench.write(4 * word, 0x5a00_0000 + word);
        }
    }
    for word in 0..0x400u32 {
        let (offset, found) = (4 * word, bench.read(4 * word));
        match offset {
            CLOCKS_LOW | TABLE_ROWS => (),
            AGE_NOW | AGE_LIMIT => assert_eq!(found, word, "{offset:#x}"),
            TCP_CONTROL => assert_eq!(found, word & ANY_RESET, "{offset:#x}"),
            _ if kept.contains(&offset) => assert_eq!(found, 0x5a00_0000 + word, "{offset:#x}"),
            _ => assert_eq!(found, before[word as usize], "{offset:#x}"),
        }
    }
    assert_eq!(bench.read(0x1000 + MAGIC), 0, "not ours");
}

#[test]
fn rows_travel_to_the_tables_and_back() {
    let mut bench = Bench::new(&SIM);
    for table in TABLES {
        let row = SIM.addresses(table) as u32 - 1;
        for i in 0..16 {
            bench.write(TABLE_DATA + 4 * i, table.id << 16 | i);
        }
        assert!(
            bench.command(table.id, row, COMMAND_WRITE),
            "{}",
            table.name
        );
    }
    for table in TABLES {
        assert!(bench.command(table.id, SIM.addresses(table) as u32 - 1, COMMAND_READ));
        assert_eq!(
            bench.data(),
            (0..16).map(|i| table.id << 16 | i).collect::<Vec<_>>()
        );
        assert!(bench.command(table.id, 0, COMMAND_READ));
        assert_eq!(bench.data(), [0; 16]);
    }
}

#[test]
fn what_no_table_takes_is_refused() {
    let mut bench = Bench::new(&SIM);
    bench.lost = vec![id::MPLS];
    bench.write(TABLE_DATA, 99);
    assert!(
        !bench.command(id::MPLS, 0, COMMAND_READ),
        "nobody sets done"
    );
    assert_eq!(bench.data()[0], 99, "a refused read leaves the data");
    for table in TABLES {
        let end = SIM.depth(table) * table.ways();
        let rows = [
            SIM.addresses(table),
            end,
            end - SIM.depth(table) + SIM.rows(table),
        ];
        for row in rows {
            assert!(
                !bench.command(table.id, row as u32, COMMAND_WRITE),
                "{}",
                table.name
            );
        }
        assert!(
            !bench.command(table.id, 0xff_ffff, COMMAND_READ),
            "{}",
            table.name
        );
    }
    assert!(!bench.command(NO_TABLE, 0, COMMAND_WRITE));
    assert!(
        !bench.command(32, 0, COMMAND_WRITE),
        "the bus has five bits for the table"
    );
    assert!(bench.rows.is_empty());
    assert!(
        bench.command(id::PORT, 0, COMMAND_READ),
        "and the next one is done"
    );
    bench.write(TABLE_COMMAND, 4);
    assert_eq!(
        bench.read(TABLE_STATUS),
        0,
        "a command without meaning does nothing"
    );
}

#[test]
fn addresses_between_the_ways_are_no_rows() {
    let mut bench = Bench::new(&U250);
    let mut noise = Noise(5);
    for table in TABLES {
        let depth = U250.depth(table);
        for _ in 0..40 {
            // Near the ends of the ways, and of the table.
            let way = noise.below(table.ways() + 1);
            let near = [0, U250.rows(table), depth][noise.below(3)];
            let row = (way * depth + near + noise.below(3)).saturating_sub(1);
            let there = U250.place(table, row).is_some();
            assert_eq!(
                bench.command(table.id, row as u32, COMMAND_READ),
                there,
                "{} row {row}",
                table.name
            );
        }
    }
}

#[test]
fn a_split_goes_to_a_lookup_and_not_to_a_row() {
    let mut bench = Bench::new(&SIM);
    bench.write(TABLE_DATA, 0x1234_5678);
    bench.write(TABLE_DATA + 4, 0x9a);
    assert!(bench.command(id::ROUTE_BANK, 5, COMMAND_SPLIT));
    assert_eq!(bench.splits, [(id::ROUTE_BANK.into(), 5, 0x9a_1234_5678)]);
    assert!(bench.rows.is_empty());
    assert_eq!(bench.data()[..2], [0x1234_5678, 0x9a], "nothing is read");
    bench.lost = vec![id::FLOW];
    assert!(
        !bench.command(id::FLOW, 0, COMMAND_SPLIT),
        "nobody sets done"
    );
    assert!(
        !bench.command(32 + id::ROUTE_BANK, 0, COMMAND_SPLIT),
        "the bus has five bits for the table"
    );
    assert_eq!(bench.splits.len(), 1);
}

#[test]
fn what_meets_a_packet_is_made_again_until_it_succeeds() {
    let mut bench = Bench::new(&SIM);
    bench.write(CONTROL, CONTROL_ENABLE);
    bench.opened = true;
    bench
        .rows
        .insert((id::COUNTER_RX.into(), 9), vec![77, 0, 0, 0, 0, 0, 0, 0]);
    for (retries, held) in [(0, false), (1, false), (63, false), (64, true), (70, true)] {
        (bench.retries, bench.held) = (retries, false);
        bench.write(TABLE_ADDRESS, id::COUNTER_RX << ADDRESS_ROW_BITS | 9);
        bench.write(TABLE_COMMAND, COMMAND_READ);
        // The address is another one by the time that it is made again.
        bench.write(TABLE_ADDRESS, id::COUNTER_RX << ADDRESS_ROW_BITS | 10);
        while bench.read(TABLE_STATUS) & STATUS_BUSY != 0 {}
        assert_eq!(bench.read(TABLE_STATUS), 0);
        assert_eq!(bench.data()[0], 77, "{retries} retries");
        assert_eq!(bench.held, held, "{retries} retries");
        assert_eq!(
            bench.sim.get_int("orders_enable"),
            1,
            "packets come in again"
        );
    }
}

#[test]
fn control_opens_the_input_and_starts_the_seed() {
    let mut bench = Bench::new(&SIM);
    let words = [0x1111_2222, 0x3333_4444, 0x5555_6666, 0x7777_8888];
    for (i, word) in words.iter().enumerate() {
        bench.write(SEED + 4 * i as u32, *word);
    }
    assert_eq!(bench.sim.get_int("orders_enable"), 0);
    bench.write(SEED_TARGET, 9 << 1 | 1);
    bench.write(CONTROL, CONTROL_ENABLE | CONTROL_SEED);
    assert_eq!(bench.sim.get_int("orders_enable"), 1);
    assert_eq!(bench.started, [0x7777_8888_5555_6666_3333_4444_1111_2222]);
    assert_eq!(bench.targets, [9]);
    bench.sim.set_int("condition_seeding", 1);
    bench.sim.set_int("condition_in_flight", 77);
    assert_eq!(bench.read(CONTROL), CONTROL_ENABLE | CONTROL_SEED);
    assert_eq!(bench.read(IN_FLIGHT), 77);
    bench.sim.set_int("condition_seeding", 0);
    bench.write(CONTROL, 0);
    assert_eq!(bench.read(CONTROL), 0);
    assert_eq!(bench.started.len(), 1);
}

#[test]
fn clocks_are_counted() {
    let mut bench = Bench::new(&SIM);
    (0..3).for_each(|_| bench.clock());
    for _ in 0..400 {
        // The value is taken in the clock behind the request, and is three clocks late.
        let expected = bench.clocks + 1 - 3;
        assert_eq!(u64::from(bench.read(CLOCKS_LOW)), expected);
        assert_eq!(bench.read(CLOCKS_HIGH), 0);
        (0..300).for_each(|_| bench.clock());
    }
    assert!(bench.clocks > 1 << 16, "a carry was seen");
}
