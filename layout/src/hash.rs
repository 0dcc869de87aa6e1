//! The hash of the exact-match tables: keyed tabulation ("tab9"), the same in card, compiler and model.
//!
//! ```text
//!   key ─┬─ bits  0..9  ─▶ piece 0: 512 words ─┐
//!        ├─ bits  9..18 ─▶ piece 1             ├─ xor ─▶ | column 4 | column 3 | column 2 | column 1 | column 0 |
//!        └─ ..             ..                 ─┘             24 bits each
//!
//!   way w:  row = row_of(column[w]) < pointer, and w is the way under change ?  row_of(spare column)  :  row_of(column[w])
//! ```
//! The words are secret: they come from a 128-bit seed through the Ascon permutation (NIST SP 800-232), which the card
//! runs by itself when it is told the seed. CRC, Toeplitz and H3 were measured and fail on ordinary or chosen keys;
//! all linear generators of the words would let a sender who knows the generator find keys that always collide.
//!
//! Four columns are in use, one for each way; the fifth is filled from another seed while the seed changes, one way after
//! the other, and a [`Split`] says how far that has come. So a seed changes under traffic, and no key is ever missed.

use crate::record::record;
use crate::tables::{MAX_KEY_BITS, WAYS};
use alloc::vec;
use alloc::vec::Vec;

/// Bits of the key that address one piece.
pub const PIECE_BITS: usize = 9;
/// Words of one piece.
pub const PIECE_WORDS: usize = 1 << PIECE_BITS;
/// Bits of a word that belong to one way.
pub const COLUMN_BITS: usize = 24;
/// Columns of a word on the card: one for each way, and one for the next seed.
pub const COLUMNS: usize = WAYS + 1;
/// Bits of one word that a seed gives: a column for each way.
pub const WORD_BITS: usize = WAYS * COLUMN_BITS;
/// Pieces that the widest key needs.
pub const PIECES: usize = MAX_KEY_BITS.div_ceil(PIECE_BITS);
/// Rows up to which a way's row is the low bits of its column; a larger way is a whole number of such blocks.
pub const BLOCK_ROWS: usize = 4096;
/// Most blocks of a way.
pub const MAX_BLOCKS: usize = 64;

record! {
    /// How a lookup chooses the rows of its four ways.
    pub struct Split (split) {
        /// The column that way 0 uses.
        column0: u8 = 3,
        /// Likewise for way 1.
        column1: u8 = 3,
        /// Likewise for way 2.
        column2: u8 = 3,
        /// Likewise for way 3.
        column3: u8 = 3,
        /// The column of the next seed.
        spare: u8 = 3,
        /// The way that changes its seed.
        way: u8 = 2,
        /// In that way a key whose old row is below uses the spare column; 0: none does.
        pointer: u32 = 24,
    }
}

impl Split {
    /// As after a reset: way `i` uses column `i`, nothing changes.
    pub const RESET: Split = Split {
        column0: 0,
        column1: 1,
        column2: 2,
        column3: 3,
        spare: 4,
        way: 0,
        pointer: 0,
    };

    /// The columns of the ways.
    pub const fn columns(&self) -> [u8; WAYS] {
        [self.column0, self.column1, self.column2, self.column3]
    }

    /// The same with other columns.
    pub const fn with_columns(mut self, columns: [u8; WAYS]) -> Self {
        [self.column0, self.column1, self.column2, self.column3] = columns;
        self
    }

    /// The change of `way` is complete: its new column becomes its own, and the old one is free.
    pub const fn finished(self) -> Self {
        let mut columns = self.columns();
        let spare = columns[self.way as usize];
        columns[self.way as usize] = self.spare;
        Split {
            spare,
            pointer: 0,
            ..self
        }
        .with_columns(columns)
    }
}

record! {
    /// Which hash words `CONTROL_SEED` fills from the seed, as the register `SEED_TARGET` holds it. All zero: columns 0 to 3
    /// of every lookup, from columns 0 to 3 of the words.
    pub struct SeedTarget (seed_target) {
        /// Only one column of one lookup.
        one: bool = 1,
        /// The table of that lookup.
        table: u8 = 5,
        /// Its group of ways: the bank of `route_bank`, else 0.
        group: u8 = 3,
        /// The column that is filled.
        column: u8 = 3,
        /// From which of the words' columns: the way that will use it.
        way: u8 = 2,
    }
}

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
    /// The hash of zeros from each piece on.
    zeros: [u128; PIECES + 1],
}

