//! Datapath logic in Rust: a small, typed builder of wires, registers and memories.
//!
//! A piece of hardware is a plain function from bundles of wires to bundles of wires. Running it once
//! records a description, and the description gives Verilog, a native simulation, and a count of clocks.
//!
//! ```text
//!                                  .--> Design::verilog()   plain Verilog-2005, names and lines kept
//!   fn route(m: Meta) -> Meta      |
//!      '--- build(..) --> Design --+--> Sim::new(&design)   clocked in Rust, no simulator needed
//!                                  |
//!                                  '--> Design::latency()   clocks from input to output
//!   leaf!(.. route ..)                  the same function as a block of a RustHDL hierarchy
//! ```
//!
//! # Example
//!
//! Count the packets to one port, and say a clock later whether this was one:
//!
//! ```
//! use underpass_wires::*;
//!
//! bundle! {
//!     /// The first bytes of a UDP packet.
//!     pub struct Head {
//!         /// There is a packet in this clock.
//!         valid: Bit,
//!         /// The UDP header, byte 0 in bits 7:0.
//!         udp: U<64>,
//!     }
//! }
//!
//! fn count(head: Head) -> (Bit, U<32>) {
//!     wire!(port: U<16> = head.udp.at(2));
//!     wire!(vxlan = head.valid & port.eq(4789));
//!     let packets = state::<U<32>>("packets");
//!     packets.next(vxlan, packets.q + 1);
//!     (vxlan.reg_rst("seen"), packets.q)
//! }
//!
//! let design = build("count", Ports::Fields, Blocks::Modules, || {
//!     let (seen, packets) = count(input("head"));
//!     output("seen", seen);
//!     output("packets", packets);
//! });
//! assert_eq!(design.latency("seen"), Some(1));
//! assert!(design.verilog().contains("wire vxlan = head_valid & (port == 16'h12b5);"));
//!
//! let mut sim = Sim::new(&design);
//! sim.set_int("head_valid", 1);
//! sim.set_int("head_udp", 0xb512_0000);
//! sim.step();
//! assert_eq!((sim.get_int("seen"), sim.get_int("packets")), (1, 1));
//! ```
//!
//! # What there is
//!
//! | | |
//! |---|---|
//! | [`U<N>`](U), [`Bit`] | a wire; `& \| ^ ! + -`, `eq ne lt le gt ge`, `any all parity`, against a wire or a number |
//! | [`k`], [`konst`], [`zero`] | constants; `k(5)` takes its width from its place |
//! | [`U::slice`], [`U::bit`], [`U::ext`], [`U::trunc`], [`U::resize`], [`cat!`] | parts and joins |
//! | [`U::at`], [`U::at_bits`], [`U::swap_bytes`], [`packet!`] | fields of packets, in network order |
//! | [`U::shl`], [`U::shr`], [`U::rotl`], [`U::shl_by`], [`U::shr_by`], [`U::rotl_by`] | by a number, by a wire |
//! | [`mux`], [`first`], [`one_of`], [`only`], [`select`], [`any_of`], [`all_of`] | choices, on any bundle |
//! | [`bundle!`](macro@bundle), tuples, arrays, [`BundleExt::pack`], [`unpack`], [`fields`] | wires that travel together |
//! | [`BundleExt::reg`], `reg_en`, `reg_rst`, `delay` | to a later clock |
//! | [`state`], [`state_from`] | feedback |
//! | [`memory()`], [`low`] | block, distributed and ultra RAM |
//! | [`wire!`](macro@wire), [`name`] | names for the Verilog |
//! | [`block`], [`build`], [`input`], [`output`] | structure |
//! | [`bus!`], [`leaf!`], [`rusthdl`] | inside RustHDL |
//!
//! # What is checked
//!
//! *Widths* are types, so the compiler checks them; positions, `cat!` and constants are checked when the
//! description runs. *Loops* cannot be written: only [`state`] feeds back. *Age*: every wire knows how many
//! clocks lie between it and the inputs, and an operator on wires of different age is refused; what belongs
//! to no clock (configuration, a value held on purpose) says [`BundleExt::timeless`]. A mistake panics with
//! the line that made it:
//!
//! ```text
//! fat.rs:76:15: meets wires 2 and 3 clocks old (mask and key)
//! parse.rs:5:93: bits 84..100 of win which has 96
//! ```
//!
//! # What the Verilog is
//!
//! One module for each kind of [`block`], a port for each field, a synchronous reset, an always block for
//! each memory port. Equal expressions are written once, constants fold, and what reaches no output
//! disappears. Registers with a reset value also start at it; memories are zero at the start of a
//! simulation and say nothing about it to synthesis.

#![forbid(unsafe_code)]

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
mod rest;
pub mod rusthdl;
mod sim;
mod verilog;
mod wire;
mod words;

#[doc(hidden)]
pub use bundle::field_path;
pub use bundle::{fields, name, unpack, unpack_low, zero, Bundle, Field};
pub use choose::{first, mux, one_of, only, select};
pub use design::{block, build, input, output, Blocks, Design, Dir, PortInfo, Ports};
#[doc(hidden)]
pub use field::{cat_of, packet_of, parts};
pub use graph::Wire;
pub use memory::{low, memory, Address, Low, Mem, Ram};
pub use register::{state, state_from, BundleExt, State};
pub use rest::rests_unless;
pub use sim::Sim;
pub use wire::{all_of, any_of, k, konst, Bit, Literal, ToU, U};
