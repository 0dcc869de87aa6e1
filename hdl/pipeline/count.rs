//! The counters: every packet is counted once it is decided, in the order in which it came. So are TCP connections followed
//! and flows seen.
//!
//! ```text
//!   decided ─┬─▶ counter_rx       by receiving interface, unless the slow path injected it or it comes back
//!            ├─▶ counter_outcome  by receiving interface and reason, if it was dropped or punted
//!            ├─▶ counter_tx       by outgoing interface, if it leaves
//!            ├─▶ counter_flow     by flow id, if it met a flow
//!            ├─▶ tcp, age         by flow pair, likewise (see [`crate::pairs`])
//!            ├─▶ round events     for the registers, if it goes round or is a copy that is none
//!            └─▶ edit, errand     for deliver and rounds
//! ```
//! What goes round is counted when it has come back: as what it is then, with its flow in the round that says that it has met
//! it.

use super::s14_encap::Decided;
use crate::buses::{
    DecidedIn, EditOut, ErrandOut, HostIn, HostOut, PairOrdersIn, PairReportsOut, RoundEventsOut,
    Sizes,
};
use crate::card::host_bus::HostBus;
use crate::hardware::{FlowCounter, OutcomeCounter, TrafficCounter};
use crate::lookup::counter::count;
use crate::lookup::update::Event;
use crate::lookup::Place;
use crate::pairs::{pairs, PairOrders, PairReports};
use crate::stream::beat::{EditSlot, ErrandSlot, RoundEvents};
use rust_hdl_core::prelude::{Bit as HdlBit, In, Signal};
use underpass_layout::meta::RoundKind;
use underpass_layout::profile::Profile;
use underpass_layout::tables::id;
use underpass_layout::{VerdictKind, OUTCOMES, PUNT_BASE};
use underpass_wires::{cat, k, leaf, mux, rests_unless, wire, Bit, BundleExt, U};

/// Clocks from a decided packet to its edit.
pub const LATENCY: usize = 1;

leaf!(
    /// The counters as a block.
    pub CountStage(sizes: Sizes) {
        decided: DecidedIn,
        lost: Signal<In, HdlBit>,
        host_in: HostIn,
        pair_orders: PairOrdersIn,
    } -> {
        edit: EditOut,
        errand: ErrandOut,
        round_events: RoundEventsOut,
        host: HostOut,
        pair_reports: PairReportsOut,
    },
    |decided: Decided, lost: Bit, host: HostBus, orders: PairOrders|
        -> (EditSlot, ErrandSlot, RoundEvents, HostBus, PairReports) {
        let events = round_events(decided, lost);
        let (edit, host, reports) = counted(sizes.0, decided, host, orders);
        (edit, errand(edit), events, host, reports)
    }
);

/// What of it concerns rounds.
fn errand(slot: EditSlot) -> ErrandSlot {
    ErrandSlot {
        valid: slot.valid & slot.edit.errand.on,
        length: slot.edit.length,
        errand: slot.edit.errand,
    }
}

/// What is counted of packets that go round.
fn round_events(decided: Decided, lost: Bit) -> RoundEvents {
    RoundEvents {
        packet: decided.valid & decided.edit.errand.on,
        skipped: decided.valid & decided.meta.member.skip,
        lost,
    }
    .reg_rst("round_events")
}

/// Counts, and hands the edit on [`LATENCY`] later.
pub fn counted(
    profile: &Profile,
    decided: Decided,
    bus: HostBus,
    orders: PairOrders,
) -> (EditSlot, HostBus, PairReports) {
    rests_unless(decided.valid);
    let Decided { valid, meta, edit } = decided;
    let vif = meta.classify.vif;
    wire!(dropped = meta.verdict.is(VerdictKind::Drop));
    wire!(punted = meta.verdict.is(VerdictKind::Punt));
    wire!(round = edit.errand.on);
    wire!(stays = (dropped | punted) & !round & !meta.member.skip);
    wire!(meets_flow = valid & !(round & !edit.errand.round.judged));

    let outcome: U<7> = mux(
        punted,
        meta.verdict.reason.ext::<7>() | PUNT_BASE,
        meta.verdict.reason.ext(),
    );
    const { assert!(OUTCOMES == 1 << 7, "the outcome code is seven bits") };
    let event = |valid, row: U<20>, change: U<16>| Event { valid, row, change }.later("event");
    let rx = event(
        valid & !meta.arrival.injected & meta.arrival.comes_as(&[RoundKind::First]),
        vif.ext(),
        meta.arrival.length,
    );
    let tx = event(
        valid & !dropped & !punted & !round,
        edit.vif.ext(),
        edit.length,
    );
    let end = event(valid & stays, cat!(vif, outcome), k(0));
    let flow = event(
        meets_flow & meta.flow.hit,
        meta.flow.flow_id,
        meta.arrival.length - meta.decap.offset.ext(),
    );

    let chain = count::<TrafficCounter>(&Place::of(profile, id::COUNTER_RX), rx, bus);
    let chain = count::<TrafficCounter>(&Place::of(profile, id::COUNTER_TX), tx, chain);
    let chain = count::<OutcomeCounter>(&Place::of(profile, id::COUNTER_OUTCOME), end, chain);
    let chain = count::<FlowCounter>(&Place::of(profile, id::COUNTER_FLOW), flow, chain);
    let (reports, chain) = pairs(profile, meets_flow, meta, orders, chain);

    let mut out = EditSlot { valid, edit }.reg("edit");
    out.valid = valid.reg_rst("edit_valid");
    (out, chain.end(), reports)
}

#[cfg(test)]
mod tests;
