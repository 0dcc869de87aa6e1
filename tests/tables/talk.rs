//! Conversations of tenants: what flow keys and packets are drawn from.

use fastrand::Rng;
use underpass_layout::meta::Key;

/// An address of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// It is an IPv6 address.
    pub v6: bool,
    /// Its bits, those of IPv4 the low 32.
    pub bits: u128,
}

impl Address {
    /// An IPv4 address.
    pub const fn v4(bits: u32) -> Self {
        Address {
            v6: false,
            bits: bits as u128,
        }
    }

    /// An IPv6 address.
    pub const fn v6(bits: u128) -> Self {
        Address { v6: true, bits }
    }
}

/// A tenant's conversation, the ports as flow keys have them.
#[derive(Clone, Copy, Debug)]
pub struct Talk {
    /// IP protocol, or next header behind the extension headers.
    pub protocol: u8,
    /// Source address.
    pub src: Address,
    /// Destination address, of the same family.
    pub dst: Address,
    /// Source port, or ICMP identifier.
    pub src_port: u16,
    /// Destination port; of ICMP the type.
    pub dst_port: u16,
}

impl Talk {
    /// One between two of these addresses, which are of one family.
    pub fn random(rng: &mut Rng, addresses: &[Address]) -> Self {
        let (src, dst) = (pick(rng, addresses), pick(rng, addresses));
        let (src_port, dst_port) = (rng.u16(..), pick(rng, &[53, 80, 443, 6635, 4789, 68]));
        let icmp = if src.v6 { 58 } else { 1 };
        let kinds: &[u16] = if src.v6 { &[1, 2, 3, 132] } else { &[3, 5, 11] };
        let (protocol, src_port, dst_port) = match rng.u8(..10) {
            0..=3 => (6, src_port, dst_port),
            4..=5 => (17, src_port, dst_port),
            // DHCP of either family.
            6 if src.v6 => (17, 546, 547),
            6 => (17, 68, dst_port),
            7 => (icmp, src_port, 0),
            8 => (icmp, 0, pick(rng, kinds)),
            _ => match pick(rng, &[132, 47, 2, 1, 58]) {
                132 => (132, src_port, dst_port),
                // The other family's ICMP is a protocol without ports here.
                other if other == icmp => (icmp, src_port, 0),
                other => (other, 0, 0),
            },
        };
        Talk {
            protocol,
            src,
            dst,
            src_port,
            dst_port,
        }
    }

    /// The key of its packets without fat flows.
    pub fn key(&self) -> Key {
        Key {
            protocol: self.protocol,
            src: self.src.bits,
            dst: self.dst.bits,
            src_port: self.src_port,
            // An echo of ICMPv6 (RFC 4443): the type of its reply.
            dst_port: match (self.src.v6, self.protocol, self.dst_port) {
                (true, 58, 0) => 129,
                (_, _, port) => port,
            },
        }
    }

    /// What is sent back in it.
    pub fn answer(&self) -> Self {
        let ports = matches!(self.protocol, 6 | 17 | 132);
        let (src_port, dst_port) = match ports {
            true => (self.dst_port, self.src_port),
            false => (self.src_port, self.dst_port),
        };
        Talk {
            protocol: self.protocol,
            src: self.dst,
            dst: self.src,
            src_port,
            dst_port,
        }
    }
}

/// One of these.
pub fn pick<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())]
}
