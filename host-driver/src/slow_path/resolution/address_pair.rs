//! Addresses that guests may have beside their own, where one of several has them: who that is, they say themselves.
//!
//! ```text
//!   ARP or advertisement from a member, for an address of the pair, with the pair's MAC
//!        ├─▶ another than before? ─▶ route and MAC lead there ─▶ flows by the old way go ─▶ an event is kept
//!        └─▶ that, or it tells everybody ─▶ the wire of its network's gateway hears it too, once a second
//!
//!   every 10 s   who-has ADDRESS tell SERVICE  ─▶ each member, whether it has the address or not: only one answers
//! ```
//! The question goes to the member's own MAC from the router's, for the network's service address, as the peer's agent
//! asks. What a guest says of an address that no pair gives it moves nothing.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use underpass_table_compiler::network::PairMode;
use underpass_table_compiler::objects::{AllowedAddressPair, FlowSide, Vif};
use underpass_table_compiler::Mac;

use crate::slow_path::proxy::Asker;
use crate::slow_path::reaction::Reaction;
use crate::slow_path::world::World;
use crate::slow_path::{arp, discovery, SlowPath};

/// How often members are asked, as the peer's agent does.
pub const PERIOD: Duration = Duration::from_secs(10);
/// Moves that are remembered; the oldest go.
const MOVES: usize = 1024;
/// Moves of a pair within [`WINDOW`] that are believed: each changes the whole network, and guests that take turns would have
/// the slow path do nothing else.
const BELIEVED: usize = 5;
/// See [`BELIEVED`].
const WINDOW: Duration = Duration::from_secs(10);
/// How often a wire is told of an address at most.
const TELLS: Duration = Duration::from_secs(1);

/// An address went from one guest to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// When.
    pub time: Duration,
    /// The VRF of its network.
    pub vrf: u16,
    /// The addresses of the pair.
    pub address: IpNet,
    /// The MAC that goes with them.
    pub mac: Mac,
    /// The interface that had them; none, if nobody was heard before.
    pub from: Option<u32>,
    /// The interface that has them.
    pub to: u32,
}

/// What happened to addresses, and when members are asked next.
#[derive(Debug, Default)]
pub struct Moves {
    moves: VecDeque<Moved>,
    /// When wires were told of an address, by VRF.
    told: HashMap<(u16, IpNet), Duration>,
    /// None before time started.
    next: Option<Duration>,
}

impl Moves {
    /// The moves, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Moved> {
        self.moves.iter()
    }

    fn push(&mut self, moved: Moved) {
        if self.moves.len() == MOVES {
            self.moves.pop_front();
        }
        self.moves.push_back(moved);
    }

    /// Whether a pair may move now.
    fn may_move(&self, pair: &AllowedAddressPair, now: Duration) -> bool {
        let latest = self.moves.iter().rev();
        let recent = latest.take_while(|moved| now.saturating_sub(moved.time) < WINDOW);
        let of_pair = |moved: &&Moved| (moved.vrf, moved.address) == (pair.vrf, pair.address);
        recent.filter(of_pair).count() < BELIEVED
    }

    /// Whether a wire may be told of an address now.
    pub fn may_tell(&mut self, pair: &AllowedAddressPair, now: Duration) -> bool {
        let key = (pair.vrf, pair.address);
        let told = self.told.get(&key);
        let may = told.is_none_or(|told| now.saturating_sub(*told) >= TELLS);
        if may {
            self.told.insert(key, now);
        }
        may
    }

    /// Whether it is time to ask. However long it has been, once is enough.
    fn is_due(&mut self, now: Duration) -> bool {
        let next = *self.next.get_or_insert(now + PERIOD);
        if now < next {
            return false;
        }
        let late = (now - next).as_nanos() % PERIOD.as_nanos();
        let late = Duration::from_nanos(u64::try_from(late).unwrap_or(0));
        self.next = Some(now - late + PERIOD);
        true
    }
}

/// Places of pairs by the interfaces of their members.
pub fn by_guest(pairs: &[AllowedAddressPair]) -> HashMap<u32, Vec<usize>> {
    let mut guests: HashMap<u32, Vec<usize>> = HashMap::new();
    for (place, pair) in pairs.iter().enumerate() {
        for member in &pair.members {
            guests.entry(member.vif).or_default().push(place);
        }
    }
    guests
}

impl SlowPath {
    /// Asks the members of pairs that one of them has, if it is time to.
    pub(in crate::slow_path) fn ask_members(&mut self, now: Duration) -> Vec<Reaction> {
        let pairs = &self.world.objects().allowed_address_pairs;
        if pairs.is_empty() || !self.moves.is_due(now) {
            return Vec::new();
        }
        let standby = pairs.iter().filter(|pair| is_standby(pair));
        let single = standby.filter(|pair| is_single(pair));
        single
            .flat_map(|pair| questions(&self.world, pair))
            .collect()
    }

