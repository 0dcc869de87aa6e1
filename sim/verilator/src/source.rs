//! What a model is built from: a Verilog text, its top module and the ports that Rust will drive and read.

use std::fmt;

use crate::error::Error;

/// Which way a port of the top module points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dir {
    /// Driven from Rust.
    In,
    /// Read from Rust.
    Out,
}

impl fmt::Display for Dir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dir::In => "an input",
            Dir::Out => "an output",
        })
    }
}

/// One port of the top module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Port {
    /// Its name in the Verilog, `$` and all.
    pub name: String,
    /// Bits.
    pub width: usize,
    /// Direction.
    pub dir: Dir,
}

impl Port {
    /// An input of `width` bits.
    pub fn input(name: impl Into<String>, width: usize) -> Port {
        Port {
            name: name.into(),
            width,
            dir: Dir::In,
        }
    }

    /// An output of `width` bits.
    pub fn output(name: impl Into<String>, width: usize) -> Port {
        Port {
            name: name.into(),
            width,
            dir: Dir::Out,
        }
    }
}

/// A Verilog text and how to build it. Every field but [`Source::jobs`] is part of the cache key.
#[derive(Clone, Debug)]
pub struct Source {
    /// The top module.
    pub top: String,
    /// All the Verilog there is; no file is included or searched for.
    pub verilog: String,
    /// All ports of the top module. A difference to the Verilog is an error, not a surprise in simulation.
    pub ports: Vec<Port>,
    /// The input that `tick` drives; `None` for logic without a clock.
    pub clock: Option<String>,
    /// Build with waveforms; costs speed even while none is written.
    pub trace: bool,
    /// Build with line coverage; a few times slower.
    pub coverage: bool,
    /// Lint codes that [`crate::lint()`] passes over, besides those that say nothing about the logic.
    pub lint_allowed: Vec<String>,
    /// C++ compilers run side by side; 0 is one for each core.
    pub jobs: usize,
}

impl Source {
    /// A source with clock `clk` and neither waveforms nor coverage.
    pub fn new(top: impl Into<String>, verilog: impl Into<String>, ports: Vec<Port>) -> Source {
        Source {
            top: top.into(),
            verilog: verilog.into(),
            ports,
            clock: Some("clk".into()),
            trace: false,
            coverage: false,
            lint_allowed: Vec::new(),
            jobs: 0,
        }
    }

    /// With (or without) waveforms.
    pub fn trace(mut self, on: bool) -> Source {
        self.trace = on;
        self
    }

    /// With (or without) line coverage.
    pub fn coverage(mut self, on: bool) -> Source {
        self.coverage = on;
        self
    }

    /// Clocked by the input `name`.
    pub fn clock(mut self, name: impl Into<String>) -> Source {
        self.clock = Some(name.into());
        self
    }

    /// Without a clock: `tick` only evaluates and counts.
    pub fn combinational(mut self) -> Source {
        self.clock = None;
        self
    }

    /// Lint passes over warnings of this code.
    pub fn allow_lint(mut self, code: impl Into<String>) -> Source {
        self.lint_allowed.push(code.into());
        self
    }

    /// At most `n` C++ compilers side by side.
    pub fn jobs(mut self, n: usize) -> Source {
        self.jobs = n;
        self
    }

    /// Place of the clock in `ports`.
    pub(crate) fn clock_index(&self) -> Result<Option<usize>, Error> {
        let Some(clock) = &self.clock else {
            return Ok(None);
        };
        let at = self
            .ports
            .iter()
            .position(|p| p.name == *clock && p.width == 1 && p.dir == Dir::In);
        match at {
            Some(at) => Ok(Some(at)),
            None => Err(Error::NoClock {
                top: self.top.clone(),
                clock: clock.clone(),
            }),
        }
    }
}
