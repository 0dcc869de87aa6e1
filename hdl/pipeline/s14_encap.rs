//! s14_encap: the headers in front, where the packet leaves, or that it goes round; how much the slow path is given. Reads
//! everything, tables `punt_quota`, `punted`. Writes `edit`.
//!
//! ```text
//!   clock  0                     1             2             3                4                   6            7
//!   slot ─▶ [ shape ] ──────────▶ [ lengths, checksums without identification ] ─▶ [ identification, checksums ] ─▶ edit
//!        ─▶ [ what it would ───▶ [ which ───▶ [ beats ] ──▶ [ is there ──▶ [ the last ─▶ [ header with holes ]─▶ [ filled ]
//!             go round for ]       comes first ]              room? ]         shape ]
//!                                      quota of a punt's reason ──────▶ [ more than its interface may? ]
//!
//!   MplsGre      | Ethernet 14 | IPv4 20, IPv6 40 | GRE 4 | MPLS 4 |
//!   MplsUdp      | Ethernet 14 | IPv4 20, IPv6 40 | UDP 8 | MPLS 4 |
//!   Vxlan        | Ethernet 14 | IPv4 20, IPv6 40 | UDP 8 | VXLAN 8 |
//!   VxlanRouted  | Ethernet 14 | IPv4 20, IPv6 40 | UDP 8 | VXLAN 8 | Ethernet 14 |
//!   Nvgre        | Ethernet 14 | IPv4 20, IPv6 40 | GRE 8 |
//!   ControlGre   | as MplsGre  | zeros 4 |               ControlUdp  | as MplsUdp | zeros 4 |
//!   TreeGre      | as MplsGre  | zeros 4 | IPv4 20 | UDP 8 | VXLAN 8 |          TreeUdp likewise
//!   Ethernet     | Ethernet 14 |
//!   Shim         | PuntShim 64 |
//!   Arp          | Ethernet 14 | ARP 28 |
//! ```

mod answer;
mod edit;
mod errand;
mod header;
mod outer;
mod quota;
mod room;
mod shape;
#[cfg(test)]
mod tests;

