//! s11_member: which one of several nexthops takes the packet, or that all of them do. Reads `arrival.round`, `parse`,
//! `classify`, `decap`, `inner`, `bridge`, `answer`, `route`, tables `group`, `member`, `origin`. Writes `member`, and `route` where
//! it chooses.
//!
//! ```text
//!   clock            0                  2                3          4                 6        8
//!   route.nexthop ─▶ [ group 2 ] ─────▶ [ which count ]─▶ [ row ] ─▶ [ member 2 ] ─────────────▶ [ take it? ] ─▶ member,
//!   inner ─────────▶ [ spread, field by field ] ─▲           ▲ a copy's own row                       ▲            route
//!   list, sender ──▶ [ origin 8 ] ────────────────────────────────────────────────────────────────────┘
//! ```
//! One packet meets at most one row of `member`: the one chosen of an ECMP nexthop, or the one that its copy is for. What is
//! for all members of a list goes round first (see `s14_encap`).

mod leg;
mod spread;
#[cfg(test)]
mod tests;

use super::slot::{Slot, Written};
use crate::buses::{HostIn, HostOut, Sizes, SlotIn, SlotOut};
use crate::card::host_bus::HostBus;
use crate::hardware::{GroupEntry, Member, MemberEntry, OriginEntry, OriginKey, VerdictBits};
use crate::lookup::{direct, exact, Place};
use spread::Pieces;
use underpass_layout::meta::RoundKind;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{id, GroupKind, Leg};
use underpass_layout::DropReason;
use underpass_wires::{bundle, first, k, leaf, mux, only, wire, zero, Bit, BundleExt, U};

/// Clocks from slot to slot: the slowest of the three tables, and the choice.
pub const LATENCY: usize = exact::LATENCY + 1;
/// Clocks until the row of `member` is known.
const ROW: usize = direct::LATENCY + 2;

leaf!(
    /// The stage as a block.
    pub MemberStage(sizes: Sizes) { slot_in: SlotIn, host_in: HostIn } -> { slot: SlotOut, host: HostOut },
    |slot: Slot, host: HostBus| -> (Slot, HostBus) { member(sizes.0, slot, host) }
);

bundle! {
    /// What is asked of the packet's nexthop.
    struct Group {
        /// One of several is chosen.
        ecmp: Bit,
        /// It is a list.
        list: Bit,
        /// Rows of a list.
        count: U<12>,
        /// The first of them.
        first: U<16>,
        /// Its senders must be known.
        validate: Bit,
    }
}

/// The stage.
pub fn member(profile: &Profile, slot: Slot, bus: HostBus) -> (Slot, HostBus) {
    let slot = slot.written(Written::Route);
    let meta = slot.meta;
    let (group, chain) =
        direct::direct::<GroupEntry, _>(&Place::of(profile, id::GROUP), meta.route.nexthop, bus);
    let key = OriginKey {
        nexthop: meta.route.nexthop,
        v6: meta.parse.v6,
        address: meta.parse.src,
    };
    let (known, origin, chain) =
        exact::exact::<OriginEntry, _, 1>(&Place::of(profile, id::ORIGIN), 0, key.pack(), chain);

    let pieces = Pieces::of(meta.inner).reg("pieces").reg("pieces_group");
    let index = pieces.chosen(group).reg("index");
    let copy = is_copy(meta.arrival.round.kind).delay("copy", ROW - 1);
    let position = meta.arrival.round.position.delay("position", ROW - 1);
    let first_row = group.first.reg("first_row");
    let row = mux(copy, position, first_row + index.ext()).reg("row");
    let (entry, chain) =
        direct::direct::<MemberEntry, _>(&Place::of(profile, id::MEMBER), row, chain);

    let wait = exact::LATENCY - ROW - direct::LATENCY;
    let entry = entry.delay("entry", wait);
    let group = said(group).delay("group_known", exact::LATENCY - direct::LATENCY);
    let mut slot = slot.later("slot", exact::LATENCY);
    let meta = slot.meta;
    // An answer goes back to where the request came from.
    wire!(open = meta.verdict.open() & !meta.answer.on);
    wire!(copy = open & is_copy(meta.arrival.round.kind));
    wire!(ecmp = open & !copy & group.ecmp);
    wire!(list = open & !copy & group.list);

    let sender = first(
        &[
            (!meta.decap.tunnelled, k::<3>(Leg::None.code())),
            (known, origin.leg),
        ],
        k(Leg::Tree.code()),
    );
    let of_copy = Member {
        origin: meta.arrival.round.origin,
        leg: entry.leg,
        skip: leg::skips(meta, entry),
        ..zero()
    };
    let of_list = Member {
        list: k(1),
        count: group.count,
        first: group.first,
        origin: sender,
        ..zero()
    };
    slot.meta.member = mux(copy, of_copy, only(list, of_list));
    wire!(taken = copy | ecmp);
    slot.meta.route.nexthop = mux(taken, entry.nexthop, meta.route.nexthop);
    slot.meta.route.label = mux(taken & entry.label_valid, entry.label, meta.route.label);
    wire!(stranger = meta.decap.tunnelled & !known & group.validate);
    slot.meta.verdict = meta.verdict.or_first(&[
        // A list is for frames.
        (
            list & meta.bridge.l3,
            VerdictBits::drop(DropReason::InvalidNexthop),
        ),
        (
            list & group.count.eq(0),
            VerdictBits::drop(DropReason::Discard),
        ),
        (
            list & stranger,
            VerdictBits::drop(DropReason::InvalidMulticastSource),
        ),
    ]);
    let out = slot.later("out", 1);
    (out, chain.leave(out))
}

/// The packet is a copy for one member.
fn is_copy(kind: U<3>) -> Bit {
    kind.eq(RoundKind::Member.code())
}

/// What of a row of `group` is needed once the row of `member` is known. Combinational.
fn said(group: GroupEntry) -> Group {
    Group {
        ecmp: group.kind.eq(GroupKind::Ecmp.code()),
        list: group.kind.eq(GroupKind::List.code()),
        count: group.count,
        first: group.first,
        validate: group.validate,
    }
}
