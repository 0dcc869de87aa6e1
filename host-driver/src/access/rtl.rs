//! `sim:rtl`: the RTL under Verilator, clock by clock.
//!
//! ```text
//!   send ─▶ AxisDriver ─▶ s_axis ┌───────────────┐ m_axis ─▶ AxisMonitor ─▶ receive
//!   read, write ─▶ AxilDriver ─▶ │ underpass_sim │
//!                         s_axil └───────────────┘
//! ```
//! Clocks pass only while somebody waits: for the answer to a read, or in `settle`. Writes and frames queue until then.

use underpass_bench::{
    clock, run_until_quiet, AxilDriver, AxilOp, AxisDriver, AxisMonitor, Channel, Frame, Response,
    Stalls,
};
use underpass_hdl::shells::{emit, RtlPort, Shell};
use underpass_layout::port;
use underpass_layout::profile::Profile;
use underpass_layout::registers::IN_FLIGHT;
use underpass_verilator::{build_with_progress, Instance, Port, PortId, Source, Step};

use super::{AccessError, CardAccess, Departure, PortAccess};

/// Clocks for which reset is held.
const RESET_CLOCKS: u64 = 8;
/// Clocks without a beat after which a card that says it holds no packet is quiet.
const QUIET_CLOCKS: u64 = 32;
/// Clocks in which anything that ends has ended: a full punt FIFO takes some thousands.
const PATIENCE: u64 = 1_000_000;
/// Register writes that may wait, so that a long plan does not queue up.
const POSTED_WRITES: usize = 256;
/// All four bytes of a word.
const WHOLE_WORD: u8 = 0xf;

/// The RTL behind the traits of this crate.
pub struct Rtl {
    dut: Instance,
    tx: AxisDriver<PortId>,
    rx: AxisMonitor<PortId>,
    registers: AxilDriver<PortId>,
}

impl Rtl {
    /// Emits, verilates and compiles the card, unless it is in the cache, and resets it.
    pub fn build(
        profile: &'static Profile,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Rtl, AccessError> {
        let rtl = emit(profile, Shell::Sim).map_err(AccessError::Emit)?;
        let ports = rtl.ports.iter().map(port_of).collect();
        let source = Source::new(rtl.top, rtl.verilog, ports);
        let dut = build_with_progress(&source, None, on_step)?.instance()?;
        let mut card = Rtl {
            tx: AxisDriver::new(&dut, "s_axis", Stalls::None)?,
            rx: AxisMonitor::new(&dut, "m_axis", Stalls::None)?,
            registers: AxilDriver::new(&dut, "s_axil", Stalls::None)?,
            dut,
        };
        card.reset()?;
        Ok(card)
    }

    fn reset(&mut self) -> Result<(), AccessError> {
        let rst = self.dut.port("rst")?;
        self.tx.reset(&mut self.dut);
        self.rx.reset(&mut self.dut);
        self.registers.reset(&mut self.dut);
        self.dut.set_u64(rst, 1);
        self.dut.try_tick(RESET_CLOCKS)?;
        self.dut.set_u64(rst, 0);
        Ok(())
    }

    fn clock(&mut self) -> Result<(), AccessError> {
        let channels: &mut [&mut dyn Channel<Instance>] =
            &mut [&mut self.tx, &mut self.rx, &mut self.registers];
        clock(&mut self.dut, channels)?;
        Ok(())
    }

    /// Clocks until at most `left` register accesses wait. What the last one read.
    fn drain(&mut self, left: usize) -> Result<u32, AccessError> {
        let start = self.dut.cycles();
        let mut data = 0;
        while self.registers.queued() > left {
            if self.dut.cycles() - start > PATIENCE {
                return Err(AccessError::Stuck { clocks: PATIENCE });
            }
            self.clock()?;
            while let Some(done) = self.registers.collect() {
                let (AxilOp::Read { addr } | AxilOp::Write { addr, .. }) = done.op;
                if done.response != Response::Okay {
                    return Err(AccessError::Refused { offset: addr });
                }
                data = done.data;
            }
        }
        Ok(data)
    }

    fn until_still(&mut self) -> Result<(), AccessError> {
        let channels: &mut [&mut dyn Channel<Instance>] =
            &mut [&mut self.tx, &mut self.rx, &mut self.registers];
        match run_until_quiet(&mut self.dut, channels, QUIET_CLOCKS, PATIENCE)? {
            Some(_) => Ok(()),
            None => Err(AccessError::Stuck { clocks: PATIENCE }),
        }
    }
}

impl CardAccess for Rtl {
    fn read(&mut self, offset: u32) -> Result<u32, AccessError> {
        self.registers.push(AxilOp::Read { addr: offset });
        self.drain(0)
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), AccessError> {
        self.registers.push(AxilOp::Write {
            addr: offset,
            data: value,
            strobe: WHOLE_WORD,
        });
        self.drain(POSTED_WRITES)?;
        Ok(())
    }
}

impl PortAccess for Rtl {
    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), AccessError> {
        self.tx.push(Frame::new(frame, port));
        Ok(())
    }

    fn receive(&mut self) -> Result<Option<Departure>, AccessError> {
        let received = self.rx.collect();
        Ok(received.map(|received| (received.frame.port, received.frame.bytes)))
    }

    fn settle(&mut self) -> Result<(), AccessError> {
        let start = self.dut.cycles();
        self.drain(0)?;
        self.until_still()?;
        while self.read(IN_FLIGHT)? != 0 {
            if self.dut.cycles() - start > PATIENCE {
                return Err(AccessError::Stuck { clocks: PATIENCE });
            }
        }
        // The last beats may still be on their way to the output when the count falls.
        self.until_still()
    }

    fn clocks(&self) -> Option<u64> {
        Some(self.dut.cycles())
    }

    fn ports(&self) -> &'static [(&'static str, u16)] {
        port::SIM_PORTS
    }
}

fn port_of(port: &RtlPort) -> Port {
    match port.input {
        true => Port::input(&port.name, port.width),
        false => Port::output(&port.name, port.width),
    }
}