use super::slot::Slot;
use crate::buses::{DecidedOut, HostIn, HostOut, RoundCreditIn, Sizes, SlotIn};
use crate::card::host_bus::HostBus;
use crate::hardware::{Edit, Meta, VerdictBits};
use crate::lookup::host::Chain;
use crate::stream::beat::RoundCredit;
use edit::{End, Left};
use errand::Wishes;
use room::Rest;
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use underpass_layout::profile::Profile;
use underpass_layout::{DropReason, VerdictKind};
use underpass_wires::{bundle, first, k, leaf, mux, only, rests_unless, wire, Bit, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = 1 + outer::LATENCY + 1;
/// The clock, counted from the shape, in which a header is written but for its holes.
const HEADED: usize = outer::LATENCY - 1;

bundle! {
    /// A packet that is decided: what `deliver` does with its bytes, and what the counters learn.
    pub struct Decided {
        /// There is a packet in this clock.
        valid: Bit,
        /// What is known of it.
        meta: Meta,
        /// What is done with its bytes.
        edit: Edit,
    }

    /// How a packet leaves that neither ends here nor is punted.
    struct Way {
        /// As its nexthop says, else as it came.
        by_nexthop: Bit,
        /// As the answer to itself.
        answers: Bit,
    }

    /// What the registers say of how much the slow path is given.
    pub struct Limits {
        /// Fewest clocks from one packet that is learnt from to the next.
        pub learn_interval: U<32>,
        /// The number of the window that punts are counted in.
        pub punt_window: U<20>,
    }
}

leaf!(
    /// The stage as a block. `tap` is `decided` once more: a RustHDL port leads to one place only. `lost` is set beside a
    /// packet that goes on without what it should have gone round for.
    pub EncapStage(sizes: Sizes) {
        slot_in: SlotIn,
        credit: RoundCreditIn,
        learn_interval: Signal<In, Bits<32>>,
        punt_window: Signal<In, Bits<20>>,
        host_in: HostIn,
    } -> { decided: DecidedOut, tap: DecidedOut, lost: Signal<Out, HdlBit>, host: HostOut },
    |slot: Slot, credit: RoundCredit, learn_interval: U<32>, punt_window: U<20>, host: HostBus|
        -> (Decided, Decided, Bit, HostBus) {
        let limits = Limits { learn_interval, punt_window };
        let (decided, lost, host) = encap(sizes.0, slot, credit, limits, host);
        (decided, decided, lost, host)
    }
);

/// The stage; and whether the packet goes on without what it should have gone round for.
pub fn encap(
    profile: &Profile,
    slot: Slot,
    credit: RoundCredit,
    limits: Limits,
    bus: HostBus,
) -> (Decided, Bit, HostBus) {
    rests_unless(slot.valid);
    let mut slot = slot;
    wire!(by_nexthop = slot.meta.verdict.open());
    wire!(answers = slot.meta.answer.on & slot.meta.verdict.is(VerdictKind::Deliver));
    let way = Way {
        by_nexthop,
        answers,
    };
    slot.meta.verdict = slot
        .meta
        .verdict
        .or_first(&[(k(1), VerdictBits::deliver())]);
    let shape = shape::shape(slot.meta, way).reg("shape");
    let wishes = Wishes::of(slot.meta, way).reg("wishes");
    let way = way.reg("way");
    let slot = slot.later("shaped", 1);
    let nowhere = edit::nowhere(slot.meta, way)
        .reg("nowhere")
        .delay("nowhere_decided", outer::IDENTIFICATION - 1);

    let lengths = outer::lengths(slot, shape);
    let rest = Rest::of(limits.learn_interval);
    let plan = wishes.plan(rest.on);
    rest.shown(slot.valid & plan.learn);
    let plan = only(slot.valid, plan).reg("plan");
    let left = Left::of(slot.meta, shape, way).reg("left");
    let reason = slot.meta.verdict.reason.trunc::<5>().reg("punt_reason");

    let planned = left.planned(plan);
    let beats = room::beats(planned).reg("beats");
    let plan = plan.reg("plan_measured");
    let fits = room::room(plan.any(), plan.list, beats, credit);
    let outcome = room::outcome(plan, fits).reg("outcome");
    let plan = plan.reg("plan_decided");
    let (planned, added) = (planned, left.added).delay("lengths_decided", 2);
    let length = mux(outcome.bare, planned, added).reg("length");

    let decided = slot.later("decided", outer::IDENTIFICATION);
    let tentative = shape.delay("shape_decided", outer::IDENTIFICATION);
    let punted = decided.meta.verdict.is(VerdictKind::Punt);
    let chain = Chain::from(bus);
    let (quota, chain) = quota::quota(profile, reason, chain);
    let (refused, chain) = quota::refused(
        profile,
        decided.valid & punted & !outcome.goes,
        (
            decided.meta.classify.vif,
            decided.meta.verdict.reason.trunc(),
        ),
        quota,
        limits.punt_window,
        chain,
    );
    let takes_id = decided.valid & tentative.counts_id & !outcome.bare;
    let sums = outer::sums(slot, shape, lengths, takes_id);
    let shape = shape::last(decided.meta, tentative, plan, outcome).reg("last_shape");
    let mut slot = decided;
    slot.meta.verdict = first(
        &[
            (outcome.stuck, VerdictBits::drop(DropReason::NoCopyRoom)),
            (
                nowhere & !outcome.goes,
                VerdictBits::drop(DropReason::InterfaceTxDiscard),
            ),
            (
                plan.loops & !outcome.goes,
                VerdictBits::drop(DropReason::PacketLoop),
            ),
        ],
        slot.meta.verdict,
    );

    // What stands in the headers early, then identification and checksums.
    let mut slot = slot.later("headed", HEADED - outer::IDENTIFICATION);
    let shape = shape.delay("shape_headed", HEADED - outer::IDENTIFICATION - 1);
    let lengths = lengths.delay("lengths_headed", HEADED - outer::LENGTHS);
    let header = header::header(slot.meta, shape, lengths).reg("header");
    const { assert!(HEADED == outer::IDENTIFICATION + quota::REFUSED) };
    slot.meta.verdict = mux(
        refused,
        VerdictBits::drop(DropReason::PuntLimit),
        slot.meta.verdict,
    );
    let slot = slot.later("summed", 1);
    let shape = shape.reg("shape_summed");
    let header = header::filled(header, shape.kind, slot.meta.nexthop.tunnel_v6, sums);

    let wait = outer::LATENCY - outer::IDENTIFICATION;
    let (plan, outcome) = (plan, outcome).delay("outcome_summed", wait);
    let end = End {
        way: way.delay("way_summed", outer::LATENCY),
        plan,
        outcome,
        shape,
        length: length.delay("length_summed", wait - 1),
    };
    let edit = edit::edit(slot.meta, end, header);
    let out = slot.later("out", 1);
    let decided = Decided {
        valid: out.valid,
        meta: out.meta,
        edit: edit.reg("edit"),
    };
    (decided, outcome.lost.reg("lost"), chain.leave(out))
}
