//! What the card knows of a flow and its answers together: how far their TCP connection is, and when they last had a packet.
//!
//! ```text
//!   packet that met a flow ─┬─▶ tcp ── it closed ──┐
//!                           ├─▶ age ── it is idle ─┴─▶ [ events ] ─▶ AGE_EVENT
//!   other clocks: sweep ────┘ ▲                          │
//!                             '──── few places: rest ────'
//! ```
//! The row of both tables is the pair: flow id without its lowest bit, which is the direction. A clock has a packet or a
//! row of the sweep, so at most one of the two tables tells of an event in it, and one port takes the events of both.
//!
//! A row that holds another generation than the packet's flow entry is of a pair that is gone, and counts as all zero.
//! So the host frees a pair without writing here, and tells by the generation which of its pairs an event is about.

pub mod age;
pub mod events;
pub mod tcp;
#[cfg(test)]
mod tests;

use crate::hardware::Meta;
use crate::lookup::host::Chain;
use crate::lookup::update::Event;
use crate::lookup::Place;
use events::{Events, PairEvent};
use tcp::Segment;
use underpass_layout::profile::Profile;
use underpass_layout::registers::{AGE_BITS, EVENT_PAIR_BITS};
use underpass_layout::tables::id;
use underpass_wires::{bundle, only, Bit, BundleExt, U};

/// Bits of the time that rows are seen at.
const TIME: usize = AGE_BITS as usize;
/// Bits of a pair.
const PAIR: usize = EVENT_PAIR_BITS as usize;

bundle! {
    /// What the registers order.
    pub struct PairOrders {
        /// The time at which packets are seen now.
        now: U<TIME>,
        /// Ticks after which a pair is idle; 0: never.
        limit: U<TIME>,
        /// Any TCP reset counts.
        any_reset: Bit,
        /// The oldest event goes.
        take: Bit,
    }

    /// What the registers are told.
    pub struct PairReports {
        /// The oldest event.
        event: PairEvent,
        /// The sweep has gone through the whole table once more.
        swept: Bit,
    }
}

/// Follows the packets that met a flow, and looks for pairs that have none.
pub fn pairs(
    profile: &Profile,
    valid: Bit,
    meta: Meta,
    orders: PairOrders,
    bus: impl Into<Chain>,
) -> (PairReports, Chain) {
    let orders = orders.timeless();
    let hit = valid & meta.flow.hit;
    let row = meta.flow.flow_id.slice::<PAIR>(1).ext();
    let events = Events::new();

    let segment = Event {
        valid: hit & tcp::followed(meta),
        row,
        change: Segment::of(meta),
    }
    .later("segment");
    let place = Place::of(profile, id::TCP);
    let (closed, chain) = tcp::tcp(&place, segment, orders.any_reset, bus);

    let hit = Event {
        valid: hit,
        row,
        change: meta.flow.generation,
    }
    .later("hit");
    let place = Place::of(profile, id::AGE);
    let clock = age::Clock::of(orders.now, orders.limit);
    let (visited, chain) = age::age(&place, hit, clock, events.rest(), chain);

    let closed = closed.later("closed");
    let visited = visited.later("visited");
    let dead = closed.valid & closed.change.dead;
    let idle = visited.valid & visited.change.idle;
    let event = PairEvent {
        valid: dead | idle,
        dead,
        generation: only(dead, closed.change.generation) | only(idle, visited.change.generation),
        pair: (only(dead, closed.row) | only(idle, visited.row)).trunc(),
    };
    let reports = PairReports {
        event: events.wait(event, orders.take),
        swept: visited.valid & visited.change.last,
    };
    (reports, chain)
}
