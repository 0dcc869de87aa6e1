//! What a new flow and its answers are looked up by: as their packets have it, and as rules of fat flows leave it.
//!
//! ```text
//!   sent by a guest whose packets need flows    the rules of its interface, seen from the source
//!   about to be delivered                       the rules of the interface behind the nexthop, seen from the destination
//! ```

use underpass_model::s8_key::Guest;
use underpass_table_compiler::objects::{Vif, VifType};
use underpass_table_compiler::Entries;

use super::fat;
use super::key::Key;
use super::tenant::{is_tunnelled, Tenant};
use super::world::World;
use crate::driver::Punt;

/// What a flow is looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// As its first packet has it.
    pub plain: Key,
    /// As the card looks it up.
    pub card: Key,
}

impl Keys {
    /// The keys of a packet that was punted for its flow. None: it has none that the card could look up.
    pub fn of(world: &World, entries: &Entries, punt: &Punt, tenant: &Tenant<'_>) -> Option<Keys> {
        let plain = tenant.plain_key(punt.shim.flow_nexthop)?;
        let as_it_came = sender(world, punt).is_some_and(World::needs_flows);
        let card = fat::reduced(entries, punt.shim.fat_set, guest(as_it_came), &plain);
        Some(Keys { plain, card })
    }

    /// Other flows share the entry.
    pub fn is_fat(&self) -> bool {
        self.plain != self.card
    }
}

/// The guest here that sent a packet, or the gateway that it came by.
pub fn sender<'a>(world: &'a World, punt: &Punt) -> Option<&'a Vif> {
    let vif = world.vif(punt.shim.vif)?;
    let is_one = matches!(vif.vif_type, VifType::Vm | VifType::Gateway);
    (is_one && !is_tunnelled(punt)).then_some(vif)
}

/// What the card looks answers up by: under the rules of the interface `answering`, where that is here and its packets
/// need flows, else under those of the first packet, seen from the other end.
pub fn of_answer(
    entries: &Entries,
    first: &Punt,
    as_it_came: bool,
    answering: Option<u32>,
    plain: &Key,
) -> Key {
    let own = answering.and_then(|vif| entries.vifs.get(&vif));
    let (set, side) = match own {
        Some(vif) => (vif.fat_set, Guest::Source),
        None => (first.shim.fat_set, guest(!as_it_came)),
    };
    fat::reduced(entries, set, side, plain)
}

/// Which end of a packet has the rules.
const fn guest(is_source: bool) -> Guest {
    match is_source {
        true => Guest::Source,
        false => Guest::Destination,
    }
}
