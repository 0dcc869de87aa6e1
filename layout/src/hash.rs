//! The hash of the exact-match tables: keyed tabulation ("tab9"), the same in card, compiler and model.
//!
//! ```text
//!   key ─┬─ bits  0..9  ─▶ piece 0: 512 words of 72 bits ─┐
//!        ├─ bits  9..18 ─▶ piece 1                        ├─ xor ─▶ 72 bits = 18 bits of row for each of 4 ways
//!        └─ ..             ..                            ─┘
//! ```
//! The words are secret: they come from a 128-bit seed through the Ascon permutation (NIST SP 800-232), which the card
//! runs by itself when it is told the seed. CRC, Toeplitz and H3 were measured and fail on ordinary or chosen keys;
//! all linear generators of the words would let a sender who knows the generator find keys that always collide.

use alloc::vec;
use alloc::vec::Vec;

/// Bits of the key that address one piece.
pub const PIECE_BITS: usize = 9;
/// Words of one piece.
pub const PIECE_WORDS: usize = 1 << PIECE_BITS;
/// Bits of one word.
pub const WORD_BITS: usize = 72;
/// Bits of a word that belong to one way.
pub const ROW_BITS: usize = 18;
/// Pieces that the widest key needs (a flow key of 124 bits).
pub const PIECES: usize = 14;

/// First word of the permutation's state; the seed follows. Any fixed number does: it keeps this use of the
/// permutation apart from others.
pub const ASCON_IV: u64 = 0x0000_756e_6465_7270;
/// Round constants of Ascon-p\[12\] (SP 800-232 table 5); Ascon-p\[8\] uses the last eight.
pub const ASCON_ROUNDS: [u64; 12] = [
    0xf0, 0xe1, 0xd2, 0xc3, 0xb4, 0xa5, 0x96, 0x87, 0x78, 0x69, 0x5a, 0x4b,
];
/// Rotations of the linear layer, two for each of the five words (SP 800-232 section 3.4).
pub const ASCON_ROTATIONS: [[u32; 2]; 5] = [[19, 28], [61, 39], [1, 6], [10, 17], [7, 41]];
/// The first of the rounds that are run between two pairs of words.
pub const ASCON_FIRST_OF_EIGHT: usize = 4;

/// One round of the permutation.
pub fn ascon_round(mut x: [u64; 5], constant: u64) -> [u64; 5] {
    x[2] ^= constant;
    x[0] ^= x[4];
    x[4] ^= x[3];
    x[2] ^= x[1];
    let t: [u64; 5] = core::array::from_fn(|i| x[i] ^ (!x[(i + 1) % 5] & x[(i + 2) % 5]));
    x = t;
    x[1] ^= x[0];
    x[0] ^= x[4];
    x[3] ^= x[2];
    x[2] = !x[2];
    core::array::from_fn(|i| {
        let [a, b] = ASCON_ROTATIONS[i];
        x[i] ^ x[i].rotate_right(a) ^ x[i].rotate_right(b)
    })
}

/// The words of all pieces: what a hash needs beside the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tabulation {
    words: Vec<u128>,
}

impl Tabulation {
    /// The words that this seed stands for, word 0 of piece 0 first. Two words come from one state: the first from
    /// lanes 0 and 1, the second from lanes 2 and 3, 64 bits and 8 bits.
    pub fn new(seed: u128) -> Self {
        let mut state = [ASCON_IV, seed as u64, (seed >> 64) as u64, 0, 0];
        for constant in ASCON_ROUNDS {
            state = ascon_round(state, constant);
        }
        let mut words = vec![0; PIECES * PIECE_WORDS];
        for pair in words.chunks_exact_mut(2) {
            pair[0] = u128::from(state[0]) | u128::from(state[1] & 0xff) << 64;
            pair[1] = u128::from(state[2]) | u128::from(state[3] & 0xff) << 64;
            for constant in &ASCON_ROUNDS[ASCON_FIRST_OF_EIGHT..] {
                state = ascon_round(state, *constant);
            }
        }
        Tabulation { words }
    }

    /// The word at `index` of `piece`.
    pub fn word(&self, piece: usize, index: usize) -> u128 {
        self.words[piece * PIECE_WORDS + index]
    }

