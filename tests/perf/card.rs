//! Chapter: the whole card, `underpass_card`, with its rings in host memory.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;
use std::time::Duration;

use crate::stopwatch::{best, Lap};
use crate::{grouped, tools};
use underpass_bench::AxiTiming;
use underpass_host_driver::access::{Model, PortAccess};
use underpass_host_driver::network_file;
use underpass_host_driver::session::Session;
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::port::{HOST0, SIM_PORTS, WIRE0};
use underpass_layout::profile::SIM;
use underpass_layout::registers::rings::{
    BASE_HIGH, BASE_LOW, CONTROL, ENABLE, PRODUCER, SIZE, STATUS_HIGH, STATUS_LOW, STRIDE,
};
use underpass_layout::registers::{self, CONTROL_ENABLE};
use underpass_layout::rings::{ring, CommandKind, RingCommand, COMMAND_BEATS};
use underpass_layout::shim::{InjectCommand, InjectShim};
use underpass_layout::tables::{MplsEntry, PortEntry, Table, TableSpec, VifEntry, VifKind};
use underpass_layout::PuntReason;
use underpass_sim_card::engine::{Engine, HostMemory, RtlEngine, SharedMemory, Unmapped};
use underpass_table_compiler::objects::PUNT_WINDOW;

/// Clocks of one measurement of speed.
const CLOCKS: u64 = 50_000;
/// What the design wants of the whole card, clocks a second.
const GOAL: f64 = 150_000.0;
/// What the design wants of a table write, clocks.
const WRITE_GOAL: f64 = 4.0;
/// Where the card sees the memory.
const BASE: u64 = 1 << 32;
/// Bytes of each ring here: 4,096 beats.
const RING_BYTES: u64 = 1 << 18;
/// Its size as the register has it.
const SIZE_LOG2: u32 = 12;
/// Where the status beats lie.
const STATUS: u64 = 3 * RING_BYTES;
/// Clocks in which anything here has ended.
const PATIENCE: u64 = 200_000;
/// Clocks from a read request to its first beat that stand for a real bus: 1 us at 250 MHz.
const FAR: u64 = 250;

/// What limits the speed.
const LIMITS: &str = "
What limits it: the same as the core's (see the chapter on simulation), for the card is the core with about a tenth more
around it; the memory of the host, a few system calls away behind a socket and an array here, takes little.
";

/// The host's memory, an array.
struct Ram(Vec<u8>);

impl Ram {
    fn at(&mut self, address: u64, bytes: usize) -> Result<&mut [u8], Unmapped> {
        let start = address.checked_sub(BASE).map(|start| start as usize);
        let place = start.and_then(|start| Some(start..start.checked_add(bytes)?));
        let found = place.and_then(|place| self.0.get_mut(place));
        found.ok_or(Unmapped { address })
    }

    fn put(&mut self, at: u64, words: &[u32]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let at = at as usize;
        self.0[at..at + bytes.len()].copy_from_slice(&bytes);
    }

    fn index(&self, number: u32) -> u32 {
        let at = (STATUS + u64::from(number) * BEAT_BYTES as u64) as usize;
        u32::from_le_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }
}

