//! Messages of neighbour discovery (RFC 4861): read with every check that it asks for, and made.
//!
//! ```text
//!   | Ethernet | IPv6, hop limit 255 | ICMPv6 type, code 0, checksum | target | option 1 or 2: a MAC | ...
//! ```
//! A hop limit of 255 says that no router has touched the message, so its sender is on the link. What breaks a rule of
//! the standard is no message at all: [`Discovery::read`] gives nothing, and the packet is dropped.

use std::net::{IpAddr, Ipv6Addr};

use etherparse::icmpv6::{Icmpv6PayloadSlice, NdpOptionSlice, NdpOptionsIterator};
use etherparse::icmpv6::{NdpOptionType, NeighborAdvertisementHeader};
use etherparse::{Icmpv6Slice, Icmpv6Type, IpNumber, Ipv6Slice, PacketBuilder};
use underpass_table_compiler::Mac;

use crate::slow_path::ethernet;
use crate::slow_path::sender::Claim;

/// The hop limit of every message.
const HOP_LIMIT: u8 = 255;
/// Everybody on the link.
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// A message with the frame around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// The frame's destination.
    pub to: Mac,
    /// The frame's source.
    pub from: Mac,
    /// It is for a VLAN of the guests' own.
    pub tagged: bool,
    /// Who sent it; unspecified while it makes sure that nobody has its address.
    pub src: Ipv6Addr,
    /// What it says.
    pub message: Message,
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Who has `target`?
    Solicit {
        /// The address asked for.
        target: Ipv6Addr,
        /// The MAC of who asks, if it says so.
        mac: Option<Mac>,
    },
    /// `target` is at `mac`.
    Advertise {
        /// The address told of.
        target: Ipv6Addr,
        /// Its MAC, if it says so.
        mac: Option<Mac>,
    },
    /// Are there routers?
    SolicitRouter {
        /// The MAC of who asks, if it says so.
        mac: Option<Mac>,
    },
    /// I am a router, or: that way is better.
    Router,
}

/// What an address is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advertise {
    /// The MAC.
    pub mac: Mac,
    /// It is a router's.
    pub router: bool,
    /// The address is our own: what others have said of it is wrong.
    pub overrides: bool,
}

impl Discovery {
    /// Reads a frame. None: it breaks a rule.
    pub fn read(frame: &[u8]) -> Option<Discovery> {
        let to = Mac(*frame.first_chunk::<6>()?);
        let from = Mac(*frame.get(6..)?.first_chunk::<6>()?);
        let (ethertype, start) = ethernet::payload(frame)?;
        if ethertype != ethernet::IPV6 {
            return None;
        }
        let packet = Ipv6Slice::from_slice(frame.get(start..)?).ok()?;
        let (header, payload) = (packet.header(), packet.payload());
        let (src, dst) = (header.source_addr(), header.destination_addr());
        // A length of zero stands for a jumbogram, and the parser takes all there is.
        if header.hop_limit() != HOP_LIMIT
            || header.payload_length() == 0
            || payload.fragmented
            || payload.ip_number != IpNumber::IPV6_ICMP
            || src.is_multicast()
        {
            return None;
        }
        let icmp = Icmpv6Slice::from_slice(payload.payload).ok()?;
        if !icmp.is_checksum_valid(src.octets(), dst.octets()) {
            return None;
        }
        Some(Discovery {
            to,
            from,
            tagged: ethernet::is_in_vlan(frame),
            src,
            message: message(src, dst, &icmp)?,
        })
    }

    /// Somebody makes sure that nobody has the address that it is about to use.
    pub fn is_probe(&self) -> bool {
        self.src.is_unspecified()
    }

    /// It tells everybody where somebody is, and nobody has asked.
    pub fn is_announcement(&self) -> bool {
        matches!(self.message, Message::Advertise { .. }) && !self.to.is_unicast()
    }

    /// What a guest says of itself by it: that it is the sender, and who it tells of. A MAC in an option must be the frame's
    /// own, or it says it of somebody else; none: it does. With a tag it says it to another network.
    pub fn claims(&self) -> Option<Vec<Claim>> {
        let (told, mac) = match self.message {
            Message::Solicit { mac, .. } | Message::SolicitRouter { mac } => (None, mac),
            Message::Advertise { target, mac } => (Some(target), mac),
            Message::Router => (None, None),
        };
        if self.tagged {
            return Some(Vec::new());
        }
        let claim = |address: Ipv6Addr| Claim {
            address: address.into(),
            mac: Some(self.from),
        };
        let is_its_own = mac.is_none_or(|mac| mac == self.from);
        is_its_own.then(|| std::iter::once(self.src).chain(told).map(claim).collect())
    }

