//! Sets of fat-flow rules over the addresses and ports that packets have.
//!
//! ```text
//!   set 0: empty     sets 1..: a few rules, a few prefixes without, some ways between them unused
//! ```
//! A set belongs to an interface and to the nexthops that lead there.

use super::{pick, Address, World};
use fastrand::Rng;
use underpass_layout::tables::*;

/// Sets that interfaces have, of which the first is empty.
pub const FAT_SETS: std::ops::Range<u16> = 0..6;

impl World {
    pub(super) fn fat_flows(&mut self, rng: &mut Rng) {
        for set in FAT_SETS.skip(1) {
            for way in 0..rng.usize(..=FAT_RULES) {
                if rng.u8(..4) > 0 {
                    let rule = self.fat_rule(rng);
                    self.rules[usize::from(set)][way] = rule;
                    self.rows.set(usize::from(set), way, &rule);
                }
            }
            for _ in 0..rng.usize(..3) {
                let (prefix, length) = self.prefix(rng, 28);
                let exclude = FatExcludeEntry {
                    family: pick(rng, FatFamily::ALL),
                    prefix,
                    length,
                };
                let way = rng.usize(..FAT_EXCLUDES);
                self.excludes[usize::from(set)][way] = exclude;
                self.rows.set(usize::from(set), way, &exclude);
            }
        }
    }

    fn fat_rule(&self, rng: &mut Rng) -> FatRuleEntry {
        let protocol = pick(rng, &[6, 6, 17, 17, 1, 132, 47, 58]);
        let any_port = !matches!(protocol, 6 | 17 | 132) && rng.u8(..8) > 0;
        let (source_prefix, source_length) = self.prefix(rng, 0);
        let (destination_prefix, destination_length) = self.prefix(rng, 0);
        FatRuleEntry {
            family: match rng.u8(..3) {
                0 => pick(rng, FatFamily::ALL),
                _ => FatFamily::Any,
            },
            protocol,
            port: match any_port || rng.bool() {
                true => 0,
                false => pick(rng, &self.talks).dst_port,
            },
            ignore_source: rng.u8(..4) == 0,
            ignore_destination: rng.u8(..4) == 0,
            source_prefix,
            source_length,
            source_keep: keep(rng),
            destination_prefix,
            destination_length,
            destination_keep: keep(rng),
        }
    }

    /// Half of the time nothing where that may be, else a prefix of `least` bits or more, with the first bit highest.
    fn prefix(&self, rng: &mut Rng, least: u8) -> (u128, u8) {
        if least == 0 && rng.bool() {
            return (0, 0);
        }
        let address = match rng.bool() {
            true => pick(rng, &self.addresses),
            false => pick(rng, &self.addresses6),
        };
        let Address { v6, bits } = address;
        let (bits, most) = match v6 {
            true => (bits, 128),
            false => (bits << 96, 32),
        };
        let length = rng.u8(least..=most);
        (bits & first_bits(length), length)
    }
}

/// Bits of an address that a rule leaves in the key.
fn keep(rng: &mut Rng) -> u8 {
    match rng.u8(..3) {
        0 => rng.u8(..=128),
        1 => rng.u8(16..=32),
        _ => 128,
    }
}

fn first_bits(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}
