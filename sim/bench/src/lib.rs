//! An awaitable testbench: a test sends, receives and asserts; clocks pass by themselves.
//!
//! ```text
//!   test body (async)     tx.send(frame)        rx.recv()         regs.write(addr, value)      tb.clock(10)
//!                              │                    ▲                     │     ▲
//!   channels              AxisDriver            AxisMonitor             AxilDriver      judge every handshake
//!                              │ s_axis_*           │ m_axis_*            │ s_axil_*
//!   Dut                   ─────┴──── settle ── sample ── tick ────────────┴──────       Verilator, or any clocked model
//! ```
//!
//! The lower layer, [`Channel`] and [`clock`], knows no futures: the simulated card drives the same channels in its
//! own loop; there is one more, [`AxiSlave`], which gives an AXI4 master on `m_axi_*` memory to read and write. The upper one, [`Bench`], is a single-threaded executor that advances the clock whenever all tasks wait.
//!
//! ```no_run
//! use underpass_bench::{AxilMaster, AxisSink, AxisSource, Bench, Frame, Stalls};
//! # fn instance() -> underpass_verilator::Instance { unimplemented!() }
//!
//! let tb = Bench::new(instance());
//! let tx = AxisSource::new(&tb, "s_axis", Stalls::None);
//! let rx = AxisSink::new(&tb, "m_axis", Stalls::Random { seed: 1, percent: 30 });
//! let regs = AxilMaster::new(&tb, "s_axil");
//! tb.run(async {
//!     tb.reset().await;
//!     regs.write(0x10, 7).await;
//!     tx.send(Frame::new(vec![0xaa; 60], 1)).await;
//!     assert_eq!(rx.recv().await.port, 7);
//!     tb.expect_quiet(100).await;
//! });
//! ```
#![forbid(unsafe_code)]

mod axi_memory;
mod axi_slave;
mod axi_taker;
mod axil;
mod axil_driver;
mod axil_master;
mod axis;
mod axis_driver;
mod axis_monitor;
mod axis_stream;
mod bench;
mod channel;
mod dut;
mod frame;
mod stalls;
mod task;
mod violation;

pub use axi_memory::{AxiFault, AxiMemory, AxiRam, AXI_BEAT};
pub use axi_slave::{AxiSlave, AxiTiming, AxiTotals};
pub use axil::{AxilDone, AxilOp, Response};
pub use axil_driver::AxilDriver;
pub use axil_master::AxilMaster;
pub use axis::Axis;
pub use axis_driver::AxisDriver;
pub use axis_monitor::AxisMonitor;
pub use axis_stream::{AxisSink, AxisSource};
pub use bench::Bench;
pub use channel::{clock, run_until_quiet, Activity, Channel};
pub use dut::Dut;
pub use frame::{Frame, Received, Sent};
pub use stalls::{StallStream, Stalls, STALL_COMBINATIONS};
pub use task::Task;
pub use violation::Violation;
