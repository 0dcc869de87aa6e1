//! What tenants send: Ethernet frames, IPv4 and IPv6 packets.

use super::arp::arp;
use super::build::{Bytes, Ipv4, Ipv6};
use super::syn;
use crate::tables::{pick, Talk, World, GROUPS, ROUTER_MAC};
use fastrand::Rng;

/// Extension headers that the card reads over, and others.
const EXTENSIONS: [u8; 8] = [0, 43, 60, FRAGMENT, 51, 135, 139, 140];
/// The header of a part of a packet.
const FRAGMENT: u8 = 44;

/// A tenant's Ethernet frame.
pub fn frame(rng: &mut Rng, world: &World) -> Vec<u8> {
    let is_arp = rng.u8(..9) == 0;
    let dst = match rng.u8(..16) {
        0..=9 if is_arp => 0xffff_ffff_ffff,
        0..=6 => ROUTER_MAC,
        7..=12 => pick(rng, &world.macs),
        13 => 0xffff_ffff_ffff,
        14 if rng.bool() => pick(rng, &GROUPS),
        14 => pick(rng, &[0x0100_5e00_0000, 0x3333_0000_0000, 0x3333_ff00_0000]) | rng.u64(..0x100),
        _ => rng.u64(..) >> 16 & !(1 << 40),
    };
    let mut out = Bytes::default();
    out.mac(dst).mac(pick(rng, &world.macs));
    let tags = match rng.u8(..48) {
        0..=3 => 1,
        4 => rng.usize(2..11),
        _ => 0,
    };
    for _ in 0..tags {
        out.u16(pick(rng, &[0x8100, 0x8100, 0x8100, 0x88a8]))
            .u16(rng.u16(..) & pick(rng, &[0xffff, 0xffff, 0xf000]));
    }
    match rng.u8(..24) {
        _ if is_arp => out.u16(0x0806).put(&arp(rng, world)),
        0 => out.u16(0x0806).put(&[0, 1, 8, 0, 6, 4, 0, 1]).fill(20),
        1 => out.u16(rng.u16(..)).fill(rng.usize(..100)),
        2..=11 => out.u16(0x86dd).put(&ipv6(rng, world)),
        // An ethertype that does not fit.
        12 => out.u16(pick(rng, &[0x0800, 0x86dd])).put(&ip(rng, world)),
        _ => out.u16(0x0800).put(&ipv4(rng, world)),
    };
    out.done()
}

/// A tenant's packet of either family.
pub fn ip(rng: &mut Rng, world: &World) -> Vec<u8> {
    match rng.bool() {
        true => ipv4(rng, world),
        false => ipv6(rng, world),
    }
}

/// A conversation, or now and then an ICMP error or TCP between its ends.
fn some_talk(rng: &mut Rng, of: &[Talk]) -> Talk {
    let talk = pick(rng, of);
    match rng.u8(..8) {
        1..=2 => Talk {
            protocol: 6,
            ..talk
        },
        0 => Talk {
            protocol: if talk.src.v6 { 58 } else { 1 },
            src_port: 0,
            dst_port: 3,
            ..talk
        },
        _ => talk,
    }
}

/// A tenant's IPv4 packet: usually one of the conversations.
fn ipv4(rng: &mut Rng, world: &World) -> Vec<u8> {
    let talk = some_talk(rng, &world.talks);
    let stray = |rng: &mut Rng, address: u128| match rng.u8(..16) {
        0 => rng.u32(..),
        _ => address as u32,
    };
    let header = Ipv4 {
        options: match rng.u8(..8) {
            0 => rng.usize(1..11),
            _ => 0,
        },
        id: rng.u16(..),
        fragment: match rng.u8(..16) {
            0 => pick(rng, &[0x2000, 0x2000, 0x0003, 0x1fff, 0x2055]),
            _ => rng.u16(..2) << 14,
        },
        ttl: pick(rng, &[64, 64, 64, 255, 2, 1, 0]),
        protocol: talk.protocol,
        src: stray(rng, talk.src.bits),
        dst: stray(rng, talk.dst.bits),
    };
    let upper = upper(rng, world, &talk);
    let mut bytes = header.with(&upper);
    match rng.u8(..64) {
        // A length that lies.
        0..=1 => bytes[2..4].copy_from_slice(&rng.u16(..2000).to_be_bytes()),
        2 => bytes[2..4].copy_from_slice(&rng.u16(..80).to_be_bytes()),
        // A header shorter than any, or another one than it says.
        3 => bytes[0] = 0x40 | rng.u8(..16),
        4 => bytes[0] = rng.u8(..16) << 4 | 5,
        5..=7 => bytes[10..12].copy_from_slice(&rng.u16(..).to_be_bytes()),
        _ => {}
    }
    bytes
}

