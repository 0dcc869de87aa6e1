//! What is inside the card: the RTL clock by clock, or the model.
//!
//! ```text
//!   registers ─▶ ┌────────┐ ─▶ host memory (rings)
//!   frames ────▶ │ engine │ ─▶ frames
//!   clocks ────▶ └────────┘ ─▶ interrupts
//! ```
//! An engine works only while it is told to: in [`Engine::run`], or for as long as an access takes.

mod model;
mod rtl;

pub use model::ModelEngine;
pub use rtl::RtlEngine;

use std::cell::RefCell;
use std::os::fd::BorrowedFd;
use std::rc::Rc;
pub use underpass_model::{HostMemory, Unmapped};

/// The host's memory, as engine and bus share it.
pub type SharedMemory = Rc<RefCell<dyn HostMemory>>;

/// A frame that left: port and bytes.
pub type Departure = (u16, Vec<u8>);

/// What an engine did while it ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Nothing moves any more: no packet, no transfer, no command.
    pub quiet: bool,
    /// Interrupts that were raised, one bit a vector.
    pub interrupts: u32,
}

/// An engine cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The RTL could not be made into a program, or its simulation stopped.
    #[error(transparent)]
    Verilator(#[from] underpass_verilator::Error),
    /// The hierarchy of the RTL is broken.
    #[error(transparent)]
    Emit(underpass_hdl::shells::EmitError),
    /// The RTL broke the rules of a bus.
    #[error("the card broke a rule of its bus")]
    Violation(#[from] underpass_bench::Violation),
    /// An access was not answered.
    #[error("the card did not answer within {clocks} clocks")]
    Stuck {
        /// How long it had.
        clocks: u64,
    },
    /// What was plugged into a port is gone.
    #[error(transparent)]
    Unplugged(#[from] crate::cables::Unplugged),
    /// A frame that no port takes.
    #[error("the card takes no frame of {bytes} bytes on port {port:#x} now")]
    NoRoom {
        /// The port.
        port: u16,
        /// Bytes of the frame.
        bytes: usize,
    },
}

/// A card without its bus.
pub trait Engine {
    /// Reads a register.
    fn read(&mut self, offset: u32) -> Result<u32, EngineError>;
    /// Writes a register.
    fn write(&mut self, offset: u32, value: u32) -> Result<(), EngineError>;
    /// Hands a frame to a port.
    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), EngineError>;
    /// The oldest frame that left.
    fn receive(&mut self) -> Option<Departure>;
    /// Works for about so many clocks, or until nothing moves.
    fn run(&mut self, clocks: u64) -> Result<Progress, EngineError>;
    /// Resets all of it.
    fn reset(&mut self) -> Result<(), EngineError>;
    /// Clocks since it was made, of an engine that has a clock.
    fn clocks(&self) -> Option<u64>;

    /// Frames that were handed over and have not entered yet.
    fn waiting(&self) -> usize {
        0
    }

    /// What gives an engine work when it becomes readable, beside what its host does.
    fn wakes(&self) -> Vec<BorrowedFd<'_>> {
        Vec::new()
    }
}
