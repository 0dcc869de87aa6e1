//! One running model: ports by handle, clocks by `tick`.
//!
//! ```text
//!          set inputs      tick()                    set inputs      tick()
//!  clk  ________________╱▔▔▔▔▔▔╲__________________________________╱▔▔▔▔▔▔╲____
//!  get           eval() ▲       outputs after the edge,     eval() ▲
//!     outputs settled   │       with the inputs still as            │
//!     with new inputs ──┘       they were                ───────────┘
//! ```
//!
//! Inputs set before `tick` are what the rising edge samples, and outputs read after it are those that follow the edge.
//! Logic that leads from an input straight to an output follows a `set` only after `eval`: a handshake is judged
//! between `eval` and `tick`.

use std::ffi::CString;
use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::ffi::Model;
use crate::source::{Dir, Source};

/// Simulated picoseconds of one clock, which gives waveforms a scale; nothing else depends on it.
pub const CLOCK_PERIOD_PS: u64 = 4_000;

/// Handle of a port; valid for every instance of the library whose instance gave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortId(u32);

/// A running model.
pub struct Instance {
    model: Model,
    source: Arc<Source>,
    cycles: u64,
}

impl Instance {
    pub(crate) fn new(model: Model, source: Arc<Source>) -> Instance {
        Instance {
            model,
            source,
            cycles: 0,
        }
    }

    /// The handle of a port, by its Verilog name.
    pub fn port(&self, name: &str) -> Result<PortId, Error> {
        let at = self.source.ports.iter().position(|p| p.name == name);
        at.map(|at| PortId(at as u32))
            .ok_or_else(|| Error::UnknownPort {
                top: self.source.top.clone(),
                port: name.to_string(),
            })
    }

    /// Bits of a port.
    pub fn width(&self, port: PortId) -> usize {
        self.source.ports[port.0 as usize].width
    }

    /// Drives an input with 32-bit words, lowest first; words left out are zero, bits beyond the port are cut off.
    ///
    /// # Panics
    /// If the port is an output.
    #[inline]
    pub fn set(&mut self, port: PortId, words: &[u32]) {
        self.must_be_input(port);
        self.model.write(port.0 as usize, words);
    }

    /// Drives an input of up to 64 bits.
    ///
    /// # Panics
    /// If the port is an output.
    #[inline]
    pub fn set_u64(&mut self, port: PortId, value: u64) {
        self.must_be_input(port);
        self.model.write_u64(port.0 as usize, value);
    }

    /// Reads a port into 32-bit words, lowest first; words beyond the port are zeroed.
    #[inline]
    pub fn get(&self, port: PortId, out: &mut [u32]) {
        self.model.read(port.0 as usize, out);
    }

    /// Reads the low 64 bits of a port.
    #[inline]
    pub fn get_u64(&self, port: PortId) -> u64 {
        self.model.read_u64(port.0 as usize)
    }

    /// Settles the logic with the inputs as set and the clock low.
    ///
    /// # Panics
    /// If the model stops: `$stop`, `$fatal` or logic that does not settle. [`Instance::try_eval`] tells instead.
    #[inline]
    pub fn eval(&mut self) {
        if let Err(error) = self.try_eval() {
            panic!("{error}");
        }
    }

    /// One clock: rising edge, then low.
    ///
    /// # Panics
    /// As [`Instance::eval`].
    #[inline]
    pub fn tick(&mut self) {
        self.tick_many(1);
    }

    /// `clocks` clocks with the inputs as they are, without coming back to Rust between them.
    ///
    /// # Panics
    /// As [`Instance::eval`].
    #[inline]
    pub fn tick_many(&mut self, clocks: u64) {
        if let Err(error) = self.try_tick(clocks) {
            panic!("{error}");
        }
    }

    /// [`Instance::eval`] for those who want to go on when the model stops.
    #[inline]
    pub fn try_eval(&mut self) -> Result<(), Error> {
        let result = self.model.eval();
        result.map_err(|reason| self.stopped(reason))
    }

    /// [`Instance::tick_many`] for those who want to go on when the model stops.
    #[inline]
    pub fn try_tick(&mut self, clocks: u64) -> Result<(), Error> {
        let result = self.model.tick(clocks, CLOCK_PERIOD_PS / 2);
        self.cycles += clocks;
        result.map_err(|reason| self.stopped(reason))
    }

    /// Clocks ticked since the instance was made.
    #[inline]
    pub fn cycles(&self) -> u64 {
        self.cycles
    }

    /// Simulated time in picoseconds, as waveforms show it.
    pub fn time(&self) -> u64 {
        self.model.time()
    }

    /// Writes a waveform (VCD) from now on, ended by dropping the instance or by another call.
    pub fn trace_to(&mut self, path: &Path) -> Result<(), Error> {
        self.need(self.source.trace, "tracing")?;
        let result = self.model.trace(&c_path(path));
        result.map_err(|reason| self.stopped(reason))
    }

    /// Writes what lines have been executed so far, in the form that `verilator_coverage` reads.
    pub fn write_coverage(&mut self, path: &Path) -> Result<(), Error> {
        self.need(self.source.coverage, "coverage")?;
        let result = self.model.coverage(&c_path(path));
        result.map_err(|reason| self.stopped(reason))
    }

    #[inline]
    fn must_be_input(&self, port: PortId) {
        let port = &self.source.ports[port.0 as usize];
        assert!(
            port.dir == Dir::In,
            "port {} of {} is an output and cannot be driven",
            port.name,
            self.source.top
        );
    }

    fn need(&self, built_in: bool, feature: &'static str) -> Result<(), Error> {
        if built_in {
            return Ok(());
        }
        Err(Error::NotBuiltIn {
            top: self.source.top.clone(),
            feature,
        })
    }

    fn stopped(&self, reason: String) -> Error {
        Error::Stopped {
            top: self.source.top.clone(),
            clock: self.cycles,
            reason,
        }
    }
}

/// A path cannot hold a zero byte, so cutting there loses nothing.
fn c_path(path: &Path) -> CString {
    use std::os::unix::ffi::OsStrExt;
    let bytes: Vec<u8> = path
        .as_os_str()
        .as_bytes()
        .iter()
        .copied()
        .take_while(|b| *b != 0)
        .collect();
    CString::new(bytes).unwrap_or_default()
}
