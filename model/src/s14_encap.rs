//! s14_encap: the headers in front, and the order to `deliver`.  Reads: all.  Writes: the [`Edit`].
//!
//! ```text
//!   Continue ─▶ Deliver:  | Ethernet |                                       packet    Encap, routed
//!                         |                                                  frame     Encap, bridged
//!                         | Ethernet | IP | GRE, UDP | MPLS |                packet, frame    (see `tunnel`)
//!                         | Ethernet | IP | UDP | VXLAN | (Ethernet)         packet, frame
//!                         | Ethernet | IP | GRE |                            frame
//!   Deliver:              |                                    as it came    cross-connect, Transmit
//!                         | Ethernet | ARP |                   padding       the answer to a request   (see `arp`)
//!   Punt:                 | PuntShim |                         as it came    as long as it may         (see `quota`)
//!   any, to go round:     |                                    as it came, or out of its tunnel  (see `errand`)
//! ```

mod arp;
mod errand;
pub(crate) mod quota;
mod tunnel;

use crate::decide::Decide;
use crate::headers::{ethernet, Header};
use crate::s13_rewrite::patch::NOTHING;
use crate::s13_rewrite::strip;
use underpass_layout::meta::{Edit, HeaderKind, Meta, Patch, RoundKind, BEAT_BYTES, HEADER_BYTES};
use underpass_layout::port;
use underpass_layout::shim::{InjectCommand, PuntShim};
use underpass_layout::tables::{NexthopKind, TunnelKind};
use underpass_layout::{DropReason, PuntReason, Verdict};

/// Identification of the outer IPv4 headers that have none to take over (RFC 6864: unique enough).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identification(u16);

impl Default for Identification {
    /// As after a reset.
    fn default() -> Self {
        Identification(1)
    }
}

impl Identification {
    /// The next number.
    fn take(&mut self) -> u16 {
        let taken = self.0;
        self.0 = self.0.wrapping_add(1);
        taken
    }
}

/// Completes the verdict and writes down what becomes of the bytes. However much was punted already does not matter: that
/// limits what the card hands over, and not what the slow path forwards.
pub fn encap(ids: &mut Identification, meta: &mut Meta) -> Edit {
    let mut edit = DROPPED;
    encap_into(ids, meta, &mut edit);
    edit
}

/// The same, in the memory of an edit of which nothing is left.
pub(crate) fn encap_into(ids: &mut Identification, meta: &mut Meta, edit: &mut Edit) {
    if edit.errand.on {
        edit.errand = errand::NONE;
    }
    let verdict = Verdict::from(meta.verdict);
    if verdict == Verdict::Continue {
        meta.decide(Verdict::Deliver);
    }
    if errand::before_all(meta, edit) {
        return;
    }
    match verdict {
        Verdict::Continue => by_nexthop(ids, meta, edit),
        Verdict::Deliver if meta.answer.on => arp::answer(meta, edit),
        Verdict::Deliver => as_it_came(meta, edit),
        Verdict::Punt(why) => to_slow_path(meta, why, edit),
        Verdict::Drop(_) => ends(meta, edit),
    }
    if edit.port == port::ROUND && !edit.errand.on {
        // No interface has that port, and without an errand nobody waits for the packet there.
        meta.drop(DropReason::InterfaceTxDiscard);
        ends(meta, edit);
    }
}

/// The packet ends here.
fn ends(meta: &Meta, edit: &mut Edit) {
    *edit = Edit {
        vif: meta.classify.vif,
        ..DROPPED
    };
}

/// Of a packet that ends here, whose interface is still to be named.
const DROPPED: Edit = Edit {
    drop: true,
    port: 0,
    vif: 0,
    strip: 0,
    patch: NOTHING,
    kind: HeaderKind::Bare,
    add: 0,
    header: [0; HEADER_BYTES],
    length: 0,
    errand: errand::NONE,
};

/// What all orders have in common: the bytes in front of `strip` go, `header` comes.
struct Change<'a> {
    port: u16,
    vif: u16,
    strip: u8,
    patch: &'a Patch,
    kind: HeaderKind,
    header: &'a Header,
}

fn order(meta: &Meta, change: &Change<'_>, edit: &mut Edit) {
    let shim = if meta.arrival.injected {
        BEAT_BYTES as u8
    } else {
        0
    };
    let left = usize::from(meta.arrival.length).saturating_sub(change.strip.into());
    edit.drop = false;
    edit.port = change.port;
    edit.vif = change.vif;
    edit.strip = change.strip + shim;
    edit.patch = *change.patch;
    if shim > 0 && edit.patch.on {
        move_behind(&mut edit.patch, shim);
    }
    edit.kind = change.kind;
    edit.add = change.header.length as u8;
    edit.header = change.header.bytes;
    edit.length = (left + change.header.length) as u16;
}

