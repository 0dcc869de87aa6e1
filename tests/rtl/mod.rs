//! The RTL core with its streams and registers under Verilator.
//!
//! ```text
//!   send ─▶ s ─▶ ┌──────┐ ─▶ m ─▶ drain
//!                │ core │ ─▶ tap ─▶ decided: all that the stages found out, packet by packet
//!   write ─▶ axil└──────┘
//! ```
//! Waveforms: `UNDERPASS_WAVES=$PWD/core.vcd cargo test -p underpass-tests --test cycles -- --exact NAME` writes one
//! file a core; `waves` says more.

mod coverage;
mod exchange;
mod library;
mod parted;
mod waves;

pub use exchange::{exchange, Load, Pass, Stopped};
pub use library::{build, library, source};
pub use parted::parted;

use std::collections::VecDeque;

use underpass_bench::{
    clock, AxilDriver, AxilOp, AxisDriver, AxisMonitor, Channel, Dut, Frame, Received, Stalls,
};
use underpass_layout::meta::{Edit, Meta};
use underpass_layout::registers::{
    ADDRESS_ROW_BITS, COMMAND_READ, COMMAND_WRITE, CONTROL, CONTROL_ENABLE, CONTROL_SEED, SEED,
    STATUS_BUSY, STATUS_REFUSED, TABLE_ADDRESS, TABLE_COMMAND, TABLE_DATA, TABLE_STATUS,
};
use underpass_layout::tables::TABLES;
use underpass_layout::{words_for, Record};
use underpass_verilator::{Instance, Library, PortId};

/// Clocks within which anything must have happened.
const PATIENCE: u64 = 200_000;

/// Words of the tap: valid, metadata, edit.
const TAP_WORDS: usize = words_for(1 + Meta::WIDTH + Edit::WIDTH);

/// What the pipeline decided over one packet.
#[derive(Clone, Copy, Debug)]
pub struct Decided {
    /// All that was known of it.
    pub meta: Meta,
    /// What happens to its bytes.
    pub edit: Edit,
    /// The clock in which it was decided.
    pub at: u64,
}

/// The core, running.
pub struct Rtl {
    dut: Instance,
    /// The stream into the core.
    pub s: AxisDriver<PortId>,
    /// The stream out of it.
    pub m: AxisMonitor<PortId>,
    /// The registers.
    pub axil: AxilDriver<PortId>,
    /// Its valid bit and the rest; a core without a tap decides silently.
    tap: Option<(PortId, PortId)>,
    /// What the tap showed of each decided packet, oldest first; unpacked when somebody asks.
    decided: VecDeque<Tap>,
}

/// What the tap showed in a clock.
struct Tap {
    words: [u32; TAP_WORDS],
    at: u64,
}

impl Rtl {
    /// A core that has been reset and seeded, and takes packets.
    pub fn new(library: &Library, stalls_in: Stalls, stalls_out: Stalls, seed: u128) -> Self {
        let mut dut = library.instance().unwrap_or_else(|error| panic!("{error}"));
        waves::begin(&mut dut);
        let tap = dut.port("tap_valid").ok().zip(dut.port("tap").ok());
        let s =
            AxisDriver::new(&dut, "s_axis", stalls_in).unwrap_or_else(|error| panic!("{error}"));
        let m =
            AxisMonitor::new(&dut, "m_axis", stalls_out).unwrap_or_else(|error| panic!("{error}"));
        let axil =
            AxilDriver::new(&dut, "s_axil", Stalls::None).unwrap_or_else(|error| panic!("{error}"));
        let mut rtl = Rtl {
            dut,
            s,
            m,
            axil,
            tap,
            decided: VecDeque::new(),
        };
        rtl.reset();
        for (i, word) in (0..4).map(|i| (i, (seed >> (32 * i)) as u32)) {
            rtl.write(SEED + 4 * i, word);
        }
        rtl.write(CONTROL, CONTROL_SEED);
        while rtl.read(CONTROL) & CONTROL_SEED != 0 {}
        rtl.write(CONTROL, CONTROL_ENABLE);
        rtl
    }

