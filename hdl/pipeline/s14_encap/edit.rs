//! What is done with the packet's bytes: the order to `deliver`.
//!
//! ```text
//!              port                          taken off the front       put in front
//!   dropped    -
//!   round      rounds; vif the receiving     see `shape::last`         nothing
//!   mirrored   rounds                        as it leaves              as it leaves
//!   punted     slow path                     nothing                   shim
//!   decided    as told, or the other end     nothing                   nothing
//!   answered   where it came from            what it asked with        Ethernet, ARP
//!   leaves     the nexthop's                 what led to it            the nexthop's headers
//! ```
//! What the slow path put in front of an injected packet is taken off in any case. Of what was decided before it came to a
//! nexthop, only a packet for the host itself is changed.

use super::errand::{self, Plan};
use super::room::Outcome;
use super::shape::Shape;
use super::{answer, header, Way};
use crate::hardware::{Edit, Meta, Patch};
use underpass_layout::meta::RoundKind;
use underpass_layout::port::{ROUND, SLOW};
use underpass_layout::shim::InjectCommand;
use underpass_layout::VerdictKind;
use underpass_wires::{bundle, first, k, mux, only, wire, zero, Bit, U};

bundle! {
    /// Bytes that leave or go round.
    pub(super) struct Left {
        /// As the packet came.
        whole: U<16>,
        /// What was in its tunnel.
        inside: U<16>,
        /// What is left of it.
        payload: U<16>,
        /// What leaves, with what is put in front.
        pub added: U<16>,
    }

    /// All that the edit is made of, beside the packet's metadata.
    pub(super) struct End {
        pub way: Way,
        pub plan: Plan,
        pub outcome: Outcome,
        pub shape: Shape,
        pub length: U<16>,
    }
}

impl Left {
    /// Of this packet. Combinational.
    pub fn of(meta: Meta, shape: Shape, way: Way) -> Left {
        let whole = meta.arrival.length;
        let payload = meta.rewrite.payload;
        Left {
            whole,
            inside: whole - errand::inside(meta).ext(),
            payload,
            added: mux(way.by_nexthop, payload, whole) + answer::growth(meta, way, shape.add),
        }
    }

    /// If it goes as planned. Combinational.
    pub fn planned(self, plan: Plan) -> U<16> {
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
        mss_offset: behind(patch.mss_offset),
        ..patch
    }
}

/// It would leave by the port of rounds without an errand, or as an answer to the slow path, which has asked nothing and
/// knows packets by their shims: no interface has those ports. Combinational.
pub(super) fn nowhere(meta: Meta, way: Way) -> Bit {
    let arrival = meta.arrival;
    let is = |port: U<10>| port.eq(ROUND);
    let injected = arrival.injected & arrival.command.eq(InjectCommand::Transmit.code());
    let back = arrival.receiving_port();
    let port = first(
        &[
            (
                way.answers,
                !meta.decap.tunnelled & (is(back) | back.eq(SLOW)),
            ),
            (
                arrival.comes_as(&[RoundKind::Transmit]),
                is(arrival.round.port),
            ),
            (injected, is(arrival.inject_port)),
            (way.by_nexthop, is(meta.nexthop.port)),
        ],
        is(meta.classify.entry.cross_port),
    );
    meta.verdict.is(VerdictKind::Deliver) & port
}

/// What is done with the packet's bytes. Combinational.
pub(super) fn edit(meta: Meta, end: End, header: U<{ header::BITS }>) -> Edit {
    let (arrival, plan, outcome) = (meta.arrival, end.plan, end.outcome);
    wire!(dropped = meta.verdict.is(VerdictKind::Drop) & !outcome.goes);
    wire!(punted = meta.verdict.is(VerdictKind::Punt));
    wire!(injected = arrival.injected & arrival.command.eq(InjectCommand::Transmit.code()));
    wire!(mirrored = arrival.comes_as(&[RoundKind::Transmit]));
    let (vif, port) = first(
        &[
            (outcome.bare, (meta.classify.vif, k(ROUND))),
            (punted, (meta.classify.vif, k(SLOW))),
            (
                end.way.answers,
                (meta.classify.vif, arrival.receiving_port()),
            ),
            (mirrored, (arrival.round.vif, arrival.round.port)),
            (injected, (arrival.inject_vif, arrival.inject_port)),
            (end.way.by_nexthop, (meta.nexthop.vif, meta.nexthop.port)),
        ],
        (
            meta.classify.entry.cross_vif,
            meta.classify.entry.cross_port,
        ),
    );
    wire!(for_host = meta.decap.host & !punted);
    wire!(patched = (end.way.by_nexthop | for_host) & (!outcome.bare | plan.translate));
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