/// A tenant's IPv6 packet: a conversation, neighbour discovery, with extension headers or without.
fn ipv6(rng: &mut Rng, world: &World) -> Vec<u8> {
    let talk = some_talk(rng, &world.talks6);
    let discovers = rng.u8(..10) == 0;
    let (next, upper) = match discovers {
        true => (58, discovery(rng)),
        false => (talk.protocol, upper(rng, world, &talk)),
    };
    let headers = match rng.u8(..16) {
        0..=3 => 1,
        4..=5 => 2,
        6 => 3,
        7 => 4,
        _ => 0,
    };
    let (next, mut payload) = extended(rng, headers, next);
    payload.extend_from_slice(&upper);
    let stray = |rng: &mut Rng, address: u128| match rng.u8(..16) {
        0 => rng.u128(..),
        _ => address,
    };
    let header = Ipv6 {
        label: rng.u32(..),
        next,
        hop_limit: match discovers {
            true => pick(rng, &[255, 255, 255, 254, 64]),
            false => pick(rng, &[64, 64, 64, 255, 2, 1, 0]),
        },
        src: stray(rng, talk.src.bits),
        dst: stray(rng, talk.dst.bits),
    };
    let mut bytes = header.with(&payload);
    match rng.u8(..64) {
        0..=1 => bytes[4..6].copy_from_slice(&rng.u16(..2000).to_be_bytes()),
        2..=3 => bytes[4..6].copy_from_slice(&rng.u16(..64).to_be_bytes()),
        4 => bytes[0] = rng.u8(..),
        5 => bytes[6] = rng.u8(..),
        _ => {}
    }
    bytes
}

/// A chain of extension headers before `last`: the first header's number and their bytes. Some lie about their length.
fn extended(rng: &mut Rng, headers: usize, last: u8) -> (u8, Vec<u8>) {
    let kinds: Vec<u8> = (0..headers)
        .map(|_| match rng.u8(..8) {
            0 => FRAGMENT,
            1 => pick(rng, &EXTENSIONS),
            _ => pick(rng, &EXTENSIONS[..3]),
        })
        .chain([last])
        .collect();
    let mut out = Bytes::default();
    for pair in kinds.windows(2) {
        let units = match pair[0] {
            FRAGMENT => 0,
            _ => pick(rng, &[0, 0, 0, 1, 1, 2, 3, 4]),
        };
        let said = match rng.u8(..24) {
            0 => rng.u8(..),
            1 => rng.u8(..6),
            _ => units,
        };
        out.put(&[pair[1], said]);
        match pair[0] {
            FRAGMENT => {
                // Offset and M: more often the first part than another.
                let any = rng.u16(..);
                let word = pick(rng, &[0x0001, 0x0001, 0x0000, 0x0008, 0x0009, any]);
                out.u16(word).u32(1)
            }
            _ => out.fill(6 + 8 * usize::from(units)),
        };
    }
    (kinds[0], out.done())
}

/// A message of neighbour discovery, or one whose type is next to those.
fn discovery(rng: &mut Rng) -> Vec<u8> {
    let mut out = Bytes::default();
    out.put(&[rng.u8(132..139), 0]).fill(rng.usize(4..40));
    out.done()
}

/// The upper layer of a conversation; one in sixteen is cut within its header, its length being right.
fn upper(rng: &mut Rng, world: &World, talk: &Talk) -> Vec<u8> {
    let mut out = Bytes::default();
    out.put(&start(rng, talk));
    if is_error(talk) && rng.u8(..16) > 0 {
        out.put(&quote(rng, world, talk.src.v6));
    }
    out.fill(match rng.u16(..400) {
        0 => rng.usize(15_900..16_330),
        1 => rng.usize(8_800..9_100),
        2..=40 => rng.usize(..1_500),
        41..=90 => 0,
        _ => rng.usize(..120),
    });
    let mut bytes = out.done();
    if rng.u8(..16) == 0 {
        bytes.truncate(rng.usize(..24));
    }
    bytes
}

