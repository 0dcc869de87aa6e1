//! The RTL of the whole card, `underpass_card`, under Verilator.
//!
//! ```text
//!   send ─▶ AxisDriver ─▶ s_axis ┌────────────────┐ m_axis ─▶ AxisMonitor ─▶ receive
//!   read, write ─▶ AxilDriver ─▶ │ underpass_card │ m_axi ──▶ AxiSlave ────▶ host memory
//!                         s_axil └────────────────┘ irq ────▶ interrupts
//! ```
//! Clocks pass in [`Engine::run`] and while an access waits for its answer.

use super::{Departure, Engine, EngineError, Progress, SharedMemory};
use underpass_bench::{
    clock, Activity, AxiFault, AxiMemory, AxiSlave, AxiTiming, AxilDriver, AxilOp, AxisDriver,
    AxisMonitor, Channel, Frame, Stalls,
};
use underpass_hdl::shells::{emit, RtlPort, Shell};
use underpass_layout::profile::Profile;
use underpass_layout::registers::IN_FLIGHT;
use underpass_verilator::{build_with_progress, Instance, Port, PortId, Source, Step};

/// Clocks for which reset is held.
const RESET_CLOCKS: u64 = 8;
/// Clocks without a beat on any bus after which a card without packets is quiet: longer than a command takes from its
/// last beat to its status.
const QUIET_CLOCKS: u64 = 512;
/// Clocks in which a register access has been answered.
const PATIENCE: u64 = 100_000;
/// All four bytes of a word.
const WHOLE_WORD: u8 = 0xf;

/// Host memory as the bus sees it.
struct Bus(SharedMemory);

impl AxiMemory for Bus {
    fn read(&mut self, address: u64, beat: &mut [u8; 64]) -> Result<(), AxiFault> {
        let read = self.0.borrow_mut().read(address, beat);
        read.map_err(|_| AxiFault)
    }

    fn write(&mut self, address: u64, beat: &[u8; 64], strobe: u64) -> Result<(), AxiFault> {
        let mut memory = self.0.borrow_mut();
        let mut at = 0;
        while at < beat.len() {
            let kept = (strobe >> at).trailing_zeros() as usize;
            at += kept.min(beat.len() - at);
            let run = (strobe.checked_shr(at as u32).unwrap_or(0)).trailing_ones() as usize;
            if run != 0 {
                let write = memory.write(address + at as u64, &beat[at..at + run]);
                write.map_err(|_| AxiFault)?;
            }
            at += run;
        }
        Ok(())
    }
}

/// The RTL.
pub struct RtlEngine {
    dut: Instance,
    tx: AxisDriver<PortId>,
    rx: AxisMonitor<PortId>,
    registers: AxilDriver<PortId>,
    host: AxiSlave<PortId, Bus>,
    irq: PortId,
    interrupts: u32,
    /// Clocks since anything moved.
    still: u64,
}

impl RtlEngine {
    /// Emits, verilates and compiles the card, unless it is in the cache, and resets it. `timing` is that of host memory.
    pub fn build(
        profile: &'static Profile,
        memory: SharedMemory,
        timing: AxiTiming,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<RtlEngine, EngineError> {
        let rtl = emit(profile, Shell::Card).map_err(EngineError::Emit)?;
        let ports = rtl.ports.iter().map(port_of).collect();
        let source = Source::new(rtl.top, rtl.verilog, ports);
        let dut = build_with_progress(&source, None, on_step)?.instance()?;
        let mut engine = RtlEngine {
            tx: AxisDriver::new(&dut, "s_axis", Stalls::None)?,
            rx: AxisMonitor::new(&dut, "m_axis", Stalls::None)?,
            registers: AxilDriver::new(&dut, "s_axil", Stalls::None)?,
            host: AxiSlave::new(&dut, "m_axi", Bus(memory), timing)?,
            irq: dut.port("irq")?,
            dut,
            interrupts: 0,
            still: 0,
        };
        engine.reset()?;
        Ok(engine)
    }

    fn clock(&mut self) -> Result<(), EngineError> {
        let channels: &mut [&mut dyn Channel<Instance>] = &mut [
            &mut self.tx,
            &mut self.rx,
            &mut self.registers,
            &mut self.host,
        ];
        self.still = match clock(&mut self.dut, channels)? {
            Activity::Idle => self.still + 1,
            Activity::Moved | Activity::Done => 0,
        };
        self.interrupts |= self.dut.get_u64(self.irq) as u32;
        Ok(())
    }

    /// Clocks until every register access has been answered. What the last one read.
    fn drain(&mut self) -> Result<u32, EngineError> {
        let start = self.dut.cycles();
        let mut data = 0;
        while self.registers.queued() > 0 {
            if self.dut.cycles() - start > PATIENCE {
                return Err(EngineError::Stuck { clocks: PATIENCE });
            }
            self.clock()?;
            while let Some(done) = self.registers.collect() {
                data = done.data;
            }
        }
        self.still = 0;
        Ok(data)
    }

    /// So many clocks, whether anything moves or not.
    pub fn tick(&mut self, clocks: u64) -> Result<(), EngineError> {
        (0..clocks).try_for_each(|_| self.clock())
    }

    fn busy(&self) -> bool {
        self.still < QUIET_CLOCKS || Channel::<Instance>::pending(&self.tx).is_some()
    }
}

impl Engine for RtlEngine {
    fn read(&mut self, offset: u32) -> Result<u32, EngineError> {
        self.registers.push(AxilOp::Read { addr: offset });
        self.drain()
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), EngineError> {
        self.registers.push(AxilOp::Write {
            addr: offset,
            data: value,
            strobe: WHOLE_WORD,
        });
        self.drain()?;
        Ok(())
    }

    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), EngineError> {
        self.tx.push(Frame::new(frame, port));
        self.still = 0;
        Ok(())
    }

    fn receive(&mut self) -> Option<Departure> {
        let received = self.rx.collect()?;
        Some((received.frame.port, received.frame.bytes))
    }

    fn run(&mut self, clocks: u64) -> Result<Progress, EngineError> {
        let end = self.dut.cycles() + clocks;
        while self.busy() && self.dut.cycles() < end {
            self.clock()?;
        }
        let mut quiet = !self.busy();
        if quiet {
            let still = self.still;
            quiet = self.read(IN_FLIGHT)? == 0;
            self.still = if quiet { still } else { 0 };
        }
        Ok(Progress {
            quiet,
            interrupts: std::mem::take(&mut self.interrupts),
        })
    }

    fn reset(&mut self) -> Result<(), EngineError> {
        let rst = self.dut.port("rst")?;
        // Frames that wait were sent to the card as it was before.
        self.tx = AxisDriver::new(&self.dut, "s_axis", Stalls::None)?;
        self.tx.reset(&mut self.dut);
        self.rx.reset(&mut self.dut);
        self.registers.reset(&mut self.dut);
        self.host.reset(&mut self.dut);
        self.dut.set_u64(rst, 1);
        self.dut.try_tick(RESET_CLOCKS)?;
        self.dut.set_u64(rst, 0);
        (self.interrupts, self.still) = (0, 0);
        Ok(())
    }

    fn clocks(&self) -> Option<u64> {
        Some(self.dut.cycles())
    }

    fn waiting(&self) -> usize {
        self.tx.queued()
    }
}

fn port_of(port: &RtlPort) -> Port {
    match port.input {
        true => Port::input(&port.name, port.width),
        false => Port::output(&port.name, port.width),
    }
}
