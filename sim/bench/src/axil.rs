//! What is asked over AXI4-Lite, and how it is answered.

use std::fmt;

/// One access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxilOp {
    /// Reads 32 bits.
    Read {
        /// Byte address.
        addr: u32,
    },
    /// Writes the bytes whose strobe bit is set.
    Write {
        /// Byte address.
        addr: u32,
        /// Data.
        data: u32,
        /// One bit a byte; 15 for all.
        strobe: u8,
    },
}

impl fmt::Display for AxilOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AxilOp::Read { addr } => write!(f, "read of {addr:#x}"),
            AxilOp::Write { addr, data, .. } => write!(f, "write of {data:#x} to {addr:#x}"),
        }
    }
}

/// How a slave answers: `bresp`, `rresp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// Done.
    Okay,
    /// For exclusive access, which AXI4-Lite does not have.
    ExOkay,
    /// The slave refused.
    SlaveError,
    /// There is no slave at this address.
    DecodeError,
}

impl Response {
    pub(crate) fn from_bits(bits: u64) -> Response {
        [
            Response::Okay,
            Response::ExOkay,
            Response::SlaveError,
            Response::DecodeError,
        ][bits as usize & 3]
    }
}

/// An access that has been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AxilDone {
    /// The number that `push` gave.
    pub id: u64,
    /// What was asked.
    pub op: AxilOp,
    /// What was read; 0 for a write.
    pub data: u32,
    /// The answer.
    pub response: Response,
    /// Clock of the answer.
    pub at: u64,
}