impl Tabulation {
    /// The words that this seed stands for, word 0 of piece 0 first. Two words come from one state: the first from
    /// lane 0 and the low half of lane 1, the second from lane 2 and the low half of lane 3.
    pub fn new(seed: u128) -> Self {
        let mut state = [ASCON_IV, seed as u64, (seed >> 64) as u64, 0, 0];
        for constant in ASCON_ROUNDS {
            state = ascon_round(state, constant);
        }
        let mut words = vec![0; PIECES * PIECE_WORDS];
        let of = |lane: u64, next: u64| u128::from(lane) | u128::from(next as u32) << 64;
        for pair in words.chunks_exact_mut(2) {
            pair[0] = of(state[0], state[1]);
            pair[1] = of(state[2], state[3]);
            for constant in &ASCON_ROUNDS[ASCON_FIRST_OF_EIGHT..] {
                state = ascon_round(state, *constant);
            }
        }
        let mut zeros = [0; PIECES + 1];
        for piece in (0..PIECES).rev() {
            zeros[piece] = zeros[piece + 1] ^ words[piece * PIECE_WORDS];
        }
        Tabulation { words, zeros }
    }

    /// The word at `index` of `piece`.
    pub fn word(&self, piece: usize, index: usize) -> u128 {
        self.words[piece * PIECE_WORDS + index]
    }

    /// The hash of a key of `width` bits, bit 0 of word 0 first: a column of [`COLUMN_BITS`] for each way. A key that
    /// is given in fewer words counts as filled up with zeros.
    pub fn hash(&self, key: &[u32], width: usize) -> u128 {
        let pieces = width.div_ceil(PIECE_BITS);
        let given = pieces.min((32 * key.len()).div_ceil(PIECE_BITS));
        let word = |i: usize| u64::from(key.get(i).copied().unwrap_or(0));
        let rest = self.zeros[given] ^ self.zeros[pieces];
        (0..given).fold(rest, |hash, piece| {
            let bit = piece * PIECE_BITS;
            let pair = word(bit / 32) | word(bit / 32 + 1) << 32;
            let index = (pair >> (bit % 32)) as usize & (PIECE_WORDS - 1);
            hash ^ self.word(piece, index)
        })
    }
}

/// The column of way `way` (of four; banks start again).
pub const fn column(hash: u128, way: usize) -> u32 {
    (hash >> (way % WAYS * COLUMN_BITS)) as u32 & ((1 << COLUMN_BITS) - 1)
}

/// The row that a column stands for in a way of `rows` rows: a power of two up to [`BLOCK_ROWS`], or a whole number of
/// such blocks. The low twelve bits are the row within its block; the upper twelve, times the number of blocks, choose
/// the block, so that any number of blocks is filled evenly.
pub const fn row_of(column: u32, rows: usize) -> usize {
    if rows <= BLOCK_ROWS {
        return column as usize & (rows - 1);
    }
    let block = ((column as usize >> 12) * (rows / BLOCK_ROWS)) >> 12;
    block << 12 | column as usize & (BLOCK_ROWS - 1)
}

/// The row of way `way` in memories of `rows` rows.
pub const fn row(hash: u128, way: usize, rows: usize) -> usize {
    row_of(column(hash, way), rows)
}

/// Whether a way can have so many rows.
pub const fn rows_fit(rows: usize) -> bool {
    if rows <= BLOCK_ROWS {
        rows.is_power_of_two()
    } else {
        rows.is_multiple_of(BLOCK_ROWS) && rows / BLOCK_ROWS <= MAX_BLOCKS
    }
}

