//! Networks' ways out on wires: who is asked for there, what is heard, and who is announced.
//!
//! ```text
//!   Resolve, of a gateway's nexthop ──▶ wait (see `resolve`) ──▶ who-has ADDRESS tell OWN ─▶ the wire
//!   Arp, NeighborDiscovery of the wire ─▶ "ADDRESS is at MAC" ──▶ network, compiled anew ──▶ packets that waited go
//!   the first tick ──▶ the node's own addresses and its guests' are at the gateway's MAC ──▶ the wire
//!   a guest has an address of a pair ──▶ that too ──▶ the wire
//! ```
//! Only who is waited for, or known already, is heard: what a wire tells of itself fills no table. Who has long been silent
//! is asked again (see `freshness`). Where a gateway knows as many as it may, the one that was silent longest gives way, but
//! for routers.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use underpass_table_compiler::objects::{Gateway, Vif};
use underpass_table_compiler::Mac;

use crate::driver::Punt;
use crate::slow_path::address_pair::{is_single, is_standby};
use crate::slow_path::freshness::Stale;
use crate::slow_path::reaction::Reaction;
use crate::slow_path::resolve::Neighbor;
use crate::slow_path::tenant::Tenant;
use crate::slow_path::world::{is_link_local, World};
use crate::slow_path::{arp, discovery, unresolved, SlowPath};

/// Who is to be asked for on a gateway's wire, so that a packet can go by its nexthop.
pub fn wanted(world: &World, punt: &Punt) -> Option<Neighbor> {
    let (gateway, address) = world.wire_of(punt.shim.nexthop)?;
    let destination = || {
        let (_, destination) = Tenant::of(punt)?.addresses()?;
        let is_one = !destination.is_multicast() && !is_all(destination);
        (is_one && !world.is_broadcast(gateway.vrf, destination)).then_some(destination)
    };
    Some(Neighbor {
        vif: gateway.vif,
        address: address.or_else(destination)?,
    })
}

