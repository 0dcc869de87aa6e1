//! From what the operator wrote to what the card holds, as pure functions: no I/O, no clock, no card.
//!
//! ```text
//!   network.yaml ──parse──▶ Network ──objects──▶ Objects
//!   text                    what was meant       what a vRouter agent would program
//! ```
//!
//! * [`parse`] reads the file, checks it as a whole and resolves names. A refusal is a
//!   [`NetworkError`] with file, line and column; there is no half-read network.
//! * [`objects`](fn@objects) turns a network into the vocabulary that a vRouter speaks (vif, nexthop,
//!   route, bridge, mpls, vxlan, ...). It cannot fail: everything that could is refused before.
//!
//! The same network always gives the same objects, byte for byte.

#![forbid(unsafe_code)]

mod mac;
mod port;

pub mod compile;
pub mod network;
pub mod objects;
pub mod placed;

pub use compile::objects;
pub use mac::{InvalidMac, Mac};
pub use network::{parse, Network, NetworkError};
pub use objects::Objects;
pub use port::{InvalidPortName, PortKind, PortName};