impl HostMemory for Ram {
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), Unmapped> {
        let count = bytes.len();
        bytes.copy_from_slice(self.at(address, count)?);
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Unmapped> {
        self.at(address, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }
}

/// A card with its rings running, whose wire is cross-connected to its host.
struct Card {
    engine: RtlEngine,
    memory: Rc<RefCell<Ram>>,
}

impl Card {
    fn new(timing: AxiTiming) -> Card {
        let memory = Rc::new(RefCell::new(Ram(vec![0; STATUS as usize + 4096])));
        let shared: SharedMemory = memory.clone();
        let engine = RtlEngine::build(&SIM, shared, timing, &mut |_| ());
        let mut card = Card {
            engine: engine.unwrap_or_else(|error| panic!("{error}")),
            memory,
        };
        for number in 0..ring::COUNT as u32 {
            let base = BASE + u64::from(number) * RING_BYTES;
            let status = BASE + STATUS + u64::from(number) * BEAT_BYTES as u64;
            for (offset, value) in [
                (BASE_LOW, base as u32),
                (BASE_HIGH, (base >> 32) as u32),
                (SIZE, SIZE_LOG2),
                (STATUS_LOW, status as u32),
                (STATUS_HIGH, (status >> 32) as u32),
                (CONTROL, ENABLE),
            ] {
                card.write(offset + STRIDE * number, value);
            }
        }
        let fabric = VifEntry {
            valid: true,
            kind: VifKind::Fabric,
            cross_connect: true,
            cross_vif: 2,
            cross_port: HOST0,
            ..VifEntry::default()
        };
        let wire = PortEntry {
            valid: true,
            vif: 1,
        };
        card.row(&VifEntry::TABLE, 1, &fabric.pack());
        card.row(&PortEntry::TABLE, WIRE0.into(), &wire.pack());
        card.write(registers::CONTROL, CONTROL_ENABLE);
        card
    }

    fn write(&mut self, offset: u32, value: u32) {
        let written = self.engine.write(offset, value);
        written.unwrap_or_else(|error| panic!("{error}"));
    }

    fn row(&mut self, table: &TableSpec, row: u32, words: &[u32]) {
        for (at, word) in words.iter().enumerate() {
            self.write(registers::TABLE_DATA + 4 * at as u32, *word);
        }
        let address = table.id << registers::ADDRESS_ROW_BITS | row;
        self.write(registers::TABLE_ADDRESS, address);
        self.write(registers::TABLE_COMMAND, registers::COMMAND_WRITE);
        self.tick(200);
    }

    fn tick(&mut self, clocks: u64) {
        let ticked = self.engine.tick(clocks);
        ticked.unwrap_or_else(|error| panic!("{error}"));
    }

    fn send(&mut self, frame: &[u8]) {
        let sent = self.engine.send(WIRE0, frame);
        sent.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Puts `count` row writes into the command ring from beat `from` on.
    fn queue(&mut self, from: u32, count: u32) {
        let header = RingCommand {
            kind: CommandKind::WriteRow.code() as u8,
            table: MplsEntry::TABLE.id as u8,
            row: 9,
            ..RingCommand::default()
        };
        let mut memory = self.memory.borrow_mut();
        for command in 0..count {
            let beat = (from + COMMAND_BEATS * command) % (1 << SIZE_LOG2);
            let at = u64::from(beat) * BEAT_BYTES as u64;
            memory.put(at, &header.pack());
            memory.put(at + BEAT_BYTES as u64, &[command; 16]);
        }
    }

    /// Clocks until `done`.
    fn until(&mut self, mut done: impl FnMut(&mut Card) -> bool) -> u64 {
        for clocks in 0..PATIENCE {
            if done(self) {
                return clocks;
            }
            self.tick(1);
        }
        panic!("not done after {PATIENCE} clocks");
    }

    /// Clocks from the doorbell to the status for so many commands.
    fn commands(&mut self, from: u32, count: u32) -> u64 {
        self.queue(from, count);
        let end = from.wrapping_add(COMMAND_BEATS * count);
        self.write(PRODUCER, end);
        self.until(|card| card.memory.borrow().index(ring::COMMAND) == end)
    }

    /// Clocks from the first beat in to the last frame out for `count` frames back to back, while `writes` row writes wait.
    fn stream(&mut self, count: usize, from: u32, writes: u32) -> u64 {
        let frame = [0x5a; 64];
        (0..count).for_each(|_| self.send(&frame));
        if writes != 0 {
            self.queue(from, writes);
            self.write(PRODUCER, from.wrapping_add(COMMAND_BEATS * writes));
        } else {
            // A doorbell that says nothing new, so that both streams meet one register access.
            self.write(PRODUCER, from);
        }
        let mut left = 0;
        self.until(|card| {
            while card.engine.receive().is_some() {
                left += 1;
            }
            left == count
        })
    }
}

/// The chapter.
pub fn chapter() -> String {
    let mut text = format!(
        "\
## The whole card

`underpass_card`: the core, its registers, and the rings in host memory. In clocks, exact; memory that answers after one
clock, and, where it says so, {FAR} clocks to the first beat (1 us at an assumed 250 MHz, not placed).

| what | clocks | goal |
|---|---:|---:|
"
    );
    let mut row = |what: &str, clocks: String, goal: &str| {
        let _ = writeln!(text, "| {what} | {clocks} | {goal} |");
    };
    let mut card = Card::new(AxiTiming::default());
    let (few, many) = (card.commands(0, 500), card.commands(1000, 1500));
    let each = |few: u64, many: u64| (many - few) as f64 / 1000.0;
    let goal = format!("{WRITE_GOAL}");
    row(
        "a 64-byte table write through the command ring, of 1,000 more",
        format!("{:.2}", each(few, many)),
        &goal,
    );
    let mut far = Card::new(AxiTiming {
        read_latency: FAR,
        ..AxiTiming::default()
    });
    let (few, many) = (far.commands(0, 500), far.commands(1000, 1500));
    row(
        &format!("the same, memory {FAR} clocks away"),
        format!("{:.2}", each(few, many)),
        "-",
    );
    let one = card.commands(4000, 1);
    row("one table write, doorbell to status", one.to_string(), "-");

    let (alone, written) = (card.stream(1000, 4002, 0), card.stream(1000, 4002, 1000));
    row(
        "1,000 frames of 64 bytes, to the last one out",
        alone.to_string(),
        "-",
    );
    row(
        "the same while 1,000 rows are written",
        written.to_string(),
        &alone.to_string(),
    );

    let (punt, inject) = punt_and_inject(&mut card);
    row(
        "punt: ARP on the wire, first beat to status in memory",
        punt.to_string(),
        "-",
    );
    row("inject: doorbell to the frame out", inject.to_string(), "-");
    row(
        "punt to inject, without the host",
        (punt + inject).to_string(),
        "-",
    );
    let host = host_part();
    let _ = write!(
        text,
        "
The host's part of that round trip, `sim:model` under the same driver and slow path: an ARP request in, punt ring, slow
path, inject ring, the answer out: {:.1} us of one core, model included.

Simulated, one thread, release build, bus checks attached; best of three, by the time that the thread was running, and
on the wall. The goal is {} clocks a second. {}.

| traffic | clocks/s | on the wall | goal |
|---|---:|---:|---|
",
        host.busy_s * 1e6,
        grouped(GOAL),
        tools()
    );
    let idle = best(|| {
        card.tick(CLOCKS);
        CLOCKS
    });
    speed(&mut text, "idle", idle);
    for bytes in [64, 1500] {
        let frame = vec![0x5a; bytes];
        let lap = best(|| {
            for _ in 0..CLOCKS / 16 {
                while card.engine.waiting() < 20 {
                    card.send(&frame);
                }
                card.tick(16);
                while card.engine.receive().is_some() {}
            }
            CLOCKS
        });
        speed(
            &mut text,
            &format!("wire to host, {bytes} B back to back"),
            lap,
        );
    }
    text.push_str(LIMITS);
    text
}

/// Clocks of the card's two parts of a round trip.
fn punt_and_inject(card: &mut Card) -> (u64, u64) {
    let mut arp = [0; 60];
    arp[..6].fill(0xff);
    arp[12..14].copy_from_slice(&[0x08, 0x06]);
    let before = card.memory.borrow().index(ring::PUNT);
    card.send(&arp);
    let punt = card.until(|card| card.memory.borrow().index(ring::PUNT) != before);

    let shim = InjectShim {
        command: InjectCommand::Transmit,
        vif: 1,
        port: WIRE0,
        length: (BEAT_BYTES + arp.len()) as u16,
        ..InjectShim::default()
    };
    let at = u64::from(ring::INJECT) * RING_BYTES;
    card.memory.borrow_mut().put(at, &shim.pack());
    card.memory
        .borrow_mut()
        .put(at + BEAT_BYTES as u64, &[0; 16]);
    card.write(PRODUCER + STRIDE * ring::INJECT, 2);
    let inject = card.until(|card| card.engine.receive().is_some());
    (punt, inject)
}

/// What the host spends on a punted frame and its answer.
fn host_part() -> Lap {
    const ROUNDS: u64 = 2000;
    let network = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/two-computes/compute-1.yaml");
    let network = network_file::read(&network, SIM_PORTS).unwrap_or_else(|error| panic!("{error}"));
    let quota = u64::from(network.node.punt_limit);
    let card: Box<dyn underpass_host_driver::access::Card> = Box::new(Model::new(&SIM));
    debug_assert!(!card.ports().is_empty());
    let mut session = Session::start(card, network, 1).unwrap_or_else(|error| panic!("{error}"));
    // The underlay asks for the tunnel's address, which the card does not answer for by itself: RFC 826.
    let mut request = vec![0xff; 6];
    request.extend([2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    request.extend([2, 0, 0, 0, 0, 9, 192, 168, 100, 4]);
    request.extend([0, 0, 0, 0, 0, 0, 192, 168, 100, 3]);
    request.resize(60, 0);
    let mut now = Duration::ZERO;
    best(|| {
        for round in 0..ROUNDS {
            if round % quota == 0 {
                now += PUNT_WINDOW;
                let advanced = session.advance(now);
                advanced.unwrap_or_else(|error| panic!("{error}"));
            }
            let outcome = session.send(WIRE0, &request);
            let outcome = outcome.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(outcome.punts, [PuntReason::Arp]);
            assert_eq!(outcome.departures.len(), 1, "{outcome:?}");
        }
        ROUNDS
    })
}

fn speed(text: &mut String, traffic: &str, lap: Lap) {
    let rate = 1.0 / lap.busy_s;
    let reached = if rate >= GOAL { "reached" } else { "missed" };
    let (rate, wall) = (grouped(rate), grouped(1.0 / lap.wall_s));
    let _ = writeln!(text, "| {traffic} | {rate} | {wall} | {reached} |");
}
