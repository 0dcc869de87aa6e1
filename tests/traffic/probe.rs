//! A packet that asks the card about some keys, and what its fate says about them.
//!
//! ```text
//!   bridged  | MAC   | IP, UDP, number |      asks bridge,     and the flow where VM 2 sends it
//!   routed   | router| IP, UDP, number |      asks host, bank, and the flow likewise
//!
//!   left on port p, label l ─▶ the entry said nexthop p, and l where p is a tunnel
//!   in the punt ring ────────▶ no flow, or a held one
//!   nowhere ─────────────────▶ no MAC
//! ```
//! The number is where UDP has length and checksum, which the card reads neither of. Each packet is one beat.

use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::PuntReason;

use super::card::Punted;
use super::keys::{self, held, Key, Table, PORT};
use super::network::{
    is_tunnel, nexthop_for, Use, DEFAULT, FLOW_NEXTHOP, PORTS, VM1, VM1_V6, VM2, VM2_V6, VM_MACS,
};
use crate::packets::{Bytes, Ipv4, Ipv6, Packet};
use crate::tables::ROUTER_MAC;

/// Bytes of a packet behind its Ethernet header, which are the last ones of whatever leaves.
const IP_BYTES: usize = BEAT_BYTES - 14;
/// Bytes in front of the label in a tunnel's frame: Ethernet, IPv4, and the start of GRE or UDP and VXLAN.
const GRE_LABEL: usize = 14 + 20 + 4;
const VXLAN_LABEL: usize = 14 + 20 + 8 + 4;
const IPV4_PROTOCOL: usize = 14 + 9;
const GRE: u8 = 47;

/// Where a probe wants to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To the MAC of this number.
    Mac(u16),
    /// By the router to the address of this number.
    Address(u16),
}

/// What a packet asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Its flow, if VM 2 sends it.
    pub flow: Option<u16>,
    /// Where it wants to go.
    pub to: To,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It left.
    Left {
        /// The nexthop, which is the port.
        nexthop: u32,
        /// The label, if the nexthop is a tunnel.
        label: Option<u32>,
    },
    /// It is in the punt ring, for want of a flow that lets it pass.
    Punted,
    /// It is nowhere.
    Dropped,
}

impl Probe {
    /// The simplest packet that asks for a key.
    pub fn of(key: Key) -> Probe {
        let number = key.number;
        let to = match key.table {
            Table::Bridge => To::Mac(number),
            Table::Host => To::Address(number),
            Table::Bank => To::Address(number / 2 * 8 + number % 2),
            Table::Flow => To::Address(keys::flow_address(number)),
        };
        Probe {
            flow: (key.table == Table::Flow).then_some(number),
            to,
        }
    }

    /// The keys that it asks about.
    pub fn keys(self) -> impl Iterator<Item = Key> {
        let key = |table, number| Key { table, number };
        let flow = self.flow.map(|flow| key(Table::Flow, flow));
        let to = match self.to {
            To::Mac(number) => [Some(key(Table::Bridge, number)), None],
            To::Address(number) => [
                (number < Table::Host.keys()).then_some(key(Table::Host, number)),
                Some(key(Table::Bank, keys::prefix_of(number))),
            ],
        };
        flow.into_iter().chain(to.into_iter().flatten())
    }

    /// What becomes of it where the keys have these versions.
    pub fn fate(self, version: impl Fn(Key) -> Option<u32>) -> Fate {
        let key = |table, number| version(Key { table, number });
        if let Some(flow) = self.flow {
            if key(Table::Flow, flow).is_none_or(held) {
                return Fate::Punted;
            }
        }
        let (nexthop, label) = match self.to {
            To::Mac(number) => match key(Table::Bridge, number) {
                None => return Fate::Dropped,
                Some(version) => (nexthop_for(Use::Bridged, version), version),
            },
            To::Address(number) => {
                let host = key(Table::Host, number);
                let route = host.or_else(|| key(Table::Bank, keys::prefix_of(number)));
                match route {
                    None => DEFAULT,
                    Some(version) => (nexthop_for(Use::Routed, version), version),
                }
            }
        };
        Fate::Left {
            nexthop,
            label: is_tunnel(nexthop).then_some(label),
        }
    }

