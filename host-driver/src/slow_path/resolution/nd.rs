//! Neighbour discovery: what ARP is for IPv4, decided alike. Tenants' addresses are answered for as `proxy` says.
//!
//! | from                | message                        | what happens                                       |
//! |---------------------|--------------------------------|----------------------------------------------------|
//! | a guest or a tunnel | solicitation with a tag        | flooded                                            |
//! | a guest             | probe for an address of ours   | answered to all: it is taken                       |
//! | a guest, mode l3    | probe for another's address    | likewise: nobody else would hear it                |
//! | a guest or a tunnel | probe for any other address    | flooded: nobody answers for somebody else          |
//! | a guest or a tunnel | advertisement                  | by its MAC: to one guest, or flooded               |
//! | a guest or a tunnel | router solicitation            | counted where we are the router, else flooded      |
//! | a guest or a tunnel | router advertisement, redirect | dropped where we are the router, else by its MAC   |
//! | the wire            | for the tunnel address         | answered, or left to the host behind it            |
//!
//! An answer says that it was asked for, does not override what guests know better, and names a router only with the
//! router's own MAC, as the peer's does. Link-local addresses have no routes, so nobody is answered for: they are
//! flooded and stay in their network. What breaks a rule of RFC 4861, or says of its sender what `sender` knows better,
//! was dropped before it came here.

use std::net::{IpAddr, Ipv6Addr};

use underpass_layout::DropReason;
use underpass_table_compiler::objects::VifType;
use underpass_table_compiler::Mac;

use crate::slow_path::discovery::{Advertise, Discovery, Message};
use crate::slow_path::proxy::{self, Answer, Asker, Then};
use crate::slow_path::world::World;

/// A message of a guest or of a tunnel, in the network with VRF `vrf`.
pub fn from_tenant(world: &World, asker: Asker, vrf: u16, discovery: &Discovery) -> Then {
    match discovery.message {
        Message::Solicit { .. } if discovery.tagged => Then::Flood,
        Message::Solicit { target, .. } if discovery.is_probe() => {
            match proxy::defends(world, asker, vrf, target.into()) {
                Some(mac) => answer(discovery, target, mac, true),
                None => Then::Flood,
            }
        }
        Message::Solicit { target, .. } => match proxy::answer(world, asker, vrf, target.into()) {
            Answer::Is(mac) => answer(discovery, target, mac, false),
            Answer::Router(mac) => answer(discovery, target, mac, true),
            Answer::Flood => Then::Flood,
            Answer::Silence => Then::Drop(DropReason::InvalidArp),
        },
        Message::Advertise { .. } => proxy::by_mac(world, vrf, discovery.to),
        Message::SolicitRouter { .. } if world.routes_ipv6(vrf) => {
            Then::Drop(DropReason::TrapNoInterface)
        }
        Message::SolicitRouter { .. } => Then::Flood,
        Message::Router if world.routes_ipv6(vrf) => Then::Drop(DropReason::InvalidArp),
        Message::Router => proxy::by_mac(world, vrf, discovery.to),
    }
}

fn answer(discovery: &Discovery, target: Ipv6Addr, mac: Mac, router: bool) -> Then {
    let with = Advertise {
        mac,
        router,
        overrides: false,
    };
    sent(discovery.answer(target, &with))
}

fn sent(frame: Option<Vec<u8>>) -> Then {
    frame.map_or(Then::Drop(DropReason::InvalidArp), Then::Answer)
}

/// A message of the wire, and the neighbour that it tells of.
pub fn from_wire(world: &World, discovery: &Discovery) -> (Option<(IpAddr, Mac)>, Then) {
    let told = discovery.told().filter(|_| !discovery.tagged);
    let then = if world.vif_of(VifType::Host).is_some() {
        Then::ToHost
    } else {
        unhosted(world, discovery)
    };
    (told, then)
}

/// What a node without a host behind the tunnel address does.
fn unhosted(world: &World, discovery: &Discovery) -> Then {
    match discovery.message {
        Message::Solicit { target, .. } if world.tunnel_address() == target => {
            let with = Advertise {
                mac: world.underlay().mac,
                router: false,
                overrides: true,
            };
            sent(discovery.answer(target, &with))
        }
        Message::Solicit { .. } => Then::Drop(DropReason::InvalidArp),
        Message::SolicitRouter { .. } => Then::Drop(DropReason::TrapNoInterface),
        Message::Advertise { .. } | Message::Router => Then::Consume,
    }
}
