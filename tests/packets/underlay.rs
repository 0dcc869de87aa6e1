//! What comes from the wire: tunnels of both families, and what else an underlay carries.

use super::arp;
use super::build::{Bytes, Ipv4, Ipv6};
use super::tenant::{frame, ip};
use crate::tables::{pick, Address, World, LABELS, TUNNEL_END, TUNNEL_END_V6, VNIS};
use fastrand::Rng;
use underpass_layout::tables::MplsEntry;

/// A packet of the underlay, most often through a tunnel of ours.
pub fn tunnel(rng: &mut Rng, world: &World) -> Vec<u8> {
    let v6 = world.fabric.v6 ^ (rng.u8(..12) == 0);
    let (protocol, mut carried) = carried(rng, world, v6);
    if rng.u8(..24) == 0 {
        // Cut within the tunnel header, the lengths around it being right.
        carried.truncate(rng.usize(..24));
    }
    let (ethertype, packet) = match v6 {
        true => (0x86dd, ipv6(rng, world, protocol, &carried)),
        false => (0x0800, ipv4(rng, world, protocol, &carried)),
    };
    let mut out = Bytes::default();
    out.mac(0x0cc4_7a59_625c).mac(0x0cc4_7a59_626e);
    if rng.u8(..8) == 0 {
        out.u16(0x8100).u16(100);
    }
    match rng.u8(..64) {
        0 => out.u16(0x0806).put(&[0, 1, 8, 0, 6, 4, 0, 1]).fill(20),
        1 => out.u16(0x0800).put(&packet),
        2 => out.u16(0x86dd).put(&packet),
        _ => out.u16(ethertype).put(&packet),
    };
    out.done()
}

/// The end of a tunnel of this family: usually the fabric's address.
fn end(rng: &mut Rng, world: &World, v6: bool) -> u128 {
    match rng.u8(..12) {
        0 => rng.u128(..),
        1 if v6 => pick(rng, &[TUNNEL_END_V6, TUNNEL_END.into()]),
        2 => world.underlay_group().bits,
        _ => world.fabric.bits,
    }
}

fn remote(rng: &mut Rng, world: &World, v6: bool) -> u128 {
    let of: Vec<Address> = world
        .remotes
        .iter()
        .copied()
        .filter(|remote| remote.v6 == v6)
        .collect();
    pick(rng, &of).bits
}

fn ipv4(rng: &mut Rng, world: &World, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let header = Ipv4 {
        options: match rng.u8(..8) {
            0 => rng.usize(1..11),
            _ => 0,
        },
        id: rng.u16(..),
        fragment: match rng.u8(..24) {
            0 => rng.u16(..) & 0x3fff,
            _ => 0x4000,
        },
        ttl: pick(rng, &[64, 64, 64, 255, 2, 1, 0]),
        protocol,
        src: remote(rng, world, false) as u32,
        dst: end(rng, world, false) as u32,
    };
    let mut bytes = header.with(payload);
    match rng.u8(..64) {
        0 => bytes[2..4].copy_from_slice(&rng.u16(..200).to_be_bytes()),
        1 => bytes[0] = 0x40 | rng.u8(..16),
        _ => {}
    }
    bytes
}

fn ipv6(rng: &mut Rng, world: &World, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let (next, mut behind) = match rng.u8(..24) {
        // No tunnel is looked for behind extension headers.
        0 => (
            pick(rng, &[0, 43, 44, 60]),
            vec![protocol, 0, 1, 4, 0, 0, 0, 0],
        ),
        _ => (protocol, Vec::new()),
    };
    behind.extend_from_slice(payload);
    let header = Ipv6 {
        label: rng.u32(..),
        next,
        hop_limit: 64,
        src: remote(rng, world, true),
        dst: end(rng, world, true),
    };
    let mut bytes = header.with(&behind);
    match rng.u8(..64) {
        0..=1 => bytes[4..6].copy_from_slice(&rng.u16(..200).to_be_bytes()),
        2 => bytes[0] = rng.u8(..),
        _ => {}
    }
    bytes
}

/// What an underlay packet carries, with its protocol.
fn carried(rng: &mut Rng, world: &World, v6: bool) -> (u8, Vec<u8>) {
    match rng.u8(..16) {
        15 => (if v6 { 58 } else { 1 }, error(rng, world, v6)),
        0..=2 => (47, mpls_gre(rng, world)),
        3..=5 => (17, mpls_udp(rng, world)),
        6..=8 => (17, vxlan(rng, world)),
        9..=10 => (47, nvgre(rng, world)),
        11 => (6, stt(rng)),
        12 => (58, neighbor(rng)),
        _ => {
            let mut other = Bytes::default();
            other
                .u16(rng.u16(..))
                .u16(rng.u16(..))
                .fill(rng.usize(..100));
            (pick(rng, &[6, 17, 1, 47]), other.done())
        }
    }
}

fn mpls_gre(rng: &mut Rng, world: &World) -> Vec<u8> {
    let flags = match rng.u8(..24) {
        0 => rng.u16(..),
        1..=6 => rng.u16(..) & 0xa000,
        _ => 0,
    };
    let mut out = Bytes::default();
    out.u16(flags).u16(match rng.u8(..16) {
        0 => 0x0800,
        _ => 0x8847,
    });
    out.fill(4 * (usize::from(flags >> 15 & 1) + usize::from(flags >> 13 & 1)));
    labelled(rng, world, &mut out);
    out.done()
}

