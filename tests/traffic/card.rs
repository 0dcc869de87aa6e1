//! The whole card under Verilator with host memory, a clock at a time: commands in by one ring, punts out by another.
//!
//! ```text
//!   s ─▶ ┌────────────────┐ ─▶ m
//!   axil │ underpass_card │ ◀─ m_axi ─▶ memory: | command ring | punt ring | a status each |
//!        └────────────────┘
//!   put ─▶ ring memory        ring ─▶ doorbell        done ◀─ status        punted ◀─ punt ring
//! ```
//! Nothing here waits: who clocks the card decides what happens beside an access.

use underpass_bench::{
    clock, AxiRam, AxiSlave, AxiTiming, AxilDriver, AxilOp, AxisDriver, AxisMonitor, Channel, Dut,
    Stalls, AXI_BEAT,
};
use underpass_hdl::shells::Shell;
use underpass_layout::profile::SIM;
use underpass_layout::registers::rings::{
    BASE_HIGH, BASE_LOW, CONSUMER, CONTROL, ENABLE, PRODUCER, SIZE, STATUS_HIGH, STATUS_LOW, STRIDE,
};
use underpass_layout::rings::{ring, CommandKind, RingCommand, RingStatus, COMMAND_BEATS};
use underpass_layout::shim::PuntShim;
use underpass_layout::Record;
use underpass_table_compiler::reseed::Command;
use underpass_verilator::{Instance, Library, PortId};

use crate::rtl;

/// Beats of each ring, as the power of two that the register takes.
const RING_SIZE: u32 = 11;
/// Commands that the ring holds.
pub const COMMANDS: u32 = (1 << RING_SIZE) / COMMAND_BEATS;
/// Where the first ring lies.
const BASE: u64 = 0x1_0000_0000;
/// From one ring to the next, bytes; the status is at the end of that.
const APART: u64 = 0x10_0000;
/// Clocks of host memory: a read, a write.
const LATENCIES: [u64; 2] = [40, 30];

/// A beat of host memory.
type Beat = [u8; AXI_BEAT];

/// A frame that the slow path was given.
#[derive(Clone, Debug)]
pub struct Punted {
    /// What stands in front of it.
    pub shim: PuntShim,
    /// The frame as it came.
    pub frame: Vec<u8>,
}

/// A card that has been reset.
pub struct Card {
    dut: Instance,
    /// Packets in.
    pub s: AxisDriver<PortId>,
    /// Packets out.
    pub m: AxisMonitor<PortId>,
    /// Registers.
    pub axil: AxilDriver<PortId>,
    host: AxiSlave<PortId, AxiRam>,
    /// Commands put into ring memory since the ring was enabled.
    put: u32,
    /// Of these, those that the doorbell has told of.
    rung: u32,
    /// Beats taken out of the punt ring.
    taken: u32,
}

/// The Verilog of the card as a model.
pub fn library() -> Library {
    rtl::build(&rtl::source(&SIM, Shell::Card), None)
}

impl Card {
    /// A card after reset, whose neighbours never stall.
    pub fn new(library: &Library) -> Card {
        let mut dut = library.instance().unwrap_or_else(|error| panic!("{error}"));
        let said = |error| -> ! { panic!("{error}") };
        let [read_latency, write_latency] = LATENCIES;
        let timing = AxiTiming {
            read_latency,
            write_latency,
            stalls: Stalls::None,
        };
        let mut memory = AxiRam::new();
        for number in [ring::COMMAND, ring::PUNT] {
            let bytes = (AXI_BEAT as u64) << RING_SIZE;
            memory.allow(base(number)..base(number) + bytes);
            memory.allow(status(number)..status(number) + AXI_BEAT as u64);
        }
        let mut card = Card {
            s: AxisDriver::new(&dut, "s_axis", Stalls::None).unwrap_or_else(|e| said(e)),
            m: AxisMonitor::new(&dut, "m_axis", Stalls::None).unwrap_or_else(|e| said(e)),
            axil: AxilDriver::new(&dut, "s_axil", Stalls::None).unwrap_or_else(|e| said(e)),
            host: AxiSlave::new(&dut, "m_axi", memory, timing).unwrap_or_else(|e| said(e)),
            put: 0,
            rung: 0,
            taken: 0,
            dut: {
                let rst = dut.port("rst").unwrap_or_else(|e| said(e));
                Dut::set_u64(&mut dut, rst, 1);
                dut
            },
        };
        Channel::reset(&mut card.s, &mut card.dut);
        Channel::reset(&mut card.m, &mut card.dut);
        Channel::reset(&mut card.axil, &mut card.dut);
        Channel::reset(&mut card.host, &mut card.dut);
        card.dut.tick_many(4);
        let rst = card.dut.port("rst").unwrap_or_else(|e| said(e));
        Dut::set_u64(&mut card.dut, rst, 0);
        for number in [ring::COMMAND, ring::PUNT] {
            card.enable(number);
        }
        card
    }

