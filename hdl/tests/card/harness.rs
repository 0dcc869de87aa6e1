//! The whole card under Verilator, with host memory, and what a driver does to it.
//!
//! ```text
//!   send ─▶ s ─▶ ┌────────────────┐ ─▶ m ─▶ left
//!   registers ─▶ │ underpass_card │ ◀─▶ m_axi ◀─▶ host memory: three rings, three statuses
//!                └────────────────┘ ─▶ irq ─▶ interrupts
//! ```

use std::sync::OnceLock;
use underpass_bench::{
    clock, Activity, AxiFault, AxiMemory, AxiRam, AxiSlave, AxiTiming, AxilDriver, AxilOp,
    AxisDriver, AxisMonitor, Channel, Dut, Frame, Received, Stalls,
};
use underpass_hdl::shells::{emit, Shell};
use underpass_layout::profile::SIM;
use underpass_layout::registers::rings::{
    BASE_HIGH, BASE_LOW, CONSUMER, CONTROL, DROPPED, ENABLE, MODERATION, PRODUCER, REFUSED, SIZE,
    STATUS_HIGH, STATUS_LOW, STRIDE,
};
use underpass_layout::rings::{ring, CommandKind, RingCommand, RingStatus};
use underpass_layout::shim::{InjectCommand, InjectShim};
use underpass_layout::tables::{id, VifEntry};
use underpass_layout::{registers, words_for, Record};
use underpass_verilator::{build, Instance, Library, Port, PortId, Source};

/// Clocks within which anything must have happened.
const PATIENCE: u64 = 200_000;
/// A beat of host memory.
pub type Beat = [u8; 64];

/// The card's Verilog.
pub fn source() -> Source {
    let rtl = emit(&SIM, Shell::Card).unwrap_or_else(|error| panic!("{error}"));
    let ports = rtl.ports.into_iter().map(|port| match port.input {
        true => Port::input(port.name, port.width),
        false => Port::output(port.name, port.width),
    });
    Source::new(rtl.top, rtl.verilog, ports.collect())
}

fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| build(&source(), None).unwrap_or_else(|error| panic!("{error}")))
}

/// A record as the bytes of its beat.
pub fn beat<R: Record>(record: &R) -> Beat {
    let mut words = [0u32; 16];
    record.pack_into(&mut words);
    let mut beat = [0; 64];
    for (bytes, word) in beat.chunks_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    beat
}

/// The record in a beat.
pub fn record<R: Record>(beat: &Beat) -> R {
    let words: Vec<u32> = beat
        .chunks(4)
        .map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
        .collect();
    R::unpack(&words).unwrap_or_else(|error| panic!("{}: {error}", R::NAME))
}

/// Host memory of a test.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// What it holds, and where it answers.
    pub ram: AxiRam,
    /// Where the host has put nothing it reads like this, by address.
    pub wild: Option<fn(u64) -> Beat>,
}

impl AxiMemory for Memory {
    fn read(&mut self, addr: u64, beat: &mut Beat) -> Result<(), AxiFault> {
        self.ram.read(addr, beat)?;
        if let Some(wild) = self.wild.filter(|_| *beat == [0; 64]) {
            *beat = wild(addr);
        }
        Ok(())
    }

    fn write(&mut self, addr: u64, beat: &Beat, strobe: u64) -> Result<(), AxiFault> {
        self.ram.write(addr, beat, strobe)
    }
}

/// Numbers that look random and are the same in every run.
pub struct Noise(pub u64);

impl Noise {
    /// The next one, below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    /// That many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.below(256) as u8).collect()
    }
}

/// Where a ring lies, and how large it is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// First byte.
    pub base: u64,
    /// The power of two of its beats.
    pub size: u32,
    /// Where its status goes.
    pub status: u64,
}

impl Place {
    /// One of the places that tests use: far apart, with both halves of the addresses in use.
    pub fn of(number: u32, size: u32) -> Place {
        Place {
            base: 0x0012_0000_0000 * (u64::from(number) + 1) + 0xffff_f000,
            size,
            status: 0xfedc_0000_0000_0040 + 0x1000 * u64::from(number),
        }
    }