fn is_all(address: IpAddr) -> bool {
    address.is_unspecified() || address == IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// The question for a neighbour on a gateway's wire.
pub fn question(world: &World, neighbor: Neighbor) -> Option<Reaction> {
    let gateway = world.gateway_at(neighbor.vif)?;
    let vif = world.gateway_vif(u16::try_from(gateway.vif).ok()?)?;
    let from = world.asks_with(gateway, neighbor.address)?;
    let frame = match (from, neighbor.address) {
        (IpAddr::V4(from), IpAddr::V4(address)) => arp::request(vif.mac, from, address),
        (IpAddr::V6(from), IpAddr::V6(address)) => discovery::solicit(vif.mac, from, address)?,
        _ => return None,
    };
    Reaction::transmit(vif, frame)
}

impl SlowPath {
    /// Somebody on a gateway's wire has said where an address is.
    pub(in crate::slow_path) fn hear(
        &mut self,
        vif: u32,
        address: IpAddr,
        mac: Mac,
        now: Duration,
    ) -> Vec<Reaction> {
        let neighbor = Neighbor { vif, address };
        let gateways = self.world.gateways();
        let Some(place) = gateways.iter().position(|gateway| gateway.vif == vif) else {
            return Vec::new();
        };
        let vrf = gateways[place].vrf;
        let known = self.world.network().neighbor(place, address);
        let is_wanted = self.waiting.needs(neighbor);
        if self.freshness.knows(neighbor) {
            self.freshness.heard(neighbor, now);
        }
        if !is_wanted && known.is_none_or(|known| known == mac) {
            return Vec::new();
        }
        if known.is_some_and(|known| known != mac) && !self.freshness.may_change(neighbor, now) {
            return Vec::new();
        }
        let mut network = self.world.network().clone();
        let is_full = known.is_none() && !network.has_place(place);
        let gives_way = is_full.then(|| self.gives_way(place)).flatten();
        if let Some(other) = gives_way {
            network.forget_neighbor(vrf, other.address);
        }
        let mut reactions = match network.hear(vrf, address, mac) {
            true => match self.carry(network) {
                Some(reactions) => {
                    if let Some(other) = gives_way {
                        self.freshness.forget(other);
                    }
                    self.freshness.heard(neighbor, now);
                    reactions
                }
                None => return unresolved(self.waiting.answered(neighbor)),
            },
            // It was heard while they came here.
            false if known == Some(mac) => Vec::new(),
            false => return unresolved(self.waiting.answered(neighbor)),
        };
        let packets = self.waiting.answered(neighbor).into_iter();
        reactions.extend(packets.map(|punt| self.hand_back(punt, false)));
        reactions
    }

    /// Of the neighbours of a gateway that were heard, routers aside, the one that was silent longest.
    fn gives_way(&self, place: usize) -> Option<Neighbor> {
        let gateway = self.world.gateways().get(place)?;
        let is_router = |address: IpAddr| {
            let mut neighbors = gateway.neighbors.iter();
            neighbors.any(|neighbor| neighbor.router && neighbor.address == address)
        };
        let may = |neighbor: &Neighbor| neighbor.vif == gateway.vif && !is_router(neighbor.address);
        self.freshness.longest_silent(may)
    }

    /// Asks who has been silent on the wires of gateways, and forgets who does not answer: all of them at once, for each
    /// change is one of the whole network.
    pub(in crate::slow_path) fn refresh(&mut self, now: Duration) -> Vec<Reaction> {
        let mut reactions = Vec::new();
        let mut without = None;
        for stale in self.freshness.stale(now) {
            match stale {
                Stale::Ask(neighbor) => reactions.extend(question(&self.world, neighbor)),
                Stale::Forget(Neighbor { vif, address }) => {
                    if let Some(gateway) = self.world.gateway_at(vif) {
                        let network = without.get_or_insert_with(|| self.world.network().clone());
                        network.forget_neighbor(gateway.vrf, address);
                    }
                }
            }
        }
        if let Some(network) = without {
            reactions.extend(self.carry(network).unwrap_or_default());
        }
        reactions
    }

    /// A guest has told of an address of its pair: so does the node on the wire of its network, where that address is at
    /// the gateway's MAC and may have been at another node's.
    pub(in crate::slow_path) fn tell_wire(
        &mut self,
        guest: u16,
        address: IpAddr,
        mac: Mac,
        now: Duration,
    ) -> Option<Reaction> {
        let (pair, member) = self.world.pair_of(guest.into(), address)?;
        let is_its_own = is_standby(pair) && is_single(pair) && member.mac == mac;
        let mut gateways = self.world.gateways().iter();
        let gateway = gateways.find(|gateway| gateway.vrf == pair.vrf && is_its_own)?;
        let wire = self.world.gateway_vif(u16::try_from(gateway.vif).ok()?)?;
        let may = self.moves.may_tell(pair, now);
        may.then(|| announcement(wire, address)).flatten()
    }

    /// Tells the wires of gateways, once, which addresses are here.
    pub(in crate::slow_path) fn announce(&mut self) -> Vec<Reaction> {
        if std::mem::replace(&mut self.announced, true) {
            return Vec::new();
        }
        let gateways = self.world.gateways().iter();
        gateways
            .flat_map(|gateway| announcements(&self.world, gateway))
            .collect()
    }
}

fn announcements(world: &World, gateway: &Gateway) -> Vec<Reaction> {
    let vif = u16::try_from(gateway.vif).ok();
    let Some(vif) = vif.and_then(|vif| world.gateway_vif(vif)) else {
        return Vec::new();
    };
    let own = gateway.addresses.iter().copied();
    let translated = gateway.snat.map(IpAddr::V4);
    let translated = translated.filter(|snat| !gateway.addresses.contains(snat));
    let guests = world.guests(gateway.vrf);
    let guests = guests.flat_map(|guest| world.own_addresses().of(guest.idx).iter().copied());
    let floating = world.objects().floating_ips.iter();
    let floating = floating.filter(|floating| floating.vrf == gateway.vrf);
    let floating = floating.map(|floating| floating.address);
    let all = own.chain(translated).chain(guests).chain(floating);
    let global = all.filter(|address| !is_link_local(*address));
    global
        .filter_map(|address| announcement(vif, address))
        .collect()
}

fn announcement(vif: &Vif, address: IpAddr) -> Option<Reaction> {
    let frame = match address {
        IpAddr::V4(address) => arp::request(vif.mac, address, address),
        IpAddr::V6(address) => discovery::announce(vif.mac, address)?,
    };
    Reaction::transmit(vif, frame)
}