    fn enable(&mut self, number: u32) {
        for (register, value) in [
            (BASE_LOW, base(number) as u32),
            (BASE_HIGH, (base(number) >> 32) as u32),
            (SIZE, RING_SIZE),
            (STATUS_LOW, status(number) as u32),
            (STATUS_HIGH, (status(number) >> 32) as u32),
            (CONTROL, ENABLE),
        ] {
            self.write(register + STRIDE * number, value);
        }
    }

    /// Clocks since the start.
    pub fn now(&self) -> u64 {
        self.dut.cycles()
    }

    /// One clock.
    pub fn clock(&mut self) {
        let channels: &mut [&mut dyn Channel<Instance>] =
            &mut [&mut self.s, &mut self.m, &mut self.axil, &mut self.host];
        clock(&mut self.dut, channels).unwrap_or_else(|violation| panic!("{violation}"));
    }

    /// Queues the write of a register.
    pub fn write(&mut self, addr: u32, data: u32) -> u64 {
        let strobe = 15;
        self.axil.push(AxilOp::Write { addr, data, strobe })
    }

    /// Commands in ring memory so far; the number of the last one.
    pub fn put(&self) -> u32 {
        self.put
    }

    /// The number of the last command that the doorbell has told of.
    pub fn rung(&self) -> u32 {
        self.rung
    }

    /// The number of the last command that the card says is carried out.
    pub fn done(&self) -> u32 {
        self.status(ring::COMMAND).index / COMMAND_BEATS
    }

    /// Commands for which there is room.
    pub fn room(&self) -> u32 {
        COMMANDS - (self.put - self.done())
    }

    /// Puts a command where the card will find it, and says its number: the first one is 1.
    ///
    /// # Panics
    /// If there is no room, or the command is none for the ring.
    pub fn put_command(&mut self, command: &Command) -> u32 {
        assert!(self.room() > 0, "the command ring is full");
        let (kind, table, row, words): (_, _, _, &[u32]) = match command {
            Command::WriteRow(step) => {
                (CommandKind::WriteRow, step.table, step.address, &step.words)
            }
            Command::WriteSplit {
                table,
                group,
                split,
            } => (
                CommandKind::WriteSplit,
                *table,
                *group as u32,
                &split.pack(),
            ),
            Command::FillColumn { .. } => panic!("{command} goes by registers"),
        };
        let header = RingCommand {
            kind: kind.code() as u8,
            table: table as u8,
            row,
            ..RingCommand::default()
        };
        let at = COMMAND_BEATS * self.put;
        let memory = self.host.memory_mut();
        memory.put(beat_at(ring::COMMAND, at), beat(&header.pack()));
        memory.put(beat_at(ring::COMMAND, at + 1), beat(words));
        self.put += 1;
        self.put
    }

    /// Queues the doorbell for all commands up to this number.
    pub fn ring(&mut self, number: u32) {
        assert!(self.rung <= number && number <= self.put);
        if self.rung != number {
            self.rung = number;
            self.write(PRODUCER + STRIDE * ring::COMMAND, COMMAND_BEATS * self.rung);
        }
    }

    /// The next frame in the punt ring.
    pub fn punted(&mut self) -> Option<Punted> {
        if self.status(ring::PUNT).index == self.taken {
            return None;
        }
        let shim: PuntShim = record(&self.next_beat());
        let length = usize::from(shim.length);
        let mut frame = Vec::new();
        while frame.len() < length {
            frame.extend(self.next_beat());
        }
        frame.truncate(length);
        Some(Punted { shim, frame })
    }

    /// Queues word to the card of what has been taken out of the punt ring.
    pub fn tell_punts(&mut self) {
        self.write(CONSUMER + STRIDE * ring::PUNT, self.taken);
    }

    /// Beats taken out of the punt ring so far.
    pub fn punt_beats(&self) -> u32 {
        self.taken
    }

    fn next_beat(&mut self) -> Beat {
        let beat = self.host.memory().beat(beat_at(ring::PUNT, self.taken));
        self.taken += 1;
        beat
    }

    fn status(&self, number: u32) -> RingStatus {
        record(&self.host.memory().beat(status(number)))
    }
}

fn base(number: u32) -> u64 {
    BASE + APART * u64::from(number)
}

fn status(number: u32) -> u64 {
    base(number) + APART - AXI_BEAT as u64
}

fn beat_at(number: u32, count: u32) -> u64 {
    base(number) + AXI_BEAT as u64 * u64::from(count % (1 << RING_SIZE))
}

fn beat(words: &[u32]) -> Beat {
    let mut beat = [0; AXI_BEAT];
    for (bytes, word) in beat.chunks_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    beat
}

fn record<R: Record>(beat: &Beat) -> R {
    let word = |four: &[u8]| u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
    let words: Vec<u32> = beat.chunks(4).map(word).collect();
    R::unpack(&words).unwrap_or_else(|error| panic!("{}: {error}", R::NAME))
}
