//! What a flow is looked up by, of either family: the card has a key for each, the slow path one for both.
//!
//! ```text
//!   packet ──s4_inner──▶ headers ──Key::of──▶ Key ──┬─ FlowKey    two IPv4 addresses: half a row
//!                                                   └─ FlowKey6   two IPv6 addresses: a whole row
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use underpass_layout::meta::Inner;
use underpass_layout::tables::{FlowKey, FlowKey6};
use underpass_layout::Record;

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
    /// Destination port; of an ICMP echo 0, of other ICMP the type.
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
    /// The key of a packet under K(nh) `nexthop`. None: it has no IP header, or the card has no nexthop of that number,
    /// whatever the shim says.
    pub fn of(headers: &Inner, nexthop: u32) -> Option<Key> {
        let (src, dst) = addresses(headers).filter(|_| fits_a_key(nexthop))?;
        Some(Key {
            nexthop,
            protocol: headers.protocol,
            src_port: headers.src_port,
            dst_port: headers.dst_port,
            src,
            dst,
        })
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
    let (src, dst) = (headers.src, headers.dst);
    if headers.ipv4 {
        let address = |bits: u128| IpAddr::V4(Ipv4Addr::from_bits(bits as u32));
        return Some((address(src), address(dst)));
    }
    let address = |bits| IpAddr::V6(Ipv6Addr::from_bits(bits));
    headers.ipv6.then(|| (address(src), address(dst)))
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
        let headers = Inner {
            ipv4: true,
            ..Inner::default()
        };
        assert!(Key::of(&headers, 0xf_ffff).is_some());
        assert_eq!(Key::of(&headers, 0x10_0000), None);
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