    fn reset(&mut self) {
        let rst = self
            .dut
            .port("rst")
            .unwrap_or_else(|error| panic!("{error}"));
        Channel::reset(&mut self.s, &mut self.dut);
        Channel::reset(&mut self.m, &mut self.dut);
        Channel::reset(&mut self.axil, &mut self.dut);
        self.dut.set_u64(rst, 1);
        self.dut.tick_many(4);
        self.dut.set_u64(rst, 0);
        self.dut.tick();
    }

    /// Holds both streams back as these say, from the next clock on.
    pub fn set_stalls(&mut self, stalls_in: Stalls, stalls_out: Stalls) {
        self.s.set_stalls(stalls_in);
        self.m.set_stalls(stalls_out);
    }

    /// Clocks since the instance was made.
    pub fn now(&self) -> u64 {
        self.dut.cycles()
    }

    /// One clock.
    pub fn clock(&mut self) {
        clock(
            &mut self.dut,
            &mut [&mut self.s, &mut self.m, &mut self.axil],
        )
        .unwrap_or_else(|violation| panic!("{violation}"));
        let Some((valid, tap)) = self.tap else { return };
        if Dut::get_u64(&self.dut, valid) != 0 {
            let mut words = [0; TAP_WORDS];
            self.dut.get(tap, &mut words);
            let at = self.now();
            self.decided.push_back(Tap { words, at });
        }
    }

    /// What was decided over the oldest packet that nobody has asked about.
    pub fn decided(&mut self) -> Option<Decided> {
        let tap = self.decided.pop_front()?;
        Some(Decided {
            meta: field(&tap.words, 1),
            edit: field(&tap.words, 1 + Meta::WIDTH),
            at: tap.at,
        })
    }

    /// Forgets the packets that nobody has asked about.
    pub fn forget_decided(&mut self) {
        self.decided.clear();
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

    fn table_command(&mut self, command: u32) {
        self.write(TABLE_COMMAND, command);
        let mut status = STATUS_BUSY;
        while status & STATUS_BUSY != 0 {
            status = self.read(TABLE_STATUS);
        }
        assert_eq!(
            status & STATUS_REFUSED,
            0,
            "the card refused a table command"
        );
    }

    /// Writes a row of a table.
    pub fn write_row(&mut self, table: u32, row: usize, words: &[u32]) {
        self.write(TABLE_ADDRESS, table << ADDRESS_ROW_BITS | row as u32);
        for (i, word) in words.iter().enumerate() {
            self.write(TABLE_DATA + 4 * i as u32, *word);
        }
        self.table_command(COMMAND_WRITE);
    }

    /// Reads a row of a table.
    pub fn read_row(&mut self, table: u32, row: usize) -> Vec<u32> {
        self.write(TABLE_ADDRESS, table << ADDRESS_ROW_BITS | row as u32);
        self.table_command(COMMAND_READ);
        let words = words_for(TABLES[table as usize].row_width());
        (0..words)
            .map(|i| self.read(TABLE_DATA + 4 * i as u32))
            .collect()
    }

    /// Queues a frame; its number is what the driver knows it by.
    pub fn send(&mut self, bytes: Vec<u8>, port: u16) -> u64 {
        self.s.push(Frame::new(bytes, port))
    }

    /// Clocks until everything queued is in and nothing has come out for a while; the frames that came out.
    pub fn drain(&mut self) -> Vec<Received> {
        let mut frames = Vec::new();
        let mut idle = 0;
        while idle < 600 {
            let before = self.decided.len();
            self.clock();
            idle += 1;
            while let Some(frame) = self.m.collect() {
                frames.push(frame);
                idle = 0;
            }
            if self.s.queued() > 0 || self.m.in_packet() || self.decided.len() != before {
                idle = 0;
            }
        }
        frames
    }
}

impl Drop for Rtl {
    fn drop(&mut self) {
        coverage::end(&mut self.dut);
    }
}

/// The record that starts at bit `at`.
fn field<R: Record>(words: &[u32; TAP_WORDS], at: usize) -> R {
    let (from, bits) = (at / 32, at % 32);
    let mut shifted = [0; TAP_WORDS];
    for (i, word) in shifted[..words_for(R::WIDTH)].iter_mut().enumerate() {
        let both = |at: usize| u64::from(words.get(at).copied().unwrap_or(0));
        *word = ((both(from + i) | both(from + i + 1) << 32) >> bits) as u32;
    }
    R::unpack(&shifted).unwrap_or_else(|error| panic!("{}: {error}", R::NAME))
}