    /// A guest, or somebody on the wire of a gateway, has said that it has an address at a MAC; `to_all`: to everybody.
    pub(in crate::slow_path) fn heard(
        &mut self,
        asker: Asker,
        (address, mac): (IpAddr, Mac),
        to_all: bool,
        now: Duration,
    ) -> Vec<Reaction> {
        let Asker::Guest(vif) = asker else {
            return Vec::new();
        };
        if self.world.gateway_vif(vif).is_some() {
            return self.hear(vif.into(), address, mac, now);
        }
        let moved = self.move_to(vif, address, mac, now);
        let told = match to_all || moved.is_some() {
            true => self.tell_wire(vif, address, mac, now),
            false => None,
        };
        moved.into_iter().flatten().chain(told).collect()
    }

    /// Has an address lead to a guest that says to have it. None: it did before, or may not.
    fn move_to(
        &mut self,
        vif: u16,
        address: IpAddr,
        mac: Mac,
        now: Duration,
    ) -> Option<Vec<Reaction>> {
        let (pair, moved) = self.claim(vif, address, mac, now)?;
        let old = self.world.route(pair.vrf, address).map(|route| route.nh);
        let mut network = self.world.network().clone();
        let name = self.world.vif(vif).and_then(|vif| vif.name.clone());
        if !network.activate(&name.unwrap_or_default(), pair.address) {
            return None;
        }
        let mut reactions = self.carry(network)?;
        self.moves.push(moved);
        if self.world.route(pair.vrf, address).map(|route| route.nh) != old {
            let owner = old.and_then(|nexthop| self.world.guest_behind(nexthop));
            let leads_there = [old, owner.and_then(|guest| guest.nh_id)];
            let gone = self.flows.find(|side| goes_by(side, &pair, leads_there));
            reactions.extend(gone.into_iter().flat_map(|id| self.end(id)));
            let kept_here = &mut self.software.flows;
            kept_here.remove_all(|side| goes_by(side, &pair, leads_there));
        }
        Some(reactions)
    }

    /// The pair of an address that a guest now has and did not have before.
    fn claim(
        &self,
        vif: u16,
        address: IpAddr,
        mac: Mac,
        now: Duration,
    ) -> Option<(AllowedAddressPair, Moved)> {
        let (pair, member) = self.world.pair_of(vif.into(), address)?;
        let may = is_standby(pair) && member.mac == mac && self.moves.may_move(pair, now);
        let is_news = may && pair.active != Some(member.vif);
        is_news.then(|| {
            let moved = Moved {
                time: now,
                vrf: pair.vrf,
                address: pair.address,
                mac,
                from: pair.active,
                to: member.vif,
            };
            (pair.clone(), moved)
        })
    }
}

/// One of several has its addresses.
pub fn is_standby(pair: &AllowedAddressPair) -> bool {
    pair.mode == PairMode::ActiveStandby
}

/// It is of one address.
pub fn is_single(pair: &AllowedAddressPair) -> bool {
    pair.address.prefix_len() == pair.address.max_prefix_len()
}

/// Whether packets of a flow go to or come from the addresses of a pair by these nexthops, or in its network.
fn goes_by(side: &FlowSide, pair: &AllowedAddressPair, nexthops: [Option<u32>; 2]) -> bool {
    let there = |nexthop: u32| nexthops.contains(&Some(nexthop));
    let by_old = there(side.rpf_nh) || there(side.key_nh);
    let ends = [side.sip, side.dip];
    // A fat flow may be one of them without saying so.
    let may_be = ends.iter().any(IpAddr::is_unspecified) && by_old;
    let is = ends.iter().any(|end| pair.address.contains(end));
    may_be || is && (side.vrf == pair.vrf || by_old)
}

/// The question to each member.
fn questions(world: &World, pair: &AllowedAddressPair) -> Vec<Reaction> {
    let address = pair.address.addr();
    let from = world.vrf(pair.vrf).and_then(|network| {
        let mut subnets = network.subnets.iter();
        let subnet = subnets.find(|subnet| subnet.prefix.contains(&address))?;
        subnet.dns.or(subnet.gateway)
    });
    let Some(from) = from else {
        return Vec::new();
    };
    let members = pair.members.iter();
    let vifs = members.filter_map(|member| world.vif(u16::try_from(member.vif).ok()?));
    vifs.filter_map(|vif| question(world, vif, from, address))
        .collect()
}

fn question(world: &World, vif: &Vif, from: IpAddr, address: IpAddr) -> Option<Reaction> {
    let router = world.router_mac();
    let mut frame = match (from, address) {
        (IpAddr::V4(from), IpAddr::V4(address)) => arp::request(router, from, address),
        (IpAddr::V6(from), IpAddr::V6(address)) => discovery::solicit(router, from, address)?,
        _ => return None,
    };
    let to = world.guest_mac(vif)?;
    frame.get_mut(..6)?.copy_from_slice(&to.0);
    Reaction::transmit(vif, frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_asked_every_ten_seconds_and_once_after_a_long_time() {
        let mut moves = Moves::default();
        let at = Duration::from_secs;
        let due: Vec<bool> = [1000, 1009, 1010, 1019, 1020, 1055, 1059, 1060]
            .map(|second| moves.is_due(at(second)))
            .to_vec();
        assert_eq!(due, [false, false, true, false, true, true, false, true]);
    }
}
