//! The Verilog of a RustHDL hierarchy.

use rust_hdl_core::block::Block;
use rust_hdl_core::check_error::{check_all, CheckError, PathedName};
use rust_hdl_core::module_defines::generate_verilog_unchecked;

/// RustHDL keeps each bit of a wide signal in a byte of the block's struct, several times over, and
/// builds that struct on the stack.
const STACK_BYTES: usize = 512 << 20;

/// What RustHDL prints for a block that only joins others: a process that never runs, of which newer releases of
/// Verilator complain (`ALWNEVER`).
const EMPTY_PROCESS: &str = "    // Update code\n    always @(*) begin\n    end\n";

/// Why a hierarchy has no Verilog.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// Signals that nothing drives.
    #[error("nothing drives {}", .0.join(", "))]
    Open(Vec<String>),
    /// Signals that depend on themselves within a clock.
    #[error("depends on itself: {}", .0.join(", "))]
    Loops(Vec<String>),
    /// Inputs that are written to.
    #[error("input written to: {}", .0.join(", "))]
    WrittenInputs(Vec<String>),
    /// The description ended by a panic, whose text is this.
    #[error("{0}")]
    Panicked(String),
    /// No thread could be had: the system's reason.
    #[error("no thread to generate on: {0}")]
    Thread(String),
}

impl From<CheckError> for GenerateError {
    fn from(error: CheckError) -> Self {
        fn paths(names: impl IntoIterator<Item = PathedName>) -> Vec<String> {
            let mut list: Vec<String> = names
                .into_iter()
                .map(|name| format!("{}${}", name.path, name.name))
                .collect();
            list.sort();
            list
        }
        match error {
            CheckError::OpenSignal(open) => GenerateError::Open(paths(open.into_values())),
            CheckError::LogicLoops(names) => GenerateError::Loops(paths(names)),
            CheckError::WritesToInputs(names) => GenerateError::WrittenInputs(paths(names)),
        }
    }
}

/// The Verilog of the block that `make` gives, checked, as modules `top`, `top$part` ..
///
/// Works on a thread of its own with room for large blocks.
///
/// # Errors
/// A signal that is not driven, a loop, a written input, or a mistake in a leaf's description.
pub fn generate<B: Block>(make: impl FnOnce() -> B + Send) -> Result<String, GenerateError> {
    let work = move || {
        let mut block = Box::new(make());
        block.connect_all();
        check_all(block.as_ref())?;
        Ok(generate_verilog_unchecked(block.as_ref()).replace(EMPTY_PROCESS, ""))
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work);
        let thread = thread.map_err(|error| GenerateError::Thread(error.to_string()))?;
        thread.join().unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied());
            Err(GenerateError::Panicked(
                text.unwrap_or("the description panicked").into(),
            ))
        })
    })
}
