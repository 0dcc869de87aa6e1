//! Who is answered for, whether ARP asks or neighbour discovery: what the card does with ARP by itself, for what it hands
//! over.
//!
//! | asked by | for                                     | what happens                          |
//! |----------|-----------------------------------------|---------------------------------------|
//! | a guest  | anything, where its interface proxies   | answered with the router's MAC        |
//! | a guest  | a route with P and a stitched MAC       | answered with that MAC                |
//! | a guest  | a route with P, no stitched MAC, no F   | answered with the router's MAC        |
//! | a guest  | such a route, but of a guest, where its interface is answered for gateways alone | dropped |
//! | a guest  | anything else, or itself                | flooded                               |
//! | a tunnel | a guest here, with a stitched MAC       | answered likewise, through the tunnel |
//! | a tunnel | the router                              | dropped: that is another node's       |
//! | a tunnel | anything else                           | flooded                               |
//!
//! What nobody asked for goes by the MAC in front of it: to one guest, to all, or to the router, which has no use for it.

use std::net::IpAddr;

use underpass_layout::DropReason;
use underpass_table_compiler::objects::{NexthopKind, Route, RouteFlags, Vif, VifFlags};
use underpass_table_compiler::Mac;

use crate::slow_path::world::{is_link_local, World};

/// What is done with an ARP packet or a message of neighbour discovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// This frame goes back to where it came from.
    Answer(Vec<u8>),
    /// Every other guest of the network gets it.
    Flood,
    /// The one with this MAC gets it.
    Bridge(Mac),
    /// The host's own stack gets it.
    ToHost,
    /// It was for the slow path.
    Consume,
    /// Nobody can make sense of it, or nobody wants it.
    Drop(DropReason),
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// The guest of this interface.
    Guest(u16),
    /// Somebody on another node.
    Tunnel,
}

/// What an address is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This MAC, of another guest.
    Is(Mac),
    /// This MAC, the router's.
    Router(Mac),
    /// Nothing: the guests may know.
    Flood,
    /// Nothing, and the guests are not asked.
    Silence,
}

/// Answers for `target` in the network with VRF `vrf`.
pub fn answer(world: &World, asker: Asker, vrf: u16, target: IpAddr) -> Answer {
    let route = world.route(vrf, target);
    match asker {
        _ if is_link_local(target) => Answer::Flood,
        Asker::Guest(vif) => match world.vif(vif) {
            Some(vif) => to_guest(world, vif, route),
            None => Answer::Silence,
        },
        Asker::Tunnel => route.map_or(Answer::Flood, |route| to_tunnel(world, route)),
    }
}

fn to_guest(world: &World, vif: &Vif, route: Option<&Route>) -> Answer {
    if vif.flags.contains(VifFlags::MAC_PROXY) {
        return Answer::Router(vif.mac);
    }
    let Some(route) = route.filter(|route| proxies(route)) else {
        return Answer::Flood;
    };
    if vif.flags.contains(VifFlags::NO_ARP_PROXY) && !world.is_service(route) {
        Answer::Silence
    } else if world.leaves_by(route.nh, vif) {
        Answer::Flood
    } else {
        route
            .stitched_mac
            .map_or(Answer::Router(vif.mac), Answer::Is)
    }
}

fn to_tunnel(world: &World, route: &Route) -> Answer {
    let is_here = world.guest_behind(route.nh).is_some();
    match route.stitched_mac {
        _ if !proxies(route) => Answer::Flood,
        _ if world.is_service(route) => Answer::Silence,
        Some(mac) if is_here => Answer::Is(mac),
        _ => Answer::Flood,
    }
}

/// Whether somebody is answered for what is behind a route.
fn proxies(route: &Route) -> bool {
    let floods = route.stitched_mac.is_none() && route.flags.contains(RouteFlags::FLOOD);
    route.flags.contains(RouteFlags::PROXY) && !floods
}

/// The MAC with which who would take an address hears that somebody has it: the node, which has a gateway's or a DNS
/// server's, and where the question reaches nobody else, whoever is answered for. What guests share they settle themselves.
pub fn defends(world: &World, asker: Asker, vrf: u16, address: IpAddr) -> Option<Mac> {
    let Asker::Guest(vif) = asker else {
        return None;
    };
    let route = world.route(vrf, address)?;
    let is_one = route.prefix.prefix_len() == route.prefix.max_prefix_len();
    if is_one && world.is_service(route) {
        return Some(world.vif(vif)?.mac);
    }
    let is_heard = world.vrf(vrf)?.mode.bridges();
    let may_share = world.pair_of(vif.into(), address).is_some();
    match answer(world, asker, vrf, address) {
        Answer::Is(mac) | Answer::Router(mac) if is_one && !is_heard && !may_share => Some(mac),
        _ => None,
    }
}

/// Where a frame goes that answers somebody else, or tells everybody.
pub fn by_mac(world: &World, vrf: u16, to: Mac) -> Then {
    let bridge = world.bridge(vrf, to);
    let nexthop = bridge.and_then(|bridge| world.nexthop(bridge.nh));
    let is_ours = nexthop.is_some_and(|nexthop| nexthop.kind == NexthopKind::L2Receive);
    if is_ours || to == world.router_mac() {
        Then::Consume
    } else if to.is_unicast() {
        Then::Bridge(to)
    } else {
        Then::Flood
    }
}
