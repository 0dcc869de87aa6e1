//! The card in RTL, written in Rust.
//!
//! ```text
//!   shells/      what a board connects: streams, AXI4-Lite ── emit() gives the Verilog
//!     └ core     RustHDL structure
//!         ├ stream/     gather ─────────────── body ───────────────▶ deliver
//!         ├ pipeline/   └▶ s1 parse ─▶ s2 ─▶ .. ─▶ s14 encap ─▶ count ─▶┘
//!         ├ rounds/     what comes back from deliver to gather, once for each copy
//!         ├ lookup/     the memories that the stages ask
//!         ├ pairs/      TCP connections and idle flows, behind the stages
//!         └ card/       AXI4-Lite slave, registers, host's chain to the tables, hash words, host rings
//! ```
//! Two ways of writing meet here. **Leaves** (a stage, a lookup, a FIFO) are plain functions from bundle to bundle in
//! `underpass_wires`; **structure** (`core`, `pipeline`, `shells`) is RustHDL, with nothing but links and joins. A leaf
//! becomes a RustHDL block by one `leaf!`. All widths come from `underpass_layout`, by way of [`hardware`].
#![forbid(unsafe_code)]

pub mod buses;
pub mod card;
pub mod core;
pub mod hardware;
pub mod lookup;
pub mod pairs;
pub mod pipeline;
pub mod rounds;
pub mod shells;
pub mod stream;