/// An address in the 48 bits that [`entropy`] takes of it: all of an IPv4 address, IPv6 folded.
pub const fn fold48(address: u128) -> u64 {
    const LOW: u128 = (1 << 48) - 1;
    (address & LOW ^ address >> 48 & LOW ^ address >> 96) as u64
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

/// What each byte of the key adds to the parities of [`ENTROPY_MASKS`], which are linear: sixteen look-ups for fourteen
/// counts of 128 bits.
static ENTROPY_OF_BYTES: [[u16; 256]; 16] = entropy_of_bytes();

const fn entropy_of_bytes() -> [[u16; 256]; 16] {
    let mut of = [[0; 256]; 16];
    let mut byte = 0;
    while byte < 16 {
        let mut value: usize = 1;
        while value < 256 {
            let lowest = 8 * byte + value.trailing_zeros() as usize;
            let mut bit = 0;
            while bit < ENTROPY_MASKS.len() {
                of[byte][value] |= ((ENTROPY_MASKS[bit] >> lowest & 1) as u16) << bit;
                bit += 1;
            }
            of[byte][value] ^= of[byte][value & (value - 1)];
            value += 1;
        }
        byte += 1;
    }
    of
}

/// The UDP source port of a tunnel packet: 49152..=65535, the dynamic range of RFC 6335, the same for all packets of
/// a flow (RFC 7348 section 5, RFC 7510 section 3). `a` and `b` are the addresses of IP (see [`fold48`]), or the MACs of other frames;
/// the VRF is folded into the ports.
#[inline]
pub fn entropy(vrf: u16, protocol: u8, src_port: u16, dst_port: u16, a: u64, b: u64) -> u16 {
    let key = entropy_key(vrf, protocol, src_port, dst_port, a, b);
    let port = key
        .to_le_bytes()
        .into_iter()
        .zip(&ENTROPY_OF_BYTES)
        .fold(0, |port, (byte, of)| port ^ of[usize::from(byte)]);
    0xc000 | port
}

/// Which of several nexthops a packet takes, 14 bits: [`entropy`] with the ends exchanged, so that the choice does not follow
/// the source port of the tunnel that the packet then goes into. What the network leaves out of the choice is zero.
#[inline]
pub fn spread(protocol: u8, src_port: u16, dst_port: u16, src: u64, dst: u64) -> u16 {
    entropy(0, protocol, dst_port, src_port, dst, src) & 0x3fff
}

/// The 128 bits that [`entropy`] mixes. The protocol lies over the top byte of a 48-bit `b`, which no packet uses: a
/// frame without an IP header has protocol 0.
///
/// ```text
///   127..112   111..96           95..88     95..48  47..0
///   dst_port   src_port ^ vrf    protocol   b       a
/// ```
#[inline]
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
    fn entropy_is_the_parities_of_its_masks() {
        let mut state: u64 = 1;
        let mut next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            state >> 16
        };
        for _ in 0..1000 {
            let (vrf, protocol) = (next() as u16 & 0xfff, next() as u8);
            let (src_port, dst_port, a, b) = (next() as u16, next() as u16, next(), next());
            let key = entropy_key(vrf, protocol, src_port, dst_port, a, b);
            let parity = |mask: &u128| (key & mask).count_ones() as u16 & 1;
            let bits = ENTROPY_MASKS.iter().enumerate();
            let port = bits.fold(0xc000, |port, (i, mask)| port | parity(mask) << i);
            assert_eq!(entropy(vrf, protocol, src_port, dst_port, a, b), port);
        }
    }

    #[test]
    fn one_bit_of_the_key_changes_half_of_the_hash() {
        let tabulation = Tabulation::new(0x1234_5678_9abc_def0_0fed_cba9_8765_4321);
        let mut changed = 0;
        for bit in 0..MAX_KEY_BITS {
            let mut key = [0; MAX_KEY_BITS / 32];
            key[bit / 32] = 1 << (bit % 32);
            let difference =
                tabulation.hash(&[], MAX_KEY_BITS) ^ tabulation.hash(&key, MAX_KEY_BITS);
            assert_ne!(difference, 0, "bit {bit} does not count");
            changed += difference.count_ones();
        }
        let bits = MAX_KEY_BITS as u32;
        assert!(
            (bits * 44..bits * 52).contains(&changed),
            "{changed} of {} bits",
            bits * 96
        );
    }

    #[test]
    fn a_short_key_counts_as_filled_up_with_zeros() {
        let tabulation = Tabulation::new(9);
        let long = [0x1234_5678, 0x9abc_def0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(
            tabulation.hash(&long[..2], 317),
            tabulation.hash(&long, 317)
        );
        assert_ne!(
            tabulation.hash(&long[..1], 317),
            tabulation.hash(&long, 317)
        );
    }

    #[test]
    fn rows_of_any_number_of_blocks_are_used_evenly() {
        for rows in [64, 4096, 22 * 4096, 32 * 4096] {
            assert!(rows_fit(rows));
            let mut used = vec![0u32; rows.div_ceil(4096)];
            for column in (0..1 << COLUMN_BITS).step_by(37) {
                let row = row_of(column, rows);
                assert!(row < rows);
                used[row / 4096] += 1;
            }
            let (least, most) = (used.iter().min().unwrap(), used.iter().max().unwrap());
            assert!(most - least < most / 50, "{rows} rows: {least} to {most}");
        }
        assert!(!rows_fit(5000) && !rows_fit(96) && !rows_fit(65 * 4096));
    }

    #[test]
    fn a_finished_change_swaps_the_columns() {
        let split = Split {
            way: 2,
            pointer: 64,
            ..Split::RESET
        };
        let after = split.finished();
        assert_eq!(
            (after.columns(), after.spare, after.pointer),
            ([0, 1, 4, 3], 2, 0)
        );
    }

    #[test]
    fn the_seed_matters() {
        assert_ne!(
            Tabulation::new(1).hash(&[5], 60),
            Tabulation::new(2).hash(&[5], 60)
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
