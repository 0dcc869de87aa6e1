//! Who is answered for, whether ARP asks or neighbour discovery.
//!
//! | asked by | for                                    | what happens                          |
//! |----------|----------------------------------------|---------------------------------------|
//! | a guest  | a route with P and a stitched MAC      | answered with that MAC                |
//! | a guest  | a route with P, no stitched MAC, no F  | answered with the router's MAC        |
//! | a guest  | anything else, or itself               | flooded                               |
//! | a tunnel | a guest here                           | answered likewise, through the tunnel |
//! | a tunnel | the router, or a guest elsewhere       | dropped: that is another node's       |
//! | a tunnel | anything else                          | flooded                               |
//!
//! What nobody asked for goes by the MAC in front of it: to one guest, to all, or to the router, which has no use for it.

use std::net::IpAddr;

use underpass_layout::DropReason;
use underpass_table_compiler::objects::RouteFlags;
use underpass_table_compiler::Mac;

use super::world::World;

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
    /// This MAC.
    Is(Mac),
    /// Nothing: the guests may know.
    Flood,
    /// Nothing, and the guests are not asked.
    Silence,
}

/// Answers for `target` in the network with VRF `vrf`.
pub fn answer(world: &World, asker: Asker, vrf: u16, target: IpAddr) -> Answer {
    match (proxy(world, vrf, target), asker) {
        (None, _) => Answer::Flood,
        (Some(proxy), Asker::Guest(vif)) if proxy.guest == Some(u32::from(vif)) => Answer::Flood,
        (Some(Proxy { guest: None, .. }), Asker::Tunnel) => Answer::Silence,
        (Some(Proxy { mac, .. }), _) => Answer::Is(mac),
    }
}

struct Proxy {
    mac: Mac,
    /// The interface of the guest with that address, if it is here.
    guest: Option<u32>,
}

fn proxy(world: &World, vrf: u16, address: IpAddr) -> Option<Proxy> {
    let route = world.route(vrf, address)?;
    if !route.flags.contains(RouteFlags::PROXY) {
        return None;
    }
    let guest = world.guest_behind(route.nh).map(|vif| vif.idx);
    let router = || (!route.flags.contains(RouteFlags::FLOOD)).then(|| world.router_mac());
    let mac = route.stitched_mac.or_else(router)?;
    Some(Proxy { mac, guest })
}

/// Whether an address is the node's own in a network: a gateway or a DNS server.
pub fn is_ours(world: &World, vrf: u16, address: IpAddr) -> bool {
    let route = world.route(vrf, address);
    route.is_some_and(|route| {
        route.prefix.prefix_len() == route.prefix.max_prefix_len() && world.is_service(route)
    })
}

/// Where a frame goes that answers somebody else, or tells everybody.
pub fn by_mac(world: &World, to: Mac) -> Then {
    if to == world.router_mac() {
        Then::Consume
    } else if to.is_unicast() {
        Then::Bridge(to)
    } else {
        Then::Flood
    }
}
