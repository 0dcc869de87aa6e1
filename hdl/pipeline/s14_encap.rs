//! s14_encap: the headers in front, where the packet leaves, or that it goes round. Reads everything. Writes `edit`.
//!
//! ```text
//!   clock  0                     1             2             3                4                   6            7
//!   slot ─▶ [ shape ] ──────────▶ [ lengths, checksums without identification ] ─▶ [ identification, checksums ] ─▶ edit
//!        ─▶ [ what it would ───▶ [ which ───▶ [ beats ] ──▶ [ is there ──▶ [ the last ─▶ [ header with holes ]─▶ [ filled ]
//!             go round for ]       comes first ]              room? ]         shape ]
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
//! ```

mod errand;
mod header;
mod outer;
mod room;
mod shape;
#[cfg(test)]
mod tests;

use super::s13_rewrite::front;
use super::slot::Slot;
use crate::buses::{DecidedOut, RoundCreditIn, SlotIn};
use crate::hardware::{Edit, Meta, Patch, VerdictBits};
use crate::stream::beat::RoundCredit;
use errand::{Plan, Wishes};
use room::Rest;
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use shape::Shape;
use underpass_layout::meta::RoundKind;
use underpass_layout::port::{ROUND, SLOW};
use underpass_layout::shim::InjectCommand;
use underpass_layout::{DropReason, VerdictKind};
use underpass_wires::{bundle, first, k, leaf, mux, only, wire, zero, Bit, BundleExt, U};

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
}

leaf!(
    /// The stage as a block. `tap` is `decided` once more: a RustHDL port leads to one place only. `lost` is set beside a
    /// packet that goes on without what it should have gone round for.
    pub EncapStage {
        slot_in: SlotIn,
        credit: RoundCreditIn,
        learn_interval: Signal<In, Bits<32>>,
    } -> { decided: DecidedOut, tap: DecidedOut, lost: Signal<Out, HdlBit> },
    |slot: Slot, credit: RoundCredit, learn_interval: U<32>| -> (Decided, Decided, Bit) {
        let (decided, lost) = encap(slot, credit, learn_interval);
        (decided, decided, lost)
    }
);

bundle! {
    /// What has become of a plan.
    struct Outcome {
        /// It goes round.
        goes: Bit,
        /// And without new headers.
        bare: Bit,
        /// There is no room, and it goes on without.
        lost: Bit,
        /// There is no room, and it cannot go on.
        stuck: Bit,
    }
}

/// The stage; and whether the packet goes on without what it should have gone round for.
pub fn encap(slot: Slot, credit: RoundCredit, learn_interval: U<32>) -> (Decided, Bit) {
    let mut slot = slot;
    wire!(by_nexthop = slot.meta.verdict.open());
    slot.meta.verdict = slot
        .meta
        .verdict
        .or_first(&[(k(1), VerdictBits::deliver())]);
    let shape = shape::shape(slot.meta, by_nexthop).reg("shape");
    let wishes = Wishes::of(slot.meta, by_nexthop).reg("wishes");
    let by_nexthop = by_nexthop.reg("leaves_by_nexthop");
    let slot = slot.later("shaped", 1);

    let lengths = outer::lengths(slot, shape);
    let rest = Rest::of(learn_interval);
    let plan = wishes.plan(rest.on);
    rest.shown(slot.valid & plan.learn);
    let plan = only(slot.valid, plan).reg("plan");
    let left = Left::of(slot.meta, shape, by_nexthop).reg("left");

    let planned = left.planned(plan);
    let beats = room::beats(planned).reg("beats");
    let plan = plan.reg("plan_measured");
    let fits = room::room(plan.any(), plan.list, beats, credit);
    let outcome = outcome(plan, fits).reg("outcome");
    let plan = plan.reg("plan_decided");
    let (planned, added) = (planned, left.added).delay("lengths_decided", 2);
    let length = mux(outcome.bare, planned, added).reg("length");

    let decided = slot.later("decided", outer::IDENTIFICATION);
    let tentative = shape.delay("shape_decided", outer::IDENTIFICATION);
    let takes_id = decided.valid & tentative.counts_id & !outcome.bare;
    let sums = outer::sums(slot, shape, lengths, takes_id);
    let shape = last_shape(decided.meta, tentative, plan, outcome).reg("last_shape");
    let mut slot = decided;
    slot.meta.verdict = mux(
        outcome.stuck,
        VerdictBits::drop(DropReason::NoCopyRoom),
        slot.meta.verdict,
    );

    // What stands in the headers early, then identification and checksums.
    let slot = slot.later("headed", HEADED - outer::IDENTIFICATION);
    let shape = shape.delay("shape_headed", HEADED - outer::IDENTIFICATION - 1);
    let lengths = lengths.delay("lengths_headed", HEADED - outer::LENGTHS);
    let header = header::header(slot.meta, shape, lengths).reg("header");
    let slot = slot.later("summed", 1);
    let shape = shape.reg("shape_summed");
    let header = header::filled(header, shape.kind, slot.meta.nexthop.tunnel_v6, sums);

    let wait = outer::LATENCY - outer::IDENTIFICATION;
    let (plan, outcome) = (plan, outcome).delay("outcome_summed", wait);
    let end = End {
        by_nexthop: by_nexthop.delay("by_nexthop", outer::LATENCY),
        plan,
        outcome,
        shape,
        length: length.delay("length_summed", wait - 1),
    };
    let edit = edit(slot.meta, end, header);
    let out = slot.later("out", 1);
    let decided = Decided {
        valid: out.valid,
        meta: out.meta,
        edit: edit.reg("edit"),
    };
    (decided, outcome.lost.reg("lost"))
}

