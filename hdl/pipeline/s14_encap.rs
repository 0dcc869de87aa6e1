//! s14_encap: the headers in front, and where the packet leaves. Reads everything. Writes `edit`.
//!
//! ```text
//!   slot ─▶ [ shape ] ─▶ [ identification, checksum: 5 ] ─▶ [ header's bytes ] ─▶ edit
//!
//!   MplsGre      | Ethernet 14 | IPv4 20, IPv6 40 | GRE 4 | MPLS 4 |
//!   MplsUdp      | Ethernet 14 | IPv4 20, IPv6 40 | UDP 8 | MPLS 4 |
//!   Vxlan        | Ethernet 14 | IPv4 20, IPv6 40 | UDP 8 | VXLAN 8 |
//!   VxlanRouted  | Ethernet 14 | IPv4 20, IPv6 40 | UDP 8 | VXLAN 8 | Ethernet 14 |
//!   Ethernet     | Ethernet 14 |
//!   Shim         | PuntShim 64 |
//! ```

mod header;
mod outer;
mod shape;
#[cfg(test)]
mod tests;

use super::slot::Slot;
use crate::buses::{DecidedOut, RoundCreditIn, SlotIn};
use crate::hardware::{Edit, Meta, Patch, VerdictBits};
use crate::stream::beat::RoundCredit;
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, In, Out, Signal};
use shape::Shape;
use underpass_layout::port::SLOW;
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::VifKind;
use underpass_layout::VerdictKind;
use underpass_wires::{bundle, first, k, leaf, mux, only, wire, zero, Bit, BundleExt, U};

/// Clocks from slot to slot.
pub const LATENCY: usize = 1 + outer::LATENCY + 1;

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

/// The stage.
pub fn encap(slot: Slot, _credit: RoundCredit, _learn_interval: U<32>) -> (Decided, Bit) {
    let mut slot = slot;
    slot.meta.verdict = slot
        .meta
        .verdict
        .or_first(&[(k(1), VerdictBits::deliver())]);
    let by_nexthop = slot.meta.verdict.is(VerdictKind::Deliver)
        & !cross_connected(slot.meta)
        & !transmitted(slot.meta);
    let shape = shape::shape(slot.meta, by_nexthop).reg("shape");
    let by_nexthop = by_nexthop.delay("by_nexthop", 1 + outer::LATENCY);
    let slot = slot.later("shaped", 1);

    let outer = outer::outer(slot, shape);
    let slot = slot.later("outer", outer::LATENCY);
    let shape = shape.delay("shape_outer", outer::LATENCY);

    let meta = slot.meta;
    let edit = edit(meta, shape, by_nexthop, header::header(meta, shape, outer));
    let out = slot.later("out", 1);
    let decided = Decided {
        valid: out.valid,
        meta: out.meta,
        edit: edit.reg("edit"),
    };
    (decided, zero())
}

/// It goes from the fabric to the host or back, as it came.
fn cross_connected(meta: Meta) -> Bit {
    !meta.classify.entry.kind.eq(VifKind::Vm.code()) & !meta.decap.tunnelled
}

/// The slow path sends it, as it is.
fn transmitted(meta: Meta) -> Bit {
    meta.arrival.injected & meta.arrival.command.eq(InjectCommand::Transmit.code())
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
fn edit(meta: Meta, shape: Shape, by_nexthop: Bit, header: U<768>) -> Edit {
    wire!(dropped = meta.verdict.is(VerdictKind::Drop));
    wire!(punted = meta.verdict.is(VerdictKind::Punt));
    let (vif, port) = first(
        &[
            (punted, (meta.classify.vif, k(SLOW))),
            (
                transmitted(meta),
                (meta.arrival.inject_vif, meta.arrival.inject_port),
            ),
            (by_nexthop, (meta.nexthop.vif, meta.nexthop.port)),
        ],
        (
            meta.classify.entry.cross_vif,
            meta.classify.entry.cross_port,
        ),
    );
    // What the slow path put in front of an injected packet is stripped in any case.
    let stays = mux(by_nexthop, meta.rewrite.payload, meta.arrival.length);
    let edit = Edit {
        drop: zero(),
        port,
        vif,
        strip: shape.strip,
        patch: only(by_nexthop, behind_shim(meta)),
        kind: shape.kind,
        add: shape.add,
        header,
        length: stays + shape.add.ext(),
        errand: zero(),
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