    /// Its beats.
    pub fn beats(self) -> u32 {
        1 << self.size
    }

    /// The address of a beat by its count.
    pub fn at(self, count: u32) -> u64 {
        self.base + 64 * u64::from(count % self.beats())
    }
}

/// An interrupt: which, and the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupt {
    /// The vector.
    pub vector: u32,
    /// When.
    pub at: u64,
}

/// A card that runs.
pub struct Card {
    dut: Instance,
    /// Streams in.
    pub s: AxisDriver<PortId>,
    /// Streams out.
    pub m: AxisMonitor<PortId>,
    axil: AxilDriver<PortId>,
    /// Host memory.
    pub host: AxiSlave<PortId, Memory>,
    irq: PortId,
    /// Interrupts so far.
    pub interrupts: Vec<Interrupt>,
    /// Frames that left and were not looked at.
    pub left: Vec<Received>,
    /// What the last clock saw.
    pub activity: Activity,
}

/// What is held up, and how slow host memory is.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Of packets in.
    pub stalls_in: Stalls,
    /// Of packets out.
    pub stalls_out: Stalls,
    /// Of host memory.
    pub memory: AxiTiming,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            stalls_in: Stalls::None,
            stalls_out: Stalls::None,
            memory: AxiTiming {
                read_latency: 40,
                write_latency: 30,
                stalls: Stalls::None,
            },
        }
    }
}

impl Pace {
    /// Everything stalls at random.
    pub fn rough(seed: u64) -> Pace {
        let stalls = |n: u64, percent| Stalls::Random {
            seed: seed.wrapping_mul(0x9e37_79b9) + n,
            percent,
        };
        Pace {
            stalls_in: stalls(1, 30),
            stalls_out: stalls(2, 30),
            memory: AxiTiming {
                read_latency: 1 + seed % 90,
                write_latency: 1 + seed % 70,
                stalls: stalls(3, (seed % 60) as u8),
            },
        }
    }
}

impl Card {
    /// A card that has been reset and takes packets.
    pub fn new(pace: Pace) -> Card {
        let dut = library()
            .instance()
            .unwrap_or_else(|error| panic!("{error}"));
        let said = |error| -> ! { panic!("{error}") };
        let mut card = Card {
            s: AxisDriver::new(&dut, "s_axis", pace.stalls_in).unwrap_or_else(|e| said(e)),
            m: AxisMonitor::new(&dut, "m_axis", pace.stalls_out).unwrap_or_else(|e| said(e)),
            axil: AxilDriver::new(&dut, "s_axil", Stalls::None).unwrap_or_else(|e| said(e)),
            host: AxiSlave::new(&dut, "m_axi", Memory::default(), pace.memory)
                .unwrap_or_else(|e| said(e)),
            irq: dut.port("irq").unwrap_or_else(|e| said(e)),
            dut,
            interrupts: vec![],
            left: vec![],
            activity: Activity::Idle,
        };
        let rst = card.dut.port("rst").unwrap_or_else(|e| said(e));
        Channel::reset(&mut card.s, &mut card.dut);
        Channel::reset(&mut card.m, &mut card.dut);
        Channel::reset(&mut card.axil, &mut card.dut);
        Channel::reset(&mut card.host, &mut card.dut);
        Dut::set_u64(&mut card.dut, rst, 1);
        card.dut.tick_many(4);
        Dut::set_u64(&mut card.dut, rst, 0);
        // The interface that injected frames name.
        let vif = VifEntry {
            valid: true,
            ..VifEntry::default()
        };
        card.write_entry(id::VIF, 0, &vif);
        card.write(registers::CONTROL, registers::CONTROL_ENABLE);
        card
    }

    /// Clocks since the start.
    pub fn now(&self) -> u64 {
        self.dut.cycles()
    }

    /// What host memory holds, and where it answers.
    pub fn ram(&mut self) -> &mut AxiRam {
        &mut self.host.memory_mut().ram
    }

