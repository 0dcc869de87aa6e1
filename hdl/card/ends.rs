//! Where the host's chain to the tables begins and ends: the registers and the rings share it.
//!
//! ```text
//!   registers ─▶ ┌───────┐                           ┌──────┐ ─▶ registers
//!                │ entry ├─▶ seed ─▶ the stages .. ─▶│ exit │
//!   bulk ──────▶ └───────┘                           └──────┘ ─▶ bulk
//!          ◀─ taken
//! ```
//! The registers make an access now and then, and it goes at once. The other side offers one for as long as it takes: it
//! is `taken` in every clock in which the registers make none.

use super::host_bus::HostBus;
use crate::buses::{HostIn, HostOut};
use rust_hdl_core::prelude::{Bit as HdlBit, Out, Signal};
use underpass_wires::{leaf, mux, zero, Bit, BundleExt};

/// The chain's first clock, and whether the access of `bulk` goes with this one.
fn entry(registers: HostBus, bulk: HostBus) -> (HostBus, Bit) {
    let chosen = HostBus {
        ring: !registers.request,
        done: zero(),
        retry: zero(),
        seed: zero(),
        ..mux(registers.request, registers, bulk)
    };
    let valid = registers.request | bulk.request;
    let mut host = chosen.reg_en("host", valid);
    host.request = valid.reg_rst("host_request");
    (host, bulk.request & !registers.request)
}

/// To whom what comes back belongs.
fn exit(host: HostBus) -> (HostBus, HostBus) {
    let of = |here: Bit| HostBus {
        request: host.request & here,
        ..host
    };
    (of(!host.ring), of(host.ring))
}

leaf!(
    /// Two that make accesses to one chain.
    pub ChainEntry { registers: HostIn, bulk: HostIn } -> { host: HostOut, taken: Signal<Out, HdlBit> },
    |registers: HostBus, bulk: HostBus| -> (HostBus, Bit) { entry(registers, bulk) }
);

leaf!(
    /// One chain to the two that made accesses.
    pub ChainExit { host: HostIn } -> { registers: HostOut, bulk: HostOut },
    |host: HostBus| -> (HostBus, HostBus) { exit(host) }
);
