//! Random packets: tenants' and tunnels', whole and broken.

mod build;

pub use build::{Bytes, Ipv4};

use crate::tables::{World, LABELS, ROUTER_MAC, TUNNEL_END, VMS, VNIS};
use fastrand::Rng;
use underpass_layout::port;
use underpass_layout::shim::{InjectCommand, InjectShim};

/// A frame and the port on which it enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its port.
    pub port: u16,
}

/// A random packet of this world.
pub fn random(rng: &mut Rng, world: &World) -> Packet {
    let mut packet = match rng.u8(..16) {
        0..=7 => Packet {
            bytes: frame(rng, world),
            port: vm_port(rng),
        },
        8..=12 => Packet {
            bytes: tunnel(rng, world),
            port: port::WIRE0,
        },
        13 => Packet {
            bytes: frame(rng, world),
            port: *rng
                .choice(&[port::WIRE0, port::HOST0, 0x3f, 0x1ff, port::WIRE0 + 1])
                .expect("some"),
        },
        _ => return injected(rng, world),
    };
    damage(rng, &mut packet.bytes);
    packet
}

fn vm_port(rng: &mut Rng) -> u16 {
    port::VF0 + rng.u16(VMS) - VMS.start
}

/// A frame from the slow path: behind a shim, to be sent or to be received again.
fn injected(rng: &mut Rng, world: &World) -> Packet {
    let fabric = rng.u8(..3) == 0;
    let mut bytes = if fabric {
        tunnel(rng, world)
    } else {
        frame(rng, world)
    };
    damage(rng, &mut bytes);
    let shim = InjectShim {
        command: *rng.choice(InjectCommand::ALL).expect("some"),
        vif: if fabric { 0 } else { rng.u16(VMS) },
        port: rng.u16(..0x200),
        ..Default::default()
    };
    let mut whole: Vec<u8> = shim
        .pack()
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    whole.append(&mut bytes);
    if rng.u8(..64) == 0 {
        whole.truncate(rng.usize(1..whole.len()));
    }
    Packet {
        bytes: whole,
        port: port::SLOW,
    }
}

/// Breaks one packet in eight: cuts it short, changes a byte, or adds a tail.
fn damage(rng: &mut Rng, bytes: &mut Vec<u8>) {
    match rng.u8(..24) {
        0 => bytes.truncate(rng.usize(1..bytes.len() + 1)),
        1 => {
            let at = rng.usize(..bytes.len());
            bytes[at] = rng.u8(..);
        }
        2 => bytes.extend((0..rng.usize(1..80)).map(|i| i as u8)),
        _ => {}
    }
}

/// A tenant's Ethernet frame.
pub fn frame(rng: &mut Rng, world: &World) -> Vec<u8> {
    let dst = match rng.u8(..16) {
        0..=6 => ROUTER_MAC,
        7..=12 => *rng.choice(&world.macs).expect("some"),
        13 => 0xffff_ffff_ffff,
        14 => 0x0100_5e00_0001 | rng.u64(..0x100),
        _ => rng.u64(..) >> 16 & !(1 << 40),
    };
    let mut out = Bytes::default();
    out.mac(dst).mac(*rng.choice(&world.macs).expect("some"));
    if rng.u8(..12) == 0 {
        out.u16(0x8100).u16(rng.u16(..));
    }
    match rng.u8(..16) {
        0 => out.u16(0x0806).put(&[0, 1, 8, 0, 6, 4, 0, 1]).fill(20),
        1 => out.u16(rng.u16(..)).fill(rng.usize(..100)),
        2 => out.u16(0x86dd).put(&ipv6(rng)),
        _ => out.u16(0x0800).put(&ip(rng, world)),
    };
    out.done()
}