bundle! {
    /// Bytes that leave or go round.
    struct Left {
        /// As the packet came.
        whole: U<16>,
        /// What was in its tunnel.
        inside: U<16>,
        /// What is left of it.
        payload: U<16>,
        /// What leaves, with what is put in front.
        added: U<16>,
    }

    /// All that the edit is made of, beside the packet's metadata.
    struct End {
        by_nexthop: Bit,
        plan: Plan,
        outcome: Outcome,
        shape: Shape,
        length: U<16>,
    }
}

impl Left {
    /// Of this packet. Combinational.
    fn of(meta: Meta, shape: Shape, by_nexthop: Bit) -> Left {
        let whole = meta.arrival.length;
        let payload = meta.rewrite.payload;
        Left {
            whole,
            inside: whole - errand::inside(meta).ext(),
            payload,
            added: mux(by_nexthop, payload, whole) + shape.add.ext(),
        }
    }

    /// If it goes as planned. Combinational.
    fn planned(self, plan: Plan) -> U<16> {
        first(
            &[
                (plan.again, self.whole),
                (plan.inside(), self.inside),
                (plan.translate, self.payload),
            ],
            self.added,
        )
    }
}

/// What becomes of a plan. Combinational.
fn outcome(plan: Plan, fits: Bit) -> Outcome {
    wire!(misses = plan.any() & !fits);
    Outcome {
        goes: fits,
        bare: fits & plan.bare(),
        lost: misses & !plan.must,
        stuck: misses & plan.must,
    }
}

/// The headers and what is taken off the front, now that it is known whether the packet goes round. Combinational.
fn last_shape(meta: Meta, shape: Shape, plan: Plan, outcome: Outcome) -> Shape {
    let off = first(
        &[(plan.again, zero()), (plan.inside(), errand::inside(meta))],
        front::start(meta),
    );
    let bare = Shape {
        strip: off + meta.arrival.shim_bytes(),
        ..zero()
    };
    mux(outcome.bare, bare, shape)
}

/// The slow path sends it as it is, or a mirror has it and it leaves as it is.
fn transmitted(meta: Meta) -> Bit {
    let arrival = meta.arrival;
    arrival.injected & arrival.command.eq(InjectCommand::Transmit.code())
        | arrival.comes_as(&[RoundKind::Transmit])
}

/// The patch with its places counted from the start of the bytes that wait, as `strip` is. Combinational.
fn behind_shim(meta: Meta) -> Patch {
    let patch = meta.rewrite.patch;
    // A shim is a whole beat, and places behind it are still below 256.
    let behind = |place: U<8>| place + only(patch.on, meta.arrival.shim_bytes());
    Patch {
        l3_offset: behind(patch.l3_offset),
        l4_offset: behind(patch.l4_offset),
        l4_checksum_offset: behind(patch.l4_checksum_offset),
        quoted_l3_offset: behind(patch.quoted_l3_offset),
        quoted_l4_offset: behind(patch.quoted_l4_offset),
        ..patch
    }
}

/// What is done with the packet's bytes. Combinational.
fn edit(meta: Meta, end: End, header: U<{ header::BITS }>) -> Edit {
    let (arrival, plan, outcome) = (meta.arrival, end.plan, end.outcome);
    wire!(dropped = meta.verdict.is(VerdictKind::Drop) & !outcome.goes);
    wire!(punted = meta.verdict.is(VerdictKind::Punt));
    let once_more = arrival.comes_as(&[RoundKind::Transmit]);
    let (vif, port) = first(
        &[
            (outcome.bare, (meta.classify.vif, k(ROUND))),
            (punted, (meta.classify.vif, k(SLOW))),
            (once_more, (arrival.round.vif, arrival.round.port)),
            (transmitted(meta), (arrival.inject_vif, arrival.inject_port)),
            (end.by_nexthop, (meta.nexthop.vif, meta.nexthop.port)),
        ],
        (
            meta.classify.entry.cross_vif,
            meta.classify.entry.cross_port,
        ),
    );
    wire!(patched = end.by_nexthop & (!outcome.bare | plan.translate));
    let edit = Edit {
        drop: zero(),
        port: mux(outcome.goes, k(ROUND), port),
        vif,
        strip: end.shape.strip,
        patch: only(patched, behind_shim(meta)),
        kind: end.shape.kind,
        add: end.shape.add,
        header,
        length: end.length,
        errand: only(outcome.goes, plan.errand(meta)),
    };
    mux(
        dropped,
        Edit {
            drop: k(1),
            vif: meta.classify.vif,
            ..zero()
        },
        edit,
    )
}
