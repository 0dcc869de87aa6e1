//! Flow pairs on their own, against plain Rust written from what a row means.
//!
//! ```text
//!   packet ─▶ ┌───────┐ ─▶ oldest event, taken at once or when the test wants it
//!   orders ─▶ │ pairs │ ─▶ swept
//!   host ───▶ └───────┘ ─▶ returned
//! ```

mod age;
mod events;
mod reference;
mod tcp;

use super::{pairs, PairOrders};
use crate::card::host_bus::HostBus;
use crate::hardware::Meta;
use crate::stream::frames::Noise;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{id, AgeEntry, TcpEntry, TcpSide, TABLES};
use underpass_layout::Record;
use underpass_wires::{build, input, output, Blocks, BundleExt, Ports, Sim, U};

/// TCP flags as they stand in the header.
const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

/// A packet that met a flow.
#[derive(Clone, Copy, Debug)]
struct Packet {
    flow_id: u32,
    generation: u8,
    flags: u8,
    seq: u32,
    ack: u32,
    /// Of the flow, of the packet itself.
    protocols: (u8, u8),
    ports: (u16, u16),
    /// It is an ICMP error.
    error: bool,
}

impl Packet {
    /// A TCP packet of the flow that began (`direction` 0) or of its answers (1).
    fn tcp(pair: u32, direction: u32, flags: u8, seq: u32, ack: u32) -> Self {
        Packet {
            flow_id: pair << 1 | direction,
            generation: 1,
            flags,
            seq,
            ack,
            protocols: (6, 6),
            ports: (1136, 500),
            error: false,
        }
    }
}

/// What the host is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Told {
    dead: bool,
    generation: u8,
    pair: u32,
}

/// One of some things.
fn one_of<T: Copy>(noise: &mut Noise, items: &[T]) -> T {
    items[noise.below(items.len())]
}

struct Bench {
    sim: Sim,
    /// What was told, where it was taken.
    told: Vec<Told>,
    /// The clocks in which a round was complete.
    swept: Vec<u64>,
    clock: u64,
    take: bool,
}

impl Bench {
    /// Takes every event at once; no limit yet.
    fn new() -> Self {
        let design = build("pairs", Ports::Fields, Blocks::Inline, || {
            let orders = input::<PairOrders>("orders");
            let bus = input::<HostBus>("bus");
            let (reports, chain) = pairs(&SIM, input("valid"), input::<Meta>("meta"), orders, bus);
            output("reports", reports);
            output("returned", chain.end());
        });
        let mut bench = Bench {
            sim: Sim::new(&design),
            told: vec![],
            swept: vec![],
            clock: 0,
            take: true,
        };
        bench.sim.set_int("orders_take", 1);
        bench
    }

    /// Whether events are taken as soon as they are there.
    fn takes(&mut self, take: bool) {
        self.take = take;
        self.sim.set_int("orders_take", take.into());
    }

    fn time(&mut self, now: u16, limit: u16) {
        self.sim.set_int("orders_now", now.into());
        self.sim.set_int("orders_limit", limit.into());
    }

    /// The packet of this clock, or one that met no flow.
    fn packet(&mut self, packet: Option<Packet>) {
        let sim = &mut self.sim;
        sim.set_int("valid", 1);
        sim.set_int("meta_flow_hit", packet.is_some().into());
        let Some(packet) = packet else { return };
        sim.set_int("meta_flow_flow_id", packet.flow_id.into());
        sim.set_int("meta_flow_generation", packet.generation.into());
        sim.set_int("meta_key_protocol", packet.protocols.0.into());
        sim.set_int("meta_key_src_port", packet.ports.0.into());
        sim.set_int("meta_key_dst_port", packet.ports.1.into());
        sim.set_int("meta_inner_protocol", packet.protocols.1.into());
        sim.set_int("meta_inner_tcp_flags", packet.flags.into());
        sim.set_int("meta_inner_tcp_seq", packet.seq.into());
        sim.set_int("meta_inner_tcp_ack", packet.ack.into());
        sim.set_int("meta_quoted_error", packet.error.into());
    }

    fn step(&mut self) {
        if self.take && self.sim.get_int("reports_event_valid") == 1 {
            let told = self.oldest();
            self.told.extend(told);
        }
        if self.sim.get_int("reports_swept") == 1 {
            self.swept.push(self.clock);
        }
        self.sim.step();
        self.clock += 1;
    }

    fn rest(&mut self, clocks: usize) {
        self.packet(None);
        (0..clocks).for_each(|_| self.step());
    }

    /// One packet, and nothing for as long as it is under way.
    fn send(&mut self, packet: Packet) {
        self.packet(Some(packet));
        self.step();
        self.rest(6);
    }

    fn oldest(&mut self) -> Option<Told> {
        let mut event = |name: &str| self.sim.get_int(&format!("reports_event_{name}"));
        (event("valid") == 1).then(|| Told {
            dead: event("dead") == 1,
            generation: event("generation") as u8,
            pair: event("pair") as u32,
        })
    }

    /// Takes the oldest event, if there is one, as the host does: an order, and a few clocks.
    fn take(&mut self) -> Option<Told> {
        let told = self.oldest()?;
        self.sim.set_int("orders_take", 1);
        self.step();
        self.sim.set_int("orders_take", 0);
        self.rest(2);
        Some(told)
    }

    /// Puts a read of the host on the bus in this clock, or none.
    fn asks(&mut self, row: Option<(u32, u32)>) {
        self.sim.set_int("bus_request", row.is_some().into());
        if let Some((table, row)) = row {
            self.sim.set_int("bus_table", table.into());
            self.sim.set_int("bus_row", row.into());
        }
    }

    /// What comes back to the host in this clock: done, retry, the row.
    fn returned(&mut self) -> Option<(bool, bool, Vec<u32>)> {
        let mut bus = |name: &str| self.sim.get_int(&format!("returned_{name}"));
        if bus("request") == 0 {
            return None;
        }
        let (done, retry) = (bus("done") == 1, bus("retry") == 1);
        let words = self.sim.get("returned_data");
        let halves = words
            .iter()
            .flat_map(|word| [*word as u32, (word >> 32) as u32]);
        Some((done, retry, halves.collect()))
    }

    /// A read of the host while no packet comes.
    fn read<T: Record>(&mut self, table: u32, row: u32) -> T {
        self.asks(Some((table, row)));
        self.rest(1);
        self.asks(None);
        for _ in 0..10 {
            if let Some((done, retry, row)) = self.returned() {
                assert!(done && !retry, "{}", TABLES[table as usize].name);
                return T::unpack(&row).expect("a row of numbers");
            }
            self.rest(1);
        }
        panic!("the read never came back");
    }

    fn tcp(&mut self, pair: u32) -> TcpEntry {
        self.read(id::TCP, pair)
    }

    fn age(&mut self, pair: u32) -> AgeEntry {
        self.read(id::AGE, pair)
    }
}
