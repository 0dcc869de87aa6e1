//! The keyed hash of the exact-match tables (see `underpass_layout::hash`).
//!
//! ```text
//!   key ─┬─ 9 bits ─▶ [ piece 0: 512 x 72 ] ─┐
//!        ├─ 9 bits ─▶ [ piece 1           ]  ├─ xor ─▶ [ reg ] ─▶ 72 bits      2 clocks
//!        └─ ..                               ┘
//! ```

use crate::card::host_bus::SeedWord;
use underpass_layout::hash::{PIECE_BITS, PIECE_WORDS};
use underpass_wires::{memory, BundleExt, Ram, U};

/// Clocks from key to hash.
pub const LATENCY: usize = 2;
/// Bits that hold the widest key in whole pieces.
const WIDEST: usize = PIECE_BITS * underpass_layout::hash::PIECES;

/// The hash of `key`, with words that arrive by `seed`.
pub fn tabulate<const K: usize>(name: &str, key: U<K>, seed: SeedWord) -> U<72> {
    let key = key.ext::<WIDEST>();
    (0..K.div_ceil(PIECE_BITS))
        .map(|piece| {
            let words = memory::<U<72>>(&format!("{name}_piece{piece}"), PIECE_WORDS, Ram::Block);
            words.write(seed.valid & seed.piece.eq(piece), seed.index, seed.word);
            words.read(
                &format!("{name}_word{piece}"),
                key.slice::<PIECE_BITS>(PIECE_BITS * piece),
            )
        })
        .reduce(|hash, word| hash ^ word)
        .expect("a key has bits")
        .reg(&format!("{name}_hash"))
}
