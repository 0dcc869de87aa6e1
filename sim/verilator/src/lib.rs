//! Runs Verilog from Rust: finds Verilator, builds a model once, loads it at run time.
//!
//! Nothing is linked at `cargo build`, so the workspace builds on a machine without Verilator or a C++ compiler; only
//! what runs RTL needs them, and says so when they are missing.
//!
//! ```text
//!  Source ──▶ key ──▶ in the cache? ──yes──────────────────────────▶ model.so ──dlopen──▶ Library ──▶ Instance
//!  (Verilog,   │                                                        ▲                            set, tick, get
//!   ports)     └──no──▶ verilator ──▶ check ports ──▶ shim.cpp ──▶ g++ ─┘
//! ```
//!
//! ```no_run
//! use underpass_verilator::{build, Port, Source};
//!
//! # fn main() -> Result<(), underpass_verilator::Error> {
//! let text = "module inc(input clk, input [7:0] a, output reg [7:0] b); always @(posedge clk) b <= a + 1; endmodule";
//! let ports = vec![Port::input("clk", 1), Port::input("a", 8), Port::output("b", 8)];
//! let mut dut = build(&Source::new("inc", text, ports), None)?.instance()?;
//! let (a, b) = (dut.port("a")?, dut.port("b")?);
//! dut.set_u64(a, 41);
//! dut.tick();
//! assert_eq!(dut.get_u64(b), 42);
//! # Ok(())
//! # }
//! ```

mod cache;
mod compile;
mod error;
mod fetch;
mod ffi;
mod header;
mod instance;
mod library;
mod lint;
mod shim;
mod source;
mod toolchain;
mod verilate;

pub use error::Error;
pub use instance::{Instance, PortId, CLOCK_PERIOD_PS};
pub use library::{build, build_with_progress, Library, Step};
pub use lint::lint;
pub use source::{Dir, Port, Source};
pub use toolchain::Toolchain;
