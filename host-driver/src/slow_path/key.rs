//! What a flow is looked up by, of either family: the card has a key for each, the slow path one for both.
//!
//! ```text
//!   packet ──s4_inner, s5_quoted, s8_key──▶ meta::Key ──▶ Key ──┬─ FlowKey    two IPv4 addresses: half a row
//!                                               FlowSide ──┘    └─ FlowKey6   two IPv6 addresses: a whole row
//! ```
//! The model's stages say what of a packet is its key, so that what the slow path sets up is what the card looks for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use underpass_layout::meta::{self, Inner};
use underpass_layout::tables::{FlowKey, FlowKey6};
use underpass_layout::Record;
use underpass_table_compiler::objects::FlowSide;
use underpass_table_compiler::placed::Entry;

/// IP protocol of ICMP, and of ICMPv6.
pub const ICMP: u8 = 1;
pub const ICMPV6: u8 = 58;

/// What a flow is looked up by. Both addresses are of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// K(nh): whose packets these are.
    pub nexthop: u32,
    /// IP protocol; of IPv6 the one behind the extension headers.
    pub protocol: u8,
    /// Source port; of an ICMP echo the identifier, of other ICMP 0.
    pub src_port: u16,
    /// Destination port; of an ICMP echo 0, of an ICMPv6 echo 129, of other ICMP the type.
    pub dst_port: u16,
    /// Source address.
    pub src: IpAddr,
    /// Destination address.
    pub dst: IpAddr,
}

/// A key as the card has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardKey {
    /// Of an IPv4 flow.
    V4(FlowKey),
    /// Of an IPv6 flow.
    V6(FlowKey6),
}

impl Key {
    /// What the model looks up, under K(nh) `nexthop`. None: the card has no nexthop of that number, whatever the shim
    /// says.
    pub fn new(key: &meta::Key, v6: bool, nexthop: u32) -> Option<Key> {
        fits_a_key(nexthop).then(|| Key::of(key, v6, nexthop))
    }

    /// What the model looks up, under a nexthop that is known to fit.
    pub(super) fn of(key: &meta::Key, v6: bool, nexthop: u32) -> Key {
        Key {
            nexthop,
            protocol: key.protocol,
            src_port: key.src_port,
            dst_port: key.dst_port,
            src: address(key.src, v6),
            dst: address(key.dst, v6),
        }
    }

    /// The direction with this key in a VRF, whose packets go on as they are.
    pub fn side(&self, vrf: u16) -> FlowSide {
        let (from, to) = ((self.src, self.src_port), (self.dst, self.dst_port));
        FlowSide::between(from, to, self.protocol, self.nexthop, vrf)
    }

    /// As the model has it.
    pub fn on_model(&self) -> meta::Key {
        let bits = |address| match address {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits(),
        };
        meta::Key {
            protocol: self.protocol,
            src: bits(self.src),
            dst: bits(self.dst),
            src_port: self.src_port,
            dst_port: self.dst_port,
        }
    }

