//! ARP that the card does not answer by itself: who answers for an address, and what is learned from answers. Tenants'
//! addresses are answered for as `proxy` says.
//!
//! | asked by            | for                   | what happens                            |
//! |---------------------|-----------------------|-----------------------------------------|
//! | a guest or a tunnel | itself, or with a tag | flooded                                 |
//! | the wire            | the tunnel address    | answered, or left to the host behind it |
//!
//! A guest comes here where the card has no route to say who it is, or one that leads elsewhere: `sender` says what it may
//! say of itself. An answer on the wire may bring the MAC of a next hop that packets wait for.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::{ArpEthIpv4Packet, ArpOperation, ArpPacket, EtherType, Ethernet2Header};
use underpass_layout::DropReason;
use underpass_table_compiler::objects::{VifFlags, VifType};
use underpass_table_compiler::Mac;

use crate::slow_path::ethernet;
use crate::slow_path::proxy::{self, Answer, Asker, Then};
use crate::slow_path::sender::Claim;
use crate::slow_path::world::World;

/// An ARP packet for IPv4 over Ethernet, with the frame around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arp {
    /// The frame's destination.
    pub to: Mac,
    /// It is for a VLAN of the guests' own.
    pub tagged: bool,
    /// The packet.
    pub packet: ArpEthIpv4Packet,
}

impl Arp {
    /// Reads a frame. None: it is cut short or no ARP for IPv4 over Ethernet.
    pub fn read(frame: &[u8]) -> Option<Arp> {
        let to = Mac(*frame.first_chunk::<6>()?);
        let (_, start) = ethernet::payload(frame)?;
        let tagged = ethernet::is_in_vlan(frame);
        let packet = ArpPacket::from_slice(frame.get(start..)?).ok()?;
        let packet = packet.try_eth_ipv4().ok()?;
        Some(Arp { to, tagged, packet })
    }

    /// It asks.
    pub fn is_request(&self) -> bool {
        self.packet.operation == ArpOperation::REQUEST
    }

    /// It tells where its sender is, and asks nothing.
    pub fn is_announcement(&self) -> bool {
        self.packet.sender_ipv4 == self.packet.target_ipv4
    }

    /// What a guest says of itself by it. With a tag it says it to another network, which only the guests know.
    pub fn claims(&self) -> Vec<Claim> {
        let claim = Claim {
            address: self.packet.sender_ipv4_addr().into(),
            mac: Some(Mac(self.packet.sender_mac)),
        };
        match self.tagged {
            true => Vec::new(),
            false => vec![claim],
        }
    }

    /// Where its sender says to be.
    pub fn told(&self) -> Option<(IpAddr, Mac)> {
        let (sender, mac) = (self.packet.sender_ipv4_addr(), Mac(self.packet.sender_mac));
        let tells = mac.is_unicast() && !sender.is_unspecified();
        tells.then_some((sender.into(), mac))
    }

    /// Whom it asks for.
    pub fn target(&self) -> Ipv4Addr {
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

/// A packet of a guest or of a tunnel, in the network with VRF `vrf`.
pub fn from_tenant(world: &World, asker: Asker, vrf: u16, arp: &Arp) -> Then {
    match arp.packet.operation {
        ArpOperation::REQUEST if arp.tagged => Then::Flood,
        ArpOperation::REQUEST if arp.is_announcement() => match proxies_all(world, asker) {
            true => Then::Drop(DropReason::InvalidArp),
            false => Then::Flood,
        },
        ArpOperation::REQUEST => match proxy::answer(world, asker, vrf, arp.target().into()) {
            Answer::Is(mac) | Answer::Router(mac) => Then::Answer(arp.answer(mac)),
            Answer::Flood => Then::Flood,
            Answer::Silence => Then::Drop(DropReason::InvalidArp),
        },
        ArpOperation::REPLY => proxy::by_mac(world, vrf, arp.to),
        _ => Then::Drop(DropReason::InvalidArp),
    }
}

/// Whether everything that a guest asks for is answered with the router's MAC: then nobody is to know where it is.
fn proxies_all(world: &World, asker: Asker) -> bool {
    let Asker::Guest(vif) = asker else {
        return false;
    };
    let vif = world.vif(vif);
    vif.is_some_and(|vif| vif.flags.contains(VifFlags::MAC_PROXY))
}

/// A packet of the wire, and the neighbour that it tells of.
pub fn from_wire(world: &World, arp: &Arp) -> (Option<(IpAddr, Mac)>, Then) {
    let told = arp.told().filter(|_| !arp.tagged);
    let asks_us =
        arp.is_request() && !arp.is_announcement() && arp.target() == world.tunnel_address();
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
