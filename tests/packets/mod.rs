//! Random packets: tenants' and tunnels', of both families, whole and broken.
//!
//! ```text
//!   tenant ─▶ frame: IP, ARP ─┬──────────────────────┬─▶ damage ─▶ on a port, or behind a shim on the slow port,
//!                             └─▶ tunnel ─▶ underlay ─┘            which says what the slow path knew of it
//! ```
//! Most packets are whole and meet something in the tables. The rest is broken in every way that a header can be: cut
//! anywhere, with lengths that lie, of a wrong version, with too many tags, labels or extension headers.

mod arp;
mod build;
mod known;
mod syn;
mod tenant;
mod underlay;

pub use build::{Bytes, Ipv4, Ipv6};
pub use tenant::{frame, ip};
pub use underlay::tunnel;

use crate::tables::{pick, World, VMS};
use fastrand::Rng;
use underpass_layout::port;
use underpass_layout::shim::InjectCommand;

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
    let mut packet = match rng.u8(..32) {
        0..=14 => from_vm(rng, world),
        15..=25 => Packet {
            bytes: tunnel(rng, world),
            port: port::WIRE0,
        },
        26..=27 => Packet {
            bytes: frame(rng, world),
            port: pick(
                rng,
                &[
                    port::WIRE0,
                    port::HOST0,
                    0x3f,
                    0x1ff,
                    port::WIRE0 + 1,
                    port::ROUND,
                ],
            ),
        },
        28 => Packet {
            bytes: runt(rng),
            port: pick(rng, &[port::WIRE0, port::HOST0, port::VF0]),
        },
        _ => return injected(rng, world),
    };
    damage(rng, &mut packet.bytes);
    packet
}

/// A frame of a tenant, most often with the source MAC that its interface has.
fn from_vm(rng: &mut Rng, world: &World) -> Packet {
    let vm = rng.u16(..VMS.end - VMS.start);
    let mut bytes = frame(rng, world);
    if rng.u8(..4) > 0 {
        let mac = world.own_macs[usize::from(vm)].to_be_bytes();
        bytes[6..12].copy_from_slice(&mac[2..]);
    }
    Packet {
        bytes,
        port: port::VF0 + vm,
    }
}

/// Less than an Ethernet header, or just one, with a tag or without.
fn runt(rng: &mut Rng) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..rng.usize(1..20)).map(|_| rng.u8(..)).collect();
    if rng.bool() && bytes.len() >= 14 {
        bytes[12..14].copy_from_slice(&[0x81, 0]);
    }
    bytes
}

/// A frame from the slow path: behind a shim, to be sent or to be received again.
fn injected(rng: &mut Rng, world: &World) -> Packet {
    let fabric = rng.u8(..3) == 0;
    let mut bytes = if fabric {
        tunnel(rng, world)
    } else {
        frame(rng, world)
    };
    let mut shim = known::shim(rng, world, &mut bytes);
    damage(rng, &mut bytes);
    shim.command = pick(rng, InjectCommand::ALL);
    shim.vif = if fabric { 0 } else { rng.u16(VMS) };
    // Nobody has the port of rounds.
    shim.port = match rng.u8(..16) {
        0 => port::ROUND,
        _ => rng.u16(..0x200),
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
    let headers = bytes.len().min(180);
    match rng.u8(..32) {
        0 => bytes.truncate(rng.usize(1..bytes.len() + 1)),
        1 => bytes.truncate(rng.usize(1..headers + 1)),
        2 => {
            let at = rng.usize(..bytes.len());
            bytes[at] = rng.u8(..);
        }
        3 => {
            let at = rng.usize(..headers);
            bytes[at] ^= 1 << rng.u8(..8);
        }
        4 => bytes.extend((0..rng.usize(1..80)).map(|i| i as u8)),
        _ => {}
    }
}
