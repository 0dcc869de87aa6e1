//! TCP options: the maximum segment size at any place among others, and lists that lie.

use crate::tables::pick;
use fastrand::Rng;

/// Most bytes of options (RFC 9293 section 3.1).
const MOST: usize = 40;

/// Options in whole words, and the data offset with the bits beside it: now and then another than theirs.
pub fn options(rng: &mut Rng) -> (Vec<u8>, u8) {
    let mut bytes = Vec::new();
    for _ in 0..rng.usize(..9) {
        let any = rng.u16(..).to_be_bytes();
        let usual: u16 = pick(rng, &[1460, 8960, 65535, 1400, 1398, 536, 40, 1]);
        let size = pick(rng, &[usual.to_be_bytes(), usual.to_be_bytes(), any]);
        let option = match rng.u8(..16) {
            0..=4 => vec![1],
            5..=9 => vec![2, 4, size[0], size[1]],
            10 => vec![3, 3, 7],
            11 => vec![4, 2],
            12 => vec![8, 10, 1, 2, 3, 4, 5, 6, 7, 8],
            // Lengths that lie.
            13 => vec![pick(rng, &[2, 5, 254]), rng.u8(..8), size[0], size[1]],
            14 => vec![rng.u8(..), rng.u8(..)],
            _ => vec![0],
        };
        bytes.extend(option);
    }
    bytes.resize(bytes.len().next_multiple_of(4).min(MOST), 0);
    let words = 5 + bytes.len() as u8 / 4;
    let said = match rng.u8(..12) {
        0 => rng.u8(..16),
        _ => words,
    };
    (bytes, said << 4 | rng.u8(..16))
}