fn mpls_udp(rng: &mut Rng, world: &World) -> Vec<u8> {
    let mut out = Bytes::default();
    out.u16(rng.u16(..))
        .u16(pick(rng, &[6635, 6635, 51234]))
        .u16(0)
        .u16(0);
    labelled(rng, world, &mut out);
    out.done()
}

/// A label, or a stack of labels that may have no bottom, and what is below.
fn labelled(rng: &mut Rng, world: &World, out: &mut Bytes) {
    let label = match rng.u8(..8) {
        0 => rng.u32(..1 << 20),
        _ => rng.u32(LABELS.start - 1..LABELS.end + 1),
    };
    let ttl = pick(rng, &[64, 64, 63, 2, 1, 0]);
    let word = label << 12 | ttl;
    match rng.u8(..24) {
        0 => {
            for _ in 0..rng.usize(1..12) {
                out.u32(word);
            }
        }
        _ => {
            out.u32(word | 1 << 8);
        }
    }
    let entry = label.checked_sub(LABELS.start);
    let entry = entry.and_then(|place| world.labels.get(place as usize));
    if let Some(entry) = entry.filter(|entry| entry.control || entry.tree) {
        return controlled(rng, world, entry, out);
    }
    match rng.u8(..8) {
        0..=2 => out.put(&inside(rng, world)),
        3 => out.fill(rng.usize(..40)),
        _ => out.put(&ip(rng, world)),
    };
}

/// A frame behind four bytes that are zero, and what else comes along a tree; now and then they are not, or are missing.
fn controlled(rng: &mut Rng, world: &World, entry: &MplsEntry, out: &mut Bytes) {
    match rng.u8(..16) {
        0 => out.u32(1 << rng.u8(..32)),
        1 => out.fill(rng.usize(..4)),
        _ => out.u32(0),
    };
    if entry.tree && rng.u8(..16) > 0 {
        out.fill(36);
    }
    out.put(&inside(rng, world));
}

/// A tenant's frame, now and then one that asks for an address.
fn inside(rng: &mut Rng, world: &World) -> Vec<u8> {
    match rng.u8(..6) {
        0 => arp::request(rng, world),
        _ => frame(rng, world),
    }
}

/// GRE with a key, most often that of NVGRE.
fn nvgre(rng: &mut Rng, world: &World) -> Vec<u8> {
    let subnet = match rng.u8(..8) {
        0 => rng.u32(..1 << 24),
        _ => rng.u32(VNIS),
    };
    let mut out = Bytes::default();
    out.u16(match rng.u8(..16) {
        0 => rng.u16(..) & 0xb007,
        _ => 0x2000,
    })
    .u16(0x6558)
    .u32(subnet << 8 | rng.u32(..256))
    .put(&inside(rng, world));
    out.done()
}

/// What looks like a TCP segment to the port of STT, or next to it.
fn stt(rng: &mut Rng) -> Vec<u8> {
    let mut out = Bytes::default();
    out.u16(rng.u16(..))
        .u16(pick(rng, &[7471, 7471, 7471, 7472]))
        .fill(rng.usize(10..120));
    out.done()
}

fn vxlan(rng: &mut Rng, world: &World) -> Vec<u8> {
    let vni = match rng.u8(..8) {
        0 => rng.u32(..1 << 24),
        _ => rng.u32(VNIS),
    };
    let flags = match rng.u8(..16) {
        0 => rng.u8(..),
        1 => 9,
        _ => 8,
    };
    let mut out = Bytes::default();
    out.u16(rng.u16(..))
        .u16(4789)
        .u16(0)
        .u16(0)
        .put(&[flags, 0, 0, 0])
        .u32(vni << 8)
        .put(&inside(rng, world));
    out.done()
}

/// An ICMP error to the node, most often about a tunnel of its own.
fn error(rng: &mut Rng, world: &World, v6: bool) -> Vec<u8> {
    let protocol = pick(rng, &[47, 17, 17, 17, 6]);
    let mut behind = Bytes::default();
    behind
        .u16(rng.u16(..))
        .u16(pick(rng, &[6635, 51234, 4789, 4789, 53]))
        .fill(rng.usize(..20));
    let behind = behind.done();
    let quote = match v6 ^ (rng.u8(..12) == 0) {
        true => Ipv6 {
            label: 0,
            next: protocol,
            hop_limit: 1,
            src: world.fabric.bits,
            dst: remote(rng, world, true),
        }
        .with(&behind),
        false => Ipv4 {
            options: pick(rng, &[0, 0, 0, 1, 10]),
            id: 1,
            fragment: 0,
            ttl: 1,
            protocol,
            src: world.fabric.bits as u32,
            dst: remote(rng, world, false) as u32,
        }
        .with(&behind),
    };
    let kinds: &[u8] = match v6 {
        true => &[1, 2, 3, 4, 0, 5, 128],
        false => &[3, 11, 12, 4, 5, 8],
    };
    let mut out = Bytes::default();
    out.put(&[pick(rng, kinds), 0, 0, 0, 0, 0, 0, 0])
        .put(&quote);
    let mut bytes = out.done();
    match rng.u8(..8) {
        0 => bytes.truncate(rng.usize(..bytes.len())),
        1 => bytes[8] = rng.u8(..),
        _ => {}
    }
    bytes
}

/// Neighbour discovery of the underlay, or an ICMPv6 message next to it, whole or too short.
fn neighbor(rng: &mut Rng) -> Vec<u8> {
    let mut out = Bytes::default();
    out.put(&[rng.u8(132..139), 0]).fill(rng.usize(..40));
    out.done()
}
