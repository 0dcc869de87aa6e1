//! A whole PCIe card, simulated: configuration space, register window, interrupts and memory access around the RTL or
//! the model.
//!
//! ```text
//!   host (driver, QEMU) ──vfio-user──▶ Server ─▶ PciCard ─┬─ ConfigSpace         what a host finds
//!                                                         ├─ Engine: RTL, model  registers, rings, packets
//!                                                         │   └─ Cabled          TAP devices plugged into its ports
//!                                                         ├─ Ports               frames in and out, instead of cables
//!                                                         ├─ Msix                interrupts ─▶ eventfds
//!                                                         └─ Bus                 host memory, by the files it gave
//! ```
//! `underpass sim` serves one at a socket. A host that goes away, in whatever way, leaves a card as after a reset.
#![deny(unsafe_code)]

pub mod cables;
pub mod card;
pub mod config;
pub mod engine;
pub mod msix;
pub mod ports;
pub mod serve;