/// Its header.
fn start(rng: &mut Rng, talk: &Talk) -> Vec<u8> {
    let mut out = Bytes::default();
    let (echo, icmp) = match talk.src.v6 {
        true => ([128, 129], 58),
        false => ([8, 0], 1),
    };
    let any = rng.u16(..);
    let checksum = pick(rng, &[0, 0xffff, any, any]);
    match talk.protocol {
        protocol if protocol == icmp && talk.dst_port == 0 => out
            .put(&[pick(rng, &echo), 0])
            .u16(checksum)
            .u16(talk.src_port)
            .u16(1),
        protocol if protocol == icmp => out.put(&[talk.dst_port as u8, 0]).u16(checksum).fill(4),
        6 => {
            let (options, offset) = match rng.u8(..4) {
                1.. => syn::options(rng),
                0 => (Vec::new(), rng.u8(5..8) << 4),
            };
            out.u16(talk.src_port)
                .u16(talk.dst_port)
                .u32(SEQUENCE.wrapping_add(rng.u32(..3)))
                .u32(SEQUENCE.wrapping_add(rng.u32(..4)))
                .put(&[offset, pick(rng, &TCP_FLAGS)])
                .u16(rng.u16(..))
                .u16(checksum)
                .u16(0)
                .put(&options)
        }
        17 => out
            .u16(talk.src_port)
            .u16(talk.dst_port)
            .u16(8)
            .u16(checksum),
        _ => out.u16(talk.src_port).u16(talk.dst_port).fill(8),
    };
    out.done()
}

/// TCP sequence numbers start here; few, so that they often fit each other.
const SEQUENCE: u32 = u32::MAX;
/// FIN 1, SYN 2, RST 4, PSH 8, ACK 16 (RFC 9293).
const TCP_FLAGS: [u8; 12] = [2, 2, 2, 2, 18, 18, 16, 16, 17, 4, 20, 0xff];

/// Whether a conversation is of ICMP errors.
fn is_error(talk: &Talk) -> bool {
    match (talk.src.v6, talk.protocol, talk.dst_port) {
        (false, 1, kind) => kind == 3 || kind == 11,
        (true, 58, kind) => (1..128).contains(&kind),
        _ => false,
    }
}

/// The start of a packet of a conversation, as an error about it quotes it; some lie, some are cut.
fn quote(rng: &mut Rng, world: &World, v6: bool) -> Vec<u8> {
    let talks = match v6 ^ (rng.u8(..32) == 0) {
        true => &world.talks6,
        false => &world.talks,
    };
    let talk = match rng.u8(..4) {
        0 => pick(rng, talks),
        _ => pick(rng, talks).answer(),
    };
    let mut behind = start(rng, &talk);
    behind.extend([0x77; 8]);
    if rng.bool() {
        behind.truncate(8);
    }
    let mut bytes = match talk.src.v6 {
        true => Ipv6 {
            label: rng.u32(..),
            next: match rng.u8(..16) {
                0 => pick(rng, &EXTENSIONS),
                _ => talk.protocol,
            },
            hop_limit: 1,
            src: talk.src.bits,
            dst: talk.dst.bits,
        }
        .with(&behind),
        false => Ipv4 {
            options: match rng.u8(..8) {
                0 => rng.usize(1..11),
                _ => 0,
            },
            id: rng.u16(..),
            fragment: match rng.u8(..16) {
                0 => rng.u16(..),
                _ => 0x4000,
            },
            ttl: 1,
            protocol: talk.protocol,
            src: talk.src.bits as u32,
            dst: talk.dst.bits as u32,
        }
        .with(&behind),
    };
    match rng.u8(..16) {
        0 => bytes.truncate(rng.usize(..bytes.len())),
        1 => bytes[0] = rng.u8(..),
        _ => {}
    }
    bytes
}
