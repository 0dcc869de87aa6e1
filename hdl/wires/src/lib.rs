//! A small typed expression builder for datapath logic.

mod bundle;
mod choose;
mod design;
mod error;
mod field;
mod fold;
mod graph;
mod live;
mod memory;
mod register;
pub mod rusthdl;
mod sim;
mod verilog;
mod wire;
mod words;

pub use bundle::{field_path, name, unpack, unpack_low, zero, Bundle};
pub use choose::{first, mux, one_of, only, select};
pub use design::{block, build, input, output, Blocks, Design, Dir, PortInfo, Ports};
pub use field::{cat_of, packet_of, parts};
pub use graph::Wire;
pub use memory::{low, memory, Address, Low, Mem, Ram};
pub use register::{state, state_from, BundleExt, State};
pub use sim::Sim;
pub use wire::{all_of, any_of, k, konst, Bit, Literal, ToU, U};
