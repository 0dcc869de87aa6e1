//! What the slow path forwards itself, with the model's own stages.
//!
//! ```text
//!   an answer of the slow path ──────▶ into_tunnel, to_network ─┐
//!   a flow that the card has no room for ─▶ flows ─┬─ Passage ──┼─▶ sent
//!   a VRF that the card has no room for ───────────┴────────────┴─▶ back into the card, with its route, or as judged
//! ```

mod counters;
mod flows;
mod forward;
mod passage;
mod resolved;

use underpass_layout::meta::{Arrival, Decap, Meta, Route};
use underpass_layout::tables::{NexthopEntry, NexthopKind};
use underpass_layout::Verdict;
use underpass_model::s13_rewrite;
use underpass_model::s14_encap::{self, Identification};
use underpass_table_compiler::Entries;

use super::tenant::Tenant;
use super::world::World;

pub use counters::SoftwareCounters;
pub use flows::SoftwareFlow;

pub(super) use flows::SoftwareFlows;
pub(super) use passage::{Leaving, Passage};
pub(super) use resolved::resolve;

/// What the slow path keeps of what it forwards.
#[derive(Debug, Default)]
pub(super) struct Software {
    /// Flows that the card has no room for.
    pub flows: SoftwareFlows,
    /// What was forwarded.
    pub counters: SoftwareCounters,
    /// Numbers of outer headers that have none to take over.
    pub ids: Identification,
    /// A flow of the card ended since there was no room for another.
    pub has_room: bool,
    /// The card lacks routes of some VRF: it has said so.
    pub lacks_routes: bool,
}

/// The frame of a tenant behind the headers of a tunnel. None: the nexthop is no tunnel that is ready, or the frame does
/// not fit the underlay.
pub fn into_tunnel(
    tenant: &Tenant<'_>,
    vrf: u16,
    nexthop: &NexthopEntry,
    label: u32,
) -> Option<Vec<u8>> {
    if nexthop.kind != NexthopKind::Tunnel {
        return None;
    }
    let mut meta = Meta {
        arrival: Arrival {
            length: u16::try_from(tenant.bytes.len()).ok()?,
            ..Arrival::default()
        },
        decap: Decap {
            frame: true,
            vrf,
            ..Decap::default()
        },
        inner: tenant.headers,
        route: Route {
            label,
            ..Route::default()
        },
        nexthop: *nexthop,
        ..Meta::default()
    };
    s13_rewrite::rewrite(&mut meta);
    let edit = s14_encap::encap(&mut Identification::default(), &mut meta);
    let header = edit.header.get(..usize::from(edit.add))?;
    (Verdict::from(meta.verdict) == Verdict::Deliver).then(|| [header, tenant.bytes].concat())
}

/// An IP packet of the node itself, routed in a network. None: no route leads to its destination, or only to where it
/// cannot be sent.
pub(super) fn to_network(
    world: &World,
    entries: &Entries,
    ids: &mut Identification,
    vrf: u16,
    packet: &[u8],
) -> Option<Leaving> {
    let mut passage = Passage::of_own(packet, vrf)?;
    passage.find_route(world, entries, 0).ok()?;
    passage.leave(ids, entries, packet).ok()
}
