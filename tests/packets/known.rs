//! What the slow path knows of a packet that it injects.
//!
//! ```text
//!   packet ─▶ whose conversation? ─▶ its ports, in the shim; often the packet becomes a part of one
//! ```

use crate::tables::{pick, Address, Talk, World, NEXTHOPS};
use fastrand::Rng;
use underpass_layout::shim::InjectShim;

/// Bytes of a packet that are searched for addresses.
const HEADERS: usize = 200;
/// From the source address of IPv4 back to the word with flags and fragment offset.
const TO_FLAGS: usize = 6;
/// From the source address of IPv6 back to the payload length and the next header, and forth to what is behind the header.
const TO_LENGTH: usize = 4;
const TO_NEXT_HEADER: usize = 2;
const TO_BEHIND: usize = 32;
/// The fragment header of IPv6.
const FRAGMENT: u8 = 44;

/// A shim with what is known of a packet, whose command is still to come.
pub fn shim(rng: &mut Rng, world: &World, bytes: &mut Vec<u8>) -> InjectShim {
    let found = conversation(rng, world, bytes);
    match found.filter(|_| rng.u8(..3) > 0) {
        Some((at, talk)) if talk.src.v6 => cut6(rng, bytes, at),
        Some((at, _)) => cut(rng, bytes, at),
        None => {}
    }
    let key = found
        .map(|(_, talk)| talk.key())
        .filter(|_| rng.u8(..8) > 0);
    let any = (rng.u16(..), rng.u16(..));
    let (src_port, dst_port) = key.map_or(any, |key| (key.src_port, key.dst_port));
    InjectShim {
        ports_known: rng.u8(..4) > 0,
        routed: rng.bool(),
        judged: rng.u8(..4) == 0,
        zeros: rng.u16(..) >> 3,
        src_port,
        dst_port,
        // The card has less bits of both.
        nexthop: rng.u32(NEXTHOPS) | rng.u32(..4) << 30,
        label: rng.u32(..),
        ..InjectShim::default()
    }
}

/// Makes it a part of a packet of IPv4, the first one or another; the header's checksum is nobody's business.
fn cut(rng: &mut Rng, bytes: &mut [u8], source: usize) {
    let word = pick(rng, &[0x2000, 0x2000, 0x2000, 0x0001, 0x2002, 0x1fff]);
    if let Some(flags) = source.checked_sub(TO_FLAGS) {
        bytes[flags..flags + 2].copy_from_slice(&u16::to_be_bytes(word));
    }
}

/// Likewise of IPv6: a fragment header comes right behind its own.
fn cut6(rng: &mut Rng, bytes: &mut Vec<u8>, source: usize) {
    let (Some(length), behind) = (source.checked_sub(TO_LENGTH), source + TO_BEHIND) else {
        return;
    };
    let next = source - TO_NEXT_HEADER;
    let [high, low] = u16::to_be_bytes(pick(rng, &[0x0001, 0x0001, 0x0000, 0x0009, 0xfff8]));
    let header = [bytes[next], 0, high, low, 0, 0, 0, 1];
    bytes[next] = FRAGMENT;
    let longer = u16::from_be_bytes([bytes[length], bytes[length + 1]]).wrapping_add(8);
    bytes[length..length + 2].copy_from_slice(&longer.to_be_bytes());
    bytes.splice(behind..behind, header);
}

/// A conversation whose addresses stand side by side in the packet, and where.
fn conversation(rng: &mut Rng, world: &World, bytes: &[u8]) -> Option<(usize, Talk)> {
    let headers = &bytes[..bytes.len().min(HEADERS)];
    let talks = world.talks.iter().chain(&world.talks6);
    let found: Vec<(usize, Talk)> = talks
        .filter_map(|talk| {
            let ends = [wire(talk.src), wire(talk.dst)].concat();
            let at = headers.windows(ends.len()).position(|part| *part == ends)?;
            Some((at, *talk))
        })
        .collect();
    (!found.is_empty()).then(|| pick(rng, &found))
}

fn wire(address: Address) -> Vec<u8> {
    let bytes = address.bits.to_be_bytes();
    bytes[if address.v6 { 0 } else { 12 }..].to_vec()
}
