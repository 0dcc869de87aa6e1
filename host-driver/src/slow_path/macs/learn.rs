//! What is done about MACs that the card shows: see `learning` for what is believed.
//!
//! ```text
//!   Learn ─▶ learning ─▶ decide ─▶ network with what was learned ─▶ rows of `bridge`, `learned`, `nexthop`
//!                                  flows whose source was behind the old place go
//! ```
//! Everything that was shown between two decisions is carried at once.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use underpass_layout::DropReason;
use underpass_table_compiler::network::LearnedAt;
use underpass_table_compiler::objects::{Learned, VifType};
use underpass_table_compiler::{Mac, Network};

use crate::driver::Punt;
use crate::slow_path::key::address;
use crate::slow_path::learning::{Flapping, Place};
use crate::slow_path::reaction::Reaction;
use crate::slow_path::tenant::{is_tunnelled, Tenant};
use crate::slow_path::SlowPath;

impl SlowPath {
    /// Whether any network learns MACs.
    pub fn learns(&self) -> bool {
        let mut networks = self.world.network().networks.iter();
        networks.any(|network| network.learn_macs)
    }

    /// The MACs that moved too often, the oldest report first.
    pub fn flapping(&self) -> impl Iterator<Item = &Flapping> {
        self.learning.flapping()
    }

    /// The MACs that were learned, with their VRFs and places.
    pub fn learned(&self) -> impl Iterator<Item = (u16, Mac, Place)> + '_ {
        self.learning.macs()
    }

    /// A frame was shown for its source MAC.
    pub(in crate::slow_path) fn shown(&mut self, punt: &Punt, now: Duration) -> Vec<Reaction> {
        let Some(tenant) = Tenant::of(punt).filter(|tenant| tenant.is_frame) else {
            return vec![Reaction::drop(punt, DropReason::InvalidPacket)];
        };
        let shim = &punt.shim;
        let address: Option<IpAddr> =
            is_tunnelled(punt).then(|| address(shim.outer_src, shim.outer_v6));
        let place = Place {
            vif: shim.vif.into(),
            address,
        };
        self.learning.shown(shim.vrf, tenant.src_mac(), place, now);
        vec![Reaction::Consume(shim.vif)]
    }

    /// Carries what was learned since the last time.
    pub(in crate::slow_path) fn carry_learned(&mut self) -> Vec<Reaction> {
        if !self.learning.take_news() {
            return Vec::new();
        }
        let mut network = self.world.network().clone();
        let places: Vec<(u16, Mac, Place)> = self.learning.macs().collect();
        let known: Vec<_> = network
            .learned
            .macs()
            .map(|(of, mac, _)| (of, mac))
            .collect();
        let there: HashSet<(u16, Mac)> = places.iter().map(|(vrf, mac, _)| (*vrf, *mac)).collect();
        for (of, mac) in known {
            if !there.contains(&(network.network(of).vrf, mac)) {
                network.learned.forget(of, mac);
            }
        }
        for (vrf, mac, place) in &places {
            if let Some(at) = self.learned_at(&network, place) {
                network.learn(*vrf, *mac, at);
            }
        }
        let before: Vec<_> = places
            .iter()
            .map(|(vrf, mac, _)| self.world.bridge(*vrf, *mac).map(|bridge| bridge.nh))
            .collect();
        let Some(mut reactions) = self.carry(network) else {
            self.learning.forget_new();
            return Vec::new();
        };
        self.learning.carried();
        for ((vrf, mac, _), before) in places.iter().zip(before) {
            let now = self.world.bridge(*vrf, *mac).map(|bridge| bridge.nh);
            if let Some(before) = before.filter(|_| now != before) {
                let gone = self
                    .flows
                    .find(|side| side.vrf == *vrf && side.rpf_nh == before);
                reactions.extend(gone.into_iter().flat_map(|id| self.end(id)));
            }
        }
        reactions
    }

    /// What the card is to know of places. It is told of MACs too that the network file has placed.
    pub(in crate::slow_path) fn on_card(&self) -> Vec<Learned> {
        let macs = self.learning.macs();
        let told = macs.filter(|(vrf, mac, _)| self.learning.is_on_card(*vrf, *mac));
        told.map(|(vrf, mac, place)| Learned {
            vrf,
            mac,
            vif: place.vif,
            address: place.address,
        })
        .collect()
    }

    fn learned_at(&self, network: &Network, place: &Place) -> Option<LearnedAt> {
        if let Some(end) = place.address {
            return Some(LearnedAt::Node(end));
        }
        let vif = self.world.vif(u16::try_from(place.vif).ok()?)?;
        let guest = Some(vif).filter(|vif| vif.vif_type == VifType::Vm)?;
        let mut interfaces = network.interfaces.iter();
        let position = interfaces.position(|other| Some(&other.name) == guest.name.as_ref())?;
        Some(LearnedAt::Interface(position))
    }
}