    /// The 72-bit hash of the low `width` bits of `key`.
    pub fn hash(&self, key: u128, width: usize) -> u128 {
        (0..width.div_ceil(PIECE_BITS)).fold(0, |hash, piece| {
            let index = (key >> (piece * PIECE_BITS)) as usize & (PIECE_WORDS - 1);
            hash ^ self.word(piece, index)
        })
    }
}

/// The row of way `way` (of four; banks start again) in memories of `rows` rows, a power of two.
pub const fn row(hash: u128, way: usize, rows: usize) -> usize {
    (hash >> (way % 4 * ROW_BITS)) as usize & (rows - 1)
}

/// Masks of the 14 bits of [`entropy`]: bit `i` of the result is the parity of the key and mask `i`. The numbers are
/// the first outputs of splitmix64 (seed 0), two a mask, so nobody chose them.
pub const ENTROPY_MASKS: [u128; 14] = entropy_masks();

const fn entropy_masks() -> [u128; 14] {
    let mut masks = [0; 14];
    let mut state: u64 = 0;
    let mut half = 0;
    while half < 28 {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        masks[half / 2] |= (z as u128) << (64 * (half % 2));
        half += 1;
    }
    masks
}

/// The UDP source port of a tunnel packet: 49152..=65535, the dynamic range of RFC 6335, the same for all packets of
/// a flow (RFC 7348 section 5, RFC 7510 section 3). `a` and `b` are the addresses of IP, or the MACs of other frames;
/// the VRF is folded into the ports.
pub fn entropy(vrf: u16, protocol: u8, src_port: u16, dst_port: u16, a: u64, b: u64) -> u16 {
    let key = entropy_key(vrf, protocol, src_port, dst_port, a, b);
    let port = ENTROPY_MASKS.iter().enumerate().fold(0, |port, (i, mask)| {
        port | ((key & mask).count_ones() as u16 & 1) << i
    });
    0xc000 | port
}

/// The 128 bits that [`entropy`] mixes. The protocol lies over the top byte of a 48-bit `b`, which no packet uses: a
/// frame without an IP header has protocol 0.
///
/// ```text
///   127..112   111..96           95..88     95..48  47..0
///   dst_port   src_port ^ vrf    protocol   b       a
/// ```
pub fn entropy_key(vrf: u16, protocol: u8, src_port: u16, dst_port: u16, a: u64, b: u64) -> u128 {
    let ports = u128::from(src_port ^ vrf << 4) | u128::from(dst_port) << 16;
    let ends = u128::from(a) | u128::from(b) << 48;
    ends ^ ports << 96 ^ u128::from(protocol) << 88
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_of_twelve_rounds_agrees_with_the_published_one() {
        let mut ours = [0x0123_4567_89ab_cdef, 0x1111, 0, u64::MAX, 7];
        let mut theirs = ascon::State::new(ours[0], ours[1], ours[2], ours[3], ours[4]);
        for constant in ASCON_ROUNDS {
            ours = ascon_round(ours, constant);
        }
        theirs.permute_12();
        assert_eq!(ours, core::array::from_fn(|i| theirs[i]));
    }

    #[test]
    fn one_bit_of_the_key_changes_half_of_the_hash() {
        let tabulation = Tabulation::new(0x1234_5678_9abc_def0_0fed_cba9_8765_4321);
        let mut changed = 0;
        for bit in 0..124 {
            let difference = tabulation.hash(0, 124) ^ tabulation.hash(1 << bit, 124);
            assert_ne!(difference, 0, "bit {bit} does not count");
            changed += difference.count_ones();
        }
        assert!(
            (124 * 30..124 * 42).contains(&changed),
            "{changed} of {} bits",
            124 * 72
        );
    }

    #[test]
    fn the_seed_matters() {
        assert_ne!(
            Tabulation::new(1).hash(5, 60),
            Tabulation::new(2).hash(5, 60)
        );
    }

    #[test]
    fn the_port_of_a_tunnel_is_dynamic_and_spreads() {
        let mut seen = alloc::collections::BTreeSet::new();
        for port in 0..1000 {
            let one = entropy(3, 17, port, 53, 0x0a00_0001, 0x0a00_0002);
            assert!(one >= 49152);
            seen.insert(one);
        }
        assert!(seen.len() > 900, "{} of 1000 ports differ", seen.len());
    }
}