/// Counts the places of a patch as `strip` is: from the first byte that waits.
fn move_behind(patch: &mut Patch, shim: u8) {
    for offset in [
        &mut patch.l3_offset,
        &mut patch.l4_offset,
        &mut patch.l4_checksum_offset,
        &mut patch.quoted_l3_offset,
        &mut patch.quoted_l4_offset,
        &mut patch.mss_offset,
    ] {
        *offset = offset.wrapping_add(shim);
    }
}

fn by_nexthop(ids: &mut Identification, meta: &Meta, edit: &mut Edit) {
    if meta.member.list {
        return errand::to_members(meta, edit);
    }
    match meta.nexthop.kind {
        NexthopKind::Translate => return errand::to_other_vrf(meta, edit),
        NexthopKind::Tunnel => {
            let mut header = Header::EMPTY;
            let kind = tunnel::write(&mut header, ids, meta);
            leave(meta, kind, &header, edit);
        }
        _ if meta.bridge.l3 => {
            let (nexthop, ethertype) = (&meta.nexthop, meta.inner.ethertype);
            let mut header = Header::EMPTY;
            ethernet::write(&mut header, nexthop.dst_mac, nexthop.src_mac, ethertype);
            leave(meta, HeaderKind::Ethernet, &header, edit);
        }
        _ => leave(meta, HeaderKind::Bare, &Header::EMPTY, edit),
    }
    errand::behind_all(meta, edit);
}

/// The packet leaves by its nexthop, behind a header.
fn leave(meta: &Meta, kind: HeaderKind, header: &Header, edit: &mut Edit) {
    let change = Change {
        port: meta.nexthop.port,
        vif: meta.nexthop.vif,
        strip: strip(meta),
        patch: &meta.rewrite.patch,
        kind,
        header,
    };
    order(meta, &change, edit);
}

/// A frame that is only to be transmitted, or one that changes sides at a cross-connect, perhaps with one hop less.
fn as_it_came(meta: &Meta, edit: &mut Edit) {
    let (arrival, entry) = (&meta.arrival, &meta.classify.entry);
    let (port, vif) = if arrival.round.kind == RoundKind::Transmit {
        (arrival.round.port, arrival.round.vif)
    } else if arrival.injected && arrival.command == InjectCommand::Transmit {
        (arrival.inject_port, arrival.inject_vif)
    } else {
        (entry.cross_port, entry.cross_vif)
    };
    let change = Change {
        port,
        vif,
        strip: 0,
        patch: &meta.rewrite.patch,
        kind: HeaderKind::Bare,
        header: &Header::EMPTY,
    };
    order(meta, &change, edit);
}

/// The port that the packet came in by, however often it went round since.
fn receiving_port(meta: &Meta) -> u16 {
    let arrival = &meta.arrival;
    match arrival.round.kind {
        RoundKind::First => arrival.port,
        _ => arrival.round.port,
    }
}

/// Records of stages that the packet did not pass are still zero, and so are their fields in the shim.
fn to_slow_path(meta: &Meta, why: PuntReason, edit: &mut Edit) {
    let tunnelled = meta.decap.tunnelled;
    let shim = PuntShim {
        reason: why,
        tunnel: if tunnelled {
            meta.parse.tunnel
        } else {
            TunnelKind::None
        },
        outer_v6: tunnelled && meta.parse.v6,
        reserved: 0,
        vif: meta.classify.vif,
        port: receiving_port(meta),
        vrf: meta.decap.vrf,
        offset: meta.decap.offset,
        l3_offset: meta.inner.l3_offset,
        length: meta.arrival.length,
        flow_nexthop: meta.flow.nexthop,
        nexthop: meta.route.nexthop,
        label: if tunnelled { meta.parse.label } else { 0 },
        outer_src: if tunnelled { meta.parse.src } else { 0 },
        fat_set: meta.receiver.fat_set,
        round: meta.arrival.round.kind,
        padding: [0; 21],
    };
    let mut header = Header::EMPTY;
    for word in shim.pack() {
        header.put(&word.to_le_bytes());
    }
    let change = Change {
        port: port::SLOW,
        vif: meta.classify.vif,
        strip: 0,
        patch: &NOTHING,
        kind: HeaderKind::Shim,
        header: &header,
    };
    order(meta, &change, edit);
}

#[cfg(test)]
mod tests;
