//! Whether a packet goes round, and as what it comes back.
//!
//! ```text
//!   what                                   leaves                    comes back as
//!   mirrored or learnt from as it came     as it came                Again, behind its copies
//!   mirrored by its flow, from a tunnel    out of its tunnel         Tenant, behind its copies
//!   for a list                             out of its tunnel         Member, once for each
//!   for another VRF                        out of its tunnel, NAT    Tenant
//!   mirrored by its outgoing interface     as it would leave         Transmit, behind its copy
//!   ARP answered into a tunnel             the answer                Tenant
//! ```
//! The first that holds is what is done; the others follow when it comes back. The first two hold whatever becomes of the
//! packet: what is dropped is mirrored too.

use super::{order, receiving_port, Change};
use crate::headers::Header;
use crate::s13_rewrite::patch::NOTHING;
use underpass_layout::meta::{
    Edit, Errand, HeaderKind, Known, Meta, Patch, Round, RoundKind, TREE_BYTES,
};
use underpass_layout::port;
use underpass_layout::tables::{Leg, TunnelKind};
use underpass_layout::VerdictKind;

/// It does not go round.
pub(super) const NONE: Errand = Errand {
    on: false,
    mirror: 0,
    second: 0,
    third: 0,
    learn: false,
    members: 0,
    entropy: 0,
    round: FIRST,
};

/// Nothing but what the card finds out itself.
const UNKNOWN: Known = Known {
    ports: false,
    src_port: 0,
    dst_port: 0,
    routed: false,
    nexthop: 0,
    label: 0,
};

/// Of a packet that did not go round.
const FIRST: Round = Round {
    kind: RoundKind::First,
    known: UNKNOWN,
    hops: 0,
    vif: 0,
    port: 0,
    received: false,
    flowed: false,
    judged: false,
    quiet: false,
    tunnelled: false,
    frame: false,
    vrf: 0,
    direct: false,
    nexthop: 0,
    label: 0,
    flood_unknown: false,
    tree: false,
    tunnel: TunnelKind::None,
    outer_v6: false,
    outer_src: 0,
    outer_label: 0,
    outer_ttl: 0,
    origin: Leg::None,
    position: 0,
};

/// Copies that come before all else: for the mirrors of its interface and its flow, and to learn from. False: there are
/// none to make.
#[inline]
pub(super) fn before_all(meta: &Meta, edit: &mut Edit) -> bool {
    let onward = &meta.flow.onward;
    let mirrors = meta.classify.entry.mirror | onward.mirror | onward.second_mirror;
    (mirrors != 0 || shows(meta)) && copies_before(meta, edit)
}

/// Is the slow path shown the packet? What it gets itself need not be shown for what it tells.
fn shows(meta: &Meta) -> bool {
    let is_punted = meta.verdict.kind == VerdictKind::Punt;
    meta.bridge.learn || meta.answer.shown && !is_punted
}

fn copies_before(meta: &Meta, edit: &mut Edit) -> bool {
    let came = &meta.arrival.round;
    let makes = matches!(
        came.kind,
        RoundKind::First | RoundKind::Again | RoundKind::Tenant
    );
    // Nothing cannot go round.
    if !makes || came.quiet || meta.arrival.length == 0 {
        return false;
    }
    let vif = &meta.classify.entry;
    let first = came.kind == RoundKind::First && !meta.arrival.injected;
    let received = if first && vif.valid { vif.mirror } else { 0 };
    let (one, two) = match came.flowed {
        false => (meta.flow.onward.mirror, meta.flow.onward.second_mirror),
        true => (0, 0),
    };
    let (of_flow, learn) = (one | two != 0, shows(meta));
    if received == 0 && !of_flow && !learn {
        return false;
    }
    let again = Round {
        kind: RoundKind::Again,
        known: came.known,
        hops: came.hops,
        vif: meta.classify.vif,
        port: receiving_port(meta),
        received: true,
        judged: came.judged,
        ..FIRST
    };
    let errand = Errand {
        learn,
        round: again,
        ..NONE
    };
    if !meta.decap.tunnelled && came.kind != RoundKind::Tenant {
        let mut errand = mirrored(errand, [received, one, two]);
        errand.round.flowed = came.flowed || of_flow;
        go_round(meta, errand, 0, &NOTHING, edit);
    } else if received != 0 || learn {
        go_round(meta, mirrored(errand, [received, 0, 0]), 0, &NOTHING, edit);
    } else {
        let mut errand = mirrored(errand, [one, two, 0]);
        errand.round = Round {
            flowed: true,
            judged: came.judged,
            direct: meta.decap.direct,
            nexthop: meta.decap.nexthop,
            label: meta.decap.label,
            ..of_tenant(meta)
        };
        go_round(meta, errand, to_tenant(meta), &NOTHING, edit);
    }
    true
}

