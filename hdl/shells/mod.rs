//! What is around the core, and the Verilog of it all with the names that a board's designer expects.
//!
//! ```text
//!   RustHDL hierarchy ─▶ text ─▶ modules underpass_* ─▶ + wrapper: clk, rst, s_axis_*, m_axis_*, s_axil_*, m_axi_*, irq
//! ```

pub mod card;
pub mod core_only;
mod no_bulk;
pub mod sim;
pub mod slow_fifo;
pub mod turns;
mod wrapper;

use crate::buses::Sizes;
use crate::card::registers::Build;
use underpass_layout::profile::Profile;
use underpass_wires::rusthdl::{generate, plain_names, GenerateError, RenameError};

/// What is emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// `underpass_core`: the core alone, with the signals that boards connect.
    Core,
    /// The same with one more output that tells what was decided over each packet: for tests.
    TappedCore,
    /// `underpass_sim`: the core with its slow port on registers.
    Sim,
    /// `underpass_card`: the core with its slow port on registers and on rings in host memory, and interrupts.
    Card,
}

/// A port of the top module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtlPort {
    /// Its name.
    pub name: String,
    /// Bits.
    pub width: usize,
    /// It is an input.
    pub input: bool,
}

/// The Verilog of one card.
#[derive(Clone, Debug)]
pub struct Rtl {
    /// The top module.
    pub top: String,
    /// Its text, with all modules below it.
    pub verilog: String,
    /// Its ports, in the order of the text.
    pub ports: Vec<RtlPort>,
}

/// Why there is no Verilog: always a mistake in this crate.
#[derive(Debug)]
pub enum EmitError {
    /// The hierarchy is not whole.
    Generate(GenerateError),
    /// Two names became one.
    Rename(RenameError),
}

impl std::fmt::Display for EmitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EmitError::Generate(error) => write!(f, "no Verilog: {error}"),
            EmitError::Rename(error) => write!(f, "no Verilog: {error}"),
        }
    }
}

impl std::error::Error for EmitError {}

/// The Verilog of this profile in this shell. The `BUILD` register reads the low half of the hash of the text that is
/// made with it being zero.
pub fn emit(profile: &'static Profile, shell: Shell) -> Result<Rtl, EmitError> {
    let sizes = Sizes(profile);
    let blank = hierarchy(Build { sizes, id: 0 }, shell)?;
    let verilog = hierarchy(
        Build {
            sizes,
            id: fnv32(blank.as_bytes()),
        },
        shell,
    )?;
    Ok(wrapper::wrap(verilog, shell))
}

fn hierarchy(build: Build, shell: Shell) -> Result<String, EmitError> {
    let text = match shell {
        Shell::Core | Shell::TappedCore => generate(move || core_only::CoreOnly::new(build)),
        Shell::Sim => generate(move || sim::SimShell::new(build)),
        Shell::Card => generate(move || card::Card::new(build)),
    }
    .map_err(EmitError::Generate)?;
    plain_names(&text).map_err(EmitError::Rename)
}

/// 32-bit FNV-1a: tells builds apart, keeps no secret.
fn fnv32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
