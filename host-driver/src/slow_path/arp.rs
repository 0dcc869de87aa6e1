//! ARP: who answers for an address, and what is learned from answers.
//!
//! | asked by | for                                    | what happens                            |
//! |----------|----------------------------------------|-----------------------------------------|
//! | a guest  | a route with P and a stitched MAC      | answered with that MAC                  |
//! | a guest  | a route with P, no stitched MAC, no F  | answered with the router's MAC          |
//! | a guest  | anything else, itself, or with a tag   | flooded                                 |
//! | a tunnel | a guest here                           | answered likewise, through the tunnel   |
//! | a tunnel | the router                             | dropped: that node has one of its own   |
//! | the wire | the tunnel address                     | answered, or left to the host behind it |
//!
//! An answer on the wire may bring the MAC of a next hop that packets wait for.

use std::net::Ipv4Addr;

use etherparse::{ArpEthIpv4Packet, ArpOperation, ArpPacket, EtherType, Ethernet2Header};
use underpass_layout::DropReason;
use underpass_table_compiler::objects::{RouteFlags, VifType};
use underpass_table_compiler::Mac;

use super::world::World;

/// Bytes of an Ethernet header, and of a VLAN tag.
const ETHERNET: usize = 14;
const TAG: usize = 4;
/// Ethertype of a VLAN tag.
const TAGGED: [u8; 2] = [0x81, 0x00];

/// What is done with an ARP packet.
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
    /// Nobody can make sense of it.
    Drop(DropReason),
}

/// An ARP packet for IPv4 over Ethernet, with the frame around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arp {
    /// The frame's destination.
    pub to: Mac,
    /// There is a VLAN tag.
    pub tagged: bool,
    /// The packet.
    pub packet: ArpEthIpv4Packet,
}

impl Arp {
    /// Reads a frame. None: it is cut short or no ARP for IPv4 over Ethernet.
    pub fn read(frame: &[u8]) -> Option<Arp> {
        let to = Mac(*frame.first_chunk::<6>()?);
        let tagged = frame.get(12..14)? == TAGGED;
        let start = ETHERNET + if tagged { TAG } else { 0 };
        let packet = ArpPacket::from_slice(frame.get(start..)?).ok()?;
        let packet = packet.try_eth_ipv4().ok()?;
        Some(Arp { to, tagged, packet })
    }

    fn is_request(&self) -> bool {
        self.packet.operation == ArpOperation::REQUEST
    }

    /// It tells where its sender is, and asks nothing.
    fn is_announcement(&self) -> bool {
        self.packet.sender_ipv4 == self.packet.target_ipv4
    }

    fn target(&self) -> Ipv4Addr {
        self.packet.target_ipv4_addr()
    }

    /// The frame that says that the target is at `mac`.
    fn answer(&self, mac: Mac) -> Vec<u8> {
        let asked = &self.packet;
        frame(
            Mac(asked.sender_mac),
            &ArpEthIpv4Packet {
                operation: ArpOperation::REPLY,
                sender_mac: mac.0,
                sender_ipv4: asked.target_ipv4,
                target_mac: asked.sender_mac,
                target_ipv4: asked.sender_ipv4,
            },
        )
    }
}

/// The frame that asks the underlay for the MAC of `address`.
pub fn request(mac: Mac, from: Ipv4Addr, address: Ipv4Addr) -> Vec<u8> {
    frame(
        Mac::BROADCAST,
        &ArpEthIpv4Packet {
            operation: ArpOperation::REQUEST,
            sender_mac: mac.0,
            sender_ipv4: from.octets(),
            target_mac: [0; 6],
            target_ipv4: address.octets(),
        },
    )
}

fn frame(to: Mac, packet: &ArpEthIpv4Packet) -> Vec<u8> {
    let ethernet = Ethernet2Header {
        source: packet.sender_mac,
        destination: to.0,
        ether_type: EtherType::ARP,
    };
    [&ethernet.to_bytes()[..], &packet.to_bytes()[..]].concat()
}

/// A packet of a guest: `vif` is its interface, `vrf` its network.
pub fn from_guest(world: &World, vif: u16, vrf: u16, arp: &Arp) -> Then {
    match arp.packet.operation {
        ArpOperation::REQUEST if arp.tagged || arp.is_announcement() => Then::Flood,
        ArpOperation::REQUEST => match proxy(world, vrf, arp.target()) {
            Some(Proxy { guest, .. }) if guest == Some(u32::from(vif)) => Then::Flood,
            Some(Proxy { mac, .. }) => Then::Answer(arp.answer(mac)),
            None => Then::Flood,
        },
        ArpOperation::REPLY => reply(world, arp),
        _ => Then::Drop(DropReason::InvalidArp),
    }
}

/// A frame of a network that came through a tunnel.
pub fn from_tunnel(world: &World, vrf: u16, arp: &Arp) -> Then {
    match arp.packet.operation {
        ArpOperation::REQUEST if arp.tagged || arp.is_announcement() => Then::Flood,
        ArpOperation::REQUEST => match proxy(world, vrf, arp.target()) {
            Some(Proxy {
                guest: Some(_),
                mac,
            }) => Then::Answer(arp.answer(mac)),
            Some(Proxy { guest: None, .. }) => Then::Drop(DropReason::InvalidArp),
            None => Then::Flood,
        },
        ArpOperation::REPLY => reply(world, arp),
        _ => Then::Drop(DropReason::InvalidArp),
    }
}

/// A packet of the wire, and the neighbour that it tells of.
pub fn from_wire(world: &World, arp: &Arp) -> (Option<(Ipv4Addr, Mac)>, Then) {
    let (sender, mac) = (arp.packet.sender_ipv4_addr(), Mac(arp.packet.sender_mac));
    let tells = !arp.tagged && mac.is_unicast() && !sender.is_unspecified();
    let told = tells.then_some((sender, mac));
    let asks_us =
        arp.is_request() && !arp.is_announcement() && Some(arp.target()) == world.tunnel_address();
    let then = if world.vif_of(VifType::Host).is_some() {
        Then::ToHost
    } else if asks_us {
        Then::Answer(arp.answer(world.underlay().mac))
    } else if arp.is_request() && !arp.is_announcement() {
        Then::Drop(DropReason::InvalidArp)
    } else {
        Then::Consume
    };
    (told, then)
}

/// Who is answered for.
struct Proxy {
    mac: Mac,
    /// The interface of the guest with that address, if it is here.
    guest: Option<u32>,
}

fn proxy(world: &World, vrf: u16, address: Ipv4Addr) -> Option<Proxy> {
    let route = world.route(vrf, address)?;
    if !route.flags.contains(RouteFlags::PROXY) {
        return None;
    }
    let guest = world.guest_behind(route.nh).map(|vif| vif.idx);
    let router = || (!route.flags.contains(RouteFlags::FLOOD)).then(|| world.router_mac());
    let mac = route.stitched_mac.or_else(router)?;
    Some(Proxy { mac, guest })
}

fn reply(world: &World, arp: &Arp) -> Then {
    if arp.to == world.router_mac() {
        Then::Consume
    } else if arp.to.is_unicast() {
        Then::Bridge(arp.to)
    } else {
        Then::Flood
    }
}
