//! The hook into RustHDL: wire descriptions as leaves of a `#[derive(LogicBlock)]` hierarchy.
//!
//! ```text
//!   #[derive(LogicBlock)] struct Core          RustHDL: hierarchy, interfaces, state machines
//!     cr: ClkRst -----link----.---------.
//!     bridge: BridgeStage     |         |
//!        meta: MetaOut ---join--> route: RouteStage           leaf!: its Verilog is the builder's text,
//!                             meta_in: MetaIn                 its `update` the builder's evaluator
//! ```
//!
//! [`bus!`](crate::bus) makes the pair of interfaces that carry a bundle between two blocks, and
//! [`leaf!`](crate::leaf) a block from a function of bundles. [`generate()`] prints the Verilog of a
//! hierarchy and [`plain_names`] takes the `$` out of it.

mod bits;
mod bus;
mod generate;
mod leaf;
mod plain;

pub use bits::{InPort, OutPort};
pub use bus::ClkRst;
pub use generate::{generate, GenerateError};
#[doc(hidden)]
pub use leaf::{leaf_design, leaf_input, leaf_output, Input, Leaf};
pub use plain::{plain_names, RenameError};
#[doc(hidden)]
pub use rust_hdl_core;