    /// Where its sender, or what it tells of, says to be.
    pub fn told(&self) -> Option<(IpAddr, Mac)> {
        let (address, mac) = match self.message {
            Message::Solicit { mac, .. } if !self.is_probe() => (self.src, mac?),
            Message::Advertise { target, mac } => (target, mac?),
            _ => return None,
        };
        Some((address.into(), mac))
    }

    /// The frame that says where `target` is. To a probe everybody is told; who asks is told alone.
    pub fn answer(&self, target: Ipv6Addr, with: &Advertise) -> Option<Vec<u8>> {
        let asker = match self.message {
            Message::Solicit { mac, .. } => mac.unwrap_or(self.from),
            _ => self.from,
        };
        let (to, dst) = match self.is_probe() {
            true => (group_mac(ALL_NODES), ALL_NODES),
            false => (asker, self.src),
        };
        let kind = Icmpv6Type::NeighborAdvertisement(NeighborAdvertisementHeader {
            router: with.router,
            solicited: !self.is_probe(),
            r#override: with.overrides || self.is_probe(),
        });
        let option = (NdpOptionType::TARGET_LINK_LAYER_ADDRESS, with.mac);
        frame((with.mac, target), (to, dst), kind, target, option)
    }
}

/// The frame that asks the link for the MAC of `target`.
pub fn solicit(mac: Mac, from: Ipv6Addr, target: Ipv6Addr) -> Option<Vec<u8>> {
    let group = solicited_node(target);
    let option = (NdpOptionType::SOURCE_LINK_LAYER_ADDRESS, mac);
    let kind = Icmpv6Type::NeighborSolicitation;
    frame((mac, from), (group_mac(group), group), kind, target, option)
}

fn frame(
    (from, src): (Mac, Ipv6Addr),
    (to, dst): (Mac, Ipv6Addr),
    kind: Icmpv6Type,
    target: Ipv6Addr,
    (option, mac): (NdpOptionType, Mac),
) -> Option<Vec<u8>> {
    // The length of an option counts in eight bytes.
    let option = [&[option.0, 1][..], &mac.0].concat();
    let payload = [&target.octets()[..], &option].concat();
    let builder = PacketBuilder::ethernet2(from.0, to.0);
    let builder = builder
        .ipv6(src.octets(), dst.octets(), HOP_LIMIT)
        .icmpv6(kind);
    let mut frame = Vec::with_capacity(builder.size(payload.len()));
    builder.write(&mut frame, &payload).ok()?;
    Some(frame)
}

/// The frame that tells the link that an address is at a MAC, and that it is a router's.
pub fn announce(mac: Mac, address: Ipv6Addr) -> Option<Vec<u8>> {
    let option = (NdpOptionType::TARGET_LINK_LAYER_ADDRESS, mac);
    let kind = Icmpv6Type::NeighborAdvertisement(NeighborAdvertisementHeader {
        router: true,
        solicited: false,
        r#override: true,
    });
    let to = (group_mac(ALL_NODES), ALL_NODES);
    frame((mac, address), to, kind, address, option)
}

/// The group in which who has an address hears who asks for it (RFC 4291 section 2.7.1).
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let low = address.to_bits() & 0x00ff_ffff;
    Ipv6Addr::from_bits(0xff02_0000_0000_0000_0000_0001_ff00_0000 | low)
}

/// The MAC of an IPv6 group (RFC 2464 section 7).
pub fn group_mac(group: Ipv6Addr) -> Mac {
    let [.., a, b, c, d] = group.octets();
    Mac([0x33, 0x33, a, b, c, d])
}

