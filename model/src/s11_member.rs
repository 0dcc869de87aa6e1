//! s11_member: which one of several nexthops takes the packet, or that each of several gets a copy.  Reads: `arrival.round`,
//! `parse`, `classify`, `decap`, `inner`, `bridge`, `route`.  Writes: `member`, and `route` where it chooses.
//!
//! ```text
//!   a member's copy ─▶ [member] at its position ─▶ leg, nexthop, label; is the leg for it?
//!   route.nexthop ─▶ [group] ─┬─ Ecmp ─▶ spread over the members ─▶ [member] ─▶ nexthop, label
//!                             ├─ List ─▶ count, first; from where? ─▶ [origin]
//!                             └─ None
//! ```

use crate::decide::Decide;
use crate::tables::Tables;
use underpass_layout::hash::{fold48, spread};
use underpass_layout::meta::{Inner, Member, Meta, RoundKind};
use underpass_layout::tables::{GroupEntry, GroupKind, Leg, MemberEntry};
use underpass_layout::DropReason;

/// Chooses among the members of the nexthop, if it has any.
pub fn member(tables: &Tables, meta: &mut Meta) {
    if !meta.open() || meta.answer.on {
        return;
    }
    if meta.arrival.round.kind == RoundKind::Member {
        return copy(tables, meta);
    }
    let group = tables.group(meta.route.nexthop);
    match group.kind {
        GroupKind::None => (),
        GroupKind::Ecmp => {
            let index = chosen(group, &meta.inner);
            let entry = tables.member(group.first.wrapping_add(index));
            take(meta, entry);
        }
        GroupKind::List => list(tables, group, meta),
    }
}

/// The packet goes by a member, whose own label counts where it has one.
fn take(meta: &mut Meta, member: &MemberEntry) {
    meta.route.nexthop = member.nexthop;
    if member.label_valid {
        meta.route.label = member.label;
    }
}

/// The copy for one member of a list.
fn copy(tables: &Tables, meta: &mut Meta) {
    let round = &meta.arrival.round;
    let entry = *tables.member(round.position);
    meta.member.leg = entry.leg;
    meta.member.origin = round.origin;
    meta.member.skip = match entry.leg {
        Leg::None => true,
        Leg::Local => !meta.decap.tunnelled && entry.vif == meta.classify.vif,
        Leg::Tree => round.origin == Leg::Evpn,
        Leg::Evpn => !matches!(round.origin, Leg::None | Leg::Tor),
        // Whether it came from that end, its nexthop says.
        Leg::Tor => false,
    };
    take(meta, &entry);
}

/// The member of an ECMP nexthop that packets with these ends take.
fn chosen(group: &GroupEntry, inner: &Inner) -> u16 {
    let only = |wanted: bool, value: u64| if wanted { value } else { 0 };
    let spread = if inner.ipv4 || inner.ipv6 {
        let ports = |wanted: bool, port: u16| only(wanted && !inner.fragment, port.into()) as u16;
        spread(
            only(group.protocol, inner.protocol.into()) as u8,
            ports(group.src_port, inner.src_port),
            ports(group.dst_port, inner.dst_port),
            only(group.src, fold48(inner.src)),
            only(group.dst, fold48(inner.dst)),
        )
    } else {
        spread(0, 0, 0, inner.src_mac, inner.dst_mac)
    };
    let mask = 1u32.checked_shl(group.count.into()).unwrap_or(0);
    spread & mask.wrapping_sub(1) as u16
}

/// Each member gets a copy, once the packet has gone round. A list is for frames.
fn list(tables: &Tables, group: &GroupEntry, meta: &mut Meta) {
    let (parse, nexthop) = (&meta.parse, meta.route.nexthop);
    let known = match meta.decap.tunnelled {
        true => tables
            .origin(nexthop, parse.v6, parse.src)
            .map(|end| end.leg),
        false => Some(Leg::None),
    };
    meta.member = Member {
        list: true,
        count: group.count,
        first: group.first,
        origin: known.unwrap_or(Leg::Tree),
        leg: Leg::None,
        skip: false,
    };
    if meta.bridge.l3 {
        meta.drop(DropReason::InvalidNexthop);
    } else if group.count == 0 {
        meta.drop(DropReason::Discard);
    } else if known.is_none() && group.validate {
        meta.drop(DropReason::InvalidMulticastSource);
    }
}

#[cfg(test)]
mod tests;