/// A tenant's IPv4 packet: usually one of the conversations.
pub fn ip(rng: &mut Rng, world: &World) -> Vec<u8> {
    let talk = *rng.choice(&world.talks).expect("some");
    let mut l4 = Bytes::default();
    match talk.protocol {
        1 if talk.dst_port == 0 => l4.put(&[8, 0, 0, 0]).u16(talk.src_port).u16(1),
        1 => l4.put(&[talk.dst_port as u8, 0, 0, 0]).fill(4),
        6 => l4.u16(talk.src_port).u16(talk.dst_port).fill(16),
        17 => l4.u16(talk.src_port).u16(talk.dst_port).u16(8).u16(0),
        _ => l4.u16(talk.src_port).u16(talk.dst_port).fill(8),
    };
    let payload = match rng.u8(..8) {
        0 => rng.usize(..1400),
        1 => 0,
        _ => rng.usize(..120),
    };
    l4.fill(payload);
    let header = Ipv4 {
        options: if rng.u8(..8) == 0 {
            rng.usize(1..11)
        } else {
            0
        },
        id: rng.u16(..),
        fragment: if rng.u8(..16) == 0 {
            rng.u16(..) & 0x3fff
        } else {
            rng.u16(..2) << 14
        },
        ttl: *rng.choice(&[64, 64, 64, 255, 2, 1, 0]).expect("some"),
        protocol: talk.protocol,
        src: if rng.u8(..16) == 0 {
            rng.u32(..)
        } else {
            talk.src
        },
        dst: if rng.u8(..16) == 0 {
            rng.u32(..)
        } else {
            talk.dst
        },
    };
    let mut bytes = header.with(&l4.done());
    if rng.u8(..32) == 0 {
        // A length that lies.
        bytes[2..4].copy_from_slice(&rng.u16(..2000).to_be_bytes());
    }
    bytes
}

fn ipv6(rng: &mut Rng) -> Vec<u8> {
    let mut out = Bytes::default();
    out.put(&[0x60, 0, 0, 0])
        .u16(8)
        .put(&[17, 64])
        .fill(32 + rng.usize(..60));
    out.done()
}

/// A packet of the underlay, most often through a tunnel of ours.
pub fn tunnel(rng: &mut Rng, world: &World) -> Vec<u8> {
    let label = if rng.u8(..8) == 0 {
        rng.u32(..1 << 20)
    } else {
        rng.u32(LABELS.start - 1..LABELS.end + 1)
    };
    let ttl = *rng.choice(&[64, 64, 63, 2, 1, 0]).expect("some");
    let bottom = u32::from(rng.u8(..24) > 0);
    let mpls = label << 12 | bottom << 8 | ttl;
    let inner = |rng: &mut Rng| match rng.u8(..8) {
        0 => ipv6(rng),
        1..=3 => frame(rng, world),
        _ => ip(rng, world),
    };
    let mut l4 = Bytes::default();
    let protocol = match rng.u8(..10) {
        0..=2 => {
            let flags = if rng.u8(..4) == 0 {
                rng.u16(..) & 0xa000
            } else {
                0
            };
            let flags = if rng.u8(..24) == 0 {
                rng.u16(..)
            } else {
                flags
            };
            l4.u16(flags)
                .u16(if rng.u8(..16) == 0 { 0x0800 } else { 0x8847 });
            l4.fill(4 * (usize::from(flags >> 15 & 1) + usize::from(flags >> 13 & 1)));
            l4.u32(mpls).put(&inner(rng));
            47
        }
        3..=5 => {
            l4.u16(rng.u16(..))
                .u16(*rng.choice(&[6635, 51234]).expect("some"))
                .u16(0)
                .u16(0);
            l4.u32(mpls).put(&inner(rng));
            17
        }
        6..=8 => {
            let vni = if rng.u8(..8) == 0 {
                rng.u32(..1 << 24)
            } else {
                rng.u32(VNIS)
            };
            let flags = if rng.u8(..16) == 0 { rng.u8(..) } else { 8 };
            l4.u16(rng.u16(..))
                .u16(4789)
                .u16(0)
                .u16(0)
                .put(&[flags, 0, 0, 0])
                .u32(vni << 8)
                .put(&frame(rng, world));
            17
        }
        _ => {
            l4.u16(rng.u16(..)).u16(rng.u16(..)).fill(rng.usize(..100));
            *rng.choice(&[6, 17, 1, 47]).expect("some")
        }
    };
    let header = Ipv4 {
        options: if rng.u8(..8) == 0 {
            rng.usize(1..11)
        } else {
            0
        },
        id: rng.u16(..),
        fragment: if rng.u8(..24) == 0 {
            rng.u16(..) & 0x3fff
        } else {
            0x4000
        },
        ttl: 64,
        protocol,
        src: *rng.choice(&world.remotes).expect("some"),
        dst: if rng.u8(..12) == 0 {
            rng.u32(..)
        } else {
            TUNNEL_END
        },
    };
    let mut out = Bytes::default();
    out.mac(0x0cc4_7a59_625c).mac(0x0cc4_7a59_626e);
    if rng.u8(..8) == 0 {
        out.u16(0x8100).u16(100);
    }
    out.u16(0x0800).put(&header.with(&l4.done()));
    out.done()
}