/// The message in an ICMPv6 packet, if it keeps the rules of sections 6.1, 7.1 and 8.1.
fn message(src: Ipv6Addr, dst: Ipv6Addr, icmp: &Icmpv6Slice<'_>) -> Option<Message> {
    let kind = icmp.icmp_type();
    let (target, options) = match icmp.payload_slice().ok()? {
        Icmpv6PayloadSlice::NeighborSolicitation(ask) => {
            (ask.target_address(), ask.options_iterator())
        }
        Icmpv6PayloadSlice::NeighborAdvertisement(tell) => {
            (tell.target_address(), tell.options_iterator())
        }
        Icmpv6PayloadSlice::RouterSolicitation(ask) => (src, ask.options_iterator()),
        Icmpv6PayloadSlice::RouterAdvertisement(tell) => (src, tell.options_iterator()),
        Icmpv6PayloadSlice::Redirect(tell) => (src, tell.options_iterator()),
        _ => return None,
    };
    let macs = Macs::read(options)?;
    let probe = src.is_unspecified();
    let holds = match kind {
        Icmpv6Type::NeighborSolicitation => {
            let group = !probe || macs.source.is_none() && dst == solicited_node(target);
            group && !target.is_multicast() && !target.is_unspecified()
        }
        Icmpv6Type::NeighborAdvertisement(flags) => {
            let answers_all = flags.solicited && dst.is_multicast();
            !(target.is_multicast() || probe || answers_all)
        }
        Icmpv6Type::RouterSolicitation => !probe || macs.source.is_none(),
        _ => src.is_unicast_link_local(),
    };
    let message = match kind {
        Icmpv6Type::NeighborSolicitation => Message::Solicit {
            target,
            mac: macs.source,
        },
        Icmpv6Type::NeighborAdvertisement(_) => Message::Advertise {
            target,
            mac: macs.target,
        },
        Icmpv6Type::RouterSolicitation => Message::SolicitRouter { mac: macs.source },
        _ => Message::Router,
    };
    holds.then_some(message)
}

/// The MACs in the options of a message.
#[derive(Default)]
struct Macs {
    source: Option<Mac>,
    target: Option<Mac>,
}

impl Macs {
    /// None: an option is cut short or empty, or its MAC is none that a neighbour can have.
    fn read(options: NdpOptionsIterator<'_>) -> Option<Macs> {
        let mut macs = Macs::default();
        for option in options {
            match option.ok()? {
                NdpOptionSlice::SourceLinkLayerAddress(source) => {
                    macs.source = Some(neighbor_mac(source.link_layer_address())?);
                }
                NdpOptionSlice::TargetLinkLayerAddress(target) => {
                    macs.target = Some(neighbor_mac(target.link_layer_address())?);
                }
                _ => {}
            }
        }
        Some(macs)
    }
}

fn neighbor_mac(bytes: &[u8]) -> Option<Mac> {
    let mac = Mac(bytes.try_into().ok()?);
    mac.is_unicast().then_some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKER: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const ASKED: Mac = Mac([2, 0, 0, 0, 0, 2]);
    const FROM: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    const TARGET: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0x1234, 0x5678);

    fn question() -> Discovery {
        Discovery::read(&solicit(ASKER, FROM, TARGET).unwrap()).unwrap()
    }

    #[test]
    fn a_question_goes_to_the_group_of_who_may_know() {
        assert_eq!(
            solicited_node(TARGET),
            "ff02::1:ff34:5678".parse::<Ipv6Addr>().unwrap()
        );
        assert_eq!(
            question(),
            Discovery {
                to: Mac([0x33, 0x33, 0xff, 0x34, 0x56, 0x78]),
                from: ASKER,
                tagged: false,
                src: FROM,
                message: Message::Solicit {
                    target: TARGET,
                    mac: Some(ASKER),
                },
            }
        );
    }

    #[test]
    fn an_answer_reads_back() {
        let with = Advertise {
            mac: ASKED,
            router: true,
            overrides: false,
        };
        let frame = question().answer(TARGET, &with).unwrap();
        let answer = Discovery::read(&frame).unwrap();
        assert_eq!((answer.to, answer.from, answer.src), (ASKER, ASKED, TARGET));
        let told = Message::Advertise {
            target: TARGET,
            mac: Some(ASKED),
        };
        assert_eq!(answer.message, told);
    }

    #[test]
    fn a_changed_bit_is_noticed() {
        let frame = solicit(ASKER, FROM, TARGET).unwrap();
        // Behind Ethernet, traffic class and flow label, which no checksum covers.
        for bit in 18 * 8..frame.len() * 8 {
            let mut changed = frame.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Discovery::read(&changed), None, "bit {bit}");
        }
        for length in 0..frame.len() {
            assert_eq!(Discovery::read(&frame[..length]), None, "{length} bytes");
        }
    }
}