    /// One clock.
    pub fn clock(&mut self) {
        let channels: &mut [&mut dyn Channel<Instance>] =
            &mut [&mut self.s, &mut self.m, &mut self.axil, &mut self.host];
        self.activity =
            clock(&mut self.dut, channels).unwrap_or_else(|violation| panic!("{violation}"));
        let (irq, at) = (Dut::get_u64(&self.dut, self.irq), self.now());
        self.interrupts.extend(
            (0..8)
                .filter(|vector| irq >> vector & 1 == 1)
                .map(|vector| Interrupt { vector, at }),
        );
        while let Some(frame) = self.m.collect() {
            self.left.push(frame);
        }
    }

    /// Many of them.
    pub fn clocks(&mut self, count: u64) {
        (0..count).for_each(|_| self.clock());
    }

    /// Clocks until `done`, which must come.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&mut Card) -> bool) {
        let start = self.now();
        while !done(self) {
            self.clock();
            assert!(self.now() - start < PATIENCE, "never: {what}");
        }
    }

    /// Clocks until nothing has moved for a while, registers aside.
    pub fn settle(&mut self) {
        let mut still = 0;
        let start = self.now();
        while still < 400 {
            self.clock();
            still = match self.activity {
                Activity::Idle => still + 1,
                _ => 0,
            };
            assert!(self.now() - start < PATIENCE, "never still");
        }
    }

    fn access(&mut self, op: AxilOp) -> u32 {
        let id = self.axil.push(op);
        for _ in 0..PATIENCE {
            self.clock();
            if let Some(done) = self.axil.collect_id(id) {
                return done.data;
            }
        }
        panic!("no answer to the {op}")
    }

    /// Reads a register.
    pub fn read(&mut self, addr: u32) -> u32 {
        self.access(AxilOp::Read { addr })
    }

    /// Writes a register.
    pub fn write(&mut self, addr: u32, data: u32) {
        self.access(AxilOp::Write {
            addr,
            data,
            strobe: 15,
        });
    }

    /// Reads a register of a ring.
    pub fn ring_read(&mut self, number: u32, register: u32) -> u32 {
        self.read(register + STRIDE * number)
    }

    /// Writes a register of a ring.
    pub fn ring_write(&mut self, number: u32, register: u32, value: u32) {
        self.write(register + STRIDE * number, value);
    }

    /// Tells a ring where it lies.
    pub fn configure(&mut self, number: u32, place: Place) {
        for (register, value) in [
            (BASE_LOW, place.base as u32),
            (BASE_HIGH, (place.base >> 32) as u32),
            (SIZE, place.size),
            (STATUS_LOW, place.status as u32),
            (STATUS_HIGH, (place.status >> 32) as u32),
            (MODERATION, 1),
        ] {
            self.ring_write(number, register, value);
        }
    }

    /// Configures a ring, allows its memory, and enables it.
    pub fn enable(&mut self, number: u32, place: Place) {
        self.configure(number, place);
        let memory = self.ram();
        memory.allow(place.base..place.base + 64 * u64::from(place.beats()));
        memory.allow(place.status..place.status + 64);
        self.ring_write(number, CONTROL, ENABLE);
        assert_eq!(
            self.ring_read(number, CONTROL),
            ENABLE,
            "ring {number} runs"
        );
    }

    /// Producer, consumer, refused and dropped of a ring.
    pub fn counts(&mut self, number: u32) -> [u32; 4] {
        [PRODUCER, CONSUMER, REFUSED, DROPPED].map(|register| self.ring_read(number, register))
    }

    /// What a ring's status in host memory says.
    pub fn status(&self, place: Place) -> RingStatus {
        record(&self.host.memory().ram.beat(place.status))
    }

    /// Puts a beat into a ring.
    pub fn put(&mut self, place: Place, count: u32, beat: Beat) {
        self.ram().put(place.at(count), beat);
    }

    /// Puts a command into the ring, at a count of beats.
    pub fn put_command(&mut self, place: Place, count: u32, command: RingCommand, data: Beat) {
        self.put(place, count, beat(&command));
        self.put(place, count + 1, data);
    }

    /// Puts a frame into the inject ring at a count of beats; the count behind it.
    pub fn put_frame(&mut self, place: Place, mut count: u32, frame: &[u8]) -> u32 {
        for chunk in frame.chunks(64) {
            let mut beat = [0xee; 64];
            beat[..chunk.len()].copy_from_slice(chunk);
            self.put(place, count, beat);
            count = count.wrapping_add(1);
        }
        count
    }

    /// Takes a frame of so many bytes out of the punt ring at a count of beats.
    pub fn take_frame(&mut self, place: Place, count: u32, length: usize) -> Vec<u8> {
        let beats = length.div_ceil(64) as u32;
        let mut frame: Vec<u8> = (0..beats)
            .flat_map(|i| self.ram().beat(place.at(count.wrapping_add(i))))
            .collect();
        assert!(frame[length..].iter().all(|byte| *byte == 0), "not zero");
        frame.truncate(length);
        frame
    }

    /// Queues a frame.
    pub fn send(&mut self, bytes: Vec<u8>, port: u16) {
        self.s.push(Frame::new(bytes, port));
    }

    /// The interrupts of a vector.
    pub fn interrupts_of(&self, vector: u32) -> Vec<u64> {
        let of = self.interrupts.iter().filter(|one| one.vector == vector);
        of.map(|one| one.at).collect()
    }

    /// Writes an entry to a row by the registers.
    pub fn write_entry<R: Record>(&mut self, table: u32, row: u32, entry: &R) {
        let mut words = [0u32; registers::TABLE_DATA_WORDS];
        entry.pack_into(&mut words[..words_for(R::WIDTH)]);
        for (word, value) in words.into_iter().enumerate() {
            self.write(registers::TABLE_DATA + 4 * word as u32, value);
        }
        self.write_by_registers(table, row);
    }

    /// Writes what is in the data registers to a row, and waits for it.
    pub fn write_by_registers(&mut self, table: u32, row: u32) {
        self.write(
            registers::TABLE_ADDRESS,
            table << registers::ADDRESS_ROW_BITS | row,
        );
        self.write(registers::TABLE_COMMAND, registers::COMMAND_WRITE);
        self.until("the row is written", |card| {
            card.read(registers::TABLE_STATUS) & registers::STATUS_BUSY == 0
        });
        assert_eq!(self.read(registers::TABLE_STATUS), 0, "refused");
    }

    /// Reads a row by the registers; `None` where there is no such row.
    pub fn row(&mut self, table: u32, row: u32) -> Option<Beat> {
        self.write(
            registers::TABLE_ADDRESS,
            table << registers::ADDRESS_ROW_BITS | row,
        );
        self.write(registers::TABLE_COMMAND, registers::COMMAND_READ);
        let mut status = registers::STATUS_BUSY;
        while status & registers::STATUS_BUSY != 0 {
            status = self.read(registers::TABLE_STATUS);
        }
        if status & registers::STATUS_REFUSED != 0 {
            return None;
        }
        let mut beat = [0; 64];
        for (i, bytes) in beat.chunks_mut(4).enumerate() {
            let word = self.read(registers::TABLE_DATA + 4 * i as u32);
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Some(beat)
    }

    /// Everything that ever happened stayed within what the rings own.
    pub fn finish(&mut self) {
        for number in 0..ring::COUNT as u32 {
            self.ring_write(number, CONTROL, 0);
            self.until("the ring comes to rest", |card| {
                card.ring_read(number, CONTROL) & ENABLE == 0
            });
        }
        self.settle();
        assert_eq!(self.ram().trespasses(), [0u64; 0], "trespasses");
        assert_eq!(Channel::<Instance>::pending(&self.host), None);
    }
}

/// A frame behind the shim that has it sent on a port as it is.
pub fn transmit(port: u16, payload: &[u8]) -> Vec<u8> {
    let shim = InjectShim {
        command: InjectCommand::Transmit,
        port,
        length: 64 + payload.len() as u16,
        ..InjectShim::default()
    };
    let mut frame = beat(&shim).to_vec();
    frame.extend(payload);
    frame
}

/// A command that writes a row.
pub fn write_row(table: u32, row: u32) -> RingCommand {
    RingCommand {
        kind: CommandKind::WriteRow.code() as u8,
        table: table as u8,
        row,
        ..RingCommand::default()
    }
}
