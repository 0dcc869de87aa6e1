//! Frames for more than one: copies to every other guest of the network on this node.

use underpass_layout::DropReason;

use super::reaction::Reaction;
use super::tenant::is_tunnelled;
use super::world::World;
use crate::driver::Punt;

/// Copies of `frame`, the frame that was punted or the tenant's in it. A network that does not bridge has no flood
/// list (`L2_NO_ROUTE`); where nobody else is, the packet ends (`DISCARD`).
pub fn flood(world: &World, punt: &Punt, frame: &[u8]) -> Vec<Reaction> {
    let bridges = world
        .vrf(punt.shim.vrf)
        .is_some_and(|network| network.mode.bridges());
    if !bridges {
        return vec![Reaction::drop(punt, DropReason::L2NoRoute)];
    }
    let from = (!is_tunnelled(punt)).then_some(u32::from(punt.shim.vif));
    let others = world
        .guests(punt.shim.vrf)
        .filter(|vif| Some(vif.idx) != from);
    let mut copies: Vec<Reaction> = others
        .filter_map(|vif| Reaction::transmit(vif, frame.to_vec()))
        .collect();
    copies.push(match copies.is_empty() {
        true => Reaction::drop(punt, DropReason::Discard),
        false => Reaction::Consume(punt.shim.vif),
    });
    copies
}
