//! Chapter: how many flows a second the slow path sets up.
//!
//! ```text
//!   first packets ─▶ SlowPath::take ─▶ decide ─▶ rows, frames ─▶ Driver ─▶ rings ─▶ a card that forgets them
//!                    headers, keys     policy, places            commands, shims
//! ```
//! The first packet is a real one: a model of the card punts it. The others are the same with other ports.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::grouped;
use crate::null_card::NullCard;
use crate::stopwatch::best;
use underpass_host_driver::access::{Model, PortAccess};
use underpass_host_driver::driver::{Driver, DriverError, Punt, RingLayout, REPLAY_SEED};
use underpass_host_driver::slow_path::{Reaction, SlowPath};
use underpass_layout::port::VF0;
use underpass_layout::profile::{Profile, U250};
use underpass_layout::PuntReason;
use underpass_table_compiler::placed::Placed;
use underpass_table_compiler::{compile, parse, Compiled, Network};
use underpass_tests::packets::{Bytes, Ipv4, Ipv6};

/// The card.
const CARD: &Profile = &U250;
/// What the design wants, flows a second.
const GOAL: f64 = 200_000.0;
/// Flows of one lap; there are three.
const FLOWS: u32 = 10_000;
/// Punts that are taken before the slow path decides.
const BATCH: usize = 64;
/// The time of everything.
const NOW: Duration = Duration::from_secs(1);

/// Two guests in two networks, between which a policy lets TCP pass.
const NETWORK: &str = r#"
node: {name: one}
underlay: {port: wire0, mac: "0c:c4:7a:00:00:01", address: 192.168.0.1/24}
networks:
  - {name: red, vni: 5001, subnets: [{prefix: 10.1.0.0/24, gateway: 10.1.0.1}, {prefix: "2001:db8:1::/64", gateway: "2001:db8:1::1"}]}
  - {name: blue, vni: 5002, subnets: [{prefix: 10.2.0.0/24, gateway: 10.2.0.1}, {prefix: "2001:db8:2::/64", gateway: "2001:db8:2::1"}]}
interfaces:
  - {name: red1, port: vf0, network: red, mac: "02:00:00:00:01:01", addresses: [10.1.0.11, "2001:db8:1::11"], label: 21, l2_label: 22}
  - {name: blue1, port: vf1, network: blue, mac: "02:00:00:00:02:01", addresses: [10.2.0.11, "2001:db8:2::11"], label: 31, l2_label: 32}
policies:
  - name: p
    networks: [red, blue]
    rules: [{action: pass, protocol: icmp}, {action: pass, protocol: tcp, destination_ports: [8000-8100]}]
"#;

/// The chapter.
pub fn chapter() -> String {
    let mut text = format!(
        "\
## Setting flows up

New TCP connections from a guest to one of another network, which a policy allows: two entries each, and the first packet
sent again. The slow path takes them in batches of {BATCH} and decides; the driver puts rows and frames into the rings of a
card that accepts and forgets them. Tables of profile {}; one core, best of three times {}. Goal: {} a
second. The three shares are of time on the wall: headers and keys (`take`), policies and places in the table (`decide`),
commands and frames in the rings (driver).

| family | flows before | set-ups/s | us each | take | decide | driver | goal |
|---|---:|---:|---:|---:|---:|---:|---|
",
        CARD.name,
        grouped(FLOWS.into()),
        grouped(GOAL)
    );
    for (family, v6) in [("IPv4", false), ("IPv6", true)] {
        for before in [1, 100_000] {
            let found = measure(v6, before).unwrap_or_else(|error| panic!("{error}"));
            let rate = 1.0 / found.busy_s;
            let goal = if rate >= GOAL { "reached" } else { "missed" };
            let [take, decide, driver] =
                found.shares.map(|share| format!("{:.0} %", 100.0 * share));
            let _ = writeln!(
                text,
                "| {family} | {} | {} | {:.2} | {take} | {decide} | {driver} | {goal} |",
                grouped(before.into()),
                grouped(rate),
                found.busy_s * 1e6
            );
        }
    }
    text
}

/// What was measured.
struct Found {
    /// Seconds of a core for one flow.
    busy_s: f64,
    /// Parts of the time in taking, deciding, and writing.
    shares: [f64; 3],
}

fn measure(v6: bool, before: u32) -> Result<Found, DriverError> {
    let punt = first(v6)?;
    let mut host = Host::new()?;
    host.set_up(punts(&punt, 0..before))?;
    host.spent = [Duration::ZERO; 3];
    let mut next = before;
    let mut laps: Vec<Vec<Punt>> = Vec::new();
    for _ in 0..3 {
        laps.push(punts(&punt, next..next + FLOWS));
        next += FLOWS;
    }
    let lap = best(|| {
        let punts = laps.pop().unwrap_or_default();
        host.set_up(punts).unwrap_or_else(|error| panic!("{error}"));
        FLOWS.into()
    });
    assert_eq!(
        host.slow_path.flows().len(),
        2 * next as usize,
        "every flow is there, and its answers"
    );
    let whole = host.spent.iter().sum::<Duration>().as_secs_f64();
    Ok(Found {
        busy_s: lap.busy_s,
        shares: host.spent.map(|part| part.as_secs_f64() / whole),
    })
}

