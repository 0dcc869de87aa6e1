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

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_wires::{build, input, output, Blocks, Ports, Sim};

    #[test]
    fn the_registers_go_first_and_each_gets_back_its_own() {
        let mut sim = Sim::new(&build("ends", Ports::Fields, Blocks::Inline, || {
            let (host, taken) = entry(input("registers"), input("bulk"));
            let (registers, bulk) = exit(host);
            output("taken", taken);
            output("to_registers", registers);
            output("to_bulk", bulk);
        }));
        for clock in 0..16u128 {
            let (registers, bulk) = (clock & 1, clock >> 1 & 1);
            sim.set_int("registers_request", registers);
            sim.set_int("registers_row", 2 * clock);
            sim.set_int("bulk_request", bulk);
            sim.set_int("bulk_row", 2 * clock + 1);
            // What the rings cannot claim: that it is the registers' own, or done.
            sim.set_int("bulk_done", 1);
            assert_eq!(sim.get_int("taken"), bulk & !registers & 1);
            sim.step();
            let came = |sim: &mut Sim, to: &str| {
                (sim.get_int(&format!("{to}_request")) == 1).then(|| {
                    assert_eq!(sim.get_int(&format!("{to}_done")), 0);
                    sim.get_int(&format!("{to}_row"))
                })
            };
            let own = (registers == 1).then_some(2 * clock);
            let other = (registers == 0 && bulk == 1).then_some(2 * clock + 1);
            assert_eq!(came(&mut sim, "to_registers"), own, "clock {clock}");
            assert_eq!(came(&mut sim, "to_bulk"), other, "clock {clock}");
        }
    }
}