    /// A number that is the same for all packets of a flow and spread evenly over flows, K(nh) aside: which of several
    /// nexthops it takes.
    pub fn spread(&self) -> u64 {
        let key = self.on_model();
        let ports = u64::from(key.src_port) << 24 | u64::from(key.dst_port) << 8;
        let words = [
            key.src as u64,
            (key.src >> 64) as u64,
            key.dst as u64,
            (key.dst >> 64) as u64,
            ports | u64::from(key.protocol),
        ];
        // Flows that somebody chose to meet at one member only burden that one: it is no secret. Each step spreads every
        // bit of a word over all of the sum (the finalizer of splitmix64).
        words.iter().fold(0, |sum: u64, word| {
            let sum = (sum ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
            let sum = (sum ^ sum >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let sum = (sum ^ sum >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            sum ^ sum >> 31
        })
    }

    /// Both addresses are IPv6.
    pub const fn is_v6(&self) -> bool {
        self.src.is_ipv6()
    }

    /// The key of the answers, under K(nh) `nexthop`. An ICMP echo has its identifier in both directions, and other
    /// ICMP has no answers of another type.
    pub fn answer(&self, nexthop: u32) -> Key {
        let (src_port, dst_port) = match self.protocol {
            ICMP | ICMPV6 => (self.src_port, self.dst_port),
            _ => (self.dst_port, self.src_port),
        };
        Key {
            nexthop,
            src_port,
            dst_port,
            src: self.dst,
            dst: self.src,
            ..*self
        }
    }

    /// An entry of table `flow` of which only the key is known.
    pub fn bare_entry(&self) -> Entry {
        match self.on_card() {
            CardKey::V4(key) => Entry::with_key(&key),
            CardKey::V6(key) => Entry::with_key(&key),
        }
    }

    /// As the card looks it up.
    pub fn on_card(&self) -> CardKey {
        let (src, dst) = match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                return CardKey::V4(FlowKey {
                    v6: false,
                    nexthop: self.nexthop,
                    protocol: self.protocol,
                    src_port: self.src_port,
                    dst_port: self.dst_port,
                    src: src.to_bits(),
                    dst: dst.to_bits(),
                })
            }
            (src, dst) => (v6(src), v6(dst)),
        };
        let key = FlowKey6 {
            nexthop: self.nexthop,
            protocol: self.protocol,
            src_port: self.src_port,
            dst_port: self.dst_port,
            ..FlowKey6::default()
        };
        CardKey::V6(key.between(src.to_bits(), dst.to_bits()))
    }
}

/// Whether flow keys have room for the number of a nexthop.
fn fits_a_key(nexthop: u32) -> bool {
    let field = FlowKey::SPEC.iter().find(|field| field.name == "nexthop");
    field.is_some_and(|field| u64::from(nexthop) >> field.width == 0)
}

/// The addresses of a packet, source first. None: it has no IP header.
pub fn addresses(headers: &Inner) -> Option<(IpAddr, IpAddr)> {
    let is_ip = headers.ipv4 || headers.ipv6;
    is_ip.then(|| {
        [headers.src, headers.dst]
            .map(|bits| address(bits, headers.ipv6))
            .into()
    })
}

/// An address as the layout has it: that of IPv4 in the low 32 bits.
pub fn address(bits: u128, v6: bool) -> IpAddr {
    match v6 {
        false => IpAddr::V4(Ipv4Addr::from_bits(bits as u32)),
        true => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    }
}

impl From<&FlowSide> for Key {
    fn from(side: &FlowSide) -> Key {
        Key {
            nexthop: side.key_nh,
            protocol: side.proto,
            src_port: side.sport,
            dst_port: side.dport,
            src: side.sip,
            dst: side.dip,
        }
    }
}

fn v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(protocol: u8, src: &str, dst: &str) -> Key {
        Key {
            nexthop: 6,
            protocol,
            src_port: 7,
            dst_port: 80,
            src: src.parse().unwrap(),
            dst: dst.parse().unwrap(),
        }
    }

    #[test]
    fn each_family_has_its_key() {
        let CardKey::V4(four) = key(6, "10.0.0.1", "10.0.0.2").on_card() else {
            panic!("IPv4");
        };
        assert_eq!(
            (four.v6, four.src, four.dst),
            (false, 0x0a00_0001, 0x0a00_0002)
        );
        let CardKey::V6(six) = key(6, "2001:db8::1", "2001:db8::2").on_card() else {
            panic!("IPv6");
        };
        assert_eq!(
            (six.v6, six.src(), six.dst() & 0xffff),
            (true, 0x2001_0db8 << 96 | 1, 2)
        );
        assert_eq!(
            (six.nexthop, six.protocol, six.src_port, six.dst_port),
            (6, 6, 7, 80)
        );
    }

    #[test]
    fn a_nexthop_that_no_key_has_room_for_gives_no_key() {
        let key = meta::Key::default();
        assert!(Key::new(&key, false, 0xf_ffff).is_some());
        assert_eq!(Key::new(&key, false, 0x10_0000), None);
    }

    #[test]
    fn keys_that_differ_in_anything_but_the_nexthop_spread_evenly() {
        let plain = key(6, "10.0.0.1", "10.0.0.2");
        let other = Key {
            nexthop: 9,
            ..plain
        };
        assert_eq!(plain.spread(), other.spread());
        let ports = (0..1000).map(|src_port| Key { src_port, ..plain });
        let addresses = (0..1000).map(|number| Key {
            dst: Ipv4Addr::from_bits(number).into(),
            ..plain
        });
        let counts = |keys: &mut dyn Iterator<Item = Key>| {
            let mut counts = [0; 4];
            keys.for_each(|key| counts[(key.spread() % 4) as usize] += 1);
            counts
        };
        for counts in [counts(&mut { ports }), counts(&mut { addresses })] {
            assert!(
                counts.iter().all(|count| (200..300).contains(count)),
                "{counts:?}"
            );
        }
    }

    #[test]
    fn answers_go_the_other_way() {
        let there = key(6, "2001:db8::1", "2001:db8::2");
        let back = there.answer(8);
        assert_eq!((back.src, back.dst), (there.dst, there.src));
        assert_eq!((back.nexthop, back.src_port, back.dst_port), (8, 80, 7));
        assert_eq!(back.answer(6), there);
        for protocol in [ICMP, ICMPV6] {
            let back = key(protocol, "10.0.0.1", "10.0.0.2").answer(8);
            assert_eq!((back.src_port, back.dst_port), (7, 80));
        }
    }
}