/// A driver before a card that forgets, and a slow path.
struct Host {
    driver: Driver<NullCard>,
    slow_path: SlowPath,
    /// In taking, deciding, and writing.
    spent: [Duration; 3],
}

impl Host {
    fn new() -> Result<Host, DriverError> {
        let mut driver = Driver::open(NullCard::new(CARD))?;
        driver.open_rings(RingLayout::default())?;
        let (network, compiled) = compiled();
        Ok(Host {
            driver,
            slow_path: SlowPath::new(network, compiled),
            spent: [Duration::ZERO; 3],
        })
    }

    fn set_up(&mut self, punts: Vec<Punt>) -> Result<(), DriverError> {
        let mut punts = punts.into_iter().peekable();
        while punts.peek().is_some() {
            let start = Instant::now();
            let mut reactions = Vec::new();
            for punt in punts.by_ref().take(BATCH) {
                reactions.extend(self.slow_path.take(punt, NOW));
            }
            let taken = Instant::now();
            reactions.extend(self.slow_path.decide(NOW));
            let decided = Instant::now();
            self.perform(reactions)?;
            let parts = [taken - start, decided - taken, decided.elapsed()];
            for (spent, part) in self.spent.iter_mut().zip(parts) {
                *spent += part;
            }
        }
        Ok(())
    }

    fn perform(&mut self, reactions: Vec<Reaction>) -> Result<(), DriverError> {
        for reaction in reactions {
            match reaction {
                Reaction::Write(row) => self.driver.write_row(row.table, row.row, &row.words)?,
                Reaction::Inject(shim, frame) => self.driver.inject(&shim, &frame)?,
                other => panic!("expected rows and frames, found {other:?}"),
            }
        }
        self.driver.flush()
    }
}

fn compiled() -> (Network, Compiled) {
    let network = parse("setups.yaml", NETWORK).unwrap_or_else(|error| panic!("{error}"));
    let empty = Placed::empty(CARD, REPLAY_SEED);
    let compiled = compile(&network, &empty).unwrap_or_else(|error| panic!("{error}"));
    (network, compiled)
}

/// The first packet of a flow as a card hands it over.
fn first(v6: bool) -> Result<Punt, DriverError> {
    let mut driver = Driver::open(Model::new(CARD))?;
    driver.open_rings(RingLayout::default())?;
    driver.seed(REPLAY_SEED)?;
    let (_, compiled) = compiled();
    for step in &compiled.plan.steps {
        driver.write_row(step.spec(), step.address as usize, &step.words)?;
    }
    driver.enable(true)?;
    driver.card().send(VF0, &frame(v6))?;
    let punt = driver.punt()?;
    let punt = punt.unwrap_or_else(|| panic!("the first packet of a flow is not punted"));
    assert_eq!(punt.shim.reason, PuntReason::FlowMiss);
    Ok(punt)
}

/// A SYN from red1 to blue1.
fn frame(v6: bool) -> Vec<u8> {
    let mut tcp = Bytes::default();
    tcp.u16(1024)
        .u16(8000)
        .u32(1000)
        .u32(0)
        .u16(0x5002)
        .u16(0xffff)
        .u32(0);
    let tcp = tcp.done();
    let network = |number: u128| 0x2001_0db8 << 96 | number << 80 | 0x11;
    let (ethertype, packet) = match v6 {
        false => (
            0x0800,
            Ipv4 {
                options: 0,
                id: 1,
                fragment: 0x4000,
                ttl: 64,
                protocol: 6,
                src: 0x0a01_000b,
                dst: 0x0a02_000b,
            }
            .with(&tcp),
        ),
        true => (
            0x86dd,
            Ipv6 {
                label: 0,
                next: 6,
                hop_limit: 64,
                src: network(1),
                dst: network(2),
            }
            .with(&tcp),
        ),
    };
    let mut frame = Bytes::default();
    frame
        .mac(0x0000_5e00_0100)
        .mac(0x0200_0000_0101)
        .u16(ethertype)
        .put(&packet);
    frame.done()
}

/// The same packet in other connections: the ports count up.
fn punts(first: &Punt, numbers: std::ops::Range<u32>) -> Vec<Punt> {
    /// Source ports in use.
    const PORTS: u32 = 60_000;
    let at = first.frame.len() - 20;
    let punt = |number: u32| {
        let mut punt = first.clone();
        let ports = [1024 + number % PORTS, 8000 + number / PORTS];
        for (place, port) in ports.into_iter().enumerate() {
            let at = at + 2 * place;
            punt.frame[at..at + 2].copy_from_slice(&(port as u16).to_be_bytes());
        }
        punt
    };
    numbers.map(punt).collect()
}
