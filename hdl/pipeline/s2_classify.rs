//! s2_classify: whose packet is it? Reads `arrival`, tables `port` and `vif`. Writes `classify`.
//!
//! ```text
//!   port ─▶ [ port 2 ] ─▶ interface ─▶ [ vif 2 ] ─▶ [ decide ] ─▶ classify
//! ```
//! An injected packet names its interface itself, and one that comes round brings it along.

use super::slot::{HeadSlot, Written};
use crate::buses::{HeadIn, HeadOut, HostIn, HostOut, Sizes};
use crate::card::host_bus::HostBus;
use crate::hardware::{Arrival, Classify, PortEntry, VerdictBits, VifEntry};
use crate::lookup::{direct, Place};
use underpass_layout::meta::RoundKind;
use underpass_layout::profile::Profile;
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::id;
use underpass_layout::DropReason;
use underpass_wires::{first, k, leaf, Bit, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = 2 * direct::LATENCY + 2;

leaf!(
    /// The stage as a block.
    pub ClassifyStage(sizes: Sizes) { slot_in: HeadIn, host_in: HostIn } -> { slot: HeadOut, host: HostOut },
    |slot: HeadSlot, host: HostBus| -> (HeadSlot, HostBus) { classify(sizes.0, slot, host) }
);

/// The stage.
pub fn classify(profile: &Profile, slot: HeadSlot, bus: HostBus) -> (HeadSlot, HostBus) {
    let slot = slot.written(Written::Parse);
    let arrival = slot.meta.arrival;
    let (port, chain) =
        direct::direct::<PortEntry, _>(&Place::of(profile, id::PORT), arrival.port, bus);

    let arrival = arrival.delay("arrival", direct::LATENCY);
    let round = !arrival.comes_as(&[RoundKind::First]);
    let unknown = (!arrival.injected & !round & !port.valid).reg("unknown_port");
    let no_vif = k::<13>(profile.no_vif());
    // Numbers beyond the table stand for the row that their low bits name, here and in the model.
    let mask = k::<13>(profile.rows[id::VIF as usize] - 1);
    let vif: U<13> = first(
        &[
            (arrival.injected, arrival.inject_vif & mask),
            (round, arrival.round.vif & mask),
            (port.valid, port.vif & mask),
        ],
        no_vif,
    )
    .reg("vif");

    let (entry, chain) = direct::direct::<VifEntry, _>(&Place::of(profile, id::VIF), vif, chain);
    let vif = vif.delay("vif_number", direct::LATENCY);
    let unknown = unknown.delay("unknown", direct::LATENCY);

    let slot = slot.later("slot", LATENCY - 1);
    let arrival = slot.meta.arrival;
    let unknown = unknown | arrival.injected_to(InjectCommand::None);
    let transmit =
        arrival.injected_to(InjectCommand::Transmit) | arrival.comes_as(&[RoundKind::Transmit]);
    let mut out = slot;
    out.meta.classify = Classify { vif, entry };
    out.meta.verdict = slot.meta.verdict.or_first(&[
        (
            unknown | !entry.valid,
            VerdictBits::drop(DropReason::InvalidInterface),
        ),
        (
            slot.meta.parse.runt,
            VerdictBits::drop(DropReason::InvalidPacket),
        ),
        (transmit, VerdictBits::deliver()),
    ]);
    let out = out.later("out", 1);
    (out, chain.leave(out))
}

impl Arrival {
    /// The slow path asked for this.
    pub fn injected_to(self, command: InjectCommand) -> Bit {
        self.injected & self.command.eq(command.code())
    }
}
