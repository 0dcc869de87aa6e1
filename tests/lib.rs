//! What the whole-system tests share: packets, random tables, and the RTL core under Verilator.
//!
//! ```text
//!   packets ─┬─▶ rtl ─────▶ frames, counters, metadata ─┐
//!            └─▶ model ───▶ frames, counters, metadata ─┴─▶ equal, or where do they part?
//! ```
#![forbid(unsafe_code)]

pub mod fuzz;
pub mod packets;
pub mod paths;
pub mod rtl;
pub mod tables;
pub mod traffic;
