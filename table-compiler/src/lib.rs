//! From what the operator wrote to what the card holds, as pure functions: no I/O, no clock, no card.
//!
//! ```text
//!   network.yaml ──parse──▶ Network ──objects──▶ Objects ──entries──▶ Entries ──plan──▶ Plan, Placed
//!   text                    what was meant       what a vRouter       what the card's   the writes, and
//!                                                agent would program  tables say        what lies where then
//! ```
//!
//! * [`parse`] reads the file, checks it as a whole and resolves names. A refusal is a
//!   [`NetworkError`] with file, line and column; there is no half-read network.
//! * [`objects`](fn@objects) turns a network into the vocabulary that a vRouter speaks (vif, nexthop,
//!   route, bridge, mpls, vxlan, ...). It cannot fail: everything that could is refused before.
//!
//! * [`entries`](fn@entries::entries) follows every reference to its end, so that the card need not.
//! * [`plan`](fn@plan::plan) finds places and the order of writes that no packet suffers from.
//!
//! [`reseed`](mod@reseed) changes the secret of a table's hash under traffic.
//!
//! [`compile`](fn@compile) does all but the first. The same network always gives the same objects, byte for byte; the
//! same card and the same network the same plan.

#![forbid(unsafe_code)]

mod compiled;
mod mac;
mod port;

pub mod compile;
pub mod entries;
pub mod network;
pub mod objects;
pub mod placed;
pub mod plan;
pub mod reseed;
pub mod row;

pub use compile::objects;
pub use compiled::{compile, CompileError, Compiled};
pub use entries::{Entries, EntryError};
pub use mac::{InvalidMac, Mac};
pub use network::{parse, Network, NetworkError};
pub use objects::Objects;
pub use placed::Placed;
pub use plan::{Plan, PlanError};
pub use port::{InvalidPortName, PortKind, PortName};
