//! Seeded mutation: what libFuzzer does without knowing the coverage.
//!
//! ```text
//!   seed ─▶ one to six of: flip, byte, length, cut, delete, repeat, insert, splice ─▶ input
//! ```

use fastrand::Rng;

/// A seed with some damage; of `others` parts may be spliced in.
pub fn mutate(rng: &mut Rng, seed: &[u8], others: &[&[u8]], max_bytes: usize) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..1 + rng.usize(..6).min(rng.usize(..6)) {
        once(rng, &mut bytes, others);
        bytes.truncate(max_bytes);
    }
    bytes
}

fn once(rng: &mut Rng, bytes: &mut Vec<u8>, others: &[&[u8]]) {
    if bytes.is_empty() {
        bytes.push(rng.u8(..));
    }
    let at = rng.usize(..bytes.len());
    match rng.u8(..16) {
        0..=3 => bytes[at] ^= 1 << rng.u8(..8),
        4..=5 => bytes[at] = byte(rng),
        6..=9 => number(rng, bytes, at),
        10 => bytes.truncate(at),
        11 => drop(bytes.drain(at..at + some(rng, bytes.len() - at))),
        12 => {
            let part = bytes[at..at + some(rng, bytes.len() - at)].to_vec();
            bytes.splice(at..at, part);
        }
        13 => {
            let more: Vec<u8> = (0..some(rng, 64)).map(|_| byte(rng)).collect();
            bytes.splice(at..at, more);
        }
        _ => {
            let other = others.get(rng.usize(..others.len().max(1)));
            splice(rng, bytes, at, other.copied().unwrap_or_default());
        }
    }
}

/// Of up to `most`, small counts being likely.
fn some(rng: &mut Rng, most: usize) -> usize {
    rng.usize(..=most).min(rng.usize(..=most)).min(256)
}

fn byte(rng: &mut Rng) -> u8 {
    match rng.bool() {
        true => rng.u8(..),
        false => [0, 1, 0x7f, 0x80, 0xff, b' ', b'\n', b':'][rng.usize(..8)],
    }
}

/// Changes a field of two or four bytes, in either order, as lengths and counts are: by a little, or to a border.
fn number(rng: &mut Rng, bytes: &mut [u8], at: usize) {
    let size = [2, 4][rng.usize(..2)];
    let at = at / 2 * 2;
    let left = bytes.len();
    let Some(field) = bytes.get_mut(at..at + size) else {
        return;
    };
    let big = rng.bool();
    let value = |byte: u32, next: &u8| byte << 8 | u32::from(*next);
    let old = match big {
        true => field.iter().fold(0, value),
        false => field.iter().rev().fold(0, value),
    };
    let new = match rng.u8(..4) {
        0..=1 => old.wrapping_add(rng.u32(..33)).wrapping_sub(16),
        2 => (left as u32).wrapping_add(rng.u32(..5)).wrapping_sub(2),
        _ => [0, 1, 0x7fff, 0xffff, 1 << 31, u32::MAX][rng.usize(..6)],
    };
    for (place, byte) in field.iter_mut().enumerate() {
        let place = if big { size - 1 - place } else { place };
        *byte = (new >> (8 * place)) as u8;
    }
}

/// Puts a part of another input over what is at `at`, or between.
fn splice(rng: &mut Rng, bytes: &mut Vec<u8>, at: usize, other: &[u8]) {
    let from = rng.usize(..=other.len());
    let part = other[from..from + some(rng, other.len() - from)].to_vec();
    let over = match rng.bool() {
        true => part.len().min(bytes.len() - at),
        false => 0,
    };
    bytes.splice(at..at + over, part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_inputs_again_and_most_differ_from_it() {
        let (seed, other) = ([7; 40], [9; 90]);
        let inputs = |number| -> Vec<Vec<u8>> {
            let mut rng = Rng::with_seed(number);
            let inputs = (0..1000).map(|_| mutate(&mut rng, &seed, &[&other], 100));
            inputs.collect()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        let changed = inputs(1).iter().filter(|input| **input != seed).count();
        assert!(changed > 900, "{changed} of 1000 inputs differ");
        assert!(inputs(1).iter().all(|input| input.len() <= 100));
    }

    #[test]
    fn nothing_at_all_can_be_mutated() {
        let mut rng = Rng::with_seed(1);
        for _ in 0..1000 {
            mutate(&mut rng, &[], &[], 8);
        }
    }

    #[test]
    fn a_length_field_is_met_within_a_thousand_inputs() {
        let mut seed = [0; 64];
        seed[20..22].copy_from_slice(&600u16.to_be_bytes());
        let mut rng = Rng::with_seed(1);
        let met = (0..1000).any(|_| {
            let input = mutate(&mut rng, &seed, &[], 64);
            let length = input
                .get(20..22)
                .map(|two| two[0] as u16 * 256 + two[1] as u16);
            length.is_some_and(|length| (601..=616).contains(&length))
        });
        assert!(met);
    }
}
