//! Source MACs as an agent has them: told of what is new and of what has moved, each once.
//!
//! ```text
//!   Learn ─▶ row of `learned` ─┬─ no entry, not told yet ─▶ cmd 17
//!                              ├─ an entry elsewhere, not told yet ─▶ cmd 18
//!                              └─ else nothing
//! ```
//! Where a network has no broadcast entry nothing is learnt. The frame itself goes on meanwhile.

use std::collections::BTreeMap;
use std::net::IpAddr;

use underpass_layout::DropReason;
use underpass_table_compiler::objects::{Learned, NexthopKind};
use underpass_table_compiler::Mac;

use super::{Act, AgentFace, Command};
use crate::driver::Punt;
use crate::slow_path::{is_tunnelled, Place, Reaction, TableWrite, Tenant};

/// What the card and the agent were told, by VRF and MAC.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<(u16, Mac), Seen>);

#[derive(Debug)]
struct Seen {
    place: Place,
    /// The agent was told that it moved.
    moved: bool,
}

impl Told {
    /// What the card is to have.
    pub fn objects(&self) -> impl Iterator<Item = Learned> + '_ {
        self.0.iter().map(|((vrf, mac), seen)| Learned {
            vrf: *vrf,
            mac: *mac,
            vif: seen.place.vif,
            address: seen.place.address,
        })
    }

    /// All is forgotten.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl AgentFace {
    /// Takes a frame that was shown for its source MAC.
    pub(super) fn shown(&mut self, punt: &Punt) -> Vec<Act> {
        let shim = &punt.shim;
        let tenant = Tenant::of(punt).filter(|tenant| tenant.is_frame);
        let Some(mac) = tenant.map(|tenant| tenant.src_mac()) else {
            return vec![Act::React(Reaction::drop(punt, DropReason::InvalidPacket))];
        };
        let place = Place {
            vif: shim.vif.into(),
            address: is_tunnelled(punt).then(|| punt.outer_src()),
        };
        let command = self.news(shim.vrf, mac, place);
        let mut acts = match command {
            Some(command) => vec![self.trap(command, punt)],
            None => vec![Act::React(Reaction::Consume(shim.vif))],
        };
        let moved = command == Some(Command::MacMove);
        let told = self.told.0.entry((shim.vrf, mac));
        let seen = told.or_insert(Seen { place, moved });
        seen.place = place;
        seen.moved |= moved;
        let objects = self.world().objects().clone();
        // What does not fit is shown again.
        let writes = self.place(&objects).unwrap_or_default().into_iter();
        acts.extend(writes.map(|write: TableWrite| Act::React(Reaction::Write(write))));
        acts
    }

    /// What the agent is told of a MAC, if anything.
    fn news(&self, vrf: u16, mac: Mac, place: Place) -> Option<Command> {
        let world = self.world();
        let told = self.told.0.get(&(vrf, mac));
        world.bridge(vrf, Mac::BROADCAST)?;
        let Some(bridge) = world.bridge(vrf, mac) else {
            return told.is_none().then_some(Command::MacLearn);
        };
        let is_there = match &world.nexthop(bridge.nh)?.kind {
            NexthopKind::Encap { out_vif, .. } => place.address.is_none() && *out_vif == place.vif,
            NexthopKind::Tunnel(tunnel) => place.address == Some(tunnel.dip),
            _ => true,
        };
        let was_told = told.is_some_and(|seen| seen.moved);
        (!is_there && !was_told).then_some(Command::MacMove)
    }
}

impl Punt {
    /// The tunnel end that sent it.
    fn outer_src(&self) -> IpAddr {
        crate::slow_path::address(self.shim.outer_src, self.shim.outer_v6)
    }
}
