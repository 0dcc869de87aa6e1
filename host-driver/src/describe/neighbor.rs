//! Who asks for a neighbour's MAC, in words: `ARP who has 10.1.1.4? tell 10.1.1.3`, `ND 2001:db8::4 is at 02:00:..`.

use std::net::IpAddr;

use etherparse::icmpv6::{Icmpv6PayloadSlice, NdpOptionSlice};
use etherparse::{ArpOperation, ArpPacketSlice, Icmpv6Slice};

use super::mac;

/// An ARP packet.
pub(super) fn arp(arp: &ArpPacketSlice<'_>) -> String {
    let Ok(arp) = arp.to_packet().try_eth_ipv4() else {
        return "ARP, not for IPv4 over Ethernet".to_owned();
    };
    let (sender, target) = (arp.sender_ipv4_addr(), arp.target_ipv4_addr());
    match arp.operation {
        ArpOperation::REQUEST if sender == target => format!("ARP announces {sender}"),
        ArpOperation::REQUEST => format!("ARP who has {target}? tell {sender}"),
        ArpOperation::REPLY => format!("ARP {sender} is at {}", mac(arp.sender_mac)),
        ArpOperation(other) => format!("ARP operation {other}"),
    }
}

/// Neighbour discovery, told as ARP is. None: it is another message.
pub(super) fn discovery(icmp: &Icmpv6Slice<'_>, src: IpAddr) -> Option<String> {
    match icmp.payload_slice().ok()? {
        Icmpv6PayloadSlice::NeighborSolicitation(ask) if src.is_unspecified() => {
            Some(format!("ND probes {}", ask.target_address()))
        }
        Icmpv6PayloadSlice::NeighborSolicitation(ask) => {
            Some(format!("ND who has {}? tell {src}", ask.target_address()))
        }
        Icmpv6PayloadSlice::NeighborAdvertisement(tell) => {
            let target = tell.target_address();
            let told = tell.options_iterator().find_map(|option| match option {
                Ok(NdpOptionSlice::TargetLinkLayerAddress(target)) => {
                    target.link_layer_address().try_into().ok()
                }
                _ => None,
            });
            Some(match told {
                Some(bytes) => format!("ND {target} is at {}", mac(bytes)),
                None => format!("ND {target} is there"),
            })
        }
        _ => None,
    }
}