    /// The packet, with its number.
    pub fn packet(self, number: u32) -> Packet {
        let from_vm2 = self.flow.is_some();
        let address = match (self.to, self.flow) {
            (_, Some(flow)) => keys::flow_address(flow),
            (To::Address(number) | To::Mac(number), None) => number,
        };
        let mut udp = Bytes::default();
        let v6 = address % 2 == 1;
        let rest = IP_BYTES - if v6 { 40 } else { 20 } - 8;
        udp.u16(self.flow.unwrap_or(PORT))
            .u16(PORT)
            .u32(number)
            .fill(rest);
        let udp = udp.done();
        let dst = keys::address(address);
        let ip = if v6 {
            let src = if from_vm2 { VM2_V6 } else { VM1_V6 };
            let header = Ipv6 {
                label: 0,
                next: 17,
                hop_limit: 64,
                src,
                dst,
            };
            header.with(&udp)
        } else {
            let header = Ipv4 {
                options: 0,
                id: number as u16,
                fragment: 0,
                ttl: 64,
                protocol: 17,
                src: if from_vm2 { VM2 } else { VM1 },
                dst: dst as u32,
            };
            header.with(&udp)
        };
        let mac = match self.to {
            To::Mac(number) => keys::mac(number),
            To::Address(_) => ROUTER_MAC,
        };
        let vm = usize::from(from_vm2);
        let mut frame = Bytes::default();
        frame
            .mac(mac)
            .mac(VM_MACS[vm])
            .u16(if v6 { 0x86dd } else { 0x0800 })
            .put(&ip);
        Packet {
            bytes: frame.done(),
            port: PORTS[vm],
        }
    }
}

/// The number of the packet in a frame that left on a port, and what became of it.
pub fn left(port: u16, bytes: &[u8]) -> (u32, Fate) {
    let nexthop = u32::from(port);
    let label = is_tunnel(nexthop).then(|| match bytes[IPV4_PROTOCOL] {
        GRE => word(bytes, GRE_LABEL) >> 12,
        _ => word(bytes, VXLAN_LABEL) >> 8,
    });
    assert!(
        label.is_some() || bytes.len() == BEAT_BYTES,
        "{} bytes on port {port}",
        bytes.len()
    );
    (number(bytes), Fate::Left { nexthop, label })
}

/// The number of a packet in the punt ring.
pub fn punted(punted: &Punted) -> (u32, Fate) {
    assert_eq!(punted.shim.reason, PuntReason::FlowMiss);
    assert_eq!(punted.shim.flow_nexthop, FLOW_NEXTHOP);
    (number(&punted.frame), Fate::Punted)
}

fn number(bytes: &[u8]) -> u32 {
    let ip = &bytes[bytes.len() - IP_BYTES..];
    let header = if ip[0] >> 4 == 6 { 40 } else { 20 };
    word(ip, header + 4)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(std::array::from_fn(|i| bytes[at + i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_carries_its_number() {
        for (flow, to) in [
            (None, To::Mac(3)),
            (None, To::Address(4)),
            (Some(5), To::Address(5)),
            (Some(6), To::Mac(1)),
        ] {
            let packet = Probe { flow, to }.packet(0x1234_5678);
            assert_eq!(packet.bytes.len(), BEAT_BYTES);
            assert_eq!(number(&packet.bytes), 0x1234_5678);
        }
    }

    #[test]
    fn a_fate_names_what_the_entries_say() {
        let probe = Probe {
            flow: Some(9),
            to: To::Address(9),
        };
        let none = probe.fate(|_| None);
        assert_eq!(none, Fate::Punted);
        let only_flow = probe.fate(|key| (key.table == Table::Flow).then_some(2));
        let (nexthop, label) = DEFAULT;
        let label = Some(label);
        assert_eq!(only_flow, Fate::Left { nexthop, label });
        let bridged = Probe {
            flow: None,
            to: To::Mac(1),
        };
        assert_eq!(bridged.fate(|_| None), Fate::Dropped);
        let nexthop = nexthop_for(Use::Bridged, 1);
        let label = None;
        assert_eq!(bridged.fate(|_| Some(1)), Fate::Left { nexthop, label });
    }
}
