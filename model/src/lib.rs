//! What the card's tables do, in plain Rust.
//!
//! ```text
//!   frame ─┬▶ gather ─▶ s1_parse ─▶ s2_classify ─▶ s3_decap ─▶ s4_inner ─▶ s5_quoted ─▶ s6_bridge ─┐
//!          │     ┌─ s12_nexthop ◀─ s11_member ◀─ s10_route ◀─ s9_flow ◀─ s8_key ◀─ s7_receiver ◀───┘
//!          │     └▶ s13_rewrite ─▶ s14_encap ─▶ deliver ─┬▶ frame
//!          │                           └─▶ counters      └▶ rounds ─┐
//!          └──────────────────── copies ◀───────────────────────────┘
//! ```
//! This is the oracle of the RTL, the card behind `--card sim:model`, the printer of `packet trace`, and the path of
//! packets that the card hands to the host to forward. It is written from the RFCs and from what the peer was seen to
//! do; nothing of it is shared with the HDL but the layout.
//!
//! ```
//! use underpass_layout::profile::SIM;
//! let mut core = underpass_model::Core::new(&SIM);
//! let output = core.process(&[0; 60], 0);
//! assert_eq!(output.verdict.to_string(), "drop (INVALID_IF)");
//! assert_eq!(core.counters.outcome(SIM.no_vif(), output.verdict), 1);
//! ```
#![forbid(unsafe_code)]

pub mod card;
pub mod core;
pub mod counters;
mod decide;
pub mod deliver;
pub mod gather;
pub mod headers;
pub mod pairs;
pub mod pipeline;
pub mod rounds;
mod routes;
pub mod s10_route;
pub mod s11_member;
pub mod s12_nexthop;
pub mod s13_rewrite;
pub mod s14_encap;
pub mod s1_parse;
pub mod s2_classify;
pub mod s3_decap;
pub mod s4_inner;
pub mod s5_quoted;
pub mod s6_bridge;
pub mod s7_receiver;
pub mod s8_key;
pub mod s9_flow;
pub mod tables;
#[cfg(test)]
mod testing;
pub mod trace;
pub mod window;

pub use crate::core::{Core, Output};
pub use card::memory::{HostMemory, Unmapped};
pub use card::ModelCard;
pub use tables::{RowError, Tables};
pub use trace::Trace;