/// The frame goes round to come back for each member.
pub(super) fn to_members(meta: &Meta, edit: &mut Edit) {
    let round = Round {
        kind: RoundKind::Member,
        known: UNKNOWN,
        flowed: true,
        judged: true,
        quiet: meta.arrival.round.quiet,
        frame: true,
        direct: true,
        flood_unknown: false,
        nexthop: meta.route.nexthop,
        label: meta.route.label,
        origin: meta.member.origin,
        position: meta.member.first,
        ..of_tenant(meta)
    };
    let errand = Errand {
        members: meta.member.count,
        round,
        ..NONE
    };
    go_round(meta, errand, to_tenant(meta), &NOTHING, edit);
}

/// The packet goes round to be looked up in the VRF that the nexthop names.
pub(super) fn to_other_vrf(meta: &Meta, edit: &mut Edit) {
    let came = &meta.arrival.round;
    let round = Round {
        known: Known {
            routed: false,
            nexthop: 0,
            label: 0,
            ..came.known
        },
        hops: came.hops + 1,
        flowed: true,
        judged: true,
        quiet: came.quiet,
        frame: !meta.bridge.l3,
        vrf: meta.nexthop.vrf,
        tree: false,
        ..of_tenant(meta)
    };
    let strip = match meta.bridge.l3 {
        true => meta.inner.l3_offset,
        false => meta.decap.offset,
    };
    let errand = Errand { round, ..NONE };
    go_round(meta, errand, strip, &meta.rewrite.patch, edit);
}

/// The answer to ARP goes round to be bridged in the VRF that the request came into, as if from there.
pub(super) fn with_answer(meta: &Meta, edit: &mut Edit) {
    let came = &meta.arrival.round;
    let round = Round {
        kind: RoundKind::Tenant,
        hops: came.hops + 1,
        vif: meta.classify.vif,
        port: receiving_port(meta),
        received: true,
        flowed: true,
        judged: true,
        quiet: came.quiet,
        frame: true,
        vrf: meta.decap.vrf,
        ..FIRST
    };
    edit.errand = Errand {
        on: true,
        entropy: meta.rewrite.entropy,
        round,
        ..NONE
    };
}

/// What leaves by an interface that is mirrored goes round once more, behind its copy.
#[inline]
pub(super) fn behind_all(meta: &Meta, edit: &mut Edit) {
    let nexthop = &meta.nexthop;
    if nexthop.mirror == 0 || meta.arrival.round.quiet {
        return;
    }
    edit.port = port::ROUND;
    edit.errand = Errand {
        on: true,
        mirror: nexthop.mirror,
        entropy: meta.rewrite.entropy,
        round: Round {
            kind: RoundKind::Transmit,
            vif: nexthop.vif,
            port: nexthop.port,
            received: true,
            flowed: true,
            judged: true,
            ..FIRST
        },
        ..NONE
    };
}

/// What all rounds have in common that bring the tenant's packet back, out of its tunnel.
fn of_tenant(meta: &Meta) -> Round {
    let (decap, parse) = (&meta.decap, &meta.parse);
    Round {
        kind: RoundKind::Tenant,
        known: meta.arrival.round.known,
        hops: meta.arrival.round.hops,
        vif: meta.classify.vif,
        port: receiving_port(meta),
        received: true,
        tunnelled: decap.tunnelled,
        frame: decap.frame,
        vrf: decap.vrf,
        flood_unknown: decap.flood_unknown,
        tree: decap.tree,
        tunnel: parse.tunnel,
        outer_v6: parse.v6,
        outer_src: parse.src,
        outer_label: parse.label,
        outer_ttl: parse.label_ttl,
        ..FIRST
    }
}

/// Bytes in front of the tenant's packet, but for the headers of a multicast tree, which come along.
fn to_tenant(meta: &Meta) -> u8 {
    let kept = if meta.decap.tree { TREE_BYTES as u8 } else { 0 };
    meta.decap.offset - kept
}

/// The mirrors that there are, one behind the other.
fn mirrored(errand: Errand, mirrors: [u16; 3]) -> Errand {
    let mut there = mirrors.into_iter().filter(|mirror| *mirror != 0);
    let mut next = || there.next().unwrap_or(0);
    Errand {
        mirror: next(),
        second: next(),
        third: next(),
        ..errand
    }
}

fn go_round(meta: &Meta, errand: Errand, strip: u8, patch: &Patch, edit: &mut Edit) {
    let change = Change {
        port: port::ROUND,
        vif: meta.classify.vif,
        strip,
        patch,
        kind: HeaderKind::Bare,
        header: &Header::EMPTY,
    };
    order(meta, &change, edit);
    edit.errand = Errand {
        on: true,
        entropy: meta.rewrite.entropy,
        ..errand
    };
}

#[cfg(test)]
mod tests;
