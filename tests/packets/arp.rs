//! ARP: requests, announcements, answers, and what lies.

use super::build::Bytes;
use crate::tables::{pick, World};
use fastrand::Rng;

/// A frame that asks all for the address of somebody.
pub fn request(rng: &mut Rng, world: &World) -> Vec<u8> {
    let mac = pick(rng, &world.macs);
    let ends = [(); 2].map(|()| pick(rng, &world.addresses).bits as u32);
    let mut out = Bytes::default();
    out.mac(0xffff_ffff_ffff).mac(mac).u16(0x0806);
    out.put(&[0, 1, 8, 0, 6, 4, 0, 1])
        .mac(mac)
        .u32(ends[0])
        .mac(0)
        .u32(ends[1])
        .fill(18);
    out.done()
}

/// What follows the ethertype.
pub fn arp(rng: &mut Rng, world: &World) -> Vec<u8> {
    let address = |rng: &mut Rng| match rng.u8(..16) {
        0 => rng.u32(..),
        1 => 0,
        _ => pick(rng, &world.addresses).bits as u32,
    };
    let sender = address(rng);
    let target = match rng.u8(..4) {
        // It tells its own.
        0 => sender,
        _ => address(rng),
    };
    let mut kind = [0, 1, 8, 0, 6, 4];
    if rng.u8(..12) == 0 {
        kind[rng.usize(..6)] ^= 1 << rng.u8(..8);
    }
    let mac = match rng.u8(..4) {
        0 => rng.u64(..) >> 16,
        _ => pick(rng, &world.macs),
    };
    let mut out = Bytes::default();
    out.put(&kind)
        .u16(pick(rng, &[1, 1, 1, 1, 2, 2, 0, 3, 0x0100, 0x0101]))
        .mac(mac)
        .u32(sender)
        .mac(pick(rng, &[0, 0xffff_ffff_ffff, 0x0200_0000_0001]))
        .u32(target)
        .fill(pick(rng, &[0, 0, 18, 18, 90]));
    let mut bytes = out.done();
    if rng.u8(..16) == 0 {
        bytes.truncate(rng.usize(20..30));
    }
    bytes
}
